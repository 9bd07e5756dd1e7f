"""What runs in Kubernetes: control planes, and the share of nodes that pods take."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from plinth.cost.bill import Bill, number, section, sections, times
from plinth.cost.book import HOURS
from plinth.cost.lines import Range
from plinth.preview.export import ResourceRecord

HPA = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
KEDA = re.compile(r"kubernetes:keda\.sh/\w+:ScaledObject")

_NODES = {"amd64": "m7i.large", "arm64": "m7g.large"}
"""What a node is taken to be, by its processor; Auto Mode picks the cheapest that fits."""

_VCPUS, _GIB = Decimal(2), Decimal(8)
"""Of such a node."""

_UNITS = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    "k": Decimal(10**3),
    "M": Decimal(10**6),
    "G": Decimal(10**9),
    "Ki": Decimal(2**10),
    "Mi": Decimal(2**20),
    "Gi": Decimal(2**30),
}
"""Of Kubernetes quantities (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/)."""

_SMALLEST = Decimal("0.001")


def cluster(bill: Bill) -> None:
    """Charge a control plane; its nodes are charged for the pods that ask for them."""
    price, dearest = bill.book.price("eks.hour"), None
    if section(bill.inputs, "upgradePolicy").get("supportType") != "STANDARD":
        dearest = bill.book.price("eks.hour.extended")
    bill.add("control plane", price, Range(HOURS, HOURS), dearest=dearest)


def deployment(bill: Bill) -> None:
    """Charge the share of nodes that pods ask for, between the fewest and the most of them."""
    spec = section(bill.inputs, "spec")
    pod = section(section(spec, "template"), "spec")
    asked = _asked(pod)
    if asked is None:
        bill.skip("pods that do not say how much CPU and memory they ask for")
        return
    vcpus, gib = asked
    share = max(vcpus / _VCPUS, gib / _GIB) / (1 - bill.assume("node_spare_ratio"))
    count = _replicas(bill, number(spec.get("replicas"), 1) or Decimal(0))
    nodes = times(count, share.quantize(_SMALLEST))
    kind = _NODES.get(str(section(pod, "nodeSelector").get("kubernetes.io/arch")), _NODES["amd64"])
    price = bill.book.instance("ec2", kind)
    note = f"a pod asks for {vcpus.normalize():f} vCPU and {gib.normalize():f} GiB"
    bill.add(f"share of {kind} nodes", price, times(nodes, HOURS), note=note)
    fee = replace(price, amount=price.amount * bill.assume("node_fee_ratio"))
    bill.add("EKS Auto Mode", fee, times(nodes, HOURS))


def _asked(pod: Mapping[str, Any]) -> tuple[Decimal, Decimal] | None:
    """Return vCPUs and GiB that a pod's containers ask for together; None if one does not say."""
    cpu = memory = Decimal(0)
    for container in sections(pod, "containers"):
        requests = section(section(container, "resources"), "requests")
        one, other = _quantity(requests.get("cpu")), _quantity(requests.get("memory"))
        if one is None or other is None:
            return None
        cpu, memory = cpu + one, memory + other
    return (cpu, memory / _UNITS["Gi"]) if cpu or memory else None


def _quantity(value: Any) -> Decimal | None:
    match = re.fullmatch(r"([\d.]+)(\w*)", str(value))
    if match is None or match[2] not in _UNITS:
        return None
    return Decimal(match[1]) * _UNITS[match[2]]


def _replicas(bill: Bill, fixed: Decimal) -> Range:
    """Return how many pods there may be: what scales them says, or else the deployment."""
    for scaler in _scalers(bill):
        spec = section(scaler["inputs"], "spec")
        target = section(spec, "scaleTargetRef")
        if _names(bill, target.get("name")):
            # KEDA has words of its own, and defaults of 0 and 100.
            least = number(spec.get("minReplicas", spec.get("minReplicaCount")), 0)
            most = number(spec.get("maxReplicas", spec.get("maxReplicaCount")), 100)
            if least is not None and most is not None:
                return Range(least, most)
    return Range(fixed, fixed)


def _scalers(bill: Bill) -> Iterator[ResourceRecord]:
    for resource in bill.stack.document["resources"]:
        if resource["type"] == HPA or KEDA.fullmatch(resource["type"]):
            yield resource


def _names(bill: Bill, name: Any) -> bool:
    """Tell whether a name is the deployment's own, given by the program or by Pulumi."""
    given = section(bill.inputs, "metadata").get("name")
    return name in (given, f"${{{bill.resource['label']}.metadata.name}}") and name is not None
