"""What a change takes away for a while, or for good."""

from collections.abc import Iterator
from typing import Any, cast

from .changes import MISSING, ChangeKind, PropertyChange
from .findings import Case, Finding, Severity, leaf, shown

_DATABASE = "aws:rds/instance:Instance"
_STORE = "aws:elasticache/replicationGroup:ReplicationGroup"
_PARAMETERS = "aws:rds/parameterGroup:ParameterGroup"
_DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
_GROUP = "aws:autoscaling/group:Group"

_SERVES = {
    _DISTRIBUTION: "what it serves is away",
    "aws:ec2/eip:Eip": "its address is another, also in the lists of others",
    "aws:ec2/instance:Instance": "what runs on it is away",
    "aws:ec2/internetGateway:InternetGateway": "the network has no way out",
    "aws:ec2/natGateway:NatGateway": "private subnets have no way out meanwhile",
    "aws:ec2/route:Route": "traffic has no way meanwhile",
    "aws:ec2/subnet:Subnet": "everything in it moves",
    "aws:ec2/vpc:Vpc": "everything in it moves",
    "aws:lb/listener:Listener": "connections are refused meanwhile",
    "aws:lb/listenerRule:ListenerRule": "its requests are answered by another rule meanwhile",
    "aws:lb/loadBalancer:LoadBalancer": "the application is away, and its address another",
    "aws:lb/targetGroup:TargetGroup": "its targets have to register anew",
    "aws:rds/proxy:Proxy": "connections through it break",
    "aws:route53/record:Record": "its name is not found meanwhile",
    "aws:route53/zone:Zone": "its names are not found",
    "kubernetes:apps/v1:Deployment": "its pods are away meanwhile",
    "kubernetes:apps/v1:StatefulSet": "its pods are away meanwhile",
    "kubernetes:core/v1:Service": "its pods are not found meanwhile",
    "kubernetes:eks.amazonaws.com/v1:TargetGroupBinding": "its pods get no requests meanwhile",
    "kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding": "its pods get no requests meanwhile",
    "kubernetes:networking.k8s.io/v1:Ingress": "its balancer is another, at another address",
}
"""What it means that one is replaced or removed."""

_RESTARTS = {
    _DATABASE: frozenset(
        {
            "caCertIdentifier", "dbSubnetGroupName", "engineVersion", "instanceClass",
            "optionGroupName", "parameterGroupName", "port", "storageType",
        }
    ),
    _STORE: frozenset({"engine", "engineVersion", "nodeType", "transitEncryptionEnabled"}),
}  # fmt: skip
"""Properties whose change restarts it.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.Modifying.html
"""


def outages(case: Case) -> Iterator[Finding]:
    """Find what goes away."""
    if case.ends:
        yield from _ended(case)
        return
    restarts = [c for c in case.change.properties if leaf(c) in _RESTARTS.get(case.type, ())]
    if restarts:
        paths = ", ".join(f"{c.path} {shown(c.before)} → {shown(c.after)}" for c in restarts)
        yield case.find(Severity.DOWNTIME, f"{_restart(case)} ({paths})")
    for change in case.change.properties:
        if found := _property(case, change):
            yield case.find(Severity.DOWNTIME, found)


def _ended(case: Case) -> Iterator[Finding]:
    because = "; ".join(case.change.replace_because)
    if case.kind is ChangeKind.REPLACED and case.before.get("replicateSourceDb"):
        yield case.find(Severity.DOWNTIME, f"is replaced because of {because}, and readers lose it")
    elif case.kind is ChangeKind.REPLACED and case.type == _GROUP:
        yield case.find(
            Severity.DOWNTIME, f"is replaced with all its instances, because of {because}"
        )
    elif case.type in _SERVES and not _goes_with_parent(case) and not _stands_beside(case):
        meaning = _SERVES[case.type]
        words = f"is replaced because of {because}: {meaning}"
        if case.kind is ChangeKind.REMOVED:
            words = f"is removed: {meaning.removesuffix(' meanwhile')}"
        yield case.find(Severity.DOWNTIME, words)


def _goes_with_parent(case: Case) -> bool:
    """Tell whether a removed resource is part of one that is removed too, and tells of it."""
    parts = {
        "aws:lb/listener:Listener": "loadBalancerArn",
        "aws:lb/listenerRule:ListenerRule": "listenerArn",
        "aws:ec2/route:Route": "routeTableId",
        "aws:ec2/subnet:Subnet": "vpcId",
    }
    name = parts.get(case.type)
    return case.kind is ChangeKind.REMOVED and name is not None and case.held_removed(name)


def _stands_beside(case: Case) -> bool:
    """Tell whether the new object comes before the old one goes: Pulumi gives each a name."""
    if case.kind is not ChangeKind.REPLACED or not case.type.startswith("kubernetes:"):
        return False
    metadata = case.after.get("metadata")
    return not (isinstance(metadata, dict) and cast("dict[str, Any]", metadata).get("name"))


def _restart(case: Case) -> str:
    window = case.after.get("maintenanceWindow")
    now = case.after.get("applyImmediately")
    when = "at once" if now else f"in its maintenance window{f' ({window})' if window else ''}"
    if case.type == _DATABASE:
        settings = case.after.get("blueGreenUpdate")
        if isinstance(settings, dict) and cast("dict[str, Any]", settings).get("enabled"):
            return "switches over to a changed copy, away for about a minute"
        if case.after.get("multiAz"):
            return f"fails over {when}, away for a minute or two"
        return f"restarts {when}, and has no standby: away for several minutes"
    if (case.after.get("numCacheClusters") or 1) < 2:
        return f"restarts {when}, and is a single node: away for some minutes"
    return f"fails over {when}, away for some seconds"


def _property(case: Case, change: PropertyChange) -> str:
    name, value = leaf(change), change.after
    if case.type == _DATABASE and name == "identifier":
        return "gets another name and address, and restarts: clients lose it"
    if name == "applyImmediately" and value is True:
        return "no longer waits for its maintenance window with changes that restart it"
    if case.type == _PARAMETERS and change.path.startswith("parameters["):
        return _parameter(case, change)
    if case.type == "aws:ec2/instance:Instance" and name == "instanceType":
        return f"is stopped and started ({change.path} {shown(change.before)} → {shown(value)})"
    if case.type == "aws:lb/listener:Listener" and name == "port":
        return f"listens on port {value} and no longer on {change.before}"
    return _distribution(change) if case.type == _DISTRIBUTION else ""


def _parameter(case: Case, change: PropertyChange) -> str:
    """Say that a static parameter waits; one way to its name is the path, which holds it."""
    name = change.path.partition("[")[2].partition("]")[0]
    for side in (case.after, case.before):
        for parameter in cast("list[dict[str, Any]]", side.get("parameters") or []):
            if parameter.get("name") == name and parameter.get("applyMethod") == "pending-reboot":
                return f"has a new {name}, which waits until its databases are rebooted"
    return ""


def _distribution(change: PropertyChange) -> str:
    if change.path == "enabled" and change.after is False:
        return "is switched off"
    if change.path != "aliases" or change.before is MISSING:
        return ""
    kept: list[Any] = [] if change.after is MISSING else change.after
    lost = [str(alias) for alias in change.before if alias not in kept]
    return f"no longer answers at {', '.join(lost)}" if lost else ""
