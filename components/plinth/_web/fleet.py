"""One fleet of a web tier: its group, its scaling and its alarms."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from plinth._alarms import make_alarms
from plinth._fleet.boot import boot_document
from plinth._fleet.environment import Environment
from plinth._fleet.group import GroupPlan, make_group
from plinth._fleet.identity import Identity
from plinth._fleet.release import Release, extra_seconds
from plinth._fleet.units import Process, Stop
from plinth._fleet.user_data import Known, user_data
from plinth.wiring import BalancerLike, NetworkLike, TopicLike

from .alarms import alarm_of_absence, alarm_of_errors
from .colours import Fleet
from .settings import WebSettings
from .traffic import Traffic, follow_requests

STOP_MARGIN = 10
"""Seconds that a server has beyond its longest request, to stop in."""

FIRST_MINUTES = 10
"""How long a deployment waits for a new group's instances, without their release."""


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where a fleet's instances go, as whom, and what they run."""

    network: NetworkLike
    balancer: BalancerLike
    traffic: Traffic
    identity: Identity
    log_group: aws.cloudwatch.LogGroup
    environment: Environment
    release: Release | None
    """What their image must have run before it serves."""
    alarms: TopicLike | None
    """What is told of them."""
    tags: Mapping[str, str]


def make_fleet(
    fleet: Fleet,
    settings: WebSettings,
    placement: Placement,
    *,
    parent: pulumi.Resource,
) -> aws.autoscaling.Group:
    """Create a fleet's group and all that belongs to it, behind its target group."""
    targets = placement.traffic.targets[fleet.colour]
    release_seconds = extra_seconds(settings)
    group = make_group(
        fleet.name,
        GroupPlan(
            instance_types=[settings.instance_type],
            user_data=user_data(
                lambda known: _document(settings, placement.release, known),
                image=fleet.image,
                environment=placement.environment,
                log_group=placement.log_group.name,
            ),
            identity=placement.identity,
            subnet_ids=placement.network.private_subnet_ids,
            min_size=fleet.sizes[0],
            max_size=fleet.sizes[1],
            tags={**placement.tags, "Name": fleet.name},
            root_volume_gib=settings.root_volume_gib,
            target_group_arns=[targets.arn],
            grace_seconds=settings.health_check_grace + release_seconds,
            max_age_days=settings.max_age_days,
            alarms=_watch(fleet, settings, placement, targets, parent),
            wait_for_capacity=f"{FIRST_MINUTES + -(-release_seconds // 60)}m",
            # Until the rule attaches the target group, no instance is ever found healthy.
            depends_on=[placement.traffic.rule],
        ),
        parent=parent,
    ).group
    follow_requests(
        fleet.name,
        settings,
        group,
        label=pulumi.Output.format("{0}/{1}", placement.balancer.arn_suffix, targets.arn_suffix),
        rule=placement.traffic.rule,
        parent=parent,
    )
    return group


def _watch(
    fleet: Fleet,
    settings: WebSettings,
    placement: Placement,
    targets: aws.lb.TargetGroup,
    parent: pulumi.Resource,
) -> list[pulumi.Output[str]]:
    """Create a fleet's alarms, and name those that stop an image from spreading.

    Without requests there is nothing to watch: what is rolled out there may well be broken. That
    no instance is healthy stops nothing, since a roll-out is what would mend it.
    """
    names = (targets.arn_suffix, placement.balancer.arn_suffix)
    if not fleet.percent or (placement.alarms is None and not settings.abort_on_alarm):
        return []
    watched = [alarm_of_errors(settings, *names)]
    if placement.alarms is not None:
        watched.append(alarm_of_absence(extra_seconds(settings), *names))
    errors, *_ = make_alarms(
        fleet.name, watched, topic=placement.alarms, parent=parent, tags=placement.tags
    )
    return [errors.name] if settings.abort_on_alarm else []


def _document(settings: WebSettings, release: Release | None, known: Known) -> str:
    process = Process(
        name="web",
        image=known.image,
        command=settings.command,
        variables=known.variables,
        secrets=known.secrets,
        port=settings.port,
        log_group=known.log_group,
        stop=Stop(seconds=settings.request_seconds + STOP_MARGIN),
        release=release,
    )
    return boot_document([process])
