"""Following refreshes until each has ended, or the time is over."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from .scaling import CANCELLED, SUCCESSFUL, Members, Refresh, Scaling


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait, in seconds."""

    timeout: float
    """For everything."""
    settle: float
    """For a refresh to begin where none runs, and for the next one after one was cancelled."""
    every: float
    """Between two looks."""


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Time, which tests make pass."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How it ended for one group."""

    group: str
    good: bool
    sentence: str
    details: Sequence[str] = ()
    """What Auto Scaling complained of meanwhile."""


@dataclass
class Watched:
    """A group, and what was last seen of it."""

    group: str
    seen: tuple[str, str] | None = None
    """Id and status of its newest refresh."""
    since: float = 0.0
    """When that was first seen."""
    followed: set[str] = field(default_factory=set[str])
    """Refreshes that went on while this command was looking."""
    said: str = ""


def follow(
    scaling: Scaling,
    groups: Sequence[str],
    patience: Patience,
    *,
    tell: Callable[[str], None],
    clock: Clock = Clock(),
) -> list[Ending]:
    """Follow groups to the end, in whatever order that comes; tell of every step.

    Args:
        scaling: Whom to ask.
        groups: Names of autoscaling groups.
        patience: When to look, and when to give up.
        tell: Takes a line for whoever watches.
        clock: What time it is.
    """
    start = clock.now()
    endings: dict[str, Ending] = {}
    going_on = [Watched(group, since=start) for group in groups]
    while going_on:
        left = patience.timeout - (clock.now() - start)
        for watched in tuple(going_on):
            refresh = scaling.newest(watched.group)
            _look(watched, refresh, clock.now(), tell)
            if left <= 0 or _has_ended(watched, refresh, clock.now(), patience):
                endings[watched.group] = _ending(scaling, watched, refresh)
                going_on.remove(watched)
        if going_on:
            clock.sleep(min(patience.every, left))
    return [endings[group] for group in groups]


def _look(
    watched: Watched, refresh: Refresh | None, now: float, tell: Callable[[str], None]
) -> None:
    seen = (refresh.id, refresh.status) if refresh else None
    if seen != watched.seen:
        watched.seen, watched.since = seen, now
    if refresh is None:
        return
    if refresh.moves:
        watched.followed.add(refresh.id)
    if refresh.id in watched.followed and refresh.sentence != watched.said:
        watched.said = refresh.sentence
        tell(f"{watched.group}: {refresh.sentence}")


def _has_ended(watched: Watched, refresh: Refresh | None, now: float, patience: Patience) -> bool:
    if refresh is not None and refresh.moves:
        return False
    if refresh is not None and refresh.id in watched.followed and refresh.status != CANCELLED:
        return True
    # A refresh may be about to begin; whoever cancels one often starts another.
    return now - watched.since >= patience.settle


def _ending(scaling: Scaling, watched: Watched, refresh: Refresh | None) -> Ending:
    members = scaling.members(watched.group)
    good, sentence = _verdict(watched, refresh, members)
    shown = f", {members.sentence}" if members.version else ""
    details = () if good else scaling.complaints(watched.group, refresh and refresh.started)
    return Ending(group=watched.group, good=good, sentence=sentence + shown, details=details)


def _verdict(watched: Watched, refresh: Refresh | None, members: Members) -> tuple[bool, str]:
    """Judge a refresh that was followed by its status, and an old one by what runs."""
    if refresh is not None and refresh.moves:
        return False, f"the time is over, and it is {refresh.sentence}"
    if refresh is not None and refresh.id in watched.followed:
        good = refresh.status == SUCCESSFUL
        return good, "refreshed" if good else refresh.sentence
    if refresh is None or refresh.status == SUCCESSFUL:
        good = members.agree or not members.version
        return good, "nothing to do" if good else "no refresh was started"
    if members.agree:  # somebody has seen to it since
        return True, f"nothing to do, although its last refresh was {refresh.status}"
    return False, f"the last refresh was {refresh.sentence}"


def lines(endings: Sequence[Ending]) -> Iterator[str]:
    """Write the summary."""
    width = max((len(ending.group) for ending in endings), default=0)
    for ending in endings:
        verdict = "ok    " if ending.good else "failed"
        yield f"{verdict}  {ending.group:{width}}  {ending.sentence}"
        yield from (f"        {detail}" for detail in ending.details)
