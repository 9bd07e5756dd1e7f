"""Who can reach what: security groups and routes of a deployment, as a graph to walk."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from plinth.testing import Deployment, Requested

INTERNET = "internet"
ANYWHERE = {"0.0.0.0/0", "::/0"}

SECURITY_GROUPS_OF = {
    "aws:lb/loadBalancer:LoadBalancer": "securityGroups",
    "aws:ec2/launchTemplate:LaunchTemplate": "vpcSecurityGroupIds",
    "aws:ec2/instance:Instance": "vpcSecurityGroupIds",
    "aws:ec2/networkInterface:NetworkInterface": "securityGroups",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "securityGroupIds",
    "aws:rds/instance:Instance": "vpcSecurityGroupIds",
    "aws:rds/proxy:Proxy": "vpcSecurityGroupIds",
    "aws:elasticache/replicationGroup:ReplicationGroup": "securityGroupIds",
    "aws:lambda/function:Function": "vpcConfig.securityGroupIds",
}
SUBNETS_OF = {
    "aws:lb/loadBalancer:LoadBalancer": "subnets",
    "aws:autoscaling/group:Group": "vpcZoneIdentifiers",
    "aws:ec2/networkInterface:NetworkInterface": "subnetId",
    "aws:ec2/natGateway:NatGateway": "subnetId",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "subnetIds",
    "aws:rds/subnetGroup:SubnetGroup": "subnetIds",
    "aws:rds/proxy:Proxy": "vpcSubnetIds",
    "aws:elasticache/subnetGroup:SubnetGroup": "subnetIds",
    "aws:lambda/function:Function": "vpcConfig.subnetIds",
}


@dataclass(frozen=True, kw_only=True)
class Opening:
    """One way into a security group."""

    source: str
    """``internet``, an address range, a prefix list, or the id of a security group."""
    group: str
    ports: tuple[int, int]


def openings(deployed: Deployment) -> list[Opening]:
    """List every ingress rule, those written inside a group included."""
    return [o for r in deployed.resources for o in (*_rule(r), *_inline(r))]


def sources_of(deployed: Deployment, group: str) -> set[str]:
    """List who can connect to a group directly, over any port."""
    return {o.source for o in openings(deployed) if o.group == group}


def holders(deployed: Deployment, group: str) -> set[str]:
    """Name what sits in a security group, as ``type name``."""
    return {
        f"{r.type.rpartition(':')[2]} {r.name}"
        for r in deployed.resources
        if group in _many(r, SECURITY_GROUPS_OF)
    }


def reach(deployed: Deployment, start: str) -> set[str]:
    """Walk the rules from a source: every group that some chain of connections ends in."""
    found: set[str] = set()
    edge = {start}
    while edge:
        edge = {o.group for o in openings(deployed) if o.source in edge} - found
        found |= edge
    return found


def inhabitants(deployed: Deployment, subnets: set[str]) -> set[str]:
    """Name the types of what is placed in any of some subnets."""
    return {r.type for r in deployed.resources if subnets & set(_many(r, SUBNETS_OF))}


def routes_out(deployed: Deployment, subnet: str) -> set[str]:
    """List where a subnet's routes to anywhere lead."""
    tables = {
        r.inputs["routeTableId"]
        for r in deployed.resources
        if r.type == "aws:ec2/routeTableAssociation:RouteTableAssociation"
        and r.inputs.get("subnetId") == subnet
    }
    assert tables, f"{subnet} has no route table of its own"
    return {
        str(target)
        for r in deployed.resources
        if r.type == "aws:ec2/route:Route" and r.inputs["routeTableId"] in tables
        for key, target in r.inputs.items()
        if key not in {"routeTableId", "destinationCidrBlock", "destinationIpv6CidrBlock"}
    }


def _rule(resource: Requested) -> Iterator[Opening]:
    if resource.type == "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule":
        yield _opening(resource.inputs, resource.inputs["securityGroupId"])


def _inline(resource: Requested) -> Iterator[Opening]:
    if resource.type in {
        "aws:ec2/securityGroup:SecurityGroup",
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    }:
        for rule in resource.inputs.get("ingress", []):
            yield _opening(rule, resource.id)


def _opening(rule: dict[str, Any], group: str) -> Opening:
    ranges = [rule.get("cidrIpv4"), rule.get("cidrIpv6"), *rule.get("cidrBlocks", [])]
    if ANYWHERE & set(ranges):
        source = INTERNET
    else:
        named = (rule.get("referencedSecurityGroupId"), rule.get("prefixListId"), *ranges)
        source = next(str(s) for s in named if s)
    ports = (rule.get("fromPort", 0), rule.get("toPort", 65535))
    return Opening(source=source, group=group, ports=ports)


def _many(resource: Requested, paths: dict[str, str]) -> list[str]:
    """List what a resource's type has at its path, which may lead inside."""
    if resource.type not in paths:
        return []
    value: Any = resource.inputs
    for part in paths[resource.type].split("."):
        value = value.get(part, [])
    return cast("list[str]", value) if isinstance(value, list) else [value]
