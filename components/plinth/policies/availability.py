"""What goes on when a zone or an instance is lost, and what a change reaches."""

from collections.abc import Iterator

from plinth.preview.export import ResourceRecord

from .links import hub
from .model import Each, Finding, Rule, Severity, Whole
from .platform import Platform
from .reading import blocks, is_off, is_unknown, items

_DATABASE = frozenset({"aws:rds/instance:Instance"})
_GROUPS = frozenset({"aws:autoscaling/group:Group"})


def _one_zone(resource: ResourceRecord) -> Iterator[str]:
    if "replicateSourceDb" not in resource["inputs"] and is_off(resource["inputs"].get("multiAz")):
        yield "it has no standby: a lost zone is an outage until a restore"


def _no_failover(resource: ResourceRecord) -> Iterator[str]:
    inputs = resource["inputs"]
    if is_off(inputs.get("automaticFailoverEnabled")) or is_off(inputs.get("multiAzEnabled")):
        yield "nothing takes over when its node or zone is lost"


def _zones(resource: ResourceRecord) -> Iterator[str]:
    subnets = items(resource["inputs"].get("vpcZoneIdentifiers"))
    if len(subnets) == 1 and not is_unknown(resource["inputs"].get("vpcZoneIdentifiers")):
        yield "all of its instances are in one zone"


def _health(resource: ResourceRecord) -> Iterator[str]:
    inputs = resource["inputs"]
    if inputs.get("targetGroupArns") and inputs.get("healthCheckType") != "ELB":
        yield "an instance whose app hangs is not replaced"


def _version(resource: ResourceRecord) -> Iterator[str]:
    inputs = resource["inputs"]
    found = blocks(inputs.get("launchTemplate"))
    for mixed in blocks(inputs.get("mixedInstancesPolicy")):
        for template in blocks(mixed.get("launchTemplate")):
            found += blocks(template.get("launchTemplateSpecification"))
    for block in found:
        if block.get("version", "$Default") in ("$Latest", "$Default"):
            yield f"version is {block.get('version')!r}: a change does not start a refresh"


def _one_way_out(platform: Platform) -> Iterator[Finding]:
    routes = [r for r in platform.all("aws:ec2/route:Route") if _is_way_out(r)]
    doors = {
        door["urn"]: door
        for route in routes
        for door in platform.behind(route, "natGatewayId", "networkInterfaceId")
    }
    tables = [table for route in routes for table in platform.behind(route, "routeTableId")]
    zones = {
        str(subnet["inputs"].get("availabilityZone"))
        for table in tables
        for joint in platform.users(
            table, "aws:ec2/routeTableAssociation:RouteTableAssociation", "routeTableId"
        )
        for subnet in platform.behind(joint, "subnetId")
    }
    if len(doors) == 1 and len(zones) > 1:
        [door] = doors.values()
        yield Finding(resource=door, sentence=f"it is the only way out of {len(zones)} zones")


def _is_way_out(route: ResourceRecord) -> bool:
    inputs = route["inputs"]
    return inputs.get("destinationCidrBlock") == "0.0.0.0/0" and bool(
        inputs.get("natGatewayId") or inputs.get("networkInterfaceId")
    )


def _minor_upgrades(resource: ResourceRecord) -> Iterator[str]:
    if resource["inputs"].get("autoMinorVersionUpgrade") in (False, "false"):
        yield "it misses security fixes of Postgres"


RULES: tuple[Rule, ...] = (
    Rule(
        id="rds-multi-az",
        severity=Severity.ERROR,
        sentence="The database of a protected stack has a standby in another zone.",
        remedy="set database.multi_az",
        link=hub("RDS.5"),
        controls=("RDS.5", "CIS 2.2.4"),
        protected_only=True,
        check=Each(_DATABASE, _one_zone),
    ),
    Rule(
        id="redis-failover",
        severity=Severity.ERROR,
        sentence="Every Redis of a protected stack has a replica in another zone that takes over.",
        remedy="set replicas to 1 or more (automatic_failover_enabled and multi_az_enabled)",
        link=hub("ElastiCache.3"),
        controls=("ElastiCache.3",),
        protected_only=True,
        check=Each(frozenset({"aws:elasticache/replicationGroup:ReplicationGroup"}), _no_failover),
    ),
    Rule(
        id="fleet-zones",
        severity=Severity.WARNING,
        sentence="Every fleet of a protected stack spans zones.",
        remedy="give the group subnets in two zones or more",
        link=hub("AutoScaling.2"),
        controls=("AutoScaling.2",),
        protected_only=True,
        check=Each(_GROUPS, _zones),
    ),
    Rule(
        id="fleet-health",
        severity=Severity.WARNING,
        sentence="A fleet behind a balancer replaces instances that the balancer finds ill.",
        remedy="set health_check_type='ELB'",
        link=hub("AutoScaling.1"),
        controls=("AutoScaling.1",),
        check=Each(_GROUPS, _health),
    ),
    Rule(
        id="fleet-template-version",
        severity=Severity.WARNING,
        sentence="A fleet names the version of its launch template, so that a change rolls out.",
        remedy="set version to the template's latest_version",
        link="https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html",
        check=Each(_GROUPS, _version),
    ),
    Rule(
        id="nat-per-zone",
        severity=Severity.WARNING,
        sentence="Zones of a protected stack do not share one way out.",
        remedy="set network.nat to per_zone",
        link="https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html",
        protected_only=True,
        check=Whole(_one_way_out),
    ),
    Rule(
        id="rds-minor-upgrades",
        severity=Severity.WARNING,
        sentence="Databases take minor versions by themselves.",
        remedy="leave auto_minor_version_upgrade on",
        link=hub("RDS.13"),
        controls=("RDS.13", "CIS 2.2.2"),
        check=Each(_DATABASE, _minor_upgrades),
    ),
)
