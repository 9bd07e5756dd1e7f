"""YAML as the Pulumi CLI reads it: the core schema of YAML 1.2, by the rules of Go's ``yaml.v3``.

PyYAML alone reads YAML 1.1, where ``on`` is true, ``12:30`` is 750 and a repeated key is no error.
"""

import datetime as dt
import re
from pathlib import Path
from typing import Any, cast

import yaml


class ConfigError(Exception):
    """A project's configuration is not what it should be; one line that names the file."""


_PLAIN = "?"
"""Tag of a scalar that was written without quotes and without a tag: only such ones resolve."""

_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
}

_INTEGER = re.compile(r"[-+]?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|[1-9][0-9]*|0)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_TIME = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d?)-(?P<day>\d\d?)"
    r"(?:(?:[Tt](?=.*(?:Z|[-+]\d\d:\d\d)$)|[ ](?!.*[Z+-]))"  # a zone follows a T, and no blank
    r"(?P<hour>\d\d?):(?P<minute>\d\d?):(?P<second>\d\d?(?:\.\d+)?)(?P<zone>Z|[-+]\d\d:\d\d)?)?"
)


class _Loader(yaml.SafeLoader):
    """Composes nodes and leaves the meaning of plain scalars to :func:`resolve`."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is yaml.ScalarNode and implicit[0]:
            return _PLAIN
        return cast("Any", super()).resolve(kind, value, implicit)


def read(path: Path) -> dict[str, yaml.Node]:
    """Return the top-level mapping of a file, by key.

    Raises:
        ConfigError: The file is not YAML, or its top is not a mapping.
    """
    try:
        return parse(path.read_text(encoding="utf-8-sig"), path.name)
    except UnicodeDecodeError as error:
        msg = f"{path.name}: is not UTF-8 text: {error.reason} at byte {error.start}"
        raise ConfigError(msg) from None


def parse(text: str, name: str) -> dict[str, yaml.Node]:
    """Return the top-level mapping of a text, by key; the name is for messages.

    Raises:
        ConfigError: The text is not YAML, or its top is not a mapping.
    """
    try:
        loader: Any = _Loader(text)
        loader.name = name
        root = loader.get_node() if loader.check_node() else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        msg = f"{name}{line}: broken YAML: {error.problem or error.context}"
        raise ConfigError(msg) from None
    except yaml.YAMLError as error:
        msg = f"{name}: broken YAML: {str(error).splitlines()[0]}"
        raise ConfigError(msg) from None
    return items(root) if root is not None else {}


def where(node: yaml.Node) -> str:
    """Return a node's file and line, such as ``Pulumi.dev.yaml:3``."""
    return f"{node.start_mark.name}:{node.start_mark.line + 1}"


def items(node: yaml.Node) -> dict[str, yaml.Node]:
    """Return a mapping's nodes by key; null is an empty mapping.

    Raises:
        ConfigError: It is something else, or has a key twice.
    """
    if not isinstance(node, yaml.MappingNode):
        if isinstance(node, yaml.ScalarNode) and value(node) is None:
            return {}
        msg = f"{where(node)}: needs a mapping of keys to values here"
        raise ConfigError(msg)
    own: dict[str, yaml.Node] = {}
    merged: dict[str, yaml.Node] = {}
    first: dict[str, yaml.Node] = {}
    for key_node, child in cast("list[tuple[yaml.Node, yaml.Node]]", node.value):
        key = _key(key_node)
        if key in first:
            msg = f"{where(key_node)}: key {key!r} is already defined at line {_line(first[key])}"
            raise ConfigError(msg)
        first[key] = key_node
        if key == "<<" and key_node.tag == _PLAIN:
            merged = _merged(child)
        else:
            own[key] = child
    return {**merged, **own}


def value(node: yaml.Node) -> Any:
    """Return a node as plain data; a date becomes text, as in the JSON that the CLI makes of it."""
    if isinstance(node, yaml.MappingNode):
        return {key: value(child) for key, child in items(node).items()}
    if isinstance(node, yaml.SequenceNode):
        return [value(child) for child in cast("list[yaml.Node]", node.value)]
    text = cast("str", node.value)
    typed = node.tag.startswith("tag:yaml.org,2002:") and not node.tag.endswith((":str", ":binary"))
    return resolve(text) if node.tag == _PLAIN or typed else text


def resolve(text: str) -> Any:
    """Return what a plain scalar stands for."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    return _time(text) or _number(text.replace("_", ""), text)


def _number(digits: str, text: str) -> int | float | str:
    if _INTEGER.fullmatch(digits):
        # A leading zero alone means octal, as in YAML 1.1, which yaml.v3 still reads.
        octal = re.fullmatch(r"[-+]?0[0-7]+", digits)
        number = int(digits, 8 if octal else 0)
        return number if -(2**63) <= number < 2**64 else float(number)
    return float(digits) if _FLOAT.fullmatch(digits) else text


def _time(text: str) -> str | None:
    found = _TIME.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second, zone = found.groups()
    try:
        date = dt.date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None
    clock = f"{hour:0>2}:{minute:0>2}:{second:0>2}" if hour else "00:00:00"
    return f"{date}T{clock}{zone or 'Z'}"


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode):
        msg = f"{where(node)}: a key needs to be plain text"
        raise ConfigError(msg)
    found = value(node)
    return str(found).lower() if isinstance(found, bool) else str(found)


def _merged(node: yaml.Node) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.SequenceNode):
        return items(node)
    merged: dict[str, yaml.Node] = {}
    for part in reversed(cast("list[yaml.Node]", node.value)):
        merged.update(items(part))
    return merged


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1
