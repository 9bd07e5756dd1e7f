"""How much of a node a pod is promised: as much as the instance that it stands for would give."""

import pulumi_kubernetes as k8s

from plinth._fleet.instances import gib, steady_vcpus, vcpus
from plinth.kubernetes.settings import PodSettings

CPU_SHARE = 0.9
"""Share of a node's vCPUs that is left for pods: the kubelet and agents take the rest."""

MEMORY_SHARE = 0.7
"""The same of its memory. Of 8 GiB the system takes about a twelfth, and the kubelet 355 MiB and 11
more for each pod that it may have (https://github.com/awslabs/amazon-eks-ami)."""


def resources(
    pods: PodSettings, instance_type: str, *, cpu: float | None = None
) -> k8s.core.v1.ResourceRequirementsArgsDict:
    """Write what a pod is promised. Memory has a limit, and CPU has none.

    Args:
        pods: What the tier's pods are told.
        instance_type: What the pod stands for, where they are told nothing.
        cpu: vCPUs of a pod that needs others than its tier's.
    """
    memory = f"{pods.memory_mib or round(MEMORY_SHARE * 1024 * gib(instance_type))}Mi"
    return {
        "requests": {
            "cpu": quantity(cpu or pods.cpu or promised(instance_type)),
            "memory": memory,
        },
        "limits": {"memory": memory},
    }


def promised(instance_type: str) -> float:
    """Tell the vCPUs of a pod that stands for an instance."""
    return min(steady_vcpus(instance_type), CPU_SHARE * vcpus(instance_type))


def quantity(cpu: float) -> str:
    """Write vCPUs as Kubernetes does: ``2``, or ``250m``."""
    thousandths = round(cpu * 1000)
    return f"{thousandths}m" if thousandths % 1000 else str(thousandths // 1000)
