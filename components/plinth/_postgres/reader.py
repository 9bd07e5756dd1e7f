"""One name to read from, whatever there is to read from.

A private zone holds a group of weighted records under one name: each replica's with a weight, and
the primary's with none. Route 53 answers with a record of weight 0 only where no other is healthy,
so the primary takes the reads while there are no replicas, or none that keeps up
(https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-weighted.html). The
primary's record is there from the first day on, and is not replaced as replicas come and go.

A server's certificate has its own name and not this one: ``sslmode=require`` works through it,
``verify-full`` does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from plinth._postgres.site import Site
from plinth.names import physical_name
from plinth.wiring import NetworkLike

TTL = 5
"""Seconds that an answer is kept; a replica that fails is asked for no longer than that."""

LONGEST_LABEL = 63


def make_reader(
    site: Site,
    network: NetworkLike,
    primary: aws.rds.Instance,
    replicas: Mapping[str, aws.rds.Instance],
) -> pulumi.Output[str]:
    """Make the name, and return it once something answers to it."""
    domain = zone_name(pulumi.get_project(), pulumi.get_stack(), site.name)
    zone = aws.route53.Zone(
        site.name,
        name=domain,
        comment=f"Readers of Postgres {site.name}",
        vpcs=[{"vpc_id": network.vpc_id}],
        tags=site.tags,
        opts=site.child,
    )
    group = _Group(name=f"reader.{domain}", zone_id=zone.zone_id)
    fallback = _record(site, group, "primary", primary, weight=0)
    for key, replica in replicas.items():
        check = _health_check(site, key, replica)
        _record(site, group, key, replica, weight=1, health_check_id=check.id)
    return fallback.name


def zone_name(project: str, stack: str, name: str) -> str:
    """Name a zone that no other database in the VPC has."""
    labels = (physical_name(part, limit=LONGEST_LABEL) for part in (name, stack, project))
    return ".".join((*labels, "internal"))


@dataclass(frozen=True, kw_only=True)
class _Group:
    name: str
    zone_id: pulumi.Output[str]


def _record(
    site: Site,
    group: _Group,
    key: str,
    instance: aws.rds.Instance,
    *,
    weight: int,
    health_check_id: pulumi.Output[str] | None = None,
) -> aws.route53.Record:
    return aws.route53.Record(
        f"{site.name}-reader-{key}",
        zone_id=group.zone_id,
        name=group.name,
        type="CNAME",
        ttl=TTL,
        records=[instance.address],
        set_identifier=key,
        weighted_routing_policies=[{"weight": weight}],
        health_check_id=health_check_id,
        opts=site.child,
    )


def _health_check(site: Site, key: str, replica: aws.rds.Instance) -> aws.route53.HealthCheck:
    """Watch a replica by its lag: Route 53's own checkers do not reach into a VPC."""
    name, threshold = f"{site.name}-reader-{key}", site.settings.replica_lag_seconds
    alarm = aws.cloudwatch.MetricAlarm(
        name,
        alarm_description=f"Replica {key} of Postgres {site.name} is too far behind, or gone",
        namespace="AWS/RDS",
        metric_name="ReplicaLag",
        dimensions={"DBInstanceIdentifier": replica.identifier},
        statistic="Maximum",
        comparison_operator="GreaterThanThreshold",
        threshold=threshold,
        period=60,
        evaluation_periods=3,
        treat_missing_data="breaching",
        tags=site.tags,
        opts=site.child,
    )
    return aws.route53.HealthCheck(
        name,
        type="CLOUDWATCH_METRIC",
        cloudwatch_alarm_name=alarm.name,
        cloudwatch_alarm_region=alarm.region,
        # A replica that has not reported yet is not ready.
        insufficient_data_health_status="Unhealthy",
        # Route 53 copies the alarm's terms, and looks again only when told to.
        triggers={"threshold": str(threshold)},
        tags=site.tags,
        opts=site.child,
    )
