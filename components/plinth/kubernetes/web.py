"""The app servers on Kubernetes: pods behind a balancer, each running the app's container."""

import math
from collections.abc import Mapping, Sequence

import pulumi

from plinth._fleet.environment import gather
from plinth._fleet.release import plan_release
from plinth._fleet.user_data import pinned
from plinth._web.server import server_variables, worker_count
from plinth._web.settings import WebSettings
from plinth.names import check_name, stack_label
from plinth.wiring import (
    BalancerLike,
    CertificateLike,
    ClusterLike,
    NetworkLike,
    Service,
    TopicLike,
)

from ._parts.namespace import after
from ._parts.policies import let_in
from ._parts.release import make_release
from ._parts.secrets import check_delivery, make_secrets
from ._parts.site import make_site
from ._parts.variables import make_variables
from ._web.alarms import watch
from ._web.entrance import (
    READINESS_GATES,
    bind,
    domain_of,
    make_ingress,
    make_service,
    make_target_group,
)
from ._web.scaling import make_budget, make_scaling
from ._web.servers import PART, make_deployment, serving
from .settings import WebPodSettings

__all__ = ["KubernetesWebTier"]

IDLE_TIMEOUT = 60
"""Seconds after which a balancer of the cluster's own closes a quiet connection, unless requests
take longer."""


class KubernetesWebTier(pulumi.ComponentResource):
    """The app's container as pods of a cluster, by the settings of :class:`plinth.WebTier`.

    A pod stands for an instance. A new image, setting or variable replaces pods, new before old.
    Of the settings, ``requests_per_target``, ``max_age_days``, ``root_volume_gib``, ``log_days``
    and ``abort_on_alarm`` mean nothing here: pods scale on CPU, the cluster replaces its nodes,
    its log agent keeps what the app prints, and pods that are not ready stop a rollout.

    Args:
        name: Names the component and its children.
        settings: How it is sized and reached.
        pods: How its pods are run.
        image: The container image, pinned as ``name@sha256:...``, built for the processor of
            ``instance_type``. The nodes' role must be able to pull it.
        cluster: Where it runs. Pods are in its security group, which ``uses`` let in.
        network: The cluster's, and that of what it uses.
        balancer: What sends it requests. Without one, an ``Ingress`` makes a balancer; tiers
            behind the same one on the same cluster need different ports.
        certificate: For the balancer of an ``Ingress``; without it, it speaks plain HTTP.
        uses: The services it connects to. Each brings its variables and lets the cluster in.
        alarms: What is told when requests fail, or no pod serves; it needs a ``balancer``.
        tags: Added to what is in AWS, over the provider's default tags.
        opts: Reaches every child. ``providers`` names the cluster's: see :func:`cluster_provider`.
    """

    namespace: pulumi.Output[str]
    """Where its objects are in the cluster."""

    deployment_name: pulumi.Output[str]
    """The ``Deployment``, and the ``Service`` in front of it."""

    role_arn: pulumi.Output[str | None]
    """The pods' role in AWS; None without pod identity."""

    role_name: pulumi.Output[str | None]
    """The same by name, to attach policies to."""

    target_group_arn: pulumi.Output[str | None]
    """What the balancer sends requests to; None behind an ``Ingress``, which makes its own."""

    target_group_suffix: pulumi.Output[str | None]
    """The target group in CloudWatch: ``targetgroup/<name>/<id>``."""

    def __init__(
        self,
        name: str,
        settings: WebSettings = WebSettings(),
        *,
        pods: WebPodSettings = WebPodSettings(),
        image: pulumi.Input[str],
        cluster: ClusterLike,
        network: NetworkLike,
        balancer: BalancerLike | None,
        certificate: CertificateLike | None = None,
        uses: Sequence[Service] = (),
        alarms: TopicLike | None = None,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check_name("web tier", name)
        _check_wiring(name, settings, balancer, certificate, alarms)
        check_delivery("web tier", name, pods, uses)
        idle_timeout = _idle_timeout(settings, balancer)
        own = {
            "the tier itself": server_variables(_in_a_pod(settings, pods), idle_timeout),
            "settings.environment": settings.environment,
        }
        environment = gather("web tier", name, own, uses)
        stack = stack_label(pulumi.get_project(), pulumi.get_stack())
        release = plan_release(
            f"web tier {name!r}", settings, stack=stack, variables=environment.names
        )
        image = pinned("web tier", name, image, allow_tags=settings.allow_tags)

        state = {**settings.model_dump(mode="json"), "pods": pods.model_dump(mode="json")}
        super().__init__("plinth:index:KubernetesWebTier", name, state, opts)
        site = make_site(
            name,
            pods,
            cluster=cluster,
            network=network,
            uses=uses,
            parent=self,
            tags={"Name": name, **(tags or {})},
            namespace_labels={READINESS_GATES[pods.controller]: "enabled"},
        )
        variables = make_variables(site, name, environment.variables, part=PART)
        secrets = make_secrets(site, environment.secrets)
        opened = let_in(
            name, PART, site.namespace, network=network, port=settings.port, parent=self
        )
        before: list[pulumi.Resource] = [*site.ready, *secrets.ready, opened]
        if release is not None:
            released = make_release(
                site,
                release,
                image=image,
                instance_type=settings.instance_type,
                variables=variables,
                secrets=secrets,
            )
            before.append(released)
        service = make_service(site, PART)
        targets = ingress = None
        if balancer is not None:
            targets = make_target_group(site, settings, pods)
            before += bind(
                site, settings, pods, targets=targets, balancer=balancer, service=service
            )
        else:
            ingress = make_ingress(
                site, settings, pods, service, certificate, idle_timeout=idle_timeout
            )
            before.append(ingress)
        container = serving(settings, pods, image=image, variables=variables, secrets=secrets)
        deployment = make_deployment(site, settings, container, before)
        make_scaling(site, PART, deployment, settings, pods)
        make_budget(site, PART)

        if alarms is not None and balancer is not None and targets is not None:
            watch(site, settings, balancer=balancer, targets=targets, alarms=alarms)
        nothing: pulumi.Output[str | None] = pulumi.Output.from_input(None)
        self.namespace = site.namespace
        self.deployment_name = after(deployment, name)
        self.role_arn, self.role_name = site.role_arn, site.role_name
        self.target_group_arn = targets.arn if targets else nothing
        self.target_group_suffix = targets.arn_suffix if targets else nothing
        self._ingress = ingress
        self.register_outputs(
            {
                "namespace": self.namespace,
                "deployment_name": self.deployment_name,
                "role_arn": self.role_arn,
                "role_name": self.role_name,
                "target_group_arn": self.target_group_arn,
                "target_group_suffix": self.target_group_suffix,
            }
        )

    @property
    def balancer_domain(self) -> pulumi.Output[str | None]:
        """Host name of the balancer that the ``Ingress`` made; None behind one of ours."""
        if self._ingress is None:
            return pulumi.Output.from_input(None)
        return self._ingress.status.apply(domain_of)


def _idle_timeout(settings: WebSettings, balancer: BalancerLike | None) -> int:
    if balancer is not None:
        return balancer.idle_timeout
    return max(IDLE_TIMEOUT, settings.request_seconds)


def _in_a_pod(settings: WebSettings, pods: WebPodSettings) -> WebSettings:
    """Count workers by the vCPUs of a pod, where it has not those of an instance."""
    if settings.workers is not None or pods.cpu is None:
        return settings
    count = worker_count(settings.worker_model, max(1, math.floor(pods.cpu)))
    return settings.model_copy(update={"workers": count})


def _check_wiring(
    name: str,
    settings: WebSettings,
    balancer: BalancerLike | None,
    certificate: CertificateLike | None,
    alarms: TopicLike | None,
) -> None:
    if settings.blue_green is not None:
        msg = (
            f"web tier {name!r} has blue_green, which pods know nothing of: take it out, since "
            "they are replaced new before old"
        )
        raise ValueError(msg)
    if balancer is None:
        if alarms is not None:
            msg = (
                f"web tier {name!r} has alarms, which watch a target group, and its Ingress makes "
                "one that is not known here: give it a balancer, or drop alarms"
            )
            raise ValueError(msg)
        return
    if certificate is not None:
        msg = (
            f"web tier {name!r} has a certificate for the balancer of an Ingress, and a balancer "
            "that brings its own: drop one of them"
        )
        raise ValueError(msg)
    if balancer.idle_timeout < settings.request_seconds:
        msg = (
            f"web tier {name!r} has request_seconds={settings.request_seconds}, and its balancer "
            f"gives up after idle_timeout={balancer.idle_timeout}: raise that, or shorten requests"
        )
        raise ValueError(msg)
