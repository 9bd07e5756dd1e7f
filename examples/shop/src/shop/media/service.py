"""Which uploads are taken, and what they are called."""

from dataclasses import dataclass
from uuid import uuid4

from shop.media.storage import Storage

LIMIT = 5 * 2**20
"""Bytes of the largest upload."""


class UnwantedError(ValueError):
    """An upload that is no picture."""


class TooLargeError(ValueError):
    """An upload beyond the limit."""


@dataclass(frozen=True)
class Kind:
    """A kind of picture."""

    suffix: str
    content_type: str


PNG = Kind("png", "image/png")
JPEG = Kind("jpg", "image/jpeg")
WEBP = Kind("webp", "image/webp")


def recognise(content: bytes) -> Kind:
    """Tell a picture by its first bytes: what the sender says of it may be anything."""
    if len(content) > LIMIT:
        raise TooLargeError
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if content.startswith(b"\xff\xd8\xff"):
        return JPEG
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return WEBP
    raise UnwantedError


def store_upload(storage: Storage, content: bytes, kind: Kind) -> str:
    """Keep a picture under a name that nobody chose, and return it."""
    name = f"{uuid4().hex}.{kind.suffix}"
    storage.put(name, content, kind.content_type)
    return name
