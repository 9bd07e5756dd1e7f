"""How many pods a web tier has, and how many it may lose at a time."""

import pulumi
import pulumi_kubernetes as k8s

from plinth._web.settings import WebSettings
from plinth.kubernetes._parts.labels import selector
from plinth.kubernetes._parts.scaling import follow_cpu
from plinth.kubernetes._parts.site import Site
from plinth.kubernetes.settings import WebPodSettings


def make_scaling(
    site: Site,
    part: str,
    deployment: k8s.apps.v1.Deployment,
    settings: WebSettings,
    pods: WebPodSettings,
) -> None:
    """Let the number of pods follow their CPU."""
    follow_cpu(
        site.name,
        site,
        part,
        deployment,
        sizes=(settings.min_size, settings.max_size),
        percent=settings.cpu_target,
        scale_down={"stabilization_window_seconds": pods.scale_down_seconds},
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
