"""The arithmetic of scaling, which function, policy and simulator share."""

import math

from hypothesis import given
from hypothesis import strategies as st

from metric_math import computed
from plinth._celery.load import (
    CPU_TARGET,
    HIGH_PERIODS,
    LOAD,
    LOW_PERIODS,
    LOW_SHARE,
    PERIOD,
    TARGET,
    WAKE,
    demand,
    load,
    tracked,
    wakes,
)

TASKS = st.integers(0, 10_000)
SECONDS = st.floats(0.01, 10_000)
SLOTS = st.integers(1, 64)


@given(TASKS, st.integers(0, 100), SLOTS)
def test_policy_computes_the_load(wanted: int, instances: int, slots: int) -> None:
    """What CloudWatch is told to compute is the function that the simulator calls."""
    told = computed(LOAD.format(slots=slots), demand=wanted, inst=instances)

    assert told == load(wanted, instances, slots)


@given(TASKS, st.integers(0, 5))
def test_alarm_computes_when_to_wake(depth: int, instances: int) -> None:
    """So is what wakes an empty pool."""
    assert bool(computed(WAKE, depth=depth, inst=instances)) is wakes(instances, depth)


@given(TASKS, TASKS, SECONDS, SECONDS)
def test_demand_counts_what_runs_and_clears_what_waits_in_time(
    running: int, waiting: int, avg_task: float, max_wait: float
) -> None:
    """So many slots work off what waits within the acceptable time, beside what runs."""
    slots = demand(running, waiting, avg_task, max_wait)

    assert slots >= running
    assert math.isclose((slots - running) * max_wait, waiting * avg_task, abs_tol=1e-6)


@given(st.integers(1, 100), SLOTS)
def test_a_pool_that_is_busy_and_has_no_backlog_is_full(instances: int, slots: int) -> None:
    """1.0 is every slot in use, above the target: a pool grows before tasks wait."""
    assert load(instances * slots, instances, slots) == 1.0
    assert tracked(instances, 1.0) > instances


@given(st.integers(1, 100), st.floats(0, 20))
def test_tracking_lands_on_target(instances: int, value: float) -> None:
    """With as many instances the same demand is at the target or just below."""
    wanted = tracked(instances, value)

    assert value * instances <= wanted * TARGET * (1 + 1e-9)
    assert value * instances > (wanted - 1) * TARGET * (1 - 1e-9)


def test_tracking_leads_nowhere_from_none() -> None:
    """An empty pool would stay empty whatever waits."""
    assert tracked(0, load(1000, 0, 2)) == 0
    assert wakes(0, 1)
    assert not wakes(1, 1000)
    assert not wakes(0, 0)


def test_alarms_are_those_of_target_tracking() -> None:
    """Auto Scaling makes them itself; out after three minutes, in after fifteen below 90 %."""
    assert (HIGH_PERIODS, LOW_PERIODS, PERIOD, LOW_SHARE) == (3, 15, 60, 0.9)
    assert (TARGET, CPU_TARGET) == (0.8, 70.0)
