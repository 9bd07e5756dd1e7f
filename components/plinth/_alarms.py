"""Alarms: what is watched, what it means, and what to do first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from .wiring import TopicLike

if TYPE_CHECKING:
    from pulumi_aws.cloudwatch import (
        MetricAlarmMetricQueryArgsDict,
        MetricAlarmWarmUpConfigurationArgsDict,
    )

MINUTE = 60


@dataclass(frozen=True, kw_only=True)
class Watched:
    """One metric of CloudWatch."""

    namespace: str
    name: str
    dimensions: Mapping[str, pulumi.Input[str]] = field(
        default_factory=dict[str, pulumi.Input[str]]
    )
    stat: str = "Maximum"


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One alarm."""

    role: str
    """Names it, after its component."""
    description: str
    """What it means, and what to do first: whoever is woken up reads this and nothing else."""
    metrics: Mapping[str, Watched]
    """By the name that the expression has for it."""
    expression: str = ""
    """CloudWatch's metric math; empty watches the one metric as it is."""
    comparison: str = "GreaterThanThreshold"
    threshold: float = 0
    period: int = MINUTE
    """Seconds of each point."""
    points: int = 1
    """Points that are looked at."""
    breaching: int | None = None
    """How many of them must be over the threshold; unset is all."""
    missing: str = "notBreaching"
    """What a point that is missing counts as."""
    quiet: int = 0
    """Minutes after it is made in which it does nothing, for metrics that are yet to come."""
    quiet_to_the_end: bool = False
    """Whether it does nothing in them even if the metrics come earlier."""


def make_alarms(
    name: str,
    alarms: Iterable[Alarm],
    *,
    topic: TopicLike | None,
    parent: pulumi.Resource,
    tags: Mapping[str, str],
) -> list[aws.cloudwatch.MetricAlarm]:
    """Create alarms that tell a topic, if there is one, when they begin and when they are over."""
    told = [topic.topic_arn] if topic is not None else []
    return [
        make_alarm(f"{name}-{alarm.role}", alarm, actions=told, over=told, parent=parent, tags=tags)
        for alarm in alarms
    ]


def make_alarm(
    name: str,
    alarm: Alarm,
    *,
    actions: Sequence[pulumi.Input[str]],
    over: Sequence[pulumi.Input[str]] = (),
    parent: pulumi.Resource,
    tags: Mapping[str, str],
) -> aws.cloudwatch.MetricAlarm:
    """Create one alarm.

    Args:
        name: Names it.
        alarm: What it watches.
        actions: ARNs of what is done when it begins.
        over: ARNs of what is done when it is over.
        parent: The component it belongs to.
        tags: Added to it.
    """
    return aws.cloudwatch.MetricAlarm(
        name,
        alarm_description=alarm.description,
        metric_queries=queries(alarm),
        comparison_operator=alarm.comparison,
        threshold=alarm.threshold,
        evaluation_periods=alarm.points,
        datapoints_to_alarm=alarm.breaching or alarm.points,
        treat_missing_data=alarm.missing,
        warm_up_configuration=_quiet(alarm),
        alarm_actions=actions or None,
        ok_actions=over or None,
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _quiet(alarm: Alarm) -> "MetricAlarmWarmUpConfigurationArgsDict | None":
    if not alarm.quiet:
        return None
    quiet: MetricAlarmWarmUpConfigurationArgsDict = {
        "warm_up_period_duration_in_minutes": alarm.quiet
    }
    if alarm.quiet_to_the_end:
        quiet["only_start_evaluating_after_warm_up_period_ends"] = True
    return quiet


def queries(alarm: Alarm) -> "list[MetricAlarmMetricQueryArgsDict]":
    """Write an alarm's metrics, and the expression over them, of which one only is the result."""
    metrics: list[MetricAlarmMetricQueryArgsDict] = [
        {
            "id": key,
            "metric": {
                "namespace": metric.namespace,
                "metric_name": metric.name,
                "dimensions": metric.dimensions,
                "stat": metric.stat,
                "period": alarm.period,
            },
            "return_data": not alarm.expression,
        }
        for key, metric in alarm.metrics.items()
    ]
    if not alarm.expression:
        return metrics
    return [
        *metrics,
        {
            "id": "result",
            "expression": alarm.expression,
            "label": alarm.role,
            "return_data": True,
        },
    ]
