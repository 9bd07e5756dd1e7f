"""What a group of workers can scale on, and what follows from all of its policies together.

What the component deploys is computed by ``plinth._celery.load``; the rest is there to compare.
"""

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from plinth._celery.load import CPU_TARGET, PERIOD, TARGET, WARMUP, demand, load
from plinth._celery.settings import Pool

from .rules import Rule, Sample, Stepping, Tracking, Waking

CPU_ALONE = 60.0
"""Percent of CPU that a pool is kept at where nothing else scales it."""


class Kind(StrEnum):
    """What a pool scales on."""

    LOAD = "load"
    """Tasks that run and that wait, by slot, with CPU as a safety net: what is deployed."""
    CPU = "cpu"
    """CPU alone."""
    STEP = "step"
    """Steps on the queue's length."""
    BACKLOG = "backlog"
    """The queue's length by instance, as AWS recommends for SQS."""
    FIXED = "fixed"
    """Nothing: always the same size."""


class Capacity(Protocol):
    """What a policy sees of its group."""

    @property
    def desired(self) -> int:
        """Count the instances that are wanted."""
        ...

    def settling(self, now: float, warmup: float) -> int:
        """Count the instances that boot or warm up."""
        ...


class Policy:
    """All the policies of a group: out if any says so, in if all that may shrink it do."""

    def __init__(self, pool: Pool, rules: Sequence[Rule], first: int) -> None:
        self.first = first
        """Instances to begin with."""
        self._pool = pool
        self._rules = rules
        self._shrunk = -math.inf

    def decide(self, now: float, sample: Sample, group: Capacity) -> int:
        """Return the capacity that a new point leads to."""
        desired, settling = group.desired, group.settling(now, WARMUP)
        wanted = max((r.more(sample, desired, settling) for r in self._rules), default=0)
        if wanted > desired:
            return max(desired, min(wanted, self._pool.max_size))
        shrinking = [rule for rule in self._rules if rule.shrinks]
        low = bool(shrinking) and all(rule.low() for rule in shrinking)
        if not low or settling or now - self._shrunk < PERIOD:
            return desired
        self._shrunk = now
        fewest = max(rule.fewer(sample, desired) for rule in shrinking)
        return min(desired, max(fewest, self._pool.min_size))


def make_policy(kind: Kind, pool: Pool, *, size: int | None = None) -> Policy:
    """Make a policy for one run; it remembers what its alarms saw.

    Args:
        kind: What to scale on.
        pool: Whose numbers to use.
        size: Instances of a fixed size; the pool's largest if left out.
    """
    if kind is Kind.FIXED:
        return Policy(pool, [], pool.max_size if size is None else size)
    rules = _rules(kind, pool)
    return Policy(pool, rules if pool.min_size else [*rules, Waking()], pool.min_size)


def _rules(kind: Kind, pool: Pool) -> list[Rule]:
    clears = pool.slots * pool.max_wait / pool.avg_task
    match kind:
        case Kind.LOAD:
            net = Tracking(_cpu, CPU_TARGET, shrinks=False)
            return [load_tracking(pool), net]
        case Kind.CPU:
            return [Tracking(_cpu, CPU_ALONE)]
        case Kind.STEP:
            return [Stepping(clears)]
        case _:
            return [Tracking(_backlog, clears)]


def load_tracking(pool: Pool) -> Tracking:
    """Track the load by slot."""

    def measure(sample: Sample) -> float | None:
        wanted = demand(sample.in_flight, sample.depth, pool.avg_task, pool.max_wait)
        return load(wanted, sample.serving, pool.slots) if sample.published else None

    return Tracking(measure, TARGET)


def _backlog(sample: Sample) -> float | None:
    return sample.depth / max(1, sample.serving) if sample.published else None


def _cpu(sample: Sample) -> float | None:
    return sample.cpu if sample.serving else None
