"""Which row each box stands in, and in which order."""

import math
from collections.abc import Iterable, Mapping, Sequence

from .model import Arrow, Box, Picture, Role

_TIERS = {
    Role.INTERNET: 0,
    Role.EDGE: 1,
    Role.NETWORK: 2,
    Role.COMPUTE: 3,
    Role.PEER: 3,
    Role.OTHER: 3,
    Role.STORE: 4,
    Role.SECRETS: 4,
    Role.WATCH: 4,
}

_LEAST = {True: 1500.0, False: 420.0}
"""Pixels that a row may have at least before it continues below, for tiers and for anything else.
"""

_SHAPE = 1.7
"""How much wider than high a picture with many boxes gets, about."""

_SWEEPS = 4


def rows(picture: Picture, sizes: Mapping[str, tuple[float, float]]) -> list[list[str]]:
    """Return keys of boxes row by row, from left to right; the boxes of a frame side by side."""
    ranks = _tiers(picture) if picture.tiers else _flow(picture)
    blocks = {frame.key: number for number, frame in enumerate(picture.frames)}
    block = {box.key: blocks.get(box.frame, len(blocks)) for box in picture.boxes}
    area = sum((width + 40) * (height + 70) for width, height in sizes.values())
    widest = max(_LEAST[picture.tiers], math.sqrt(area * _SHAPE))
    order: list[list[str]] = []
    for rank in sorted(set(ranks.values())):
        row = sorted((b.key for b in picture.boxes if ranks[b.key] == rank), key=block.__getitem__)
        order += _wrapped(row, sizes, widest)
    return _ordered(order, picture.arrows, block)


def _tiers(picture: Picture) -> dict[str, int]:
    needed = {arrow.target for arrow in picture.arrows}
    needing = {arrow.source for arrow in picture.arrows}
    return {box.key: _tier(box, box.key in needed - needing) for box in picture.boxes}


def _tier(box: Box, only_needed: bool) -> int:  # noqa: FBT001 - the rule has two inputs
    if box.role is Role.EDGE and box.frame:
        return _TIERS[Role.NETWORK]
    if box.role is Role.OTHER and only_needed:
        return _TIERS[Role.STORE]
    return _TIERS[box.role]


def _flow(picture: Picture) -> dict[str, int]:
    """Put every box below all that need it; a circle is cut where it closes."""
    targets: dict[str, list[str]] = {box.key: [] for box in picture.boxes}
    for arrow in picture.arrows:
        targets[arrow.source].append(arrow.target)
    order = _after(targets)
    position = {key: number for number, key in enumerate(order)}
    ranks = dict.fromkeys(targets, 0)
    for key in order:
        for target in targets[key]:
            if position[target] > position[key]:
                ranks[target] = max(ranks[target], ranks[key] + 1)
    joined = {key for arrow in picture.arrows for key in (arrow.source, arrow.target)}
    last = max(ranks.values(), default=0) + 1
    return {key: rank if key in joined or not joined else last for key, rank in ranks.items()}


def _after(targets: Mapping[str, Sequence[str]]) -> list[str]:
    """List keys so that each stands before what it needs, circles apart."""
    done: dict[str, None] = {}
    open_: set[str] = set()
    for start in targets:
        ahead: list[tuple[str, bool]] = [(start, False)]
        while ahead:
            key, left = ahead.pop()
            if left:
                done[key] = None
            elif key not in open_:
                open_.add(key)
                ahead.append((key, True))
                ahead += [(target, False) for target in targets[key]]
    return list(done)[::-1]


def _wrapped(
    row: Iterable[str], sizes: Mapping[str, tuple[float, float]], widest: float
) -> list[list[str]]:
    lines: list[list[str]] = [[]]
    width = 0.0
    for key in row:
        width += sizes[key][0]
        if lines[-1] and width > widest:
            lines.append([])
            width = sizes[key][0]
        lines[-1].append(key)
    return lines


def _ordered(
    order: list[list[str]], arrows: Sequence[Arrow], block: Mapping[str, int]
) -> list[list[str]]:
    """Move boxes towards those they are joined to, which leaves fewer lines to cross."""
    near: dict[str, list[str]] = {}
    for arrow in arrows:
        near.setdefault(arrow.source, []).append(arrow.target)
        near.setdefault(arrow.target, []).append(arrow.source)
    for sweep in range(_SWEEPS):
        at = {key: (i + 0.5) / len(row) for row in order for i, key in enumerate(row)}
        for row in order if sweep % 2 == 0 else order[::-1]:
            row.sort(key=lambda key: (block[key], round(_middle(key, near, at), 6)))
            at |= {key: (i + 0.5) / len(row) for i, key in enumerate(row)}
    return order


def _middle(key: str, near: Mapping[str, Sequence[str]], at: Mapping[str, float]) -> float:
    places = [at[other] for other in near.get(key, ())]
    return sum(places) / len(places) if places else at[key]
