"""The simulator's loads: made up, or read from a file."""

from pathlib import Path
from statistics import fmean

import pytest

from plinth._celery.settings import Pool
from plinth.simulate.arguments import TRACES
from plinth.simulate.arrivals import read_csv
from plinth.simulate.traces import MOST_TASKS, SHAPES, built_in

POOL = Pool(instance_types=("m7g.xlarge",), max_size=10)
"""At its largest it does eight tasks a second."""


@pytest.mark.parametrize("name", TRACES)
def test_a_trace_is_in_order_and_the_same_for_the_same_seed(name: str) -> None:
    """Arrivals lie within its length, one duration each; another seed gives another trace."""
    trace = built_in(name, POOL, hours=3, seed=4)

    assert list(trace.arrivals) == sorted(trace.arrivals)
    assert 0 <= trace.arrivals[0] <= trace.arrivals[-1] <= trace.seconds == 3 * 3600
    assert len(trace.work) == len(trace.arrivals)
    assert trace == built_in(name, POOL, hours=3, seed=4)
    assert trace.arrivals != built_in(name, POOL, hours=3, seed=5).arrivals


def test_the_command_offers_every_trace() -> None:
    """Its list of names, which is there for the sake of speed, is complete."""
    assert tuple(SHAPES) == TRACES


def test_the_load_suits_the_pool_unless_a_rate_is_given() -> None:
    """A steady one takes 30 % of the largest pool; a rate counts whatever the pool."""
    steady = built_in("steady", POOL, hours=4)
    assert len(steady.arrivals) == pytest.approx(0.3 * 8 * 4 * 3600, rel=0.03)
    for pool in (POOL, Pool(max_size=100)):
        asked = built_in("burst", pool, hours=4, rate=0.5)
        assert len(asked.arrivals) == pytest.approx(0.5 * 4 * 3600, rel=0.05)


def test_a_day_is_busier_than_a_night() -> None:
    """A diurnal load is highest at noon, six times that of midnight."""
    arrivals = built_in("diurnal", POOL).arrivals
    noon = sum(11 * 3600 <= at < 13 * 3600 for at in arrivals)
    night = sum(at < 3600 or at >= 23 * 3600 for at in arrivals)

    assert 5 < noon / night < 7


def test_tasks_take_what_the_pool_says_and_no_longer_than_they_may() -> None:
    """On average ``avg_task``, at most ``max_task``."""
    usual = built_in("steady", POOL, hours=4)
    short = built_in("steady", POOL.model_copy(update={"max_task": 6}), hours=4)

    assert fmean(usual.work) == pytest.approx(POOL.avg_task, rel=0.05)
    assert max(short.work) == 6


def test_a_load_beyond_all_bounds_is_refused() -> None:
    """Before memory runs out."""
    with pytest.raises(ValueError, match="too many to simulate: lower the rate or the hours"):
        built_in("steady", POOL, rate=MOST_TASKS)


def write(folder: Path, text: str) -> Path:
    """Write a CSV file."""
    file = folder / "load.csv"
    file.write_text(text)
    return file


def test_a_file_may_list_tasks_one_by_one(tmp_path: Path) -> None:
    """In seconds from any start, in any order; what a task takes is drawn unless it is given."""
    trace = read_csv(write(tmp_path, "at,seconds\n1030,2.5\n1000,\n1010,7\n"), POOL)

    assert trace.arrivals == [0, 10, 30]
    assert trace.work[1:] == [7, 2.5]
    assert trace.work[0] > 0
    assert trace.name == "load.csv"


def test_a_file_may_count_tasks_by_interval(tmp_path: Path) -> None:
    """As CloudWatch exports a metric: they arrive evenly until the next row's time."""
    rows = "2026-03-01T10:00:00Z,4\n2026-03-01T10:01:00Z,0\n2026-03-01T10:02:00Z,2\n"
    trace = read_csv(write(tmp_path, f"at,tasks\n{rows}"), POOL)

    assert trace.arrivals == [0, 15, 30, 45, 120, 150]
    assert trace.seconds == 180


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("when,tasks\n1,2\n", "has no column at: begin it with a header"),
        ("at,tasks\n", "has no row"),
        ("at\nsoon\n", r"load.csv:2: Invalid isoformat string: 'soon'"),
        ("at\n1\nnan\n", "load.csv:3: need a time, not 'nan'"),
        ("at,tasks\n1,two\n", "load.csv:2: invalid literal"),
        ("at,tasks\n1,-2\n", "load.csv:2: need tasks of 0 or more"),
        ("at,seconds\n1,0\n", "load.csv:2: need tasks of 0 or more and seconds above 0"),
        ("at,tasks\n1,999999999\n", "too many to simulate"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, text: str, says: str) -> None:
    """With the line, and what is wrong there."""
    with pytest.raises(ValueError, match=says):
        read_csv(write(tmp_path, text), POOL)
