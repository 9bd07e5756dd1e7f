"""Where lines leave and enter boxes, and where they pass them by."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from .nets import DOWN, UP, Net

CLEAR = 9.0
"""Between two lines, at least."""

_PORT = 22.0
"""Between two ports of a box, where it is wide enough."""

_BESIDE = 16.0
"""Between a line and a box that it passes."""


class Ports:
    """Gives nets their places from left to right."""

    def __init__(
        self,
        nets: Sequence[Net],
        rows: Sequence[Sequence[str]],
        boxes: Mapping[str, tuple[float, float]],
    ) -> None:
        self._nets = nets
        self._rows = rows
        self._boxes = boxes
        self._row_of = {key: number for number, row in enumerate(rows) for key in row}
        for _ in range(2):  # the second time it is known where long lines come from
            self._give_ports()
            self._straighten()
            self._part()
            self._pass()

    def of(self, net: Net, row: int, side: str) -> list[float]:
        """Return where a net touches the boxes of a row on one side."""
        return [
            x for (key, own), x in net.ports.items() if own == side and self._row_of[key] == row
        ]

    def _middle(self, key: str) -> float:
        left, width = self._boxes[key]
        return left + width / 2

    def _sides(self) -> dict[tuple[str, str], list[Net]]:
        sides: dict[tuple[str, str], list[Net]] = {}
        for net in self._nets:
            for end in net.ends:
                sides.setdefault(end, []).append(net)
        return sides

    def _give_ports(self) -> None:
        for (key, side), own in self._sides().items():
            own.sort(key=lambda net: self._comes_from(net, key))
            step = min(_PORT, (self._boxes[key][1] - 24) / len(own))
            for number, net in enumerate(own):
                offset = (number - (len(own) - 1) / 2) * step
                net.ports[key, side] = self._middle(key) + offset

    def _comes_from(self, net: Net, key: str) -> float:
        if net.trunk is not None:
            return net.trunk
        return mean(self._middle(other) for other in net.opposite(key))

    def _pass(self) -> None:
        for net in self._nets:
            net.trunk = None
        for net in self._nets:
            if net.passes:
                net.trunk = self._passage(net)

    def _straighten(self) -> None:
        """Let a line between two boxes fall straight, where it can with all that is beside it."""
        sides, still = self._sides(), set[tuple[str, str]]()
        for net in self._nets:
            if len(net.sources) == len(net.targets) == 1 and not net.passes:
                upper, lower = net.ends if net.source_side == DOWN else net.ends[::-1]
                for stays, moves in ((upper, lower), (lower, upper)):
                    by = net.ports[stays] - net.ports[moves]
                    if moves not in still and self._shift(sides[moves], moves, by):
                        still |= {stays, moves}
                        break

    def _shift(self, own: Iterable[Net], end: tuple[str, str], by: float) -> bool:
        """Move the ports of one side together, if the box is wide enough."""
        places = [(net, net.ports[end] + by) for net in own]
        fits = all(self._covers(end[0], x) for _, x in places)
        if fits:
            for net, x in places:
                net.ports[end] = x
        return fits

    def _is_free(self, net: Net, end: tuple[str, str], x: float) -> bool:
        others = [n.ports[end] for n in self._nets if n is not net and end in n.ports]
        return self._covers(end[0], x) and all(abs(x - other) > _PORT / 2 for other in others)

    def _covers(self, key: str, x: float) -> bool:
        left, width = self._boxes[key]
        return left + 14 <= x <= left + width - 14

    def _part(self) -> None:
        """Move ports of a lower row off the lines that come from above."""
        for row in range(1, len(self._rows)):
            above = [(n, x) for n in self._nets for x in self.of(n, row - 1, DOWN)]
            for net in self._nets:
                for end in [(k, s) for k, s in net.ends if s == UP and self._row_of[k] == row]:
                    taken = [x for other, x in above if other is not net]
                    while any(abs(net.ports[end] - x) < CLEAR for x in taken):
                        net.ports[end] += CLEAR

    def _passage(self, net: Net) -> float:
        """Return the x nearest to where the line goes that is free of boxes and of lines."""
        found = free(self._wanted(net), [*self._beside_boxes(net), *self._beside_lines(net)])
        self._meet(net, found)
        return found

    def _beside_boxes(self, net: Net) -> Iterator[tuple[float, float]]:
        for row in net.passes:
            for key in self._rows[row]:
                left, width = self._boxes[key]
                yield left - _BESIDE, left + width + _BESIDE

    def _beside_lines(self, net: Net) -> Iterator[tuple[float, float]]:
        passed = set(net.passes)
        near = {min(passed) - 1, *passed, max(passed) + 1}
        for other in self._nets:
            if other is net:
                continue
            lines = [x for (key, _), x in other.ports.items() if self._row_of[key] in near]
            if other.trunk is not None and not passed.isdisjoint(other.passes):
                lines.append(other.trunk)
            yield from ((x - CLEAR, x + CLEAR) for x in lines)

    def _wanted(self, net: Net) -> float:
        ends = [net.ports[key, net.target_side] for key in net.targets]
        starts = [net.ports[key, net.source_side] for key in net.sources]
        return ends[0] if len(ends) == 1 else starts[0] if len(starts) == 1 else mean(ends)

    def _meet(self, net: Net, trunk: float) -> None:
        """Move the one port at an end of a passage below or above it."""
        for keys, side in ((net.targets, net.target_side), (net.sources, net.source_side)):
            if len(keys) == 1 and self._is_free(net, (keys[0], side), trunk):
                net.ports[keys[0], side] = trunk


def free(wanted: float, blocked: Iterable[tuple[float, float]]) -> float:
    """Return the place nearest to the one wanted that is inside of no interval."""
    merged: list[tuple[float, float]] = []
    for start, end in sorted(blocked):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    for start, end in merged:
        if start < wanted < end:
            return start if wanted - start <= end - wanted else end
    return wanted


def mean(values: Iterable[float]) -> float:
    """Return the mean."""
    found = list(values)
    return sum(found) / len(found)
