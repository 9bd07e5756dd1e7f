"""The same tiers on Kubernetes. It needs the extra ``plinth-iac[kubernetes]``."""

from importlib.util import find_spec

if find_spec("pulumi_kubernetes") is None:
    msg = "plinth.kubernetes needs pulumi-kubernetes: pip install 'plinth-iac[kubernetes]'"
    raise ModuleNotFoundError(msg, name="pulumi_kubernetes")

from .celery import Autoscaler, CeleryPodSettings, KubernetesCeleryWorkers
from .celery_beat import KubernetesCeleryBeat
from .provider import cluster_provider
from .settings import BalancerController, PodSettings, SecretDelivery, WebPodSettings
from .web import KubernetesWebTier

__all__ = [
    "Autoscaler",
    "BalancerController",
    "CeleryPodSettings",
    "KubernetesCeleryBeat",
    "KubernetesCeleryWorkers",
    "KubernetesWebTier",
    "PodSettings",
    "SecretDelivery",
    "WebPodSettings",
    "cluster_provider",
]
