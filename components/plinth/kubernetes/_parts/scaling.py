"""Pods that are as many as their CPU asks for."""

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

from .namespace import after
from .site import Site


def follow_cpu(
    name: str,
    site: Site,
    part: str,
    deployment: k8s.apps.v1.Deployment,
    *,
    sizes: tuple[int, int],
    percent: int,
    scale_down: k8s.autoscaling.v2.HPAScalingRulesArgsDict,
    annotations: Mapping[str, pulumi.Input[str]] | None = None,
) -> None:
    """Keep the share of their promised CPU that pods use, by their number.

    Args:
        name: Of the autoscaler, and of the deployment in the cluster.
        site: Where.
        part: Whose pods they are.
        deployment: What is scaled.
        sizes: The fewest pods and the most.
        percent: The share to keep.
        scale_down: How they become fewer.
        annotations: What controllers are told about it.
    """
    k8s.autoscaling.v2.HorizontalPodAutoscaler(
        name,
        metadata=site.metadata(part, name=name, annotations=annotations),
        spec={
            "scale_target_ref": {
                "api_version": "apps/v1",
                "kind": "Deployment",
                "name": after(deployment, name),
            },
            "min_replicas": sizes[0],
            "max_replicas": sizes[1],
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {
                        "name": "cpu",
                        "target": {"type": "Utilization", "average_utilization": percent},
                    },
                }
            ],
            "behavior": {"scale_down": scale_down},
        },
        opts=site.child,
    )
