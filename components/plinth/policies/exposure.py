"""What the internet can reach: nothing but the edge."""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from plinth.preview.export import ResourceRecord

from .links import hub
from .model import Each, Finding, Rule, Severity, Whole
from .platform import Platform
from .reading import blocks, is_off, is_on, items

_GROUP = "aws:ec2/securityGroup:SecurityGroup"
_BALANCERS = ("aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer")
_LISTENERS = ("aws:lb/listener:Listener", "aws:alb/listener:Listener")
_WIDEST = {4: 8, 6: 16}
"""Shortest prefix that is somebody's network; a shorter one is a good part of the internet."""
_EDGE_PORTS = (80, 443)


def _world(block: Mapping[str, Any]) -> str:
    """Return the first range of a rule that is as good as the whole internet."""
    names = ("cidrIpv4", "cidrIpv6", "cidrBlocks", "ipv6CidrBlocks")
    texts = (str(item) for name in names for item in items(block.get(name)))
    return next((text for text in texts if reaches_all(text)), "")


def reaches_all(text: str) -> bool:
    """Tell whether a range is as good as the whole internet."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return network.prefixlen < _WIDEST[network.version]


def _ports(block: Mapping[str, Any]) -> str:
    first, last = block.get("fromPort"), block.get("toPort")
    if str(block.get("ipProtocol", block.get("protocol"))) in ("-1", "all") or first is None:
        return "every port"
    return f"port {first}" if first == last else f"ports {first} to {last}"


def _open_rules(platform: Platform) -> Iterator[tuple[ResourceRecord, Mapping[str, Any]]]:
    """Yield every ingress rule, with the resource that makes it."""
    for group in platform.all(_GROUP, "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"):
        for block in blocks(group["inputs"].get("ingress")):
            yield group, block
    for rule in platform.all("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"):
        yield rule, rule["inputs"]
    for rule in platform.all("aws:ec2/securityGroupRule:SecurityGroupRule"):
        if rule["inputs"].get("type") == "ingress":
            yield rule, rule["inputs"]


def _openings(platform: Platform) -> Iterator[Finding]:
    for resource, block in _open_rules(platform):
        source = _world(block)
        if source and not _is_edge(platform, resource, block):
            yield Finding(resource=resource, sentence=f"{source} reaches {_ports(block)}")


def _is_edge(platform: Platform, resource: ResourceRecord, block: Mapping[str, Any]) -> bool:
    """Tell whether a rule opens a web port of what only balancers hold."""
    first, last = block.get("fromPort"), block.get("toPort")
    if first != last or first not in _EDGE_PORTS:
        return False
    groups = [resource] if resource["type"] == _GROUP else []
    groups += platform.behind(resource, "securityGroupId")
    return bool(groups) and all(_is_balancers(platform, group) for group in groups)


def _is_balancers(platform: Platform, group: ResourceRecord) -> bool:
    names = ("securityGroups", "securityGroupIds", "vpcSecurityGroupIds", "networkInterfaces")
    holders = [r for r in platform.document["resources"] if group in platform.behind(r, *names)]
    return bool(holders) and all(holder["type"] in _BALANCERS for holder in holders)


def _public_store(resource: ResourceRecord) -> Iterator[str]:
    if is_on(resource["inputs"].get("publiclyAccessible")):
        yield "it has an address on the internet"


def _public_address(resource: ResourceRecord) -> Iterator[str]:
    inputs = resource["inputs"]
    if is_on(inputs.get("mapPublicIpOnLaunch")):
        yield "whatever starts in it gets an address on the internet"
    if is_on(inputs.get("associatePublicIpAddress")):
        yield "it gets an address on the internet"
    for interface in blocks(inputs.get("networkInterfaces")):
        if is_on(interface.get("associatePublicIpAddress")):
            yield "its instances get addresses on the internet"


def _public_subnets(platform: Platform) -> Iterator[Finding]:
    for group in platform.all(
        "aws:rds/subnetGroup:SubnetGroup", "aws:elasticache/subnetGroup:SubnetGroup"
    ):
        subnets = platform.behind(group, "subnetIds")
        public = [s["label"] for s in subnets if _reaches_internet(platform, s)]
        if public:
            yield Finding(resource=group, sentence=f"it holds public subnets: {', '.join(public)}")


def _reaches_internet(platform: Platform, subnet: ResourceRecord) -> bool:
    joints = platform.users(
        subnet, "aws:ec2/routeTableAssociation:RouteTableAssociation", "subnetId"
    )
    tables = [table for joint in joints for table in platform.behind(joint, "routeTableId")]
    routes = [r for t in tables for r in platform.users(t, "aws:ec2/route:Route", "routeTableId")]
    gateways = [gateway for route in routes for gateway in platform.behind(route, "gatewayId")]
    return any("internetGateway" in gateway["type"] for gateway in gateways)


def _plain_balancers(platform: Platform) -> Iterator[Finding]:
    for balancer in platform.all(*_BALANCERS):
        inputs = balancer["inputs"]
        if is_on(inputs.get("internal")) or inputs.get("loadBalancerType") in (
            "network",
            "gateway",
        ):
            continue
        listeners = [u for k in _LISTENERS for u in platform.users(balancer, k, "loadBalancerArn")]
        for listener in listeners:
            if listener["inputs"].get("protocol") == "HTTP" and not _redirects(listener):
                yield Finding(resource=listener, sentence="it answers over plain HTTP")


def _redirects(listener: ResourceRecord) -> bool:
    actions = blocks(listener["inputs"].get("defaultActions"))
    protocols = [r.get("protocol") for a in actions for r in blocks(a.get("redirect"))]
    return "HTTPS" in protocols


def _headers(resource: ResourceRecord) -> Iterator[str]:
    inputs = resource["inputs"]
    if inputs.get("loadBalancerType", "application") == "application" and is_off(
        inputs.get("dropInvalidHeaderFields")
    ):
        yield "it hands headers that are no headers to the app"


def _default_groups(platform: Platform) -> Iterator[Finding]:
    kind = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
    for vpc in platform.all("aws:ec2/vpc:Vpc"):
        taken = platform.users(vpc, kind, "vpcId")
        if not taken:
            yield Finding(resource=vpc, sentence="its default security group stays open")
        for group in taken:
            if blocks(group["inputs"].get("ingress")) or blocks(group["inputs"].get("egress")):
                yield Finding(resource=group, sentence="it has rules")


RULES: tuple[Rule, ...] = (
    Rule(
        id="sg-not-open",
        severity=Severity.ERROR,
        sentence="Only web ports of balancers are open to the internet.",
        remedy="let in a security group or your own range; web traffic enters by the balancer",
        link=hub("EC2.18"),
        controls=("EC2.18", "EC2.19", "EC2.53", "EC2.54", "CIS 5.3", "CIS 5.4"),
        check=Whole(_openings),
    ),
    Rule(
        id="rds-not-public",
        severity=Severity.ERROR,
        sentence="No database has an address on the internet.",
        remedy="set publicly_accessible=False; reach it by SSM port forwarding",
        link=hub("RDS.2"),
        controls=("RDS.2", "CIS 2.2.3"),
        check=Each(
            frozenset({"aws:rds/instance:Instance", "aws:rds/clusterInstance:ClusterInstance"}),
            _public_store,
        ),
    ),
    Rule(
        id="stores-in-private-subnets",
        severity=Severity.ERROR,
        sentence="Databases and Redis are in subnets without a route to an internet gateway.",
        remedy="give the subnet group the network's data subnets",
        link=hub("RDS.46"),
        controls=("RDS.46",),
        check=Whole(_public_subnets),
    ),
    Rule(
        id="no-public-addresses",
        severity=Severity.ERROR,
        sentence="Instances get no public addresses.",
        remedy="start them in private subnets, and turn the automatic addresses off",
        link=hub("EC2.15"),
        controls=("EC2.9", "EC2.15", "EC2.25"),
        check=Each(
            frozenset(
                {
                    "aws:ec2/subnet:Subnet",
                    "aws:ec2/instance:Instance",
                    "aws:ec2/launchTemplate:LaunchTemplate",
                }
            ),
            _public_address,
        ),
    ),
    Rule(
        id="balancer-https",
        severity=Severity.WARNING,
        sentence="A public balancer answers over HTTPS, and redirects plain HTTP.",
        remedy="give it a domain and a certificate (balancer.domain)",
        link=hub("ELB.1"),
        controls=("ELB.1", "ELB.18"),
        check=Whole(_plain_balancers),
    ),
    Rule(
        id="balancer-drops-bad-headers",
        severity=Severity.WARNING,
        sentence="A balancer drops headers with invalid names.",
        remedy="set drop_invalid_header_fields=True",
        link=hub("ELB.4"),
        controls=("ELB.4",),
        check=Each(frozenset(_BALANCERS), _headers),
    ),
    Rule(
        id="default-sg-closed",
        severity=Severity.ERROR,
        sentence="The default security group of every VPC has no rules.",
        remedy="take it over by a DefaultSecurityGroup without rules",
        link=hub("EC2.2"),
        controls=("EC2.2", "CIS 5.5"),
        check=Whole(_default_groups),
    ),
)
