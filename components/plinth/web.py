"""The app servers: a fleet of instances behind a balancer, each running the app's container."""

from collections.abc import Mapping, Sequence

import pulumi

from ._fleet.environment import gather
from ._fleet.group import make_log_group
from ._fleet.identity import Needs, make_identity
from ._fleet.release import plan_release
from ._web.colours import plan_fleets
from ._web.fleet import Placement, make_fleet
from ._web.server import VARIABLES, server_variables
from ._web.settings import BlueGreen, WebSettings, WorkerModel
from ._web.traffic import attach, let_in
from .names import check_name, stack_label
from .wiring import BalancerLike, NetworkLike, Service, TopicLike

__all__ = ["VARIABLES", "BlueGreen", "WebSettings", "WebTier", "WorkerModel"]


class WebTier(pulumi.ComponentResource):
    """The app's container on an autoscaling group of EC2 instances.

    Only the balancer reaches it, and a person only through Session Manager. A new image, setting
    or variable replaces the instances a few at a time, new before old. With ``blue_green``, the
    next image can start beside the one that serves, and get its requests by the percent.

    Args:
        name: Names the component and its children.
        settings: How it is sized, reached and watched.
        image: The container image, pinned as ``name@sha256:...``, built for the processor of
            ``instance_type``. From a private ECR repository it is pulled with the tier's role.
        green_image: The second fleet's image; None has no second fleet.
        network: Where it goes: private subnets that reach AWS.
        balancer: What sends it requests.
        uses: The services it connects to. Each brings its variables and lets the tier in.
        alarms: What is told when requests fail, or nothing serves; without it, nobody is.
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
    """The autoscaling group, for alarms and for those who look after it; with blue/green, and in
    what follows, that of the colour with more requests."""

    group_names: pulumi.Output[dict[str, str]]
    """The autoscaling group of each colour; without blue/green, ``blue`` is the only one."""

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
        green_image: pulumi.Input[str] | None = None,
        network: NetworkLike,
        balancer: BalancerLike,
        uses: Sequence[Service] = (),
        alarms: TopicLike | None = None,
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
        release = plan_release(
            f"web tier {name!r}",
            settings,
            stack=stack_label(pulumi.get_project(), pulumi.get_stack()),
            variables=environment.names,
        )
        fleets = plan_fleets(name, settings, image, green_image)

        super().__init__("plinth:index:WebTier", name, settings.model_dump(mode="json"), opts)
        tags = {"Name": name, **(tags or {})}
        logs = make_log_group(name, parent=self, days=settings.log_days, tags=tags)
        images = [fleet.image for fleet in fleets]
        identity = make_identity(
            name,
            Needs(images=images, log_group_arns=[logs.arn], uses=uses),
            parent=self,
            network=network,
            tags=tags,
        )
        guard = identity.security_group
        let_in(name, settings, balancer=balancer, guard=guard, parent=self, tags=tags)
        traffic = attach(
            name, settings, fleets, network=network, balancer=balancer, parent=self, tags=tags
        )
        placement = Placement(
            network=network,
            balancer=balancer,
            traffic=traffic,
            identity=identity,
            log_group=logs,
            environment=environment,
            release=release,
            alarms=alarms,
            tags=tags,
        )
        groups = {
            fleet.colour: make_fleet(fleet, settings, placement, parent=self) for fleet in fleets
        }

        leading = max(fleets, key=lambda fleet: fleet.percent).colour
        self.security_group_id = guard.id
        self.role_arn = identity.role.arn
        self.role_name = identity.role.name
        self.group_name = groups[leading].name
        self.group_names = pulumi.Output.all(**{c.value: g.name for c, g in groups.items()})
        self.target_group_arn = traffic.targets[leading].arn
        self.target_group_suffix = traffic.targets[leading].arn_suffix
        self.log_group_name = logs.name
        for service in uses:
            service.allow_from(self)
        self.register_outputs(
            {
                "security_group_id": self.security_group_id,
                "role_arn": self.role_arn,
                "role_name": self.role_name,
                "group_name": self.group_name,
                "group_names": self.group_names,
                "target_group_arn": self.target_group_arn,
                "target_group_suffix": self.target_group_suffix,
                "log_group_name": self.log_group_name,
            }
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
