"""How requests reach a web tier's instances."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from plinth.wiring import BalancerLike, NetworkLike, Share

from .colours import Colour, Fleet
from .settings import WebSettings


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """A tier's place behind its balancer."""

    targets: Mapping[Colour, aws.lb.TargetGroup]
    rule: pulumi.Resource
    """What attaches them to the balancer, and shares the requests between them."""


def let_in(
    name: str,
    settings: WebSettings,
    *,
    balancer: BalancerLike,
    guard: aws.ec2.SecurityGroup,
    parent: pulumi.Resource,
    tags: Mapping[str, str],
) -> None:
    """Open the app's port to the balancer, and to nobody else."""
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-from-{balancer.pulumi_resource_name}",
        description=f"Requests from {balancer.pulumi_resource_name}",
        security_group_id=guard.id,
        referenced_security_group_id=balancer.security_group_id,
        ip_protocol="tcp",
        from_port=settings.port,
        to_port=settings.port,
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def attach(
    name: str,
    settings: WebSettings,
    fleets: Sequence[Fleet],
    *,
    network: NetworkLike,
    balancer: BalancerLike,
    parent: pulumi.Resource,
    tags: Mapping[str, str],
) -> Traffic:
    """Create the target group of each fleet, and have the balancer send requests to them."""
    targets = {
        fleet.colour: _targets(fleet.name, settings, network=network, parent=parent, tags=tags)
        for fleet in fleets
    }
    rule = balancer.forward(
        name,
        targets[Colour.BLUE].arn,
        priority=settings.priority,
        hosts=settings.hosts,
        paths=settings.paths,
        share=_share(settings, targets.get(Colour.GREEN)),
    )
    return Traffic(targets=targets, rule=rule)


def _share(settings: WebSettings, green: aws.lb.TargetGroup | None) -> Share | None:
    if green is None or settings.blue_green is None:
        return None
    return Share(
        target_group_arn=green.arn,
        percent=settings.blue_green.green_percent,
        sticky_seconds=settings.blue_green.sticky_seconds,
    )


def _targets(
    name: str,
    settings: WebSettings,
    *,
    network: NetworkLike,
    parent: pulumi.Resource,
    tags: Mapping[str, str],
) -> aws.lb.TargetGroup:
    return aws.lb.TargetGroup(
        # Without a physical name: one that is replaced could not be deleted before its heir.
        name,
        vpc_id=network.vpc_id,
        target_type="instance",
        port=settings.port,
        protocol="HTTP",
        deregistration_delay=settings.deregistration_delay,
        slow_start=settings.slow_start,
        health_check={
            "path": settings.health_check_path,
            "matcher": "200",
            "interval": 10,
            "timeout": 5,
            "healthy_threshold": 2,
            "unhealthy_threshold": 3,
        },
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )


def follow_requests(
    name: str,
    settings: WebSettings,
    group: aws.autoscaling.Group,
    *,
    label: pulumi.Input[str],
    rule: pulumi.Resource,
    parent: pulumi.Resource,
) -> None:
    """Scale a fleet by the requests that its target group gets, and by its CPU.

    Args:
        name: Names the policies.
        settings: What they keep to.
        group: The fleet's.
        label: Balancer and target group, as CloudWatch joins them.
        rule: What attaches the target group to the balancer: before, AWS refuses the label.
        parent: The component.
    """
    aws.autoscaling.Policy(
        f"{name}-requests",
        autoscaling_group_name=group.name,
        policy_type="TargetTrackingScaling",
        target_tracking_configuration={
            "predefined_metric_specification": {
                "predefined_metric_type": "ALBRequestCountPerTarget",
                "resource_label": label,
            },
            "target_value": settings.requests_per_target,
        },
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[rule]),
    )
    aws.autoscaling.Policy(
        f"{name}-cpu",
        autoscaling_group_name=group.name,
        policy_type="TargetTrackingScaling",
        target_tracking_configuration={
            "predefined_metric_specification": {
                "predefined_metric_type": "ASGAverageCPUUtilization"
            },
            "target_value": settings.cpu_target,
        },
        opts=pulumi.ResourceOptions(parent=parent),
    )
