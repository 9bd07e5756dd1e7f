"""The times of a pool: each long enough for what happens within it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from plinth._celery.drain import (
    LONGEST_HEARTBEAT,
    LONGEST_WAIT,
    MAX_TASK,
    QUIT_WAIT,
    SPOT_DRAIN,
    SPOT_MAX_TASK,
    plan_drain,
    visibility_timeout,
)
from plinth.celery import Pool

TASKS = st.integers(1, MAX_TASK)
POLL = 5
SPOT_NOTICE = 120


def test_default_pool() -> None:
    """Ten-minute tasks get ten and a half minutes, and Auto Scaling waits two minutes more."""
    times = plan_drain(600)

    assert (times.soft_time_limit, times.time_limit, times.drain) == (600, 610, 630)
    assert times.stop_timeout == times.heartbeat == 750


@given(TASKS)
def test_a_task_that_just_began_can_finish(max_task: int) -> None:
    """Whoever stops a worker waits longer than any task may run."""
    times = plan_drain(max_task)

    assert max_task <= times.soft_time_limit < times.time_limit < times.drain


@given(TASKS)
def test_each_waits_for_the_one_within(max_task: int) -> None:
    """The unit has time for its whole stop path, and Auto Scaling waits for the unit."""
    times = plan_drain(max_task)

    assert times.drain + QUIT_WAIT + POLL < times.stop_timeout <= LONGEST_WAIT
    assert 30 <= times.heartbeat <= LONGEST_HEARTBEAT
    assert times.heartbeat >= min(times.stop_timeout, LONGEST_HEARTBEAT)
    assert times.stop_timeout <= min(LONGEST_WAIT, 100 * times.heartbeat)


@given(TASKS, TASKS)
def test_longer_tasks_never_shorten_anything(one: int, other: int) -> None:
    """Raising max_task is always safe for the tasks there are."""
    short, long = plan_drain(min(one, other)), plan_drain(max(one, other))

    assert short.drain <= long.drain
    assert short.stop_timeout <= long.stop_timeout
    assert short.heartbeat <= long.heartbeat


@given(st.lists(TASKS, min_size=1), st.integers(0, 10**6))
def test_no_task_is_given_away_while_it_runs(max_tasks: list[int], countdown: int) -> None:
    """Redis gives a task to another worker only when no pool could still hold or run it."""
    timeout = visibility_timeout(max_tasks, countdown)

    assert timeout >= 3600
    assert all(timeout > countdown + plan_drain(each).time_limit for each in max_tasks)


def test_visibility_timeout_stays_short() -> None:
    """A task whose instance vanished waits an hour by default, and no longer than it must."""
    assert visibility_timeout([600]) == 3600
    assert visibility_timeout([600, 7200]) == 7200 + 10 + 300
    assert visibility_timeout([600], 86400) == 86400 + 610 + 300


@given(st.integers(1, SPOT_MAX_TASK))
def test_a_spot_instance_finishes_what_it_may_take(max_task: int) -> None:
    """Two minutes' notice hold noticing it, the longest task on spot, and putting back the rest."""
    pool = Pool(max_task=max_task, avg_task=1, spot=1.0)

    assert plan_drain(pool.max_task).time_limit <= SPOT_DRAIN
    assert POLL + SPOT_DRAIN + QUIT_WAIT < SPOT_NOTICE


@given(st.integers(SPOT_MAX_TASK + 1, MAX_TASK), st.floats(0.01, 1))
def test_spot_refuses_longer_tasks(max_task: int, spot: float) -> None:
    """Tasks that an interruption would cut off do not go on spot instances."""
    with pytest.raises(ValidationError, match="set max_task=70 or less, or spot=0, or give long"):
        Pool(max_task=max_task, spot=spot)
