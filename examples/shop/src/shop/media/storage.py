"""Where uploads go: the bucket, or a directory where there is none."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from shop.settings import Settings

PREFIX = "media/"
"""Where alone the bucket lets the app write, and what MEDIA_URL stands for."""

CACHE_CONTROL = "public, max-age=31536000, immutable"
"""No name is given twice."""


class Storage(Protocol):
    """Keeps uploads by name."""

    def put(self, name: str, content: bytes, content_type: str) -> None:
        """Keep one."""
        ...


class Directory:
    """Uploads on a laptop's disk."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, name: str, content: bytes, content_type: str) -> None:  # noqa: ARG002 - a name's suffix tells
        """Keep one; whoever asks for it meanwhile finds nothing, and never half of it."""
        self._path.mkdir(parents=True, exist_ok=True)
        part = self._path / f".{name}"
        part.write_bytes(content)
        part.rename(self._path / name)


class Bucket:
    """Uploads in S3, by the role of the instance or the pod."""

    def __init__(self, name: str) -> None:
        self._name = name

    @cached_property
    def client(self) -> Any:
        """Made when first asked for: boto3 takes long to import, and reads megabytes for this."""
        import boto3  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        patience = Config(connect_timeout=2, read_timeout=10, retries={"mode": "standard"})
        return boto3.client("s3", config=patience)

    def put(self, name: str, content: bytes, content_type: str) -> None:
        """Keep one."""
        self.client.put_object(
            Bucket=self._name,
            Key=f"{PREFIX}{name}",
            Body=content,
            ContentType=content_type,
            CacheControl=CACHE_CONTROL,
        )


def make_storage(settings: Settings) -> Storage:
    """Choose by what the environment says."""
    if settings.media_bucket is None:
        return Directory(settings.media_dir)
    return Bucket(settings.media_bucket)
