"""How busy a pool is, and what follows: one arithmetic for function, policy and simulator.

Standard library only: the function that publishes the metrics takes this module along.
"""

import math

TARGET = 0.8
"""Load per slot that a pool is kept at: a fifth of its slots are free for what comes next."""

CPU_TARGET = 70.0
"""Percent of CPU above which a pool grows, whatever its load; it never shrinks a pool."""

PERIOD = 60
"""Seconds between two points of every metric, and the period of every alarm on them."""

HIGH_PERIODS = 3
"""Periods in a row above the target, after which target tracking adds instances."""

LOW_PERIODS = 15
"""Periods in a row below ``LOW_SHARE`` of the target, after which it takes some away."""

LOW_SHARE = 0.9
"""Auto Scaling makes both alarms itself, with these counts, and offers no say in them."""

WAKE_PERIODS = 1
"""Periods with a task and no instance, after which an empty pool gets its first."""

WAKE_STEP = 1
"""Instances that an empty pool wakes up with. They are added: an alarm that comes late must not
shrink a pool to as many."""

WARMUP = 60
"""Seconds after it is in service until an instance's metrics count."""

LOAD = "demand / (IF(inst < 1, 1, inst) * {slots})"
""":func:`load` in CloudWatch's metric math."""

WAKE = "IF(FILL(inst, 0) < 1 AND depth > 0, 1, 0)"
""":func:`wakes` in CloudWatch's metric math."""


def demand(in_flight: float, depth: float, avg_task: float, max_wait: float) -> float:
    """Return the slots that a pool needs now.

    Args:
        in_flight: Tasks that run.
        depth: Tasks that wait.
        avg_task: Seconds of a task on average.
        max_wait: Seconds in which those that wait should be under way.
    """
    return in_flight + depth * avg_task / max_wait


def load(wanted: float, in_service: float, slots: int) -> float:
    """Return the share of a pool's slots that are needed: 1.0 is all of them.

    Args:
        wanted: Slots needed, as :func:`demand` has it.
        in_service: Instances in service. None counts as one, so that there is a result.
        slots: Tasks that run at once on an instance.
    """
    return wanted / (max(1.0, in_service) * slots)


def tracked(in_service: int, value: float, target: float = TARGET) -> int:
    """Return the instances at which a metric would be on target.

    From none it leads nowhere, which is why an empty pool needs waking.
    """
    return math.ceil(in_service * value / target)


def wakes(in_service: float, depth: float) -> bool:
    """Tell whether an empty pool has work."""
    return in_service < 1 and depth > 0
