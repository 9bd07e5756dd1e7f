"""One pool of workers: its group, the hooks that hold who comes and goes, and its scaling."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from plinth._fleet.environment import Environment
from plinth._fleet.group import GroupPlan, Hook, Spot, make_group
from plinth._fleet.identity import Identity
from plinth._fleet.release import Release, extra_seconds
from plinth._fleet.user_data import user_data
from plinth.wiring import NetworkLike

from .boot import ANSWERED, HOOK, Ping, worker_document
from .command import worker_command
from .drain import plan_drain
from .load import WARMUP
from .scaling import follow_cpu, follow_load, wake_up
from .settings import CeleryWorkersSettings

ANSWER_SECONDS = 600
"""Time in which a new instance's worker must answer: it installs docker, pulls the image and
starts, which takes two or three minutes. A release comes on top."""


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where a pool's instances go, and as whom."""

    image: pulumi.Input[str]
    network: NetworkLike
    identity: Identity
    log_group: aws.cloudwatch.LogGroup
    environment: Environment
    release: Release | None
    """What the image must have run before a worker of it starts."""
    stack: str
    """Project and stack, as the pool's metrics have them."""
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
    ping = Ping(app=settings.app, node=pool)
    drain = Hook(name=HOOK, seconds=times.heartbeat)
    answer_seconds = ANSWER_SECONDS + extra_seconds(settings)
    answer = Hook(
        name=ANSWERED,
        seconds=answer_seconds,
        transition="autoscaling:EC2_INSTANCE_LAUNCHING",
        # Whoever never answers is replaced; a release that cannot answer replaces nobody.
        otherwise="ABANDON",
    )
    group = make_group(
        name,
        GroupPlan(
            instance_types=plan.instance_types,
            user_data=user_data(
                lambda known: worker_document(known, command, times, ping, placement.release),
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
            warmup_seconds=WARMUP,
            hooks=[drain, answer],
            wait_for_capacity=f"{-(-answer_seconds // 60) + 5}m",
            tags={**placement.tags, "Name": name, "plinth:max-wait": f"{plan.max_wait:g}"},
        ),
        parent=parent,
    ).group
    for hook in (drain, answer):
        _keep_hook(f"{name}-{hook.name}", group, hook, parent)
    follow_load(name, group, stack=placement.stack, slots=plan.slots, parent=parent)
    follow_cpu(name, group, parent=parent)
    if plan.min_size == 0:
        wake_up(name, group, stack=placement.stack, parent=parent, tags=placement.tags)
    return group


def _keep_hook(
    name: str, group: aws.autoscaling.Group, hook: Hook, parent: pulumi.Resource
) -> None:
    """Let a hook follow its settings: a group's own hooks count at its creation only.

    https://www.pulumi.com/registry/packages/aws/api-docs/autoscaling/group/
    """
    aws.autoscaling.LifecycleHook(
        name,
        name=hook.name,
        autoscaling_group_name=group.name,
        lifecycle_transition=hook.transition,
        heartbeat_timeout=hook.seconds,
        default_result=hook.otherwise,
        # It goes with its group: gone before, it would not hold the last instances.
        opts=pulumi.ResourceOptions(parent=parent, retain_on_delete=True),
    )
