"""How much there is of something, and how large it is."""

from collections.abc import Iterator

from .changes import ChangeKind, PropertyChange
from .findings import Case, Finding, Severity, leaf, shown

_SIZES = frozenset(
    {
        "allocatedStorage", "desiredCapacity", "instanceClass", "instanceType", "iops",
        "maxAllocatedStorage", "maxConnectionsPercent", "maxSize", "minSize", "multiAz",
        "multiAzEnabled", "nodeType", "numCacheClusters", "numNodeGroups", "onDemandBaseCapacity",
        "onDemandPercentageAboveBaseCapacity", "priceClass", "readCapacity", "replicasPerNodeGroup",
        "storageThroughput", "targetValue", "throughput", "volumeSize", "volumeType",
        "weightedCapacity", "writeCapacity",
    }
)  # fmt: skip
"""Properties that say how much or how large."""

_KEPT = frozenset(
    {"backupRetentionPeriod", "days", "noncurrentDays", "retentionInDays", "snapshotRetentionLimit"}
)
"""Properties that say for how long; they are sizes where stacks are compared."""

_COUNTED = {
    "aws:autoscaling/group:Group": "a group of instances",
    "aws:ec2/instance:Instance": "an instance",
    "aws:ec2/natGateway:NatGateway": "a NAT gateway",
    "aws:elasticache/replicationGroup:ReplicationGroup": "a store",
    "aws:rds/instance:Instance": "a database instance",
}
"""What counts as capacity by being there."""


def capacities(case: Case) -> Iterator[Finding]:
    """Find what there is more or less of."""
    record = case.change.record
    if record["kind"] != "custom":
        return
    what = _COUNTED.get(case.type)
    if case.kind in (ChangeKind.ADDED, ChangeKind.REMOVED):
        if what:
            replica = bool(record["inputs"].get("replicateSourceDb"))
            what = "a read replica" if replica else what
            verb = "is new" if case.kind is ChangeKind.ADDED else "is removed"
            yield case.find(Severity.CAPACITY, f"{verb}: {what}{_extent(record['inputs'])}")
        return
    told = [
        f"{change.path} {shown(change.before)} → {shown(change.after)}"
        for change in case.change.properties
        if is_size(change, kept=False) and not change.because
    ]
    if told:
        yield case.find(Severity.CAPACITY, f"changes size: {', '.join(told)}")


def is_size(change: PropertyChange, *, kept: bool = True) -> bool:
    """Tell whether a property says how much, how large or for how long."""
    name = leaf(change).partition("[")[0]
    return name in _SIZES or (kept and name in _KEPT)


def _extent(inputs: dict[str, object]) -> str:
    names = ("instanceType", "instanceClass", "nodeType", "minSize", "maxSize")
    told = [f"{name} {inputs[name]}" for name in names if name in inputs]
    return f" ({', '.join(told)})" if told else ""
