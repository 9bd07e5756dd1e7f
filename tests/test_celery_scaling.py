"""What makes a pool grow, shrink and wake, and whom it tells."""

from collections.abc import Callable
from typing import Any

import pulumi_aws as aws
import pytest

from metric_math import computed
from once import once
from parts import BROKER, IMAGE, NETWORK, TOPIC
from plinth import CeleryWorkers, CeleryWorkersSettings, Pool
from plinth._celery import alarms
from plinth._celery.metrics import NAMESPACE, Metric
from plinth.testing import Deployment, Requested, deploy

AVERAGE = {"stat": "Average", "period": 60}
MAXIMUM = {"stat": "Maximum", "period": 60}


@once
def workers(pool: Pool, *, topic: bool = True) -> Deployment:
    """Deploy workers of one pool."""
    settings = CeleryWorkersSettings(pools={"default": pool})
    told = TOPIC if topic else None
    return deploy(
        lambda: CeleryWorkers(
            "celery", settings, image=IMAGE, network=NETWORK, broker=BROKER, alarms=told
        )
    )


def policy(deployed: Deployment, role: str) -> dict[str, Any]:
    """Return a scaling policy."""
    return deployed.one(aws.autoscaling.Policy, f"celery-default-{role}").inputs


def alarm(deployed: Deployment, role: str) -> dict[str, Any]:
    """Return an alarm."""
    return deployed.one(aws.cloudwatch.MetricAlarm, f"celery-default-{role}").inputs


def watched(made: dict[str, Any]) -> dict[str, Any]:
    """Return the metrics of an alarm, by the name that its expression has for them."""
    return {each["id"]: each["metric"] for each in made["metricQueries"] if "metric" in each}


def expression(made: dict[str, Any]) -> str:
    """Return what an alarm computes."""
    [found] = [each for each in made["metricQueries"] if each["returnData"]]
    return str(found.get("expression", ""))


def test_pool_follows_its_load_per_slot() -> None:
    """Out and in, on the slots needed over those there are."""
    deployed = workers(Pool(concurrency=6))

    tracking = policy(deployed, "load")["targetTrackingConfiguration"]
    assert tracking["targetValue"] == 0.8
    assert not tracking.get("disableScaleIn")
    demand, instances, load = tracking["customizedMetricSpecification"]["metrics"]
    assert load["expression"] == "demand / (IF(inst < 1, 1, inst) * 6)"
    assert [each["returnData"] for each in (demand, instances, load)] == [False, False, True]
    assert (demand["id"], instances["id"]) == ("demand", "inst")
    group = deployed.one(aws.autoscaling.Group).output("name")
    assert instances["metricStat"] == {
        **AVERAGE,
        "metric": {
            "namespace": "AWS/AutoScaling",
            "metricName": "GroupInServiceInstances",
            "dimensions": [{"name": "AutoScalingGroupName", "value": group}],
        },
    }


def test_policy_and_function_name_the_metric_alike() -> None:
    """A dimension more or less, and the policy would wait for ever for another metric."""
    deployed = workers(Pool())

    [told, *_] = policy(deployed, "load")["targetTrackingConfiguration"][
        "customizedMetricSpecification"
    ]["metrics"]
    metric = told["metricStat"]["metric"]
    assert (metric["namespace"], metric["metricName"]) == (NAMESPACE, Metric.DEMAND)
    named = {each["name"]: each["value"] for each in metric["dimensions"]}
    assert named == {"Stack": "project/stack", "Pool": "celery-default"}
    function = deployed.one(aws.lambda_.Function).inputs
    plan = function["environment"]["variables"]["PLAN"]
    assert '"stack":"project/stack"' in plan
    assert '"celery-default":{' in plan


def test_cpu_adds_instances_and_takes_none() -> None:
    """It goes on where the metrics stop, and never sends a worker home that waits for others."""
    tracking = policy(workers(Pool()), "cpu")["targetTrackingConfiguration"]

    assert tracking["targetValue"] == 70
    assert tracking["disableScaleIn"] is True
    predefined = tracking["predefinedMetricSpecification"]
    assert predefined == {"predefinedMetricType": "ASGAverageCPUUtilization"}


def test_an_empty_pool_is_woken() -> None:
    """One instance more, never exactly one: a late alarm must not shrink a pool."""
    deployed = workers(Pool(min_size=0), topic=False)

    step = policy(deployed, "wake")
    assert (step["policyType"], step["adjustmentType"]) == ("StepScaling", "ChangeInCapacity")
    assert step["stepAdjustments"] == [{"scalingAdjustment": 1, "metricIntervalLowerBound": "0"}]
    wake = alarm(deployed, "wake")
    source = deployed.one(aws.autoscaling.Policy, "celery-default-wake")
    assert wake["alarmActions"] == [source.output("arn")]
    assert expression(wake) == "IF(FILL(inst, 0) < 1 AND depth > 0, 1, 0)"
    assert wake["comparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert (wake["threshold"], wake["evaluationPeriods"]) == (1, 1)
    assert wake["treatMissingData"] == "notBreaching"
    assert watched(wake)["depth"]["metricName"] == Metric.QUEUE_DEPTH


def test_a_pool_that_is_never_empty_needs_no_waking() -> None:
    """There is always an instance to multiply."""
    names = [each.name for each in workers(Pool(min_size=1)).all(aws.autoscaling.Policy)]

    assert names == ["celery-default-load", "celery-default-cpu"]


def test_nobody_is_told_without_a_topic() -> None:
    """Alarms cost money, and one that nobody hears is worth none."""
    deployed = workers(Pool(), topic=False)

    assert deployed.all(aws.cloudwatch.MetricAlarm) == []
    assert deployed.all(aws.cloudwatch.LogMetricFilter) == []


def test_alarms_tell_the_topic_when_they_begin_and_end() -> None:
    """Every one of them says how bad it is, what it means, and what to do first."""
    made = workers(Pool()).all(aws.cloudwatch.MetricAlarm)

    assert {each.name.removeprefix("celery-") for each in made} == {
        *(f"default-{role}" for role in ("oldest-task", "at-max", "backlog", "no-workers")),
        *(f"default-{role}" for role in ("stuck", "redelivered", "failed-tasks", "drain")),
        *("metrics-silent", "metrics-failing"),
    }
    for each in made:
        assert each.inputs["alarmActions"] == each.inputs["okActions"] == [TOPIC.topic_arn]
        description = each.inputs["alarmDescription"]
        assert description.split(".")[0] in {"Page", "Look"}
        assert " first " in description.lower() or " First " in description
        assert len(description) <= 1024
        _is_one_result(each)


THRESHOLDS: list[tuple[dict[str, Any], str, float, int]] = [
    ({"max_wait": 20}, "oldest-task", 300, 5),
    ({"max_wait": 600}, "oldest-task", 3000, 5),
    ({"max_size": 7, "concurrency": 3}, "at-max", 21, 15),
    ({"concurrency": 5}, "redelivered", 5, 15),
    ({"min_size": 1}, "no-workers", 0, 5),
    ({"min_size": 0}, "no-workers", 0, 10),
    ({"min_size": 1}, "stuck", 0, 5),
    ({"max_task": 600}, "drain", 0, 18),
    ({"max_task": 86400}, "drain", 0, 25),
]


@pytest.mark.parametrize(("pool", "role", "threshold", "points"), THRESHOLDS)
def test_thresholds_follow_from_the_pool(
    pool: dict[str, Any], role: str, threshold: float, points: int
) -> None:
    """An alarm knows what its pool promises, how big it is and how long a drain takes."""
    made = alarm(workers(Pool.model_validate(pool)), role)

    assert (made["threshold"], made["evaluationPeriods"]) == (threshold, points)


def test_a_backlog_is_what_ten_instances_could_not_clear() -> None:
    """It counts once it is big, and grows in most minutes of half an hour."""
    made = alarm(workers(Pool(concurrency=4, avg_task=5, max_wait=60)), "backlog")

    assert expression(made) == "IF(RATE(depth) > 0 AND depth > 480, 1, 0)"
    assert (made["datapointsToAlarm"], made["evaluationPeriods"]) == (24, 30)


def nobody_is_there(depth: int, inst: int) -> bool:
    """Tell whether a task waits, and no instance is in service."""
    return depth > 0 and inst < 1


def nothing_moves(depth: int, busy: int) -> bool:
    """Tell whether a task waits, and none runs."""
    return depth > 0 and busy == 0


def too_many_fail(failed: int, done: int) -> bool:
    """Tell whether more than ten failed, and more than 5 %."""
    return failed > 10 and failed / (failed + done) > 0.05


EXPRESSIONS: list[tuple[str, Callable[[int, int], bool]]] = [
    ("no-workers", nobody_is_there),
    ("stuck", nothing_moves),
    ("failed-tasks", too_many_fail),
]


@pytest.mark.parametrize(("role", "meant"), EXPRESSIONS)
def test_expressions_say_what_is_meant(role: str, meant: Callable[[int, int], bool]) -> None:
    """Each is true where the table of alarms says so, and nowhere else."""
    made = alarm(workers(Pool()), role)
    first, second = watched(made)

    for pair in [(a, b) for a in (0, 1, 10, 11, 50) for b in (0, 1, 100, 209, 210, 5000)]:
        told = computed(expression(made), **dict(zip((first, second), pair, strict=True)))
        assert bool(told) is meant(*pair), pair


def test_ends_of_tasks_are_counted_in_the_log() -> None:
    """Celery logs how each task ends; the words are its own, and no app need send anything."""
    trace = pytest.importorskip("celery.app.trace", reason="celery is not installed")
    values = {"name": "shop.work", "id": "1", "runtime": 1, "return_value": None, "exc": "x"}
    done = trace.LOG_SUCCESS % values
    failed = trace.LOG_FAILURE % {**values, "description": trace.log_policy_unexpected.description}
    deployed = workers(Pool())

    assert alarms.SUCCEEDED.strip('"') in done
    assert alarms.FAILED.strip('"') in failed
    log = deployed.one(aws.cloudwatch.LogGroup, "celery-default").output("name")
    metrics = {each["metricName"] for each in watched(alarm(deployed, "failed-tasks")).values()}
    for each in deployed.all(aws.cloudwatch.LogMetricFilter):
        assert each.inputs["logGroupName"] == log
        assert each.inputs["metricTransformation"]["name"] in metrics


def _is_one_result(made: Requested) -> None:
    """Check what CloudWatch would: exactly one query is the alarm's, within a day or a week."""
    queries = made.inputs["metricQueries"]
    assert sum(each["returnData"] for each in queries) == 1
    periods = {each["metric"]["period"] for each in queries if "metric" in each}
    [period] = periods
    span = period * made.inputs["evaluationPeriods"]
    assert span <= (7 * 86400 if period >= 3600 else 86400)
    assert made.inputs["datapointsToAlarm"] <= made.inputs["evaluationPeriods"]
