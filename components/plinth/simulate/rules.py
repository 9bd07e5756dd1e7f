"""Scaling policies one by one, each with its alarms, as AWS evaluates them point by point."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from plinth._celery.load import HIGH_PERIODS, LOW_PERIODS, LOW_SHARE, WAKE_STEP, tracked, wakes

GRADUAL = 0.1
"""Share of its instances that a group gives up in a minute. AWS says no more than that scaling in
is gradual (https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html).
"""

STEPS = ((2.0, 1), (10.0, 3), (42.0, 8))
"""Steps on the queue's length: from so many times the backlog that one instance clears in
``max_wait``, add so many instances. The last that applies counts."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What the metrics say at the end of a minute."""

    time: float
    arrivals: int
    """Tasks that arrived in this minute."""
    depth: int
    in_flight: int
    serving: int
    desired: int
    cpu: float
    published: bool
    """Whether the queues' metrics reached CloudWatch."""


class Rule(Protocol):
    """One scaling policy with its alarms."""

    shrinks: bool
    """Whether it may take instances away."""

    def more(self, sample: Sample, desired: int, settling: int) -> int:
        """Look at the next point; return the capacity to grow to, or less than is there."""
        ...

    def low(self) -> bool:
        """Tell whether the alarm that takes instances away is set."""
        ...

    def fewer(self, sample: Sample, desired: int) -> int:
        """Return the capacity to shrink to."""
        ...


Measure = Callable[[Sample], float | None]
"""Reads a metric; None where it has no point."""


class Tracking:
    """Target tracking: out in proportion after three points, in slowly after fifteen."""

    def __init__(self, measure: Measure, target: float, *, shrinks: bool = True) -> None:
        self.shrinks = shrinks
        self._measure = measure
        self._target = target
        self._value = 0.0
        self._above = self._below = 0

    def more(self, sample: Sample, desired: int, settling: int) -> int:
        """Grow to where the metric would be on target; a point that is missing starts anew."""
        del desired, settling
        value = self._measure(sample)
        if value is None:
            self._above = self._below = 0
            return 0
        self._value = value
        self._above = self._above + 1 if value > self._target else 0
        self._below = self._below + 1 if value < LOW_SHARE * self._target else 0
        return self._on_target(sample) if self._above >= HIGH_PERIODS else 0

    def low(self) -> bool:
        """Tell whether fifteen points in a row were low."""
        return self._below >= LOW_PERIODS

    def fewer(self, sample: Sample, desired: int) -> int:
        """Shrink by a tenth, but not past the target."""
        return max(desired - max(1, int(GRADUAL * desired)), self._on_target(sample))

    def _on_target(self, sample: Sample) -> int:
        return tracked(sample.serving, self._value, self._target)


class Stepping:
    """Step scaling on the queue's length: out at once, in one by one once it stayed empty."""

    shrinks = True

    def __init__(self, unit: float) -> None:
        self._unit = unit
        self._empty = 0

    def more(self, sample: Sample, desired: int, settling: int) -> int:
        """Add what the step says, less what is on its way already."""
        if not sample.published:
            self._empty = 0
            return 0
        self._empty = 0 if sample.depth else self._empty + 1
        steps = [add for edge, add in STEPS if sample.depth > edge * self._unit]
        return desired + steps[-1] - settling if steps else 0

    def low(self) -> bool:
        """Tell whether the queue was empty all the while."""
        return self._empty >= LOW_PERIODS

    def fewer(self, sample: Sample, desired: int) -> int:
        """Take one away."""
        del sample
        return desired - 1


class Waking:
    """The policy of a pool that may be empty: a task and no instance add one."""

    shrinks = False

    def more(self, sample: Sample, desired: int, settling: int) -> int:
        """Add one, less what is on its way already."""
        asleep = sample.published and wakes(sample.serving, sample.depth)
        return desired + WAKE_STEP - settling if asleep else 0

    def low(self) -> bool:
        """Never take part in shrinking."""
        return False

    def fewer(self, sample: Sample, desired: int) -> int:
        """Keep what is there."""
        del sample
        return desired
