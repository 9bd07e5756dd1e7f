"""The simulator: its queue against theory, its autoscaling against what was measured for it."""

import heapq
import math
from dataclasses import replace
from random import Random
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plinth._celery.settings import Pool
from plinth.simulate.autoscaling import Kind, Policy, load_tracking, make_policy
from plinth.simulate.engine import Run, simulate
from plinth.simulate.pool import Conditions
from plinth.simulate.traces import Trace, built_in

FOUR = Pool(instance_types=("m7g.xlarge",), min_size=2, max_size=12)
"""Four slots an instance, five seconds a task, a minute's wait."""

BURST = built_in("burst", FOUR, hours=8)


def played(
    trace: Trace,
    pool: Pool,
    kind: Kind = Kind.LOAD,
    *,
    boot: float = 150,
    spot_losses: float = 0,
) -> Run:
    """Run a pool with a policy."""
    conditions = Conditions(boot=boot, spot_losses=spot_losses)
    return simulate(trace, pool, make_policy(kind, pool), conditions)


def of(arrivals: list[float], work: list[float], *, seconds: float = 0.0) -> Trace:
    """Make a trace of given tasks."""
    length = seconds or max(arrivals, default=0.0) + 60
    return Trace(name="given", seconds=length, arrivals=arrivals, work=work, rush=length / 2)


def alone(slots: int) -> Pool:
    """Make a pool of one instance, always."""
    return Pool(concurrency=slots, min_size=1, max_size=1)


def over(run: Run, limit: float = 60) -> float:
    """Return the share of tasks that waited for longer."""
    return sum(wait > limit or wait < 0 for wait in run.waits) / len(run.waits)


def erlang_c(slots: int, rate: float, seconds: float) -> float:
    """Return the mean wait of an M/M/c queue, by Erlang's formula."""
    offered = rate * seconds
    blocked = 1.0
    for count in range(1, slots + 1):
        blocked = offered * blocked / (count + offered * blocked)
    used = offered / slots
    waits = blocked / (1 - used * (1 - blocked))
    return waits * seconds / (slots * (1 - used))


@pytest.mark.parametrize(("slots", "used"), [(1, 0.5), (4, 0.7)])
def test_waits_are_those_of_queueing_theory(slots: int, used: float) -> None:
    """The mean wait is that of M/M/c within 3 %; so many tasks leave about 1 % to chance."""
    random, tasks, arrivals, now = Random(1), 150_000, list[float](), 0.0  # noqa: S311
    for _ in range(tasks):
        now += random.expovariate(slots * used / 5)
        arrivals.append(now)
    work = [random.expovariate(1 / 5) for _ in range(tasks)]

    run = played(of(arrivals, work), alone(slots))

    expected = erlang_c(slots, tasks / now, fmean(work))
    assert fmean(run.waits) == pytest.approx(expected, rel=0.03)


@settings(max_examples=50)
@given(
    tasks=st.lists(st.tuples(st.floats(0, 500), st.floats(0.1, 100)), max_size=40),
    slots=st.integers(1, 4),
)
def test_a_free_slot_takes_the_oldest_task(tasks: list[tuple[float, float]], slots: int) -> None:
    """Each task's wait is that of a plain first-come queue, worked out another way."""
    arrivals, work = [at for at, _ in sorted(tasks)], [seconds for _, seconds in sorted(tasks)]
    free, expected = [0.0] * slots, list[float]()
    for at, seconds in zip(arrivals, work, strict=True):
        start = max(at, heapq.heappop(free))
        heapq.heappush(free, start + seconds)
        expected.append(start - at)

    run = played(of(arrivals, work, seconds=3000), alone(slots))

    assert run.waits == pytest.approx(expected)


def test_load_by_slot_keeps_the_limit_best() -> None:
    """Fewer tasks wait too long than on CPU, on steps or on backlog, for hours like CPU's."""
    runs = {kind: played(BURST, FOUR, kind) for kind in Kind}

    assert over(runs[Kind.LOAD]) < over(runs[Kind.BACKLOG])
    assert over(runs[Kind.LOAD]) < over(runs[Kind.CPU])
    assert over(runs[Kind.LOAD]) < over(runs[Kind.STEP])
    assert runs[Kind.LOAD].outs < runs[Kind.CPU].outs
    assert runs[Kind.LOAD].on_demand_hours == pytest.approx(runs[Kind.CPU].on_demand_hours, rel=0.2)


def test_cpu_does_not_see_tasks_that_wait_for_others() -> None:
    """A pool that calls other services never looks busy; by its load it grows all the same."""
    pool = Pool(work="io", concurrency=4, min_size=1, max_size=12)  # pyright: ignore[reportArgumentType]

    assert over(played(BURST, pool, Kind.CPU)) > 0.9
    assert over(played(BURST, pool)) < 0.3


@pytest.mark.parametrize("kind", list(Kind))
def test_every_task_is_run_between_the_smallest_and_the_largest_size(kind: Kind) -> None:
    """Scaling in drains: no task is lost, and the group keeps to its sizes."""
    run = played(BURST, FOUR, kind)

    assert min(run.waits) >= 0
    assert {sample.desired for sample in run.samples} <= set(range(2, 13))
    assert sum(sample.arrivals for sample in run.samples) == len(BURST.arrivals)
    assert run.requeued == 0


def test_hours_are_paid_from_launch_to_the_end() -> None:
    """Two instances that do nothing cost twice the time."""
    run = played(of([], [], seconds=7200), FOUR)

    assert run.on_demand_hours == pytest.approx(2 * 2, rel=0.02)
    assert run.spot_hours == 0


def test_an_empty_pool_wakes_for_one_message() -> None:
    """After a minute's metric, its alarm and a boot; with nothing left to do it is empty again."""
    pool = Pool(min_size=0, max_size=4)
    run = played(of([1000.0], [5.0], seconds=7200), pool, boot=120)

    assert 120 * 0.75 < run.waits[0] < 120 * 1.25 + 60 + 30 + 1
    assert (run.most, run.outs, run.ins) == (1, 1, 1)
    assert run.samples[-1].serving == 0
    assert 0 < run.on_demand_hours < 0.5


def test_an_empty_pool_that_nobody_publishes_for_stays_asleep() -> None:
    """Its task waits until the metrics are back: what the alarm on silence is for."""
    pool = Pool(min_size=0, max_size=4)
    conditions = Conditions(boot=120, outage=(0, 3600))
    run = simulate(
        of([1000.0], [5.0], seconds=7200), pool, make_policy(Kind.LOAD, pool), conditions
    )

    assert run.waits[0] > 2600


def test_cpu_is_the_net_under_a_silent_publisher() -> None:
    """Without metrics of the queue the pool stands still; its second policy makes it grow."""
    start = BURST.rush - 300
    conditions = Conditions(outage=(start, start + 3600))
    bare = Policy(FOUR, [load_tracking(FOUR)], FOUR.min_size)

    without = simulate(BURST, FOUR, bare, conditions)
    deployed = simulate(BURST, FOUR, make_policy(Kind.LOAD, FOUR), conditions)

    assert over(deployed, 600) < over(without, 600) / 2
    assert max(deployed.waits) < max(without.waits)


def test_a_shorter_wait_costs_more_and_a_quicker_boot_nothing() -> None:
    """The settings that a reviewer asks about do what they should."""
    usual = played(BURST, FOUR)
    strict = played(BURST, FOUR.model_copy(update={"max_wait": 5.0}))
    quick = played(BURST, FOUR, boot=45)

    assert over(strict) < over(usual)
    assert strict.on_demand_hours > usual.on_demand_hours
    assert over(quick) < over(usual)


def test_lost_spot_instances_lose_no_task() -> None:
    """Tasks that are cut off run again, another instance takes the place, and all get done."""
    pool = Pool(concurrency=4, spot=1.0, min_size=4, max_size=12, max_task=70, avg_task=30)
    trace = built_in("steady", pool, hours=4, rate=0.1)
    long = replace(trace, work=[200.0] * len(trace.work))

    run = played(long, pool, spot_losses=2.0)

    assert run.lost > 10
    assert run.requeued > 10
    assert min(run.waits) >= 0
    assert run.on_demand_hours == 0
    assert all(sample.desired >= 4 for sample in run.samples)


def test_spot_is_the_share_that_was_asked_for() -> None:
    """Of four instances one is spot, and the hours are paid apart."""
    run = played(of([], [], seconds=36_000), Pool(spot=0.25, max_task=60, min_size=4))

    assert run.spot_hours == pytest.approx(10, rel=0.02)
    assert run.on_demand_hours == pytest.approx(30, rel=0.02)


def test_the_same_seed_gives_the_same_run() -> None:
    """And another seed another one."""
    policies = [make_policy(Kind.LOAD, FOUR) for _ in range(3)]
    runs = [
        simulate(BURST, FOUR, policy, Conditions(), seed=seed)
        for policy, seed in zip(policies, (1, 1, 2), strict=True)
    ]

    assert runs[0].samples == runs[1].samples
    assert runs[0].waits == runs[1].waits
    assert runs[0].waits != runs[2].waits


def test_a_pool_that_cannot_cope_is_given_up() -> None:
    """A run ends although its queue does not, and says who still waits."""
    arrivals = [float(second) for second in range(3600)]
    run = played(of(arrivals, [100.0] * 3600), alone(1))

    assert run.samples[-1].time == pytest.approx(2 * 3660, abs=60)
    assert sum(wait < 0 for wait in run.waits) > 3000
    assert math.isclose(run.samples[-1].depth, sum(wait < 0 for wait in run.waits))
