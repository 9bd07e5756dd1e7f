"""Values as they cross Pulumi's wire, and the forms in which people and tests read them.

On the wire an object with the key :data:`SIGNATURE` is no object: it marks a secret, an asset, an
archive, a resource or an output. What is not yet known is the text :data:`UNKNOWN`.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, cast

from google.protobuf import struct_pb2

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a mark, not a secret
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"

MASK = "[secret]"
COMPUTED = "<computed>"


def from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Read a message; keys come sorted, since protobuf keeps no order of its own."""
    return {key: from_value(value) for key, value in sorted(struct.fields.items())}


def from_value(value: struct_pb2.Value) -> Any:
    """Read one value; a whole number is an int, although the wire knows only floats."""
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return value.string_value
    if kind == "struct_value":
        return from_struct(value.struct_value)
    if kind == "list_value":
        return [from_value(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return value.bool_value if kind == "bool_value" else None


def to_struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """Write a message."""
    struct = struct_pb2.Struct()
    struct.update(dict(values))
    return struct


def returning(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the argument of a message whose field is called ``return``, a word of Python's."""
    return {"return": to_struct(values)}


def to_value(value: Any) -> struct_pb2.Value:
    """Write one value."""
    return to_struct({"value": value}).fields["value"]


def secret(value: Any) -> dict[str, Any]:
    """Mark a value as a secret."""
    return {SIGNATURE: SECRET, "value": value}


def signature(value: Any) -> str:
    """Return the mark of a value, empty where it stands for itself."""
    return str(cast("dict[str, Any]", value).get(SIGNATURE, "")) if isinstance(value, dict) else ""


def walk(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield path and kind of every ``secret``, ``unknown``, ``asset`` and ``resource`` within."""
    mark = signature(value)
    if value == UNKNOWN:
        yield path, "unknown"
    elif mark in (ASSET, ARCHIVE):
        yield path, "asset"
    elif mark == RESOURCE:
        yield path, "resource"
    elif mark in (SECRET, OUTPUT):
        marked = cast("dict[str, Any]", value)
        if mark == SECRET or marked.get("secret"):
            yield path, "secret"
        yield from walk(marked.get("value", UNKNOWN), path)
    else:
        for step, child in _children(value):
            yield from walk(child, f"{path}{step}".lstrip("."))


def paths(value: Any, kind: str) -> list[str]:
    """Return where in a value something of a kind is."""
    return [path for path, found in walk(value) if found == kind]


def has(value: Any, kind: str) -> bool:
    """Tell whether something of a kind is anywhere in a value."""
    return any(found == kind for _, found in walk(value))


def plain(value: Any) -> Any:
    """Return a value for people to read: no secret in it, and nothing of the wire's marks."""
    return _unmarked(value, MASK)


def reveal(value: Any) -> Any:
    """Return a value as the program meant it, secrets included: for tests, never for display."""
    return _unmarked(value, None)


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, child in cast("dict[str, Any]", value).items():
            yield f".{key}", child
    elif isinstance(value, list):
        for index, child in enumerate(cast("list[Any]", value)):
            yield f"[{index}]", child


def _unmarked(value: Any, mask: str | None) -> Any:
    if isinstance(value, list):
        return [_unmarked(item, mask) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        return _unmarked_object(cast("dict[str, Any]", value), mask)
    return COMPUTED if value == UNKNOWN else value


def _unmarked_object(fields: dict[str, Any], mask: str | None) -> Any:
    mark = signature(fields)
    if mark in (SECRET, OUTPUT):
        hidden = mask is not None and (mark == SECRET or fields.get("secret"))
        return mask if hidden else _unmarked(fields.get("value", UNKNOWN), mask)
    if mark in (ASSET, ARCHIVE):
        return _contents(fields, "asset" if mark == ASSET else "archive", mask)
    if mark == RESOURCE:
        return f"resource:{fields['urn'].split('::', 2)[2]}"
    return {key: _unmarked(item, mask) for key, item in fields.items()}


def _contents(fields: dict[str, Any], kind: str, mask: str | None) -> Any:
    if "assets" in fields:
        return {kind: _unmarked(fields["assets"], mask)}
    if "text" in fields:
        digest = hashlib.sha256(fields["text"].encode()).hexdigest()[:8]
        return f"{kind}:text({len(fields['text'])}, {digest})"
    return f"{kind}:{fields.get('path') or fields.get('uri')}"
