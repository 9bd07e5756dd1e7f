"""The way in to a web tier's pods: behind our balancer, or behind one of the cluster's making."""

import json
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from plinth._edge.listeners import TLS_POLICY
from plinth._web.settings import WebSettings
from plinth.kubernetes._parts.labels import selector
from plinth.kubernetes._parts.site import Site
from plinth.kubernetes.settings import BalancerController, WebPodSettings
from plinth.wiring import BalancerLike, CertificateLike

BINDING = {
    BalancerController.AUTO_MODE: "eks.amazonaws.com/v1",
    BalancerController.CONTROLLER: "elbv2.k8s.aws/v1beta1",
}
"""Who understands a ``TargetGroupBinding``
(https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-alb.html)."""

READINESS_GATES = {
    BalancerController.AUTO_MODE: "eks.amazonaws.com/pod-readiness-gate-inject",
    BalancerController.CONTROLLER: "elbv2.k8s.aws/pod-readiness-gate-inject",
}
"""Label of a namespace whose new pods are ready only once the balancer has found them healthy, so
that no old one goes before
(https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/pod_readiness_gate/).
"""

CLUSTER_TAG = "eks:eks-cluster-name"
"""Tag of what Auto Mode may touch: ``AmazonEKSLoadBalancingPolicy`` lets it register targets with
no other group
(https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEKSLoadBalancingPolicy.html).
"""

HEALTH = {"interval": 10, "timeout": 5, "healthy": 2, "unhealthy": 3}
"""How the balancer checks a pod: seconds between checks and for each, and how many decide."""

PREFIX = "alb.ingress.kubernetes.io"


def make_service(site: Site, part: str) -> k8s.core.v1.Service:
    """Name the pods for whoever sends them requests."""
    return k8s.core.v1.Service(
        site.name,
        # It comes before the pods, and Pulumi would wait for them.
        metadata=site.metadata(part, annotations={"pulumi.com/skipAwait": "true"}),
        spec={
            "type": "ClusterIP",
            "selector": selector(site.name, part),
            "ports": [{"name": "http", "port": 80, "target_port": "http", "protocol": "TCP"}],
        },
        opts=site.child,
    )


def make_target_group(
    site: Site, settings: WebSettings, pods: WebPodSettings
) -> aws.lb.TargetGroup:
    """Make the group of targets that the cluster registers its pods with."""
    marked = {CLUSTER_TAG: site.cluster.cluster_name}
    auto = pods.controller is BalancerController.AUTO_MODE
    return aws.lb.TargetGroup(
        # Without a physical name: one that is replaced could not be deleted before its heir.
        site.name,
        vpc_id=site.network.vpc_id,
        target_type="ip",
        port=settings.port,
        protocol="HTTP",
        deregistration_delay=settings.deregistration_delay,
        slow_start=settings.slow_start,
        health_check={
            "path": settings.health_check_path,
            "matcher": "200",
            "interval": HEALTH["interval"],
            "timeout": HEALTH["timeout"],
            "healthy_threshold": HEALTH["healthy"],
            "unhealthy_threshold": HEALTH["unhealthy"],
        },
        tags={**site.tags, **(marked if auto else {})},
        opts=site.child,
    )


def bind(
    site: Site,
    settings: WebSettings,
    pods: WebPodSettings,
    *,
    targets: aws.lb.TargetGroup,
    balancer: BalancerLike,
    service: k8s.core.v1.Service,
) -> list[pulumi.Resource]:
    """Send a balancer's requests to pods, and return what must be there before the first of them.

    A pod learns only as it is made that the balancer has a say in whether it is ready.
    """
    opened = aws.vpc.SecurityGroupIngressRule(
        f"{site.name}-from-{balancer.pulumi_resource_name}",
        description=f"Requests from {balancer.pulumi_resource_name}",
        security_group_id=site.cluster.security_group_id,
        referenced_security_group_id=balancer.security_group_id,
        ip_protocol="tcp",
        from_port=settings.port,
        to_port=settings.port,
        tags=site.tags,
        opts=site.child,
    )
    rule = balancer.forward(
        site.name,
        targets.arn,
        priority=settings.priority,
        hosts=settings.hosts,
        paths=settings.paths,
    )
    bound = k8s.apiextensions.CustomResource(
        site.name,
        api_version=BINDING[pods.controller],
        kind="TargetGroupBinding",
        metadata=site.metadata(),
        spec={
            "serviceRef": {"name": site.name, "port": "http"},
            "targetGroupARN": targets.arn,
            "targetType": "ip",
        },
        opts=pulumi.ResourceOptions(parent=site.parent, depends_on=[service]),
    )
    return [opened, rule, bound]


def make_ingress(
    site: Site,
    settings: WebSettings,
    pods: WebPodSettings,
    service: k8s.core.v1.Service,
    certificate: CertificateLike | None,
    *,
    idle_timeout: int,
) -> k8s.networking.v1.Ingress:
    """Have the cluster make a balancer, facing the internet, and send its requests to pods."""
    return k8s.networking.v1.Ingress(
        site.name,
        metadata=site.metadata(
            annotations={
                f"{PREFIX}/{key}": value
                for key, value in (
                    _annotations(site, settings, pods, idle_timeout) | _tls(certificate)
                ).items()
            }
        ),
        spec={
            "ingress_class_name": pods.ingress_class,
            "rules": [_rule(site.name, host, settings.paths) for host in settings.hosts or [None]],
        },
        opts=pulumi.ResourceOptions(parent=site.parent, depends_on=[service]),
    )


def domain_of(status: "k8s.networking.v1.outputs.IngressStatus | None") -> str | None:
    """Find the host name of the balancer that an Ingress has made."""
    found = status.load_balancer.ingress if status and status.load_balancer else None
    return found[0].hostname if found else None


def _annotations(
    site: Site, settings: WebSettings, pods: WebPodSettings, idle_timeout: int
) -> dict[str, pulumi.Input[str]]:
    group = {
        "deregistration_delay.timeout_seconds": settings.deregistration_delay,
        "slow_start.duration_seconds": settings.slow_start,
    }
    balancer = {
        "idle_timeout.timeout_seconds": idle_timeout,
        # Headers that servers read differently are how requests are smuggled.
        "routing.http.drop_invalid_header_fields.enabled": "true",
    }
    described: dict[str, pulumi.Input[str]] = {
        "scheme": "internet-facing",
        "target-type": "ip",
        "healthcheck-path": settings.health_check_path,
        "healthcheck-interval-seconds": str(HEALTH["interval"]),
        "healthcheck-timeout-seconds": str(HEALTH["timeout"]),
        "healthy-threshold-count": str(HEALTH["healthy"]),
        "unhealthy-threshold-count": str(HEALTH["unhealthy"]),
        "success-codes": "200",
        "target-group-attributes": _pairs(group),
        "load-balancer-attributes": _pairs(balancer),
    }
    # Auto Mode may set tags only where its role has been allowed to.
    if pods.controller is BalancerController.CONTROLLER:
        described["tags"] = _pairs(site.tags)
    return described


def _tls(certificate: CertificateLike | None) -> dict[str, pulumi.Input[str]]:
    if certificate is None:
        return {"listen-ports": json.dumps([{"HTTP": 80}])}
    return {
        "listen-ports": json.dumps([{"HTTP": 80}, {"HTTPS": 443}]),
        "ssl-redirect": "443",
        "ssl-policy": TLS_POLICY,
        "certificate-arn": certificate.certificate_arn,
    }


def _rule(
    service: str, host: str | None, paths: Sequence[str]
) -> k8s.networking.v1.IngressRuleArgsDict:
    rule: k8s.networking.v1.IngressRuleArgsDict = {
        "http": {
            "paths": [
                {
                    # A pattern as the balancer has it: Kubernetes' own kinds know no wildcards.
                    "path": path,
                    "path_type": "ImplementationSpecific",
                    "backend": {"service": {"name": service, "port": {"name": "http"}}},
                }
                for path in paths or ("/*",)
            ]
        }
    }
    if host is not None:
        rule["host"] = host
    return rule


def _pairs(values: Mapping[str, object]) -> str:
    return ",".join(f"{key}={value}" for key, value in values.items())
