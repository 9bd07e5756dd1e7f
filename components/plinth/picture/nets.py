"""Arrows put together: boxes that all need the same things share one line to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .model import Arrow, Relation, State

UP, DOWN = "up", "down"
"""Sides of a box, seen from it."""


@dataclass(kw_only=True)
class Net:
    """One line with several ends. It runs in channels; channel 3 is the one below row 3."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    labels: tuple[str, ...]
    """One for each target."""
    relation: Relation
    state: State | None
    first: int
    """Channel at the sources."""
    last: int
    """Channel at the targets."""
    source_side: str
    target_side: str
    trunk: float | None = None
    """Where it passes the rows between both channels."""
    ports: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    """Where it leaves or enters a box, by key and side."""

    @property
    def ends(self) -> list[tuple[str, str]]:
        """List its boxes, each with the side that it touches."""
        return [
            *((key, self.source_side) for key in self.sources),
            *((key, self.target_side) for key in self.targets),
        ]

    @property
    def passes(self) -> range:
        """Return the rows that it runs through without touching a box."""
        return range(min(self.first, self.last) + 1, max(self.first, self.last) + 1)

    def opposite(self, key: str) -> tuple[str, ...]:
        """Return what is at the other end of a box."""
        return self.targets if key in self.sources else self.sources


def nets(arrows: Sequence[Arrow], row_of: Mapping[str, int]) -> list[Net]:
    """Put arrows together where the same boxes need the same boxes, for the same reason."""
    fans: dict[tuple[object, ...], list[Arrow]] = {}
    for arrow in arrows:
        row = row_of[arrow.source]
        key = (arrow.target, arrow.relation, arrow.state, arrow.label, row)
        fans.setdefault(key, []).append(arrow)
    shared: dict[tuple[object, ...], list[list[Arrow]]] = {}
    for fan in fans.values():
        first = fan[0]
        sources = tuple(sorted((arrow.source for arrow in fan), key=list(row_of).index))
        rows = (row_of[first.source], row_of[first.target])
        shared.setdefault((sources, first.relation, first.state, rows), []).append(fan)
    return [_net(fans, row_of) for fans in shared.values()]


def _net(fans: Sequence[Sequence[Arrow]], row_of: Mapping[str, int]) -> Net:
    arrow = fans[0][0]
    start, end = row_of[arrow.source], row_of[arrow.target]
    sides = (DOWN, UP) if start < end else (UP, DOWN) if start > end else (DOWN, DOWN)
    return Net(
        sources=tuple(each.source for each in fans[0]),
        targets=tuple(fan[0].target for fan in fans),
        labels=tuple(fan[0].label for fan in fans),
        relation=arrow.relation,
        state=arrow.state,
        first=start if sides[0] == DOWN else start - 1,
        last=end if sides[1] == DOWN else end - 1,
        source_side=sides[0],
        target_side=sides[1],
    )
