"""What a change does, painted into the picture of what comes out of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from plinth.diff.changes import ChangeKind
from plinth.diff.compare import compare
from plinth.preview.export import Document

from .model import MINUS, Arrow, Box, Frame, Picture, State

_Part = TypeVar("_Part", Box, Frame)

_SIGNS = {
    State.ADDED: "+",
    State.CHANGED: "~",
    State.REPLACED: "±",
    State.REMOVED: MINUS,
}

_STATES = {
    ChangeKind.ADDED: State.ADDED,
    ChangeKind.CHANGED: State.CHANGED,
    ChangeKind.MAY_REPLACE: State.CHANGED,
    ChangeKind.REPLACED: State.REPLACED,
    ChangeKind.REMOVED: State.REMOVED,
}
"""What is renamed stays as it is."""


def states_between(before: Document, after: Document) -> dict[str, State]:
    """Tell by URN which resources come, change, are replaced and go."""
    return {
        change.record["urn"]: _STATES[change.kind]
        for change in compare(before, after)
        if change.kind in _STATES
    }


def painted(now: Picture, states: Mapping[str, State], *, before: Picture | None = None) -> Picture:
    """Return a picture that says what changes.

    Args:
        now: What comes out of the change.
        states: What happens to each resource, by URN.
        before: The same stack's picture before the change. What goes is in no other, and the
            arrows that come and go show only by comparison.
    """
    old = before or Picture()
    boxes = _painted(now.boxes, old.boxes, states)
    shown = {box.key for box in boxes}
    arrows = [a for a in _arrows(now, before) if a.source in shown and a.target in shown]
    frames = _painted(now.frames, old.frames, states)
    return replace(now, boxes=boxes, arrows=arrows, frames=frames)


def _painted(
    now: Sequence[_Part], before: Sequence[_Part], states: Mapping[str, State]
) -> list[_Part]:
    old = {part.key: part for part in before}
    found = [_one(part, old.get(part.key), states) for part in now]
    kept = {part.key for part in now}
    gone = [replace(part, state=State.REMOVED) for part in before if part.key not in kept]
    return [*found, *gone]


def _one(part: _Part, old: _Part | None, states: Mapping[str, State]) -> _Part:
    """Paint what is still there, with all that was in it."""
    members = dict.fromkeys((*(old.members if old else ()), *part.members))
    found = [states[urn] for urn in members if urn in states]
    if not found:
        return part
    if len(found) == len(members) and len(set(found)) == 1:
        part = replace(part, state=found[0])
    else:
        worst = State.REPLACED if State.REPLACED in found else State.CHANGED
        inner = [states[urn] for urn in members if urn in states and urn != part.key]
        part = replace(part, state=worst, note=_counts(inner))
    if old and len(old.facts) == len(part.facts):
        pairs = zip(old.facts, part.facts, strict=True)
        part = replace(part, facts=tuple(b if a == b else f"{a} → {b}" for a, b in pairs))
    if isinstance(part, Box) and part.inside:
        was = old.inside if isinstance(old, Box) else None
        return replace(part, inside=painted(part.inside, states, before=was))
    return part


def _counts(found: Sequence[State]) -> str:
    return " ".join(
        f"{sign}{found.count(state)}" for state, sign in _SIGNS.items() if state in found
    )


def _arrows(now: Picture, before: Picture | None) -> list[Arrow]:
    if before is None:
        return list(now.arrows)
    old = {arrow.key: arrow for arrow in before.arrows}
    kept = {arrow.key for arrow in now.arrows}
    gone = [replace(a, state=State.REMOVED) for a in before.arrows if a.key not in kept]
    return [*(_arrow(arrow, old.get(arrow.key)) for arrow in now.arrows), *gone]


def _arrow(arrow: Arrow, old: Arrow | None) -> Arrow:
    if old is None:
        return replace(arrow, state=State.ADDED)
    if old.label == arrow.label:
        return arrow
    return replace(arrow, state=State.CHANGED, label=f"{old.label} → {arrow.label}")
