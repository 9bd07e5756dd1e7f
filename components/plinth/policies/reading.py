"""Read inputs as AWS would: switches, policies and boot scripts.

What is not known before a deployment breaks no rule: no reader here takes it for a value.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, cast

from plinth.preview.export import ResourceRecord
from plinth.preview.readable import decoded

Statement = dict[str, Any]

_UNKNOWN = re.compile(r"<computed>|\[secret\]|\$\{")
_PACKED = re.compile(r"[A-Za-z0-9+/]{80,}={0,2}")
"""A file inside of a boot script; shorter ones are rather names and digests."""


def is_on(value: Any) -> bool:
    """Tell whether a switch is on; launch templates have theirs as texts."""
    return value is True or value == "true"


def is_off(value: Any) -> bool:
    """Tell whether a switch is off, or left to AWS."""
    return not is_on(value) and not is_unknown(value)


def is_unknown(value: Any) -> bool:
    """Tell whether only the cloud can tell a value."""
    return isinstance(value, str) and _UNKNOWN.search(value) is not None


def number(value: Any) -> float:
    """Return a number, and 0 for what is left out or none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0


def below(value: Any, floor: float) -> bool:
    """Tell whether a number is known and too small, or left out."""
    return not is_unknown(value) and number(value) < floor


def items(value: Any) -> list[Any]:
    """Return a list, of one item where JSON has it bare."""
    if isinstance(value, list):
        return cast("list[Any]", value)
    return [] if value is None else [value]


def blocks(value: Any) -> list[dict[str, Any]]:
    """Return the nested blocks of an input, be it one or a list."""
    return [cast("dict[str, Any]", item) for item in items(value) if isinstance(item, dict)]


def statements(text: Any) -> list[Statement]:
    """Return what a policy document states; nothing where it is not known."""
    try:
        document = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return []
    whole = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
    return blocks(whole.get("Statement"))


def allows(statement: Statement) -> bool:
    """Tell whether a statement gives something."""
    return statement.get("Effect") == "Allow"


def conditions(statement: Statement) -> Iterator[tuple[str, str]]:
    """Yield each key that a statement's conditions test, in lower case, with each of its values."""
    tests = cast("dict[str, Any]", statement.get("Condition") or {})
    for test in blocks(list(tests.values())):
        for key, values in test.items():
            for value in items(values):
                yield key.lower(), str(value)


def is_anyone(principal: Any) -> bool:
    """Tell whether a principal is everybody there is."""
    if isinstance(principal, dict):
        return "*" in items(cast("dict[str, Any]", principal).get("AWS"))
    return "*" in items(principal)


def boot_script(resource: ResourceRecord) -> str:
    """Return an instance's user data, with all that is packed in it beside it."""
    inputs = resource["inputs"]
    plain = inputs.get("userData")
    packed = plain if "launchTemplate" in resource["type"] else None
    packed = inputs.get("userDataBase64") or packed
    if isinstance(packed, str):
        return _whole(packed)
    return plain if isinstance(plain, str) else ""


@lru_cache(maxsize=256)
def command_lines(script: str, program: str) -> tuple[str, ...]:
    """Return the lines that name a program, continuations joined and quotes gone."""
    joined = re.sub(r"\\\r?\n\s*", " ", script) if program in script else ""
    found = [line for line in joined.splitlines() if program in line]
    return tuple(re.sub(r"[\"',\[\]]+", " ", line) for line in found)


@lru_cache(maxsize=64)
def _whole(packed: str) -> str:
    return "\n".join(_unpacked(packed))


def _unpacked(text: str) -> Iterator[str]:
    content = decoded(text)
    if content is None:
        yield text
        return
    yield content
    for found in _PACKED.findall(content):
        inner = decoded(found)
        if inner is not None:
            yield inner
