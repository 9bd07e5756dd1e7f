"""How boxes stand from left to right: each as near as it can to those that it is joined to."""

import itertools
from collections.abc import Mapping, Sequence

from .model import Arrow, Relation

GAP = 40.0
"""Between boxes of a row."""

_SWEEPS = 8


class Across:
    """Finds the middle of every box."""

    def __init__(
        self,
        arrows: Sequence[Arrow],
        row_of: Mapping[str, int],
        sizes: Mapping[str, tuple[float, float]],
    ) -> None:
        self.middles: dict[str, float] = {}
        self._row_of = row_of
        self._sizes = sizes
        self._near = _neighbours(arrows)

    def left(self, key: str) -> float:
        """Return where a box starts."""
        return self.middles[key] - self._sizes[key][0] / 2

    def right(self, key: str) -> float:
        """Return where a box ends."""
        return self.middles[key] + self._sizes[key][0] / 2

    def shift(self, by: float) -> None:
        """Move everything."""
        self.middles = {key: middle + by for key, middle in self.middles.items()}

    def above(self, row: Sequence[str]) -> None:
        """Place a row by what is placed already."""
        self._centre(row, self.middles)

    def settle(self, own: Sequence[Sequence[str]], left: float) -> float:
        """Place rows from some x on, each box under those it is joined to; return the right."""
        keys = [key for row in own for key in row]
        if not keys:
            return left
        middles: dict[str, float] = {}
        for row in own:
            self._centre(row, middles)
        for sweep in range(_SWEEPS):
            for row in own if sweep % 2 else own[::-1]:
                self._centre(row, middles)
        offset = left - min(middles[key] - self._sizes[key][0] / 2 for key in keys)
        self.middles |= {key: middles[key] + offset for key in keys}
        return max(self.middles[key] + self._sizes[key][0] / 2 for key in keys)

    def _centre(self, row: Sequence[str], middles: dict[str, float]) -> None:
        """Give a row the places nearest to those that its boxes want, without an overlap."""
        if not row:
            return
        wanted = [self._wanted(key, middles) for key in row]
        steps = [0.0]
        for one, other in itertools.pairwise(row):
            steps.append(steps[-1] + (self._sizes[one][0] + self._sizes[other][0]) / 2 + GAP)
        found = spread([want - step for want, step in zip(wanted, steps, strict=True)])
        for key, at, step in zip(row, found, steps, strict=True):
            middles[key] = at + step

    def _wanted(self, key: str, middles: Mapping[str, float]) -> float:
        own = self._row_of[key]
        places = [
            middles[o] for o in self._near.get(key, ()) if o in middles and self._row_of[o] != own
        ]
        return sum(places) / len(places) if places else middles.get(key, 0.0)


def _neighbours(arrows: Sequence[Arrow]) -> dict[str, list[str]]:
    """Return whom a box stands close to: those it connects with, or else those it uses."""
    near: dict[str, list[str]] = {}
    for relation in Relation:
        found: dict[str, list[str]] = {}
        for arrow in arrows:
            if arrow.relation is relation:
                found.setdefault(arrow.source, []).append(arrow.target)
                found.setdefault(arrow.target, []).append(arrow.source)
        near = {**found, **near}
    return near


def spread(wanted: Sequence[float]) -> list[float]:
    """Return the values nearest to those wanted, by least squares, that never fall."""
    pools: list[tuple[float, int]] = []
    for value in wanted:
        pools.append((value, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (one, few), (other, more) = pools[-2:]
            pools[-2:] = [((one * few + other * more) / (few + more), few + more)]
    return [value for value, number in pools for _ in range(number)]
