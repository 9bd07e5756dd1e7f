"""What makes a pool grow and shrink: its load, its CPU, and a task that waits for nobody."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from plinth._alarms import Alarm, Watched, make_alarm

from .load import CPU_TARGET, LOAD, PERIOD, TARGET, WAKE, WAKE_PERIODS, WAKE_STEP
from .metrics import NAMESPACE, Metric, dimensions

if TYPE_CHECKING:
    from pulumi_aws.autoscaling import (
        PolicyTargetTrackingConfigurationCustomizedMetricSpecificationMetricArgsDict as Query,
    )


def of_pool(stack: str, name: str, metric: Metric) -> Watched:
    """Name a pool's metric."""
    return Watched(namespace=NAMESPACE, name=metric, dimensions=dimensions(stack, name))


def of_group(group: aws.autoscaling.Group, metric: str, stat: str = "Average") -> Watched:
    """Name a metric of a pool's group."""
    return Watched(
        namespace="AWS/AutoScaling",
        name=metric,
        dimensions={"AutoScalingGroupName": group.name},
        stat=stat,
    )


def in_service(group: aws.autoscaling.Group) -> Watched:
    """Name the number of instances that have a worker which answered."""
    return of_group(group, "GroupInServiceInstances")


def follow_load(
    name: str, group: aws.autoscaling.Group, *, stack: str, slots: int, parent: pulumi.Resource
) -> None:
    """Keep a pool's load per slot on target, out and in."""
    aws.autoscaling.Policy(
        f"{name}-load",
        autoscaling_group_name=group.name,
        policy_type="TargetTrackingScaling",
        target_tracking_configuration={
            "target_value": TARGET,
            "customized_metric_specification": {
                "metrics": [
                    _query("demand", of_pool(stack, name, Metric.DEMAND)),
                    _query("inst", in_service(group)),
                    {
                        "id": "load",
                        "expression": LOAD.format(slots=slots),
                        "label": "load per slot",
                        "return_data": True,
                    },
                ]
            },
        },
        opts=pulumi.ResourceOptions(parent=parent),
    )


def follow_cpu(name: str, group: aws.autoscaling.Group, *, parent: pulumi.Resource) -> None:
    """Add instances on CPU too, for when nobody counts the tasks.

    It takes none away: workers that wait for others look idle.
    """
    aws.autoscaling.Policy(
        f"{name}-cpu",
        autoscaling_group_name=group.name,
        policy_type="TargetTrackingScaling",
        target_tracking_configuration={
            "target_value": CPU_TARGET,
            "disable_scale_in": True,
            "predefined_metric_specification": {
                "predefined_metric_type": "ASGAverageCPUUtilization"
            },
        },
        opts=pulumi.ResourceOptions(parent=parent),
    )


def wake_up(
    name: str,
    group: aws.autoscaling.Group,
    *,
    stack: str,
    parent: pulumi.Resource,
    tags: Mapping[str, str],
) -> None:
    """Add the first instance: target tracking multiplies, which leads nowhere from none."""
    policy = aws.autoscaling.Policy(
        f"{name}-wake",
        autoscaling_group_name=group.name,
        policy_type="StepScaling",
        adjustment_type="ChangeInCapacity",
        metric_aggregation_type="Maximum",
        step_adjustments=[
            {"scaling_adjustment": WAKE_STEP, "metric_interval_lower_bound": "0"},
        ],
        opts=pulumi.ResourceOptions(parent=parent),
    )
    alarm = Alarm(
        role="wake",
        description="No fault: the pool has no instance, and a task waits. It gets one.",
        metrics={
            "depth": of_pool(stack, name, Metric.QUEUE_DEPTH),
            "inst": in_service(group),
        },
        expression=WAKE,
        comparison="GreaterThanOrEqualToThreshold",
        threshold=1,
        points=WAKE_PERIODS,
    )
    make_alarm(f"{name}-wake", alarm, actions=[policy.arn], parent=parent, tags=tags)


def _query(key: str, metric: Watched) -> "Query":
    return {
        "id": key,
        "return_data": False,
        "metric_stat": {
            "stat": metric.stat,
            "period": PERIOD,
            "metric": {
                "namespace": metric.namespace,
                "metric_name": metric.name,
                "dimensions": [
                    {"name": each, "value": value} for each, value in metric.dimensions.items()
                ],
            },
        },
    }
