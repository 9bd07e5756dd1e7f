"""Alarms and policies of the simulator, point by point."""

from dataclasses import dataclass

import pytest

from plinth._celery.load import HIGH_PERIODS, LOW_PERIODS, PERIOD
from plinth._celery.settings import Pool
from plinth.simulate.arguments import POLICIES
from plinth.simulate.autoscaling import Kind, Policy, make_policy
from plinth.simulate.rules import Sample, Stepping, Tracking, Waking

POOL = Pool(instance_types=("m7g.xlarge",), min_size=1, max_size=20)


@dataclass
class Group:
    """A group of a given size."""

    desired: int
    warming: int = 0

    def settling(self, now: float, warmup: float) -> int:
        """Count the instances that boot or warm up."""
        assert now >= 0
        assert warmup == 60
        return self.warming


def point(  # noqa: D103 - its fields are documented where they are declared
    *,
    depth: int = 0,
    in_flight: int = 0,
    serving: int = 4,
    cpu: float = 0.0,
    published: bool = True,
) -> Sample:
    return Sample(
        time=0.0,
        arrivals=0,
        depth=depth,
        in_flight=in_flight,
        serving=serving,
        desired=serving,
        cpu=cpu,
        published=published,
    )


def busy(sample: Sample) -> float | None:
    """Read a metric that tests can set."""
    return sample.cpu if sample.published else None


HIGH, LOW, SILENT = point(cpu=150.0), point(cpu=10.0), point(published=False)


def test_tracking_grows_in_proportion_after_three_points() -> None:
    """Twice the target on four instances wants eight."""
    rule = Tracking(busy, 75.0)

    wishes = [rule.more(HIGH, 4, 0) for _ in range(HIGH_PERIODS + 1)]

    assert wishes == [0] * (HIGH_PERIODS - 1) + [8, 8]


@pytest.mark.parametrize("between", [SILENT, LOW])
def test_an_alarm_counts_points_in_a_row(between: Sample) -> None:
    """One that is missing, or on target, starts the count anew."""
    rule = Tracking(busy, 75.0)
    for sample in (HIGH, HIGH, between, HIGH, HIGH):
        assert rule.more(sample, 4, 0) == 0
    assert rule.more(HIGH, 4, 0) == 8


def test_tracking_shrinks_slowly_after_fifteen_points() -> None:
    """By a tenth, at least one, and never past the target."""
    rule = Tracking(busy, 75.0)
    for count in range(LOW_PERIODS):
        assert not rule.low(), count
        rule.more(LOW, 40, 0)
    assert rule.low()
    assert rule.fewer(point(serving=40), 40) == 36
    assert rule.fewer(point(serving=4), 4) == 3
    assert rule.fewer(point(serving=8), 2) == 2


def test_a_metric_near_its_target_is_not_low() -> None:
    """Between 90 and 100 % nothing happens."""
    rule = Tracking(busy, 75.0)
    for _ in range(LOW_PERIODS):
        assert rule.more(point(cpu=70.0), 4, 0) == 0
    assert not rule.low()


def test_steps_add_less_what_is_on_its_way() -> None:
    """A longer queue adds more; an instance that boots counts as added."""
    rule = Stepping(48.0)

    assert rule.more(point(depth=96), 4, 0) == 0
    assert rule.more(point(depth=97), 4, 0) == 5
    assert rule.more(point(depth=500), 4, 0) == 7
    assert rule.more(point(depth=5000), 4, 2) == 10
    assert rule.more(SILENT, 4, 0) == 0


def test_a_pool_wakes_once() -> None:
    """It gets one instance, and none while that one boots."""
    asleep = point(depth=1, serving=0)

    assert Waking().more(asleep, 0, 0) == 1
    assert Waking().more(asleep, 1, 1) == 1
    assert Waking().more(point(depth=0, serving=0), 0, 0) == 0
    assert Waking().more(point(depth=1, serving=0, published=False), 0, 0) == 0
    assert not Waking().low()


def quiet(policy: Policy, group: Group, minutes: int) -> list[int]:
    """Return what a policy wants while nothing happens."""
    sample = point(serving=group.desired)
    return [policy.decide(minute * PERIOD, sample, group) for minute in range(minutes)]


def test_a_group_shrinks_only_when_all_may_agree() -> None:
    """The net of CPU takes no part in it; a group that warms up waits."""
    wanted = quiet(make_policy(Kind.LOAD, POOL), Group(desired=5), LOW_PERIODS)
    assert wanted == [5] * (LOW_PERIODS - 1) + [4]

    warming = quiet(make_policy(Kind.LOAD, POOL), Group(desired=5, warming=1), LOW_PERIODS + 5)
    assert set(warming) == {5}


def test_a_group_grows_if_any_policy_says_so() -> None:
    """CPU alone makes it grow, although its load is low; its sizes bound it."""
    policy = make_policy(Kind.LOAD, POOL)
    wanted = [policy.decide(0, point(cpu=100.0), Group(desired=4)) for _ in range(HIGH_PERIODS)]
    assert wanted[-1] == 6

    loaded = point(depth=10_000)
    policy = make_policy(Kind.LOAD, POOL)
    wanted = [policy.decide(0, loaded, Group(desired=4)) for _ in range(HIGH_PERIODS)]
    assert wanted[-1] == POOL.max_size


def test_a_group_keeps_its_smallest_size() -> None:
    """However long nothing happens."""
    pool = Pool(min_size=3, max_size=9)
    assert set(quiet(make_policy(Kind.LOAD, pool), Group(desired=3), 40)) == {3}


def test_a_fixed_group_never_changes() -> None:
    """It begins with the size that was asked for, or the largest."""
    fixed = make_policy(Kind.FIXED, POOL, size=7)

    assert fixed.first == 7
    assert make_policy(Kind.FIXED, POOL).first == POOL.max_size
    assert fixed.decide(0, point(depth=9999, cpu=100.0), Group(desired=7)) == 7
    assert set(quiet(fixed, Group(desired=7), 40)) == {7}


def test_the_command_offers_every_policy() -> None:
    """Its list of names, which is there for the sake of speed, is complete."""
    assert list(POLICIES) == [kind.value for kind in Kind]
