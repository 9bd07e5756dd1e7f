"""One pool of workers: its group, the hook that holds who must go, and what makes it grow."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from plinth._fleet.environment import Environment
from plinth._fleet.group import GroupPlan, Hook, Spot, make_group
from plinth._fleet.identity import Identity
from plinth._fleet.user_data import user_data
from plinth.wiring import NetworkLike

from .boot import HOOK, worker_document
from .command import worker_command
from .drain import plan_drain
from .settings import CeleryWorkersSettings

CPU_TARGET = 70.0
"""Percent of CPU above which a pool grows."""


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where a pool's instances go, and as whom."""

    image: pulumi.Input[str]
    network: NetworkLike
    identity: Identity
    log_group: aws.cloudwatch.LogGroup
    environment: Environment
    tags: Mapping[str, str]


def make_pool(
    name: str,
    settings: CeleryWorkersSettings,
    pool: str,
    placement: Placement,
    *,
    parent: pulumi.Resource,
) -> aws.autoscaling.Group:
    """Create a pool's group and all that belongs to it, under the name given."""
    plan = settings.pools[pool]
    times = plan_drain(plan.max_task)
    command = worker_command(settings, pool, plan)
    group = make_group(
        name,
        GroupPlan(
            instance_types=plan.instance_types,
            user_data=user_data(
                lambda known: worker_document(known, command, times),
                image=placement.image,
                environment=placement.environment,
                log_group=placement.log_group.name,
            ),
            identity=placement.identity,
            subnet_ids=placement.network.private_subnet_ids,
            min_size=plan.min_size,
            max_size=plan.max_size,
            root_volume_gib=plan.root_volume_gib,
            spot=Spot(percent=max(1, round(plan.spot * 100))) if plan.spot else None,
            hooks=[Hook(name=HOOK, seconds=times.heartbeat)],
            tags={**placement.tags, "Name": name, "plinth:max-wait": f"{plan.max_wait:g}"},
        ),
        parent=parent,
    ).group
    _keep_hook(name, group, times.heartbeat, parent)
    _grow(name, group, parent)
    return group


def _keep_hook(
    name: str, group: aws.autoscaling.Group, seconds: int, parent: pulumi.Resource
) -> None:
    """Let the hook follow ``max_task``: a group's own hooks count at its creation only.

    https://www.pulumi.com/registry/packages/aws/api-docs/autoscaling/group/
    """
    aws.autoscaling.LifecycleHook(
        name,
        name=HOOK,
        autoscaling_group_name=group.name,
        lifecycle_transition="autoscaling:EC2_INSTANCE_TERMINATING",
        heartbeat_timeout=seconds,
        default_result="CONTINUE",
        # It goes with its group: gone before, it would not hold the last instances.
        opts=pulumi.ResourceOptions(parent=parent, retain_on_delete=True),
    )


def _grow(name: str, group: aws.autoscaling.Group, parent: pulumi.Resource) -> None:
    """Add instances on CPU, and take none away: workers that wait for others look idle."""
    aws.autoscaling.Policy(
        name,
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
