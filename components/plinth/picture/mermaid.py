"""A picture as Mermaid text, which GitHub and GitLab draw."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from .model import DASH, MINUS, TIMES, Arrow, Box, Picture, Relation, Role, State
from .ranks import rows

MOST_CHARACTERS = 50_000
MOST_EDGES = 500
"""What Mermaid draws by default, and GitHub with it: ``maxTextSize`` and ``maxEdges`` in
https://mermaid.js.org/config/schema-docs/config.html."""

_LONGEST = 120
"""Characters of one text in a box."""

_SAFE = frozenset(f" -_.,:/+*→·…?=()±{TIMES}{DASH}{MINUS}")
"""Characters that mean nothing to Mermaid inside quotes. All others but letters and digits are
written as numbers: https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters.
"""

_SHAPES = {
    Role.INTERNET: ("([", "])"),
    Role.EDGE: ("([", "])"),
    Role.STORE: ("[(", ")]"),
    Role.SECRETS: ("[/", "/]"),
    Role.WATCH: ("{{", "}}"),
}

_ARROWS = {Relation.CONNECTS: "-->", Relation.USES: "-.->"}

_FRAME = "frame"

_SETUP = '%%{init: {"flowchart": {"wrappingWidth": 340}}}%%'
"""Texts of boxes are short lines, and must not be broken a second time."""

_CLASSES = {
    State.ADDED: "fill:#d7f5dd,stroke:#1a7f37,color:#0b3d1a,stroke-width:2px",
    State.CHANGED: "fill:#fff3c4,stroke:#9a6700,color:#4d3300,stroke-width:2px",
    State.REMOVED: "fill:#ffdedb,stroke:#cf222e,color:#5c0d12,stroke-width:2px,stroke-dasharray:4",
    State.REPLACED: "fill:#ffe8d6,stroke:#bc4c00,color:#5c2500,stroke-width:2px",
    Role.PEER: "stroke-dasharray:4",
    _FRAME: "fill:none,stroke:#8fa1b8,stroke-dasharray:6",
}


def mermaid(*choices: Picture) -> str:
    """Write the first of some pictures that Mermaid can draw, the finest first.

    Where all are too large, the last one is cut until it fits, and says so.
    """
    for picture in choices:
        text = _Writer(picture).text()
        if _fits(picture, text):
            return text
    picture = choices[-1]
    count = len(picture.boxes)
    while count:
        count = count * 3 // 4
        cut = _cut(picture, count)
        text = _Writer(cut).text()
        if _fits(cut, text):
            return text
    return _Writer(Picture(title=picture.title)).text()


def escaped(text: str) -> str:
    """Write a text so that Mermaid shows it as it is, whatever it contains."""
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return "".join(c if c.isalnum() or c in _SAFE else f"#{ord(c)};" for c in short)


def _fits(picture: Picture, text: str) -> bool:
    return len(text) <= MOST_CHARACTERS and _edges(picture) <= MOST_EDGES


def _edges(picture: Picture) -> int:
    inner = sum(_edges(box.inside) for box in picture.boxes if box.inside)
    return len(picture.arrows) + len(picture.boxes) + inner  # a guide for each box at most


def _cut(picture: Picture, count: int) -> Picture:
    boxes = [replace(box, inside=None) for box in picture.boxes[:count]]
    shown = {box.key for box in boxes}
    arrows = [a for a in picture.arrows if a.source in shown and a.target in shown]
    left_out = len(picture.boxes) - count
    boxes.append(Box(key="#rest", kind=f"and {left_out} more, too many to draw"))
    return replace(picture, boxes=boxes, arrows=arrows[: MOST_EDGES - len(boxes)])


class _Writer:
    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._ids: dict[str, str] = {}
        self._classes: dict[str, list[str]] = {}
        self._links: list[Arrow] = []

    def text(self) -> str:
        """Return the whole text."""
        lines = [*self._body(self._picture, "  ")]
        guides = self._guides()
        return "\n".join([_SETUP, "flowchart TB", *lines, *guides, *self._styles()]) + "\n"

    def _id(self, key: str) -> str:
        return self._ids.setdefault(key, f"n{len(self._ids)}")

    def _body(self, picture: Picture, stem: str) -> Iterator[str]:
        framed = {frame.key for frame in picture.frames}
        yield from self._boxes((b for b in picture.boxes if b.frame not in framed), stem)
        for frame in picture.frames:
            title = " · ".join([frame.title, *frame.facts, *filter(None, [frame.note])])
            yield from self._opened(frame.key, [title], frame.state, stem)
            own = [box for box in picture.boxes if box.frame == frame.key]
            yield from self._boxes(own, f"{stem}  ")
            yield f"{stem}end"
        yield from self._arrows(picture.arrows, stem)

    def _opened(
        self, key: str, lines: Sequence[str], state: State | None, stem: str
    ) -> Iterator[str]:
        yield f'{stem}subgraph {self._id(key)}["{_label(lines)}"]'
        self._classes.setdefault(state or _FRAME, []).append(self._id(key))

    def _boxes(self, boxes: Iterable[Box], stem: str) -> Iterator[str]:
        for box in boxes:
            head = [f"{box.kind} {box.name}".strip(), *filter(None, [box.note])]
            if box.inside:
                yield from self._opened(box.key, [" ".join(head)], box.state, stem)
                yield from self._body(box.inside, f"{stem}  ")
                yield f"{stem}end"
                continue
            start, end = _SHAPES.get(box.role, ("[", "]"))
            yield f'{stem}{self._id(box.key)}{start}"{_label([" ".join(head), *box.facts])}"{end}'
            kind = box.state or (box.role if box.role in _CLASSES else None)
            if kind:
                self._classes.setdefault(kind, []).append(self._id(box.key))

    def _arrows(self, arrows: Iterable[Arrow], stem: str) -> Iterator[str]:
        for arrow in arrows:
            label = f'|"{escaped(arrow.label)}"|' if arrow.label else ""
            source, target = self._id(arrow.source), self._id(arrow.target)
            self._links.append(arrow)
            yield f"{stem}{source} {_ARROWS[arrow.relation]}{label} {target}"

    def _guides(self) -> Iterator[str]:
        """Tie boxes that nothing points at to the row above theirs, by links that do not show."""
        if not self._picture.tiers:
            return
        order = rows(self._picture, {box.key: (1.0, 1.0) for box in self._picture.boxes})
        row_of = {key: number for number, row in enumerate(order) for key in row}
        pointed = {a.target for a in self._picture.arrows if row_of[a.source] < row_of[a.target]}
        for above, row in itertools.pairwise(order):
            for key in row:
                if key not in pointed:
                    yield f"  {self._id(above[0])} ~~~ {self._id(key)}"

    def _styles(self) -> Iterator[str]:
        for kind, ids in sorted(self._classes.items()):
            yield f"  classDef {kind} {_CLASSES[kind]}"
            yield f"  class {','.join(ids)} {kind}"
        for number, arrow in enumerate(self._links):
            if arrow.state:
                colour = _CLASSES[arrow.state].partition("stroke:")[2].partition(",")[0]
                yield f"  linkStyle {number} stroke:{colour},stroke-width:2px"


def _label(lines: Sequence[str]) -> str:
    return "<br/>".join(escaped(line) for line in lines)
