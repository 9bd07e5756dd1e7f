"""How lines run: down from a box to a lane, along the lane, and down to the next box."""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .model import Arrow, Relation, State
from .nets import DOWN, UP, Net, nets
from .ports import CLEAR, Ports

Point = tuple[float, float]

LANE = 16.0
"""Between two lanes of a channel."""

ROOM, HEAD_ROOM = 20.0, 30.0
"""Above the first lane and below the last one, without arrow heads and labels, and with them."""

EMPTY = 36.0
"""Height of a channel that nothing runs in."""

_ENOUGH = 70.0
"""Pixels beside a line in which a label has room."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """The point of an arrow."""

    x: float
    y: float
    up: bool
    label: str
    left: bool
    """Whether the label is on the left, since another line is on the right."""


@dataclass(kw_only=True)
class Wire:
    """A net, as it is drawn."""

    relation: Relation
    state: State | None
    strokes: list[list[Point]] = field(default_factory=list[list[Point]])
    dots: list[Point] = field(default_factory=list[Point])
    """Where strokes join."""
    heads: list[Head] = field(default_factory=list[Head])

    @property
    def points(self) -> Iterator[Point]:
        """Yield everything it touches."""
        return itertools.chain.from_iterable(self.strokes)


class Routes:
    """The lines of a picture, once it is known where boxes are from left to right."""

    def __init__(
        self,
        arrows: Sequence[Arrow],
        rows: Sequence[Sequence[str]],
        boxes: Mapping[str, tuple[float, float]],
    ) -> None:
        self._rows = rows
        self._row_of = {key: number for number, row in enumerate(rows) for key in row}
        self._nets = nets(arrows, self._row_of)
        self._lanes: dict[tuple[int, int], float] = {}
        self._ports = Ports(self._nets, rows, boxes)
        self._tracks = [self._order(channel) for channel in range(len(rows))]

    def channel(self, number: int, top: float) -> float:
        """Place the lanes of the channel below a row, and return its height."""
        tracks = self._tracks[number]
        for at, track in enumerate(tracks):
            for index in track:
                self._lanes[index, number] = top + self._above(number) + at * LANE
        if not any(number in (net.first, net.last, *net.passes) for net in self._nets):
            return EMPTY if number + 1 < len(self._rows) else 0.0
        return self._above(number) + HEAD_ROOM + max(0, len(tracks) - 1) * LANE

    def _above(self, channel: int) -> float:
        up = any(n.last == channel and n.target_side == DOWN for n in self._nets)
        return HEAD_ROOM if up else ROOM

    def wires(self, tops: Sequence[float], heights: Sequence[float]) -> list[Wire]:
        """Draw every net, when it is known where rows and lanes are from top to bottom."""
        return [self._wire(index, tops, heights) for index in range(len(self._nets))]

    def _xs(self, net: Net, channel: int) -> tuple[list[float], list[float]]:
        """Return where a net comes from above a lane, and from below it."""
        above = self._ports.of(net, channel, DOWN) if channel in (net.first, net.last) else []
        below: list[float] = []
        if channel in (net.first, net.last) and channel + 1 < len(self._rows):
            below = self._ports.of(net, channel + 1, UP)
        if net.trunk is not None:
            (below if channel == min(net.first, net.last) else above).append(net.trunk)
        return above, below

    def _order(self, channel: int) -> list[list[int]]:
        """Give nets a lane each where they cross least; those that do not meet share one."""
        spans = {
            index: (min(xs), max(xs))
            for index, net in enumerate(self._nets)
            if channel in (net.first, net.last)
            for xs in [list(itertools.chain(*self._xs(net, channel)))]
            if max(xs) - min(xs) > 1
        }
        tracks: list[list[int]] = []
        for index in sorted(spans, key=lambda i: (spans[i], i)):
            for track in tracks:
                if all(spans[index][0] > spans[other][1] + CLEAR for other in track):
                    track.append(index)
                    break
            else:
                tracks.append([index])
        for _ in tracks:
            for at in range(len(tracks) - 1):
                upper, lower = tracks[at], tracks[at + 1]
                if self._crossings(upper, lower, channel) > self._crossings(lower, upper, channel):
                    tracks[at], tracks[at + 1] = lower, upper
        return tracks

    def _crossings(self, upper: Iterable[int], lower: Iterable[int], channel: int) -> int:
        count = 0
        for one, other in itertools.product(upper, lower):
            high, low = self._xs(self._nets[one], channel), self._xs(self._nets[other], channel)
            count += sum(min(*high[0], *high[1]) < x < max(*high[0], *high[1]) for x in low[0])
            count += sum(min(*low[0], *low[1]) < x < max(*low[0], *low[1]) for x in high[1])
        return count

    def _wire(self, index: int, tops: Sequence[float], heights: Sequence[float]) -> Wire:
        net = self._nets[index]
        wire = Wire(relation=net.relation, state=net.state)
        ends: dict[int, list[Point]] = {}
        for key, side in net.ends:
            row = self._row_of[key]
            y = tops[row] + heights[row] if side == DOWN else tops[row]
            ends.setdefault(row if side == DOWN else row - 1, []).append((net.ports[key, side], y))
        if net.trunk is not None:
            middle = (tops[net.passes[0]] + tops[net.passes[-1]] + heights[net.passes[-1]]) / 2
            for channel in (net.first, net.last):
                ends[channel].append((net.trunk, middle))
        for channel, points in ends.items():
            _join(wire, points, self._lanes.get((index, channel)))
        for key, label in zip(net.targets, net.labels, strict=True):
            row = self._row_of[key]
            up = net.target_side == DOWN
            y = tops[row] + heights[row] if up else tops[row]
            end = (key, net.target_side)
            x, left = net.ports[end], self._crowded(net, end)
            wire.heads.append(Head(x=x, y=y, up=up, label=label, left=left))
        return wire

    def _crowded(self, net: Net, end: tuple[str, str]) -> bool:
        x = net.ports[end]
        others = [n.ports[end] - x for n in self._nets if n is not net and end in n.ports]
        right = min((o for o in others if o > 0), default=_ENOUGH)
        left = min((-o for o in others if o < 0), default=_ENOUGH)
        return right < min(_ENOUGH, left)


def _join(wire: Wire, points: Sequence[Point], lane: float | None) -> None:
    """Lead some points to a lane; the outermost ones are the ends of one stroke."""
    ordered = sorted(points)
    if lane is None:
        wire.strokes.append([ordered[0], ordered[-1]])
        return
    first, last = ordered[0], ordered[-1]
    wire.strokes.append([first, (first[0], lane), (last[0], lane), last])
    for point in ordered[1:-1]:
        wire.strokes.append([point, (point[0], lane)])
        wire.dots.append((point[0], lane))
