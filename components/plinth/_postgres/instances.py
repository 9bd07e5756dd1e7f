"""The primary and its read replicas."""

from typing import Any

import pulumi
import pulumi_aws as aws

from plinth._postgres.monitoring import LOGS, make_logs
from plinth._postgres.settings import Password
from plinth._postgres.site import PORT, Site, origin
from plinth.wiring import NetworkLike

PATIENCE = pulumi.CustomTimeouts(create="3h", update="3h", delete="2h")
"""A large restore, a major upgrade and a final snapshot each outlast the provider's patience."""


def shared_arguments(
    site: Site,
    *,
    guard: aws.ec2.SecurityGroup,
    parameters: aws.rds.ParameterGroup,
    monitoring_role_arn: pulumi.Output[str] | None,
) -> dict[str, Any]:
    """Return what primary and replicas are both told, since a replica inherits none of it.

    Left out of a replica, ``storage_encrypted`` has the second deployment replace it.
    """
    settings = site.settings
    insights = settings.performance_insights_days
    return {
        "storage_type": "gp3",
        "storage_encrypted": True,
        "max_allocated_storage": settings.max_storage_gib or 0,
        "iops": settings.iops,
        "storage_throughput": settings.throughput,
        "port": PORT,
        "publicly_accessible": False,
        "vpc_security_group_ids": [guard.id],
        "ca_cert_identifier": "rds-ca-rsa2048-g1",
        "parameter_group_name": parameters.name,
        "auto_minor_version_upgrade": True,
        "apply_immediately": settings.apply_immediately,
        "maintenance_window": settings.maintenance_window,
        "copy_tags_to_snapshot": True,
        "enabled_cloudwatch_logs_exports": list(LOGS),
        "database_insights_mode": "standard",
        "performance_insights_enabled": insights > 0,
        "performance_insights_retention_period": insights or None,
        "monitoring_interval": settings.monitoring_seconds,
        "monitoring_role_arn": monitoring_role_arn,
        "tags": site.tags,
    }


def make_primary(
    site: Site,
    shared: dict[str, Any],
    *,
    subnets: aws.rds.SubnetGroup,
    password: pulumi.Output[str] | None,
) -> aws.rds.Instance:
    """Make the instance that is written to."""
    settings = site.settings
    managed = settings.password is Password.MANAGED
    return aws.rds.Instance(
        site.name,
        identifier=site.identifier,
        engine="postgres",
        engine_version=str(settings.version),
        # The version is in the settings, so a higher one there is meant.
        allow_major_version_upgrade=True,
        # Otherwise RDS bills an old major version by the vCPU instead of upgrading it.
        engine_lifecycle_support="open-source-rds-extended-support-disabled",
        instance_class=settings.instance_class,
        multi_az=settings.multi_az,
        allocated_storage=settings.storage_gib,
        db_subnet_group_name=subnets.name,
        password=password,
        manage_master_user_password=managed or None,
        backup_retention_period=settings.backup_days,
        backup_window=settings.backup_window,
        delete_automated_backups=False,
        deletion_protection=settings.protected,
        skip_final_snapshot=False,
        # The parameter group's random suffix sets apart what is made, deleted and made again.
        final_snapshot_identifier=pulumi.Output.format(
            "{0}-final-{1}", site.identifier, shared["parameter_group_name"]
        ),
        blue_green_update={"enabled": True} if settings.blue_green else None,
        **origin(settings),
        **shared,
        opts=pulumi.ResourceOptions(
            parent=site.parent,
            depends_on=make_logs(site, site.name, site.identifier),
            # Unprotected it inherits what the component's options say.
            protect=settings.protected or None,
            # The provider would otherwise delete first, because the identifier is given.
            delete_before_replace=False,
            custom_timeouts=PATIENCE,
        ),
    )


def make_replicas(
    site: Site, shared: dict[str, Any], *, primary: aws.rds.Instance, network: NetworkLike
) -> dict[str, aws.rds.Instance]:
    """Make every replica, by its name."""
    return {
        key: _replica(site, shared, key, primary, network.availability_zones[wanted.zone])
        for key, wanted in site.settings.replicas.items()
    }


def _replica(
    site: Site,
    shared: dict[str, Any],
    key: str,
    primary: aws.rds.Instance,
    zone: pulumi.Input[str],
) -> aws.rds.Instance:
    name = f"{site.name}-replica-{key}"
    wanted = site.settings.replicas[key]
    named = site.identifier_of(f"{site.name}-{key}", {"of": site.identifier, "zone": wanted.zone})
    return aws.rds.Instance(
        name,
        identifier=named,
        # By its identifier the source hands its subnet group down; by ARN it would have to be
        # named again. User, password, database and engine are the source's, and refused here.
        replicate_source_db=primary.identifier,
        instance_class=wanted.instance_class or site.settings.instance_class,
        availability_zone=zone,
        backup_retention_period=0,
        # RDS takes no final snapshot of a replica, and its data is the primary's.
        skip_final_snapshot=True,
        **shared,
        opts=pulumi.ResourceOptions(
            parent=site.parent,
            depends_on=make_logs(site, name, named),
            # A running replica cannot change its source.
            replace_on_changes=["replicate_source_db"],
            delete_before_replace=False,
            custom_timeouts=PATIENCE,
        ),
    )
