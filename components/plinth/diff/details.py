"""What changes, resource by resource: the part of a report that is folded away."""

from collections.abc import Iterator
from enum import IntEnum

from plinth.preview.readable import short_type

from .changes import Change, ChangeKind
from .report import StackReport, by_component
from .text import clean, lines

_SIGNS = {
    ChangeKind.ADDED: "+",
    ChangeKind.REMOVED: "-",
    ChangeKind.REPLACED: "!",
    ChangeKind.MAY_REPLACE: "!",
    ChangeKind.CHANGED: "~",
    ChangeKind.RENAMED: "=",
}

LONGEST = 60
"""Lines of a document's difference; what is beyond is counted."""


class Detail(IntEnum):
    """How much a report says of each resource."""

    COUNTS = 0
    NAMES = 1
    VALUES = 2
    """Properties, and of a document only that it differs."""
    DOCUMENTS = 3


def blocks(stack: StackReport, detail: Detail) -> Iterator[tuple[str, list[str]]]:
    """Yield each component that changes, and the lines that tell of it.

    A line starts with the sign of what happens: ``+ - ! ~ =``, or a blank for what is unchanged
    itself. The lines of documents keep their own ``+`` and ``-``.
    """
    if detail is Detail.COUNTS:
        return
    for component, changes in by_component(stack).items():
        found = [line for change in changes for line in _change(change, detail)]
        if found:
            yield component or "In no component", found


def _change(change: Change, detail: Detail) -> Iterator[str]:
    record = change.record
    if record["kind"] in ("component", "remote", "stack") and not change.properties:
        return
    source = f"  ({clean(record['source'])})" if record["source"] else ""
    yield f"{_SIGNS[change.kind]} {_name(change)}{_what(change)}{source}"
    if detail is Detail.NAMES:
        return
    for property_change in change.properties:
        first, *rest = lines(property_change, documents=detail is Detail.DOCUMENTS)
        yield f"    {first}"
        for line in rest[:LONGEST]:
            sign, text = _sign(line.removeprefix("  "))
            yield f"{sign}       {text}"
        if len(rest) > LONGEST:
            yield f"        (and {len(rest) - LONGEST} lines more)"


def _sign(line: str) -> tuple[str, str]:
    return (line[0], line[1:]) if line[:1] in ("+", "-", " ") else (" ", line)


def _name(change: Change) -> str:
    kind = change.record["kind"]
    if kind in ("component", "remote"):
        return "settings"
    if kind == "stack":
        return "outputs"
    return clean(f"{short_type(change.type)} {change.name}")


def _what(change: Change) -> str:
    because = "; ".join(change.replace_because)
    if change.kind is ChangeKind.REPLACED:
        return f" is replaced because of {clean(because)}"
    if change.kind is ChangeKind.MAY_REPLACE:
        return f" may be replaced ({clean(because)})" if because else " may be replaced"
    if change.kind is ChangeKind.RENAMED:
        before = change.before["name"] if change.before else ""
        return f" was {clean(before)}"
    return ""
