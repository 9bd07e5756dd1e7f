"""What a change opens: to the network, to a role, or to a mistake."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any, cast

from .changes import MISSING, ChangeKind, PropertyChange
from .findings import Case, Finding, Severity, leaf, shown
from .grants import widened
from .guards import GUARDS

_INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
_ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
_ADMISSION = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
_SOURCES = ("cidrIpv4", "cidrIpv6", "prefixListId", "referencedSecurityGroupId")
_ANYWHERE = ("0.0.0.0/0", "::/0")


_WEAK = ("2016-08", "TLS-1-0", "TLS-1-1", "TLS13-1-0", "TLS13-1-1", "TLSv1_2016", "TLSv1.1_2016")
"""Parts of the names of TLS policies that allow less than TLS 1.2."""

_SHIELDS = {
    "aws:ec2/flowLog:FlowLog": "is removed: traffic is no longer recorded",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "is removed: access may be public",
    "aws:wafv2/webAcl:WebAcl": "is removed: requests are no longer filtered",
    "kubernetes:networking.k8s.io/v1:NetworkPolicy": "is removed: its pods may talk to more",
}


def openings(case: Case) -> Iterator[Finding]:
    """Find what becomes less safe."""
    found = {*_ingress(case), *_properties(case), *widened(case), *_one_sided(case)}
    yield from (case.find(Severity.SECURITY, words) for words in sorted(found))


def _ingress(case: Case) -> Iterator[str]:
    if case.type == "aws:ec2/securityGroup:SecurityGroup":
        yield from _inline(case)
    if case.type != _INGRESS or not case.after:
        return
    before, after = _source(case.before), _source(case.after)
    what = _ports(case.after)
    if case.kind is ChangeKind.ADDED:
        if after in _ANYWHERE or not case.holds_new("securityGroupId"):
            yield f"is new: it lets {_who(after)} in to {_group(case)}, {what}"
    elif not _within(after, before):
        yield f"lets {_who(after)} in to {_group(case)}, {what}, and before {_who(before)}"
    elif not _narrower(case.after, case.before):
        yield f"opens {what} of {_group(case)} to {_who(after)}, and before {_ports(case.before)}"


def _inline(case: Case) -> Iterator[str]:
    """Compare the rules that a group has in itself."""
    known = [_rule(rule) for rule in _rules(case.before)]
    for rule in _rules(case.after):
        sources = list[str]([*(rule.get("cidrBlocks") or []), *(rule.get("ipv6CidrBlocks") or [])])
        new = _rule(rule) not in known and case.after
        if new and (case.kind is not ChangeKind.ADDED or set(sources) & set(_ANYWHERE)):
            yield f"lets {', '.join(map(_who, sources)) or 'another group'} in, {_ports(rule)}"


def _rules(inputs: dict[str, Any]) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", inputs.get("ingress") or [])


def _rule(rule: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in rule.items() if name != "description"}


def _source(rule: dict[str, Any]) -> str:
    return next((str(rule[name]) for name in _SOURCES if rule.get(name)), "")


def _who(source: str) -> str:
    if source in _ANYWHERE:
        return f"the whole internet ({source})"
    return source.removeprefix("${").removesuffix("}").removesuffix(".id") or "nobody"


def _group(case: Case) -> str:
    return _who(str(case.after.get("securityGroupId", "its group")))


def _ports(rule: dict[str, Any]) -> str:
    first, last = rule.get("fromPort"), rule.get("toPort")
    protocol = rule.get("ipProtocol", rule.get("protocol", ""))
    if protocol in ("-1", -1, "all") or first is None:
        return "all ports"
    return f"port {first}" if first == last else f"ports {first} to {last}"


def _within(after: str, before: str) -> bool:
    if after == before:
        return True
    try:
        one, two = ip_network(after, strict=False), ip_network(before, strict=False)
        return one.version == two.version and one.subnet_of(cast("Any", two))
    except ValueError:
        return False


def _narrower(after: dict[str, Any], before: dict[str, Any]) -> bool:
    if _ports(before) == "all ports" or _ports(after) == _ports(before):
        return True
    if _ports(after) == "all ports" or before.get("ipProtocol") != after.get("ipProtocol"):
        return False
    return before["fromPort"] <= after["fromPort"] and after["toPort"] <= before["toPort"]


def _properties(case: Case) -> Iterator[str]:
    if case.kind in (ChangeKind.ADDED, ChangeKind.REMOVED):
        return
    for change in case.change.properties:
        name = change.path if change.path.startswith("options.") else leaf(change)
        guard = GUARDS.get(name)
        if guard and case.change.record["kind"] != "component":
            if guard.fails(change.after) and not guard.fails(change.before):
                yield f"{guard.words} ({change.path} {shown(change.before)} → {_now(change)})"
        elif found := _other(case, change):
            yield found


def _other(case: Case, change: PropertyChange) -> str:
    name, after = leaf(change), str(change.after)
    if name in ("sslPolicy", "minimumProtocolVersion"):
        weak = any(part in after for part in _WEAK) or change.after is MISSING
        return f"allows less than TLS 1.2 ({change.path} {_now(change)})" if weak else ""
    if case.type == "aws:lb/listener:Listener" and name == "protocol" and after == "HTTP":
        return "takes connections without TLS (protocol HTTP)"
    if name in ("kmsKeyId", "webAclId") and change.after is MISSING:
        return f"no longer has a {name}"
    if change.path == "accessLogs.enabled" and change.after is False:
        return "no longer records its requests"
    if change.path == "versioningConfiguration.status" and after != "Enabled":
        return "no longer keeps former versions of objects"
    return _force_ssl(case, change) or _reachable(case, change)


def _reachable(case: Case, change: PropertyChange) -> str:
    """Say who reaches a cluster's API that did not before; nobody named means everybody."""
    before, after = (_list(value) or ["0.0.0.0/0"] for value in (change.before, change.after))
    place = cast("dict[str, Any]", case.after.get("vpcConfig") or {})
    if leaf(change) != "publicAccessCidrs" or place.get("endpointPublicAccess") is False:
        return ""
    new = [cidr for cidr in after if not any(_within(cidr, known) for known in before)]
    return f"answers at its public address to {', '.join(map(_who, new))}" if new else ""


def _list(value: Any) -> list[str]:
    return [str(item) for item in cast("list[Any]", value)] if isinstance(value, list) else []


def _force_ssl(case: Case, change: PropertyChange) -> str:
    forced = case.type == "aws:rds/parameterGroup:ParameterGroup" and "rds.force_ssl" in change.path
    return "lets clients connect without TLS" if forced and change.after in ("0", MISSING) else ""


def _now(change: PropertyChange) -> str:
    return shown(change.after)


def _one_sided(case: Case) -> Iterator[str]:
    gone = any(case.held_removed(name) for name in ("bucket", "vpcId"))
    if case.kind is ChangeKind.REMOVED and case.type in _SHIELDS and not gone:
        yield _SHIELDS[case.type]
    if case.kind is ChangeKind.ADDED and case.type == _ADMISSION:
        policy = str(case.after.get("policyArn", "")).rpartition("/")[2]
        yield f"lets {case.after.get('principalArn')} into the cluster with {policy}"
    if case.kind is ChangeKind.ADDED and case.type == _ATTACHMENT:
        policy = str(case.after.get("policyArn", ""))
        if policy.endswith(("/AdministratorAccess", "/PowerUserAccess", "/IAMFullAccess")):
            yield f"gives {policy.rpartition('/')[2]}"
        elif not case.holds_new("role"):
            yield f"gives {_who(str(case.after.get('role', '')))} the policy {policy}"
