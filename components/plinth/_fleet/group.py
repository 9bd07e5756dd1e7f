"""A group of instances: launch template, autoscaling group and log group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from plinth.names import STACK_TAG, stack_label

from .identity import Identity
from .instances import ami, one_architecture

if TYPE_CHECKING:
    from pulumi_aws.autoscaling import (
        GroupInitialLifecycleHookArgsDict,
        GroupInstanceRefreshArgsDict,
        GroupInstanceRefreshPreferencesArgsDict,
        GroupMixedInstancesPolicyArgsDict,
    )

METRICS = (
    aws.autoscaling.Metric.GROUP_DESIRED_CAPACITY,
    aws.autoscaling.Metric.GROUP_IN_SERVICE_INSTANCES,
    aws.autoscaling.Metric.GROUP_MAX_SIZE,
    aws.autoscaling.Metric.GROUP_MIN_SIZE,
    aws.autoscaling.Metric.GROUP_PENDING_INSTANCES,
    aws.autoscaling.Metric.GROUP_TERMINATING_INSTANCES,
    aws.autoscaling.Metric.GROUP_TOTAL_INSTANCES,
)
"""What CloudWatch is told every minute, for scaling and for alarms; it is free."""

DAY = 24 * 60 * 60


@dataclass(frozen=True, kw_only=True)
class Hook:
    """A pause in an instance's life, until something completes it or its time is over."""

    name: str
    seconds: int
    transition: str = "autoscaling:EC2_INSTANCE_TERMINATING"
    otherwise: str = "CONTINUE"
    """What happens once its time is over; ``ABANDON`` ends an instance that was to come."""


@dataclass(frozen=True, kw_only=True)
class Spot:
    """How much of a group may be interrupted, for less money."""

    percent: int
    """Share of the instances above ``on_demand`` that are spot: 1 to 100."""
    on_demand: int = 0
    """Instances that are never spot."""


@dataclass(frozen=True, kw_only=True)
class GroupPlan:
    """Everything about a group but its name."""

    instance_types: Sequence[str]
    """The first is the one wanted; more make a mixed group of it."""
    user_data: pulumi.Input[str]
    """In base64: see ``user_data()``."""
    identity: Identity
    subnet_ids: Sequence[pulumi.Input[str]]
    min_size: int
    max_size: int
    tags: Mapping[str, str]
    """They reach the instances and their volumes too, with the stack's default tags."""
    root_volume_gib: int = 20
    desired: int | None = None
    """Only where nothing scales the group: otherwise every deployment would scale it back."""
    spot: Spot | None = None
    target_group_arns: Sequence[pulumi.Input[str]] = ()
    """With one, the group replaces an instance that the balancer finds unhealthy."""
    grace_seconds: int = 300
    """Time in which a new instance may fail its health checks."""
    warmup_seconds: int = 60
    """Time until a new instance's metrics count, and until a refresh goes on."""
    healthy: tuple[int, int] = (100, 150)
    """Least and most healthy instances while some are replaced, in percent of those wanted.
    100 and more starts the new one first, so that capacity never falls."""
    hooks: Sequence[Hook] = ()
    suspended: Sequence[str] = ()
    """Processes of the group that stay off, such as ``AZRebalance``."""
    max_age_days: int = 0
    """Days after which an instance is replaced, and so patched; 0 never does."""
    wait_for_capacity: str = "10m"
    """How long a deployment waits for the first instances to be healthy; ``0`` does not."""
    alarms: Sequence[pulumi.Input[str]] = ()
    """Names of those that stop a replacement of all instances half-way, and that must be over
    before another can begin."""
    depends_on: Sequence[pulumi.Resource] = ()


@dataclass(frozen=True, kw_only=True)
class Group:
    """What was made of a plan."""

    launch_template: aws.ec2.LaunchTemplate
    group: aws.autoscaling.Group


def make_log_group(
    name: str, *, parent: pulumi.Resource, days: int, tags: Mapping[str, str]
) -> aws.cloudwatch.LogGroup:
    """Create the log group of a tier's containers; it goes with the tier."""
    return aws.cloudwatch.LogGroup(
        name, retention_in_days=days, tags=tags, opts=pulumi.ResourceOptions(parent=parent)
    )


def make_group(name: str, plan: GroupPlan, *, parent: pulumi.Resource) -> Group:
    """Create a launch template, and the autoscaling group that follows its newest version."""
    template = _launch_template(name, plan, parent)
    # The number, never "$Latest": only a changed input starts a refresh.
    version = template.latest_version.apply(str)
    lowest, highest = plan.healthy
    mixed = len(plan.instance_types) > 1 or plan.spot is not None
    group = aws.autoscaling.Group(
        name,
        min_size=plan.min_size,
        max_size=plan.max_size,
        desired_capacity=plan.desired,
        vpc_zone_identifiers=plan.subnet_ids,
        launch_template=None if mixed else {"id": template.id, "version": version},
        mixed_instances_policy=_mixed(plan, template, version) if mixed else None,
        capacity_rebalance=plan.spot is not None,
        target_group_arns=plan.target_group_arns or None,
        health_check_type="ELB" if plan.target_group_arns else "EC2",
        health_check_grace_period=plan.grace_seconds,
        default_instance_warmup=plan.warmup_seconds,
        instance_refresh=_refresh(plan),
        instance_maintenance_policy={
            "min_healthy_percentage": lowest,
            "max_healthy_percentage": highest,
        },
        initial_lifecycle_hooks=[_hook(hook) for hook in plan.hooks] or None,
        suspended_processes=plan.suspended or None,
        max_instance_lifetime=plan.max_age_days * DAY,
        enabled_metrics=METRICS,
        metrics_granularity="1Minute",
        wait_for_capacity_timeout=plan.wait_for_capacity,
        tags=[
            {"key": key, "value": value, "propagate_at_launch": True}
            for key, value in sorted({**stack_tags(), **plan.tags, **_mark()}.items())
        ],
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=[*plan.identity.ready, *plan.depends_on],
            # Changed, they would replace the group. Whoever has hooks keeps them by themselves.
            ignore_changes=["initial_lifecycle_hooks"] if plan.hooks else None,
            custom_timeouts=pulumi.CustomTimeouts(delete=f"{_delete_seconds(plan)}s"),
        ),
    )
    return Group(launch_template=template, group=group)


def _delete_seconds(plan: GroupPlan) -> int:
    """Allow for the last instances, which its hooks hold, on top of the provider's ten minutes."""
    return 600 + max((hook.seconds for hook in plan.hooks), default=0)


def _mark() -> dict[str, str]:
    """Say which stack a group belongs to, whatever its name: ``plinth rollout wait`` asks."""
    return {STACK_TAG: stack_label(pulumi.get_project(), pulumi.get_stack())}


def stack_tags() -> dict[str, str]:
    """Read the stack's default tags, which AWS's provider does not hand on to instances."""
    given: dict[str, Any] = pulumi.Config("aws").get_object("defaultTags") or {}
    return given.get("tags") or {}


def _launch_template(name: str, plan: GroupPlan, parent: pulumi.Resource) -> aws.ec2.LaunchTemplate:
    tags = {**stack_tags(), **plan.tags}
    return aws.ec2.LaunchTemplate(
        name,
        image_id=ami(one_architecture(plan.instance_types)),
        instance_type=plan.instance_types[0],
        update_default_version=True,
        user_data=plan.user_data,
        iam_instance_profile={"arn": plan.identity.profile.arn},
        vpc_security_group_ids=[plan.identity.security_group.id],
        # Two hops: a container is one further away than its instance.
        metadata_options={
            "http_endpoint": "enabled",
            "http_tokens": "required",
            "http_put_response_hop_limit": 2,
        },
        block_device_mappings=[
            {
                "device_name": "/dev/xvda",
                "ebs": {
                    "volume_size": plan.root_volume_gib,
                    "volume_type": "gp3",
                    "encrypted": "true",
                    "delete_on_termination": "true",
                },
            }
        ],
        tag_specifications=[
            {"resource_type": "instance", "tags": tags},
            {"resource_type": "volume", "tags": tags},
        ],
        tags=plan.tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _mixed(
    plan: GroupPlan, template: aws.ec2.LaunchTemplate, version: pulumi.Output[str]
) -> "GroupMixedInstancesPolicyArgsDict":
    spot = plan.spot or Spot(percent=0)
    return {
        "launch_template": {
            "launch_template_specification": {
                "launch_template_id": template.id,
                "version": version,
            },
            "overrides": [{"instance_type": each} for each in plan.instance_types],
        },
        "instances_distribution": {
            "on_demand_base_capacity": spot.on_demand,
            "on_demand_percentage_above_base_capacity": 100 - spot.percent,
            "on_demand_allocation_strategy": "prioritized",
            "spot_allocation_strategy": "price-capacity-optimized",
        },
    }


def _refresh(plan: GroupPlan) -> "GroupInstanceRefreshArgsDict":
    # No auto_rollback: the provider starts the refresh when the group is already on the new
    # version, so a rollback would return to that (terraform-provider-aws#34189); nor does Auto
    # Scaling roll back a template whose machine image is looked up at launch.
    lowest, highest = plan.healthy
    preferences: GroupInstanceRefreshPreferencesArgsDict = {
        "min_healthy_percentage": lowest,
        "max_healthy_percentage": highest,
        "instance_warmup": str(plan.warmup_seconds),
        "skip_matching": True,
        "scale_in_protected_instances": "Ignore",
    }
    if plan.alarms:
        preferences["alarm_specification"] = {"alarms": plan.alarms}
    return {"strategy": "Rolling", "preferences": preferences}


def _hook(hook: Hook) -> "GroupInitialLifecycleHookArgsDict":
    return {
        "name": hook.name,
        "lifecycle_transition": hook.transition,
        "heartbeat_timeout": hook.seconds,
        "default_result": hook.otherwise,
    }
