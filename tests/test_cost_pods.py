"""Tests of what Kubernetes costs: control planes, and the nodes that pods ask for."""

from decimal import Decimal
from typing import Any

import pytest

from bills import NOTHING, dollars, line, priced, record
from plinth.preview.export import ResourceRecord

CLUSTER = "aws:eks/cluster:Cluster"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
HPA = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
KEDA = "kubernetes:keda.sh/v1alpha1:ScaledObject"
HOURS = 730


def pods(
    cpu: Any = "500m", memory: Any = "1Gi", *, replicas: int | None = 1, arch: str = ""
) -> ResourceRecord:
    """Make a deployment whose pods ask for something."""
    pod: dict[str, Any] = {
        "containers": [{"resources": {"requests": {"cpu": cpu, "memory": memory}}}]
    }
    if arch:
        pod["nodeSelector"] = {"kubernetes.io/arch": arch}
    spec = {"replicas": replicas, "template": {"spec": pod}}
    return record(DEPLOYMENT, "web", metadata={"name": "web"}, spec=spec)


def test_a_control_plane_is_paid_by_the_hour() -> None:
    """Six times as much where it may be kept beyond its version's support."""
    kept = record(CLUSTER, upgradePolicy={"supportType": "STANDARD"})
    left = record(CLUSTER)

    assert priced(kept).max == HOURS * dollars("0.10")
    assert (priced(left).min, priced(left).max) == (
        HOURS * dollars("0.10"),
        HOURS * dollars("0.60"),
    )


@pytest.mark.parametrize(
    ("cpu", "memory", "share"),
    [
        ("500m", "1Gi", "0.25"),
        ("250m", "4Gi", "0.5"),
        (1, "1073741824", "0.5"),
        ("0.2", "1024Mi", "0.125"),
    ],
)
def test_pods_pay_for_their_share_of_a_node(cpu: Any, memory: Any, share: str) -> None:
    """Of its processors or of its memory, whichever is more; two vCPUs and 8 GiB are a node."""
    assert priced(pods(cpu, memory)).max == Decimal(share) * HOURS * dollars("0.1008")


def test_pods_on_arm_pay_for_arm() -> None:
    """It is cheaper."""
    assert priced(pods(arch="arm64")).max == Decimal("0.25") * HOURS * dollars("0.0816")


def test_what_nodes_leave_idle_and_what_auto_mode_adds_is_paid() -> None:
    """Both are assumptions."""
    usage = NOTHING.model_copy(update={"node_spare_ratio": 0.5, "node_fee_ratio": 0.1})
    found = priced(pods(), usage=usage)

    assert found.max == Decimal("0.5") * HOURS * dollars("0.1008") * dollars("1.1")
    assert line(found, "EKS Auto Mode").note == ""


@pytest.mark.parametrize(
    ("scaler", "bounds", "counts"),
    [
        (HPA, {"minReplicas": 2, "maxReplicas": 6}, (2, 6)),
        (KEDA, {"minReplicaCount": 0, "maxReplicaCount": 4}, (0, 4)),
        (KEDA, {}, (0, 100)),
    ],
)
def test_what_scales_pods_says_how_many(
    scaler: str, bounds: dict[str, int], counts: tuple[int, int]
) -> None:
    """By the name of the deployment; another's scaler does not count."""
    spec = {"scaleTargetRef": {"name": "web"}, **bounds}
    other = {"scaleTargetRef": {"name": "other"}, "minReplicas": 50, "maxReplicas": 50}
    found = priced(pods(replicas=None), record(HPA, "other", spec=other), record(scaler, spec=spec))
    one = Decimal("0.25") * HOURS * dollars("0.1008")

    assert (found.min, found.max) == (counts[0] * one, counts[1] * one)


def test_pods_that_ask_for_nothing_are_listed() -> None:
    """Nobody knows how many fit on a node."""
    [entry] = priced(pods(None, None)).not_priced
    assert "how much CPU and memory" in entry.reason


def test_other_objects_cost_nothing() -> None:
    """With the reason, for any kind."""
    found = priced(record("kubernetes:core/v1:Service"), record("kubernetes:acme.io/v1:Thing"))
    assert (found.lines, found.not_priced) == ([], [])
    assert {"charged" in why for why in found.free.values()} == {True}
