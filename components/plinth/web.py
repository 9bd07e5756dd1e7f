"""The app servers: a fleet of instances behind a balancer, each running the app's container."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from ._fleet.boot import boot_document
from ._fleet.environment import gather
from ._fleet.group import GroupPlan, make_group, make_log_group
from ._fleet.identity import Needs, make_identity
from ._fleet.units import Process, Stop
from ._fleet.user_data import Known, pinned, user_data
from ._web.server import VARIABLES, server_variables
from ._web.settings import WebSettings, WorkerModel
from .names import check_name
from .wiring import BalancerLike, NetworkLike, Service

__all__ = ["VARIABLES", "WebSettings", "WebTier", "WorkerModel"]

STOP_MARGIN = 10
"""Seconds that a server has beyond its longest request, to stop in."""


class WebTier(pulumi.ComponentResource):
    """The app's container on an autoscaling group of EC2 instances.

    Only the balancer reaches it, and a person only through Session Manager. A new image, setting
    or variable replaces the instances a few at a time, new before old.

    Args:
        name: Names the component and its children.
        settings: How it is sized, reached and watched.
        image: The container image, pinned as ``name@sha256:...``, built for the processor of
            ``instance_type``. From a private ECR repository it is pulled with the tier's role.
        network: Where it goes: private subnets that reach AWS.
        balancer: What sends it requests.
        uses: The services it connects to. Each brings its variables and lets the tier in.
        tags: Added to every child and instance, over the provider's default tags.
        opts: Reaches every child; ``transforms`` is the escape hatch.
    """

    security_group_id: pulumi.Output[str]
    """The instances' group, to be let in by whatever they connect to."""

    role_arn: pulumi.Output[str]
    """The instances' role."""

    role_name: pulumi.Output[str]
    """The same by name, to attach policies to."""

    group_name: pulumi.Output[str]
    """The autoscaling group, for alarms and for those who look after it."""

    target_group_arn: pulumi.Output[str]
    """What the balancer sends requests to."""

    target_group_suffix: pulumi.Output[str]
    """The target group in CloudWatch: ``targetgroup/<name>/<id>``."""

    log_group_name: pulumi.Output[str]
    """Where the app's output goes, in a stream for each instance."""

    def __init__(
        self,
        name: str,
        settings: WebSettings = WebSettings(),
        *,
        image: pulumi.Input[str],
        network: NetworkLike,
        balancer: BalancerLike,
        uses: Sequence[Service] = (),
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check_name("web tier", name)
        _check_wiring(name, settings, network, balancer)
        own = {
            "the tier itself": server_variables(settings, balancer.idle_timeout),
            "settings.environment": settings.environment,
        }
        environment = gather("web tier", name, own, uses)
        image = pinned("web tier", name, image, allow_tags=settings.allow_tags)

        super().__init__("plinth:index:WebTier", name, settings.model_dump(mode="json"), opts)
        self._settings = settings
        self._tags = {"Name": name, **(tags or {})}

        logs = make_log_group(name, parent=self, days=settings.log_days, tags=self._tags)
        identity = make_identity(
            name,
            Needs(image=image, log_group_arns=[logs.arn], uses=uses),
            parent=self,
            network=network,
            tags=self._tags,
        )
        self._open_to(balancer, identity.security_group)
        targets = self._target_group(name, network)
        rule = balancer.forward(
            name,
            targets.arn,
            priority=settings.priority,
            hosts=settings.hosts,
            paths=settings.paths,
        )
        plan = GroupPlan(
            instance_types=[settings.instance_type],
            user_data=user_data(
                self._describe, image=image, environment=environment, log_group=logs.name
            ),
            identity=identity,
            subnet_ids=network.private_subnet_ids,
            min_size=settings.min_size,
            max_size=settings.max_size,
            tags=self._tags,
            root_volume_gib=settings.root_volume_gib,
            target_group_arns=[targets.arn],
            grace_seconds=settings.health_check_grace,
            max_age_days=settings.max_age_days,
            # Until the rule attaches the target group, no instance is ever found healthy.
            depends_on=[rule],
        )
        group = make_group(name, plan, parent=self).group
        self._scale(name, group, targets, balancer, rule)

        self.security_group_id = identity.security_group.id
        self.role_arn = identity.role.arn
        self.role_name = identity.role.name
        self.group_name = group.name
        self.target_group_arn = targets.arn
        self.target_group_suffix = targets.arn_suffix
        self.log_group_name = logs.name
        for service in uses:
            service.allow_from(self)
        self.register_outputs(
            {
                "security_group_id": self.security_group_id,
                "role_arn": self.role_arn,
                "role_name": self.role_name,
                "group_name": self.group_name,
                "target_group_arn": self.target_group_arn,
                "target_group_suffix": self.target_group_suffix,
                "log_group_name": self.log_group_name,
            }
        )

    def _describe(self, known: Known) -> str:
        process = Process(
            name="web",
            image=known.image,
            command=self._settings.command,
            variables=known.variables,
            secrets=known.secrets,
            port=self._settings.port,
            log_group=known.log_group,
            stop=Stop(seconds=self._settings.request_seconds + STOP_MARGIN),
        )
        return boot_document([process])

    def _open_to(self, balancer: BalancerLike, guard: aws.ec2.SecurityGroup) -> None:
        aws.vpc.SecurityGroupIngressRule(
            f"{self.pulumi_resource_name}-from-{balancer.pulumi_resource_name}",
            description=f"Requests from {balancer.pulumi_resource_name}",
            security_group_id=guard.id,
            referenced_security_group_id=balancer.security_group_id,
            ip_protocol="tcp",
            from_port=self._settings.port,
            to_port=self._settings.port,
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _target_group(self, name: str, network: NetworkLike) -> aws.lb.TargetGroup:
        return aws.lb.TargetGroup(
            # Without a physical name: one that is replaced could not be deleted before its heir.
            name,
            vpc_id=network.vpc_id,
            target_type="instance",
            port=self._settings.port,
            protocol="HTTP",
            deregistration_delay=self._settings.deregistration_delay,
            slow_start=self._settings.slow_start,
            health_check={
                "path": self._settings.health_check_path,
                "matcher": "200",
                "interval": 10,
                "timeout": 5,
                "healthy_threshold": 2,
                "unhealthy_threshold": 3,
            },
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _scale(
        self,
        name: str,
        group: aws.autoscaling.Group,
        targets: aws.lb.TargetGroup,
        balancer: BalancerLike,
        rule: pulumi.Resource,
    ) -> None:
        aws.autoscaling.Policy(
            f"{name}-requests",
            autoscaling_group_name=group.name,
            policy_type="TargetTrackingScaling",
            target_tracking_configuration={
                "predefined_metric_specification": {
                    "predefined_metric_type": "ALBRequestCountPerTarget",
                    "resource_label": pulumi.Output.format(
                        "{0}/{1}", balancer.arn_suffix, targets.arn_suffix
                    ),
                },
                "target_value": self._settings.requests_per_target,
            },
            # AWS refuses the label of a target group that no rule of the balancer names.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[rule]),
        )
        aws.autoscaling.Policy(
            f"{name}-cpu",
            autoscaling_group_name=group.name,
            policy_type="TargetTrackingScaling",
            target_tracking_configuration={
                "predefined_metric_specification": {
                    "predefined_metric_type": "ASGAverageCPUUtilization"
                },
                "target_value": self._settings.cpu_target,
            },
            opts=pulumi.ResourceOptions(parent=self),
        )


def _check_wiring(
    name: str, settings: WebSettings, network: NetworkLike, balancer: BalancerLike
) -> None:
    if not network.private_subnet_ids:
        msg = f"web tier {name!r} needs private subnets, and its network has none: add a zone"
        raise ValueError(msg)
    if balancer.idle_timeout < settings.request_seconds:
        msg = (
            f"web tier {name!r} has request_seconds={settings.request_seconds}, and its balancer "
            f"gives up after idle_timeout={balancer.idle_timeout}: raise that, or shorten requests"
        )
        raise ValueError(msg)
