"""A resource's inputs as lines that people read: documents within them taken apart."""

import base64
import binascii
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, cast

INDENT = "  "

_BASE64 = ("userData", "userDataBase64")
"""Inputs that AWS wants encoded."""

_MOST = 16 << 20
"""Bytes of one unpacked script; AWS takes 16 kB packed."""


def lines(inputs: Mapping[str, Any]) -> Iterator[str]:
    """Yield ``key: value``, deeper by two blanks for each level."""
    for key, value in sorted(inputs.items()):
        yield from _field(f"{key}:", value, decode=key in _BASE64)


def short_type(token: str) -> str:
    """Shorten a type to what tells it apart: ``aws:ec2/vpc:Vpc`` to ``ec2.Vpc``.

    A component of ``index`` keeps nothing but its own name.
    """
    package, module, kind = (*token.split(":"), "", "")[:3]
    if package == "pulumi":
        return f"provider {kind}" if module == "providers" else kind
    *path, leaf = module.split("/")
    if leaf.lower() != kind.lower():
        path.append(leaf)
    space = "/".join(path)
    if space == "index":
        return kind if module == "index" else f"{package}.{kind}"
    return f"{space or package}.{kind}"


def _field(label: str, value: Any, *, decode: bool = False) -> Iterator[str]:
    if isinstance(value, str):
        yield from _text(label, value, decode=decode)
    elif isinstance(value, dict) and value:
        yield label
        yield from _indented(lines(cast("dict[str, Any]", value)))
    elif isinstance(value, list) and _has_depth(cast("list[Any]", value)):
        yield label
        for item in cast("list[Any]", value):
            yield from _item(item)
    else:
        yield f"{label} {json.dumps(value, ensure_ascii=False)}"


def _has_depth(values: list[Any]) -> bool:
    return any(isinstance(value, dict | list) for value in values)


def _item(value: Any) -> Iterator[str]:
    if not isinstance(value, dict) or not value:
        yield from _field("-", value)
        return
    for number, line in enumerate(lines(cast("dict[str, Any]", value))):
        yield f"{'- ' if number == 0 else INDENT}{line}"


def _text(label: str, text: str, *, decode: bool) -> Iterator[str]:
    kind, shown = "", text
    if decode:
        found = decoded(text)
        kind, shown = ("decoded", found) if found is not None else ("", text)
    pretty = _json(shown)
    if pretty is not None:
        kind, shown = "JSON", pretty
    if "\n" not in shown and not kind:
        yield f"{label} {shown or json.dumps(shown)}"
        return
    yield f"{label} ({kind or 'text'})"
    yield from _indented(iter(shown.rstrip("\n").split("\n")))


def _json(text: str) -> str | None:
    if not text.startswith(("{", "[")):
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return json.dumps(value, indent=2, ensure_ascii=False) if value else None


def decoded(text: str) -> str | None:
    """Return what was encoded for AWS, and perhaps packed; None if it is no such text."""
    try:
        raw = base64.b64decode(text, validate=True)
        if raw.startswith(b"\x1f\x8b"):
            with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
                raw = file.read(_MOST)
        return raw.decode()
    except (binascii.Error, OSError, EOFError, zlib.error, UnicodeDecodeError):
        return None


def _indented(inner: Iterator[str]) -> Iterator[str]:
    return (f"{INDENT}{line}" for line in inner)
