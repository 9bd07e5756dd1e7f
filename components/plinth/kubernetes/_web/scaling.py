"""How many pods a web tier has, and how many it may lose at a time."""

import pulumi
import pulumi_kubernetes as k8s

from plinth._web.settings import WebSettings
from plinth.kubernetes._parts.labels import selector
from plinth.kubernetes._parts.namespace import after
from plinth.kubernetes._parts.site import Site
from plinth.kubernetes.settings import WebPodSettings


def make_scaling(
    site: Site,
    part: str,
    deployment: k8s.apps.v1.Deployment,
    settings: WebSettings,
    pods: WebPodSettings,
) -> None:
    """Keep the share of their promised CPU that pods use, by their number."""
    k8s.autoscaling.v2.HorizontalPodAutoscaler(
        site.name,
        metadata=site.metadata(part),
        spec={
            "scale_target_ref": {
                "api_version": "apps/v1",
                "kind": "Deployment",
                "name": after(deployment, site.name),
            },
            "min_replicas": settings.min_size,
            "max_replicas": settings.max_size,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {
                        "name": "cpu",
                        "target": {
                            "type": "Utilization",
                            "average_utilization": settings.cpu_target,
                        },
                    },
                }
            ],
            "behavior": {"scale_down": {"stabilization_window_seconds": pods.scale_down_seconds}},
        },
        opts=site.child,
    )


def make_budget(site: Site, part: str) -> None:
    """Let whoever empties nodes take one pod at a time, and those that do not work at any time."""
    k8s.policy.v1.PodDisruptionBudget(
        site.name,
        metadata=site.metadata(part),
        spec={
            "max_unavailable": 1,
            "selector": {"match_labels": selector(site.name, part)},
            "unhealthy_pod_eviction_policy": "AlwaysAllow",
        },
        opts=pulumi.ResourceOptions(parent=site.parent),
    )
