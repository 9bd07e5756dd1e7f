"""Which uploads are taken, and where they go."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from pathlib import Path

import pytest
from botocore.stub import ANY, Stubber

from shop.media.service import (
    JPEG,
    LIMIT,
    PNG,
    WEBP,
    Kind,
    TooLargeError,
    UnwantedError,
    recognise,
    store_upload,
)
from shop.media.storage import Bucket, Directory


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n...", PNG),
        (b"\xff\xd8\xff\xe0...", JPEG),
        (b"RIFF\x10\0\0\0WEBPVP8 ", WEBP),
    ],
)
def test_a_picture_is_known_by_its_beginning(content: bytes, kind: Kind) -> None:
    """Whatever it is called."""
    assert recognise(content) is kind


@pytest.mark.parametrize("content", [b"", b"RIFF\x10\0\0\0WAVE", b"<script>", b"GIF89a"])
def test_anything_else_is_refused(content: bytes) -> None:
    """What a browser might run, above all."""
    with pytest.raises(UnwantedError):
        recognise(content)


def test_a_picture_may_be_too_large() -> None:
    """By one byte."""
    picture = b"\xff\xd8\xff".ljust(LIMIT, b"\0")
    assert recognise(picture) is JPEG
    with pytest.raises(TooLargeError):
        recognise(picture + b"\0")


def test_no_name_is_given_twice(tmp_path: Path) -> None:
    """The same picture, uploaded again, replaces none."""
    names = {store_upload(Directory(tmp_path), b"same", PNG) for _ in range(2)}
    assert {path.name for path in tmp_path.iterdir()} == names
    assert len(names) == 2


def test_a_bucket_is_told_what_it_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes below media/, where alone the app may write, and browsers may keep it."""
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "us-east-1")
    bucket = Bucket("uploads")
    with Stubber(bucket.client) as stub:
        expected = {
            "Bucket": "uploads",
            "Key": ANY,
            "Body": b"picture",
            "ContentType": "image/webp",
            "CacheControl": "public, max-age=31536000, immutable",
        }
        stub.add_response("put_object", {}, expected)
        store_upload(bucket, b"picture", WEBP)
        stub.assert_no_pending_responses()
