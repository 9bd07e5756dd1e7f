"""Whether a changed property makes the provider replace a resource.

Nothing but a provider knows for sure, and none runs here. ``replacements.json`` lists, for every
type that Plinth's components create, what its provider's schema says, and where it says so.
"""

import functools
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from plinth.preview.export import ResourceRecord

from .cascade import Cascade
from .changes import MISSING, ChangeKind, PropertyChange
from .ignored import is_within

_ASIDE = ("tags", "tagsAll", "options", "outputs")
"""Where a change never makes a replacement, whatever the type."""


@dataclass(frozen=True)
class Verdict:
    """What becomes of a resource whose properties change."""

    kind: ChangeKind
    because: list[str] = field(default_factory=list[str])


@functools.cache
def table(part: str = "types") -> dict[str, Sequence[str]]:
    """Return what forces a replacement, by type, or by package."""
    text = Path(__file__).with_name("replacements.json").read_text(encoding="utf-8")
    return {token: entry["replace"] for token, entry in json.loads(text)[part].items()}


def forcing(token: str) -> Sequence[str] | None:
    """Return what forces a replacement of a type; None where nothing says."""
    found = table().get(token), table("packages").get(token.partition(":")[0])
    known = [paths for paths in found if paths is not None]
    return [path for paths in known for path in paths] if known else None


def verdict(
    old: ResourceRecord,
    new: ResourceRecord,
    properties: Sequence[PropertyChange],
    cascade: Cascade,
) -> Verdict:
    """Tell whether a resource changes in place."""
    if new["kind"] != "custom":
        return Verdict(ChangeKind.MAY_REPLACE if new["kind"] == "provider" else ChangeKind.CHANGED)
    because = [_reason(change) for change in properties if _forces(old, new, change)]
    because += [f"{label} is replaced" for label in cascade.replaced_with(new)]
    if because:
        return Verdict(ChangeKind.REPLACED, because)
    if old["provider"] != new["provider"]:
        return Verdict(ChangeKind.MAY_REPLACE, ["another provider makes it"])
    if forcing(new["type"]) is None and any(not _aside(change) for change in properties):
        return Verdict(ChangeKind.MAY_REPLACE, [f"no table says what replaces a {new['type']}"])
    return Verdict(ChangeKind.CHANGED)


def _aside(change: PropertyChange) -> bool:
    return any(is_within(change.path, name) for name in _ASIDE)


def _reason(change: PropertyChange) -> str:
    return f"{change.path}, since {change.because}" if change.because else change.path


def _forces(old: ResourceRecord, new: ResourceRecord, change: PropertyChange) -> bool:
    if _aside(change):
        return False
    patterns = [*(forcing(new["type"]) or ()), *new["options"].get("replaceOnChanges", [])]
    # Any regional resource of the provider's v7 has a region of its own, and cannot move.
    patterns += ["region"] if new["type"].startswith("aws:") else []
    if any(is_within(change.path, pattern) or pattern == "*" for pattern in patterns):
        return True
    rule = _RULES.get(new["type"])
    return rule is not None and rule(old, new, change)


def _replication_group(old: ResourceRecord, new: ResourceRecord, change: PropertyChange) -> bool:
    """Judge by ``elasticache/replication_group.go``: an engine can only go forward."""
    if change.path == "engineVersion":
        same = old["inputs"].get("engine") == new["inputs"].get("engine")
        return same and _version(change.after) < _version(change.before)
    if change.path == "transitEncryptionEnabled":
        return _version(new["inputs"].get("engineVersion")) < (7, 0, 5)
    return change.path == "engine" and (change.before, change.after) == ("valkey", "redis")


def _version(text: object) -> tuple[int, ...]:
    """Read a version; one that is open, such as ``7.x``, is the highest of its kind."""
    parts = re.findall(r"\d+", text) if isinstance(text, str) else []
    return (*map(int, parts), 999) if parts else (999,)


def _security_group_rule(
    _old: ResourceRecord, _new: ResourceRecord, change: PropertyChange
) -> bool:
    """Judge by ``ec2/vpc_security_group_ingress_rule.go``: its sort of source stays."""
    sources = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
    return change.path in sources and MISSING in (change.before, change.after)


def _load_balancer(_old: ResourceRecord, new: ResourceRecord, change: PropertyChange) -> bool:
    """Judge by ``elbv2/load_balancer.go``: a network balancer keeps its subnets and has groups."""
    if new["inputs"].get("loadBalancerType", "application") != "network":
        return False
    if change.path == "subnets":
        return not _texts(change.before) <= _texts(change.after)
    return change.path == "securityGroups" and not (_texts(change.before) and _texts(change.after))


def _texts(value: Any) -> set[str]:
    return {str(item) for item in cast("list[Any]", value)} if isinstance(value, list) else set()


def _cluster(_old: ResourceRecord, _new: ResourceRecord, change: PropertyChange) -> bool:
    """Judge by ``eks/cluster.go``: its nodes keep their role, and its secrets their key."""
    if change.path == "computeConfig.nodeRoleArn":
        return change.before is not MISSING
    return change.path.startswith("encryptionConfig") and change.after is MISSING


def _vpc_endpoint(_old: ResourceRecord, new: ResourceRecord, change: PropertyChange) -> bool:
    """Judge by ``ec2/vpc_endpoint.go``."""
    return (
        change.path == "privateDnsEnabled" and new["inputs"].get("vpcEndpointType") != "Interface"
    )


def _instance(_old: ResourceRecord, new: ResourceRecord, change: PropertyChange) -> bool:
    """Judge by ``ec2/ec2_instance.go``."""
    if change.path in ("userData", "userDataBase64"):
        return bool(new["inputs"].get("userDataReplaceOnChange"))
    # A volume's size and speed change in place only for the root volume.
    return change.path.startswith("ebsBlockDevices")


_RULES: dict[str, Callable[[ResourceRecord, ResourceRecord, PropertyChange], bool]] = {
    "aws:ec2/instance:Instance": _instance,
    "aws:ec2/vpcEndpoint:VpcEndpoint": _vpc_endpoint,
    "aws:eks/cluster:Cluster": _cluster,
    "aws:elasticache/replicationGroup:ReplicationGroup": _replication_group,
    "aws:lb/loadBalancer:LoadBalancer": _load_balancer,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _security_group_rule,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _security_group_rule,
}
