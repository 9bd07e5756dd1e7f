"""A picture as SVG: one file, which fetches nothing and reads well on light and dark pages."""

import re
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from .icons import ICONS
from .layout import Framed, Layout, Placed, Rectangle, place
from .metrics import FACT, ICON, LINE, PADDING, SMALL, TITLE, caption, text_width
from .model import Picture, Relation, State
from .routes import Head, Point, Wire
from .styles import STYLE

_SPACE = "http://www.w3.org/2000/svg"
_HEADER = 50.0
_LEGEND = 40.0
_ROUND = 6.0

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document may contain."""

_WORDS = {
    State.ADDED: "added",
    State.CHANGED: "changed",
    State.REPLACED: "replaced",
    State.REMOVED: "removed",
}


def svg(picture: Picture) -> str:
    """Draw a picture."""
    layout = place(picture)
    legend = list(_legend(picture, layout.height + _HEADER + 22))
    titles = (text_width(picture.title, 16, bold=True), text_width(picture.subtitle, FACT))
    width = max(layout.width, _legend_width(picture), *titles, 240) + 2 * PADDING
    height = layout.height + _HEADER + (_LEGEND if legend else 0) + PADDING
    alt = f"{picture.title}: {picture.subtitle}"
    size = f'width="{_n(width)}" height="{_n(height)}"'
    area = f'{size} viewBox="0 0 {_n(width)} {_n(height)}"'
    lines = [
        f'<svg xmlns="{_SPACE}" {area} role="img" aria-label={_attribute(alt)}>',
        f"<title>{_text(alt)}</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="page" {size} rx="10"/>',
        _words(2 * PADDING, 30, picture.title, "head", 16),
        _words(2 * PADDING, 47, picture.subtitle, "fact", FACT),
        f'<g transform="translate({_n(PADDING)} {_n(_HEADER)})">',
        *_layout(layout),
        "</g>",
        *legend,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _layout(layout: Layout) -> Iterator[str]:
    for frame in layout.frames:
        yield from _frame(frame)
    for wire in layout.wires:
        yield from _wire(wire)
    for box in layout.boxes:
        yield from _box(box)
    for wire in layout.wires:
        yield from (_head(head, wire) for head in wire.heads)


def _frame(framed: Framed) -> Iterator[str]:
    frame, area = framed.frame, framed.place
    yield _rectangle(area, f"frame {frame.state or ''}", 10)
    for band in framed.bands:
        yield _rectangle(band.place, "band", 7)
        yield _words(area.x + PADDING, band.label_y, band.name, "band-name", FACT)
    yield (
        f'<text class="title" x="{_n(framed.caption_x)}" y="{_n(area.y + 22)}" '
        f'font-size="{_n(TITLE)}">{_text(frame.title)}<tspan class="fact name" '
        f'font-size="{_n(FACT)}" dx="8">{_text(caption(frame))}</tspan></text>'
    )


def _box(placed: Placed) -> Iterator[str]:
    box, area = placed.box, placed.place
    yield f"<g><title>{_text(' '.join([box.kind, box.name, *box.facts]).strip())}</title>"
    yield _rectangle(area, f"box {box.role} {box.state or ''}", 7)
    x, y = area.x + PADDING, area.y + PADDING + 11
    yield f'<g class="icon {box.role}" transform="translate({_n(x)} {_n(y - 14)})">'
    yield f"{ICONS[box.role]}</g>"
    x += ICON
    name = f' <tspan class="name">{_text(box.name)}</tspan>' if box.name else ""
    yield (
        f'<text class="title" x="{_n(x)}" y="{_n(y)}" font-size="{_n(TITLE)}">'
        f"{_text(box.kind)}{name}</text>"
    )
    if box.note:
        right = area.x + area.width - PADDING
        yield _words(right, y, box.note, f"note {box.state or ''}", SMALL, anchor="end")
    for number, fact in enumerate(box.facts, start=1):
        yield _words(x, y + number * LINE, fact, "fact", FACT)
    if placed.inside:
        down = area.y + PADDING + LINE * (1 + len(box.facts))
        yield f'<g transform="translate({_n(area.x + PADDING)} {_n(down)})">'
        yield from _layout(placed.inside)
        yield "</g>"
    yield "</g>"


def _wire(wire: Wire) -> Iterator[str]:
    kind = f"{wire.relation} {wire.state or ''}".strip()
    for stroke in wire.strokes:
        yield f'<path class="wire {kind}" d="{rounded(stroke)}"/>'
    for x, y in wire.dots:
        yield f'<circle class="dot {kind}" cx="{_n(x)}" cy="{_n(y)}" r="2.6"/>'


def _head(head: Head, wire: Wire) -> str:
    down = 7.5 if head.up else -7.5
    kind = f"{wire.relation} {wire.state or ''}".strip()
    points = [(head.x, head.y), (head.x - 4.2, head.y + down), (head.x + 4.2, head.y + down)]
    corners = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
    label = ""
    if head.label:
        y = head.y + (19 if head.up else -11)
        x, anchor = (head.x - 7, "end") if head.left else (head.x + 7, "")
        label = _words(x, y, head.label, f"label {wire.state or ''}", SMALL, anchor=anchor)
    return f'<polygon class="tip {kind}" points="{corners}"/>{label}'


def rounded(stroke: Sequence[Point]) -> str:
    """Return the path of a stroke, its corners rounded."""
    (x, y), *rest = stroke
    path = [f"M{_n(x)} {_n(y)}"]
    for (ax, ay), (bx, by), (cx, cy) in zip(stroke, stroke[1:], stroke[2:], strict=False):
        before, after = abs(bx - ax) + abs(by - ay), abs(cx - bx) + abs(cy - by)
        room = min(_ROUND, before / 2, after / 2)
        start = (_towards(bx, ax, room), _towards(by, ay, room))
        end = (_towards(bx, cx, room), _towards(by, cy, room))
        path.append(f"L{_n(start[0])} {_n(start[1])}Q{_n(bx)} {_n(by)} {_n(end[0])} {_n(end[1])}")
    path.append(f"L{_n(rest[-1][0])} {_n(rest[-1][1])}")
    return "".join(path)


def _towards(start: float, end: float, by: float) -> float:
    return start + max(-by, min(by, end - start))


def _entries(picture: Picture) -> list[tuple[str, str]]:
    relations = {arrow.relation for arrow in picture.arrows}
    entries = {
        Relation.CONNECTS: ("connects", "connects, by port"),
        Relation.USES: ("uses", "uses"),
    }
    found = [entries[relation] for relation in Relation if relation in relations]
    states = picture.states()
    return found + [(state, _WORDS[state]) for state in State if state in states]


def _legend(picture: Picture, y: float) -> Iterator[str]:
    x = 2 * PADDING
    for kind, words in _entries(picture):
        if kind in set(State):
            area = Rectangle(x=x, y=y - 10, width=22, height=13)
            yield _rectangle(area, f"box {kind}", 3)
        else:
            yield f'<path class="wire {kind}" d="M{_n(x)} {_n(y - 4)}L{_n(x + 22)} {_n(y - 4)}"/>'
        yield _words(x + 30, y, words, "fact", FACT)
        x += 30 + text_width(words, FACT) + 24


def _legend_width(picture: Picture) -> float:
    return sum(54 + text_width(words, FACT) for _, words in _entries(picture))


def _rectangle(area: Rectangle, kind: str, radius: float) -> str:
    return (
        f'<rect class="{kind.strip()}" x="{_n(area.x)}" y="{_n(area.y)}" '
        f'width="{_n(area.width)}" height="{_n(area.height)}" rx="{_n(radius)}"/>'
    )


def _words(x: float, y: float, text: str, kind: str, size: float, *, anchor: str = "") -> str:
    turned = f' text-anchor="{anchor}"' if anchor else ""
    return (
        f'<text class="{kind.strip()}" x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}"{turned}>'
        f"{_text(text)}</text>"
    )


def _text(text: str) -> str:
    return escape(_FORBIDDEN.sub("�", text))


def _attribute(text: str) -> str:
    return quoteattr(_FORBIDDEN.sub("�", text))


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
