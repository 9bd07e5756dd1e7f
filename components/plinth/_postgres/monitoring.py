"""What is watched: the logs' groups, and the role that measures the operating system."""

import json

import pulumi
import pulumi_aws as aws

from plinth._postgres.site import Site

LOGS = ("postgresql", "upgrade")


def make_logs(site: Site, name: str, identifier: str) -> list[aws.cloudwatch.LogGroup]:
    """Make an instance's log groups, which RDS would otherwise make itself and keep for ever."""
    return [
        aws.cloudwatch.LogGroup(
            f"{name}-{log}",
            name=f"/aws/rds/instance/{identifier}/{log}",
            retention_in_days=site.settings.log_days,
            tags=site.tags,
            # A replaced instance has another identifier, so old and new groups never collide.
            opts=pulumi.ResourceOptions(parent=site.parent, delete_before_replace=False),
        )
        for log in LOGS
    ]


def make_monitoring_role(site: Site) -> pulumi.Output[str] | None:
    """Make the role that enhanced monitoring needs, unless that is off.

    Its ARN resolves once the role may do its work: RDS tries the role as it makes an instance.
    """
    if site.settings.monitoring_seconds == 0:
        return None
    trusted = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    role = aws.iam.Role(
        f"{site.name}-monitoring",
        assume_role_policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {**trusted, "Principal": {"Service": "monitoring.rds.amazonaws.com"}}
                ],
            }
        ),
        tags=site.tags,
        opts=site.child,
    )
    attachment = aws.iam.RolePolicyAttachment(
        f"{site.name}-monitoring",
        role=role.name,
        policy_arn=aws.iam.ManagedPolicy.AMAZON_RDS_ENHANCED_MONITORING_ROLE,
        opts=site.child,
    )
    return pulumi.Output.all(role.arn, attachment.id).apply(_first)


def _first(values: list[str]) -> str:
    return values[0]
