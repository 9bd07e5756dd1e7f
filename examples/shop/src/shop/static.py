r"""Static files under names that hold a hash of their content, so that they never go stale.

``python -m shop.static OUT`` writes them, for nginx or for ``static/`` in ``STATIC_BUCKET``::

    python -m shop.static build/static
    aws s3 cp build/static s3://$STATIC_BUCKET/static/ --recursive \
        --cache-control "public, max-age=31536000, immutable"
"""

import hashlib
import json
import sys
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

CACHE_CONTROL = "public, max-age=31536000, immutable"
"""A year: another content has another name."""

MANIFEST = "manifest.json"
"""The file that tells a hashed name by the plain one, for tools; the app works it out itself."""


@cache
def assets() -> Mapping[str, bytes]:
    """Read the files of ``shop/assets``, by name."""
    return {each.name: each.read_bytes() for each in files("shop").joinpath("assets").iterdir()}


@cache
def hashed_names() -> Mapping[str, str]:
    """Name each file by its content: the build and the app agree without telling each other."""
    return {name: _hashed(name, content) for name, content in assets().items()}


def collect(out: Path) -> Mapping[str, str]:
    """Write every file under its hashed name, and the manifest."""
    out.mkdir(parents=True, exist_ok=True)
    for name, hashed in hashed_names().items():
        (out / hashed).write_bytes(assets()[name])
    (out / MANIFEST).write_text(json.dumps(hashed_names(), indent=2, sort_keys=True) + "\n")
    return hashed_names()


def _hashed(name: str, content: bytes) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"


def main() -> None:
    """Write the files into the directory that the command line names."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m shop.static OUT")
    collect(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
