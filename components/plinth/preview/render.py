"""A preview as a tree for the terminal: components, what they are made of, and what to mind."""

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .export import Document, ResourceRecord
from .rows import WIDEST_LABEL, Row, count, cut, rows

WIDTH = 100
"""Columns; only :func:`tree` with ``inputs`` goes past it, where a value is longer."""


class _Style(StrEnum):
    BOLD = "1"
    DIM = "2"
    WARNING = "33"
    NOTE = "36"


@dataclass(frozen=True)
class _Paint:
    on: bool

    def __call__(self, style: _Style, text: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.on and text else text


def tree(document: Document, *, colour: bool = False, inputs: bool = False) -> str:
    """Draw a preview.

    Args:
        document: What :func:`plinth.preview.export.to_document` made.
        colour: Whether to use the terminal's colours.
        inputs: Whether to show every resource by itself, with its inputs.
    """
    paint = _Paint(colour)
    drawn = list(rows(document, inputs=inputs))
    column = max([len(row.prefix) + len(row.label) for row in drawn], default=0)
    column = min(column, WIDEST_LABEL) + 2
    parts = [_header(document, paint), "", *(_lines(drawn, column, paint))]
    parts += _exports(document, paint)
    parts += _remarks("Not known offline", document["problems"], paint)
    parts += _remarks("The program says", _logged(document), paint)
    return "\n".join(parts) + "\n"


def summary(document: Document) -> str:
    """Count what is in a preview: ``54 resources in 9 components, 2 protected``."""
    kinds = [resource["kind"] for resource in document["resources"]]
    protected = sum(bool(r["options"].get("protect")) for r in _created(document["resources"]))
    components = kinds.count("component") + kinds.count("remote")
    counts = [
        count(sum(1 for _ in _created(document["resources"])), "resource")
        + (f" in {count(components, 'component')}" if components else ""),
        f"{kinds.count('read')} looked up" if "read" in kinds else "",
        f"{protected} protected" if protected else "",
    ]
    return ", ".join(filter(None, counts))


def _created(resources: Iterable[ResourceRecord]) -> Iterator[ResourceRecord]:
    return (resource for resource in resources if resource["kind"] == "custom")


def _header(document: Document, paint: _Paint) -> str:
    name = f"{document['project']}/{document['stack']}"
    return f"{paint(_Style.BOLD, name)}: {summary(document)}"


def _lines(rows: Iterable[Row], column: int, paint: _Paint) -> Iterator[str]:
    for row in rows:
        gap = " " * max(column - len(row.prefix) - len(row.label), 2)
        label = paint(_Style.BOLD, row.label) if row.strong else row.label
        start = f"{paint(_Style.DIM, row.prefix)}{label}{gap}"
        more = paint(_Style.DIM, row.below) + " " * (column - len(row.below))
        if not row.items:
            yield paint(_Style.DIM, row.prefix)
            continue
        for number, text in enumerate(_wrapped(row.items, WIDTH - column, paint)):
            yield (more if number else start) + text
        for line in row.inputs:
            yield f"{paint(_Style.DIM, row.below)}   {line}".rstrip()


def _wrapped(items: Sequence[tuple[str, str]], width: int, paint: _Paint) -> Iterator[str]:
    """Fill lines with names and notes; a name stays with its notes where a line has room."""
    words: list[tuple[int, str]] = []
    for number, (name, notes) in enumerate(items, start=1):
        comma = "," if number < len(items) else ""
        note = f"({notes})" if notes else ""
        pieces = [(len(name), name)] if name else []
        pieces += [(len(note), paint(_Style.WARNING, note))] if note else []
        pieces[-1] = (pieces[-1][0] + len(comma), pieces[-1][1] + comma)
        whole = (sum(size for size, _ in pieces) + len(pieces) - 1, " ".join(t for _, t in pieces))
        words += [whole] if whole[0] <= width else pieces
    line, used = "", 0
    for size, text in words:
        if line and used + 1 + size > width:
            yield line
            line, used = "", 0
        line, used = (f"{line} {text}", used + 1 + size) if line else (text, size)
    yield line


def _exports(document: Document, paint: _Paint) -> Iterator[str]:
    exports = document["exports"]
    if not exports:
        return
    yield ""
    yield paint(_Style.BOLD, "Outputs")
    column = min(max(map(len, exports)) + 4, WIDEST_LABEL)
    for name, value in sorted(exports.items()):
        text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
        text = text.replace("\n", "\\n")
        yield f"  {name:<{column - 2}}{paint(_Style.NOTE, cut(text, WIDTH - column))}"


def _remarks(title: str, remarks: Sequence[str], paint: _Paint) -> Iterator[str]:
    if not remarks:
        return
    yield ""
    yield paint(_Style.BOLD, title)
    for remark in dict.fromkeys(remarks):
        found = textwrap.wrap(remark, WIDTH - 4, break_long_words=False) or [""]
        for number, line in enumerate(found):
            yield f"  {paint(_Style.WARNING, '!') if number == 0 else ' '} {line}"


def _logged(document: Document) -> list[str]:
    return [f"{log['severity']}: {log['message']}" for log in document["logs"]]
