"""Where everything in a picture goes."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .across import GAP, Across
from .metrics import PADDING, box_size, caption_width, gutter
from .model import Box, Frame, Picture
from .ranks import rows
from .routes import Routes, Wire

INSET = 24.0
"""Between a frame and what is in it."""

HEADER = 42.0
"""Between the upper edge of a frame and its first row, where its caption is."""


@dataclass(frozen=True, kw_only=True)
class Rectangle:
    """A place, by its left upper corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Band:
    """Boxes of one kind of subnets."""

    name: str
    place: Rectangle
    label_y: float


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A box in its place."""

    box: Box
    place: Rectangle
    inside: "Layout | None"


@dataclass(frozen=True, kw_only=True)
class Framed:
    """A frame in its place."""

    frame: Frame
    place: Rectangle
    bands: Sequence[Band]
    caption_x: float
    """Where its caption starts."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A picture, placed."""

    width: float
    height: float
    boxes: Sequence[Placed] = ()
    frames: Sequence[Framed] = ()
    wires: Sequence[Wire] = ()


def place(picture: Picture) -> Layout:
    """Lay out a picture in rows, its lines in the lanes between them."""
    return _Placing(picture).layout() if picture.boxes else Layout(width=0, height=0)


@dataclass
class _Block:
    """The rows of a frame."""

    frame: Frame
    rows: list[list[str]]
    bands: list[str] = field(default_factory=list[str])
    """Name of each row's subnets; empty where its boxes are in different ones."""
    gutter: float = 0.0


class _Placing:
    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.boxes = {box.key: box for box in picture.boxes}
        self.inside = {b.key: place(b.inside) for b in picture.boxes if b.inside}
        inner = {key: (layout.width, layout.height) for key, layout in self.inside.items()}
        self.sizes = {box.key: box_size(box, inner.get(box.key)) for box in picture.boxes}
        self.rows = rows(picture, self.sizes)
        self.row_of = {key: number for number, row in enumerate(self.rows) for key in row}
        self.across = Across(picture.arrows, self.row_of, self.sizes)

    def layout(self) -> Layout:
        self.blocks = [self._block(frame) for frame in self.picture.frames]
        self.blocks = [block for block in self.blocks if any(block.rows)]
        self._place_across()
        heights = [max(self.sizes[key][1] for key in row) for row in self.rows]
        boxes = {key: (self.across.left(key), self.sizes[key][0]) for key in self.boxes}
        routes = Routes(self.picture.arrows, self.rows, boxes)
        tops = self._place_down(heights, routes)
        wires = routes.wires(tops, heights)
        frames = [self._framed(block, tops, heights, wires) for block in self.blocks]
        placed = [self._placed(key, tops, heights) for key in self.boxes]
        edges = [p.place for p in placed] + [f.place for f in frames]
        right = max([e.x + e.width for e in edges] + [x for w in wires for x, _ in w.points])
        bottom = max([e.y + e.height for e in edges] + [y for w in wires for _, y in w.points])
        return Layout(
            width=right + PADDING,
            height=bottom + PADDING,
            boxes=placed,
            frames=frames,
            wires=wires,
        )

    def _block(self, frame: Frame) -> _Block:
        own = [[key for key in row if self.boxes[key].frame == frame.key] for row in self.rows]
        bands = [self._band(row) for row in own]
        labels = [f"{band} subnets" for band in bands if band]
        return _Block(frame, own, bands, gutter(labels))

    def _band(self, row: Iterable[str]) -> str:
        bands = {self.boxes[key].band for key in row}
        return bands.pop() if len(bands) == 1 else ""

    def _place_across(self) -> None:
        """Put frames side by side, then what is in none: to their right, or above them."""
        left = 0.0
        for block in self.blocks:
            end = self.across.settle(block.rows, left + block.gutter + INSET) + INSET
            left = max(end, left + caption_width(block.frame) + 2 * PADDING) + 2 * GAP
        framed = {number for block in self.blocks for number, row in enumerate(block.rows) if row}
        loose = [[key for key in row if key not in self.across.middles] for row in self.rows]
        beside = [
            row if framed and min(framed) <= number <= max(framed) else []
            for number, row in enumerate(loose)
        ]
        self.across.settle(beside, left - GAP if left else 0.0)
        for number in reversed(range(len(loose))):
            if loose[number] and not beside[number]:
                self.across.above(loose[number])
        lefts = [self.across.left(key) for key in self.boxes]
        self.across.shift(PADDING - min([0.0, *lefts] if self.blocks else lefts))

    def _place_down(self, heights: Sequence[float], routes: Routes) -> list[float]:
        """Return the top of every row, with room for lanes and frames between them."""
        tops: list[float] = []
        at = PADDING
        for number, height in enumerate(heights):
            starting = any(self._span(block)[0] == number for block in self.blocks)
            ending = any(self._span(block)[1] == number - 1 for block in self.blocks)
            if number:
                at += INSET if ending else 0.0
                at += routes.channel(number - 1, at)
            at += HEADER if starting else 0.0
            tops.append(at)
            at += height
        last = any(self._span(block)[1] == len(heights) - 1 for block in self.blocks)
        routes.channel(len(heights) - 1, at + INSET if last else at)
        return tops

    def _span(self, block: _Block) -> tuple[int, int]:
        used = [number for number, row in enumerate(block.rows) if row]
        return used[0], used[-1]

    def _framed(
        self,
        block: _Block,
        tops: Sequence[float],
        heights: Sequence[float],
        wires: Sequence[Wire],
    ) -> Framed:
        first, last = self._span(block)
        keys = [key for row in block.rows for key in row]
        x = min(map(self.across.left, keys)) - INSET - block.gutter
        right = max(map(self.across.right, keys)) + INSET
        right = max(right, x + caption_width(block.frame) + 2 * PADDING)
        y = tops[first] - HEADER
        whole = Rectangle(x=x, y=y, width=right - x, height=tops[last] + heights[last] + INSET - y)
        bands = [
            self._strip(name, whole, tops[number], heights[number])
            for number, name in enumerate(block.bands)
            if name
        ]
        caption_x = _clear_of(wires, whole, caption_width(block.frame))
        return Framed(frame=block.frame, place=whole, bands=bands, caption_x=caption_x)

    def _strip(self, name: str, whole: Rectangle, top: float, height: float) -> Band:
        strip = Rectangle(x=whole.x + 6, y=top - 8, width=whole.width - 12, height=height + 16)
        return Band(name=f"{name} subnets", place=strip, label_y=top + height - 4)

    def _placed(self, key: str, tops: Sequence[float], heights: Sequence[float]) -> Placed:
        row = self.row_of[key]
        x, width = self.across.left(key), self.sizes[key][0]
        whole = Rectangle(x=x, y=tops[row], width=width, height=heights[row])
        return Placed(box=self.boxes[key], place=whole, inside=self.inside.get(key))


def _clear_of(wires: Iterable[Wire], frame: Rectangle, width: float) -> float:
    """Return where a caption is crossed by the fewest lines, best at the left."""
    y, left = frame.y + HEADER / 2, frame.x + PADDING
    right = max(left, frame.x + frame.width - PADDING - width)
    crossing = [
        ax
        for wire in wires
        for stroke in wire.strokes
        for (ax, ay), (bx, by) in itertools.pairwise(stroke)
        if abs(ax - bx) < 1 and min(ay, by) < y < max(ay, by)
    ]

    def crossed(x: float) -> int:
        return sum(x - PADDING < line < x + width + 2 * PADDING for line in crossing)

    behind = [x + PADDING for x in sorted(crossing) if left < x + PADDING < right]
    return min([left, right, *behind], key=crossed)
