"""How workers and beat meet what they are given: broker, services, image and network."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from plinth._fleet.environment import Environment, gather
from plinth.names import check_name
from plinth.wiring import BrokerLike, Grant, NetworkLike, Service

from .command import settings_text
from .counted import PRIORITY_STEPS, QueueMetricsSettings
from .settings import CeleryWorkersSettings, Queues, TierSettings

_ARN = re.compile(r"arn:(?P<partition>[^:]+):logs:(?P<region>[^:]+):(?P<account>[^:]+):.*")

FIND_GROUP = Grant(actions=["autoscaling:DescribeAutoScalingInstances"], resources=["*"])
"""Instances ask for their group's name; AWS ties this action to no resource."""


def check_wiring(
    component: str,
    name: str,
    *,
    network: NetworkLike,
    broker: BrokerLike,
) -> None:
    """Refuse what could not run, or would lose tasks, before anything is registered."""
    check_name(component, name)
    check_broker(component, name, broker)
    if not network.private_subnet_ids:
        msg = f"{component} {name!r} needs private subnets, and its network has none: add some"
        raise ValueError(msg)


def each_once(broker: BrokerLike, uses: Sequence[Service]) -> list[Service]:
    """List the services of a tier; whoever names the broker twice means it once."""
    return [broker, *(service for service in uses if service is not broker)]


def environment(
    component: str,
    name: str,
    settings: TierSettings,
    celery: Mapping[str, Any],
    services: Sequence[Service],
) -> Environment:
    """Gather what a container finds in its environment."""
    own = {
        component: {"CELERY_SETTINGS": settings_text(celery)},
        "settings.environment": settings.environment,
    }
    return gather(component, name, own, services)


def metrics_of(name: str, settings: CeleryWorkersSettings) -> QueueMetricsSettings:
    """Say which queues of whose are counted; of a pool's settings, what counting needs."""
    counted = set(Queues.model_fields)
    return QueueMetricsSettings(
        pools={
            f"{name}-{pool}": Queues.model_validate(plan.model_dump(include=counted))
            for pool, plan in settings.pools.items()
        },
        key_prefix=settings.key_prefix,
        priority_steps=settings.priority_steps or PRIORITY_STEPS,
        log_days=settings.log_days,
    )


def leave(group: str, log_group_arn: pulumi.Output[str]) -> Grant:
    """Let instances tell a group that they may go.

    The role is made before the group, whose name therefore is known by its beginning only. A
    policy made after the group would go before it as well, and leave its last instances waiting.
    """
    return Grant(
        actions=[
            "autoscaling:CompleteLifecycleAction",
            "autoscaling:RecordLifecycleActionHeartbeat",
        ],
        resources=[log_group_arn.apply(lambda arn: group_arn(group, arn))],
    )


def group_arn(group: str, beside: str | None) -> str:
    """Write the ARN of groups whose names begin as one does, in the account of another ARN."""
    known = _ARN.fullmatch(beside or "")
    where = known or {"partition": "aws", "region": "*", "account": "*"}
    return (
        f"arn:{where['partition']}:autoscaling:{where['region']}:{where['account']}"
        f":autoScalingGroup:*:autoScalingGroupName/{group}-*"
    )


def check_broker(component: str, name: str, broker: BrokerLike) -> None:
    """Refuse a store that may drop tasks."""
    # A caller without a type checker may hand over anything.
    given: Any = broker
    if getattr(given, "never_evicts", False) is not True:
        kind, called = type(given).__name__, getattr(given, "pulumi_resource_name", "")
        msg = (
            f"{component} {name!r} was given {kind} {called!r} as its broker, which may evict "
            "queued tasks: give it a RedisBroker"
        )
        raise TypeError(msg)
