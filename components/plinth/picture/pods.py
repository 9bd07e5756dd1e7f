"""What runs in Kubernetes, and the clusters themselves, in the lines of a box."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from plinth.preview.export import ResourceRecord

from .model import DASH, TIMES
from .stock import Stock

_WORKLOADS = ("apps/v1.Deployment", "apps/v1.StatefulSet")
_SCALERS = ("autoscaling/v2.HorizontalPodAutoscaler", "keda.sh/v1alpha1.ScaledObject")


def workloads(stock: Stock, key: str) -> Iterator[str]:
    """Tell how many pods there may be of each workload, and what one asks for."""
    found = stock.of(key, *_WORKLOADS)
    for workload in found:
        role = workload["name"].removeprefix(f"{stock.records[key]['name']}-")
        label = f"{role}: " if len(found) > 1 else ""
        yield f"{label}{_count(stock, key, workload)} {TIMES} pod{_asked(workload)}"


def clusters(stock: Stock, key: str) -> Iterator[str]:
    """Tell the version of a cluster, who keeps its nodes, and from where its API answers."""
    for cluster in stock.of(key, "eks.Cluster"):
        inputs = cluster["inputs"]
        auto = ", Auto Mode" if _fields(inputs, "computeConfig").get("enabled") is True else ""
        yield f"Kubernetes {inputs.get('version', '')}".strip() + auto
        inside = _fields(inputs, "vpcConfig").get("endpointPublicAccess") is False
        yield "API in the network only" if inside else "API at a public address"


def _count(stock: Stock, key: str, workload: ResourceRecord) -> str:
    names = (_fields(workload["inputs"], "metadata").get("name"), workload["name"])
    labels = {*filter(None, names), f"${{{workload['label']}.metadata.name}}"}
    for scaler in stock.of(key, *_SCALERS):
        spec = _fields(scaler["inputs"], "spec")
        if _fields(spec, "scaleTargetRef").get("name") in labels:
            low = spec.get("minReplicas", spec.get("minReplicaCount", 0))
            high = spec.get("maxReplicas", spec.get("maxReplicaCount", 100))
            return f"{low}" if low == high else f"{low}{DASH}{high}"
    return str(_fields(workload["inputs"], "spec").get("replicas", 1))


def _asked(workload: ResourceRecord) -> str:
    pod = _fields(workload["inputs"], "spec", "template", "spec")
    containers = cast("list[Any]", pod.get("containers") or [])
    requests = _fields(containers[0] if containers else None, "resources", "requests")
    cpu, memory = requests.get("cpu"), requests.get("memory")
    told = [f"{cpu} CPU" if cpu else "", str(memory or "")]
    return f" of {', '.join(filter(None, told))}" if cpu or memory else ""


def _fields(value: Any, *names: str) -> Mapping[str, Any]:
    for name in names:
        value = cast("Mapping[str, Any]", value).get(name) if isinstance(value, dict) else None
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}
