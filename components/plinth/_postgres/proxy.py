"""RDS Proxy before the primary."""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from plinth._postgres.access import make_guard
from plinth._postgres.settings import ProxySettings
from plinth._postgres.site import PORT, Site
from plinth.wiring import NetworkLike


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """What the rest of a Postgres sees of its proxy; it may open connections, as a peer."""

    pulumi_resource_name: str
    security_group_id: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    """Host name, once the proxy has a database behind it."""


def make_proxy(
    site: Site,
    settings: ProxySettings,
    *,
    network: NetworkLike,
    primary: aws.rds.Instance,
    guard: aws.ec2.SecurityGroup,
    secret_arn: pulumi.Output[str],
) -> Proxy:
    """Make a proxy that may reach the primary and read its password, and nothing else."""
    name = f"{site.name}-proxy"
    own = make_guard(site, name, network, "Proxy of Postgres")
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-to-{site.name}",
        description=f"Postgres {site.name}",
        security_group_id=own.id,
        referenced_security_group_id=guard.id,
        ip_protocol="tcp",
        from_port=PORT,
        to_port=PORT,
        tags=site.tags,
        opts=site.child,
    )
    proxy = aws.rds.Proxy(
        name,
        engine_family="POSTGRESQL",
        role_arn=_make_role(site, name, secret_arn),
        vpc_subnet_ids=network.data_subnet_ids,
        vpc_security_group_ids=[own.id],
        require_tls=True,
        idle_client_timeout=settings.idle_client_seconds,
        auths=[
            {
                "auth_scheme": "SECRETS",
                "iam_auth": "DISABLED",
                "client_password_auth_type": "POSTGRES_SCRAM_SHA_256",
                "secret_arn": secret_arn,
            }
        ],
        tags=site.tags,
        opts=site.child,
    )
    target = _make_target(site, name, settings, proxy, primary)
    return Proxy(
        pulumi_resource_name=name,
        security_group_id=own.id,
        endpoint=pulumi.Output.all(proxy.endpoint, target.id).apply(_first),
    )


def _make_target(
    site: Site,
    name: str,
    settings: ProxySettings,
    proxy: aws.rds.Proxy,
    primary: aws.rds.Instance,
) -> aws.rds.ProxyTarget:
    pool = aws.rds.ProxyDefaultTargetGroup(
        name,
        db_proxy_name=proxy.name,
        connection_pool_config={
            "max_connections_percent": settings.max_connections_percent,
            # Half of them, as RDS has it; it refuses more idle connections than there may be.
            "max_idle_connections_percent": settings.max_connections_percent // 2,
            "connection_borrow_timeout": settings.borrow_seconds,
        },
        opts=site.child,
    )
    return aws.rds.ProxyTarget(
        name,
        db_proxy_name=proxy.name,
        target_group_name=pool.name,
        db_instance_identifier=primary.identifier,
        # A proxy has room for one database.
        opts=pulumi.ResourceOptions(parent=site.parent, delete_before_replace=True),
    )


def _make_role(site: Site, name: str, secret_arn: pulumi.Output[str]) -> pulumi.Output[str]:
    """Return the role's ARN once it may read the secret, which the proxy tries as it is made."""
    trusted = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    role = aws.iam.Role(
        name,
        assume_role_policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{**trusted, "Principal": {"Service": "rds.amazonaws.com"}}],
            }
        ),
        tags=site.tags,
        opts=site.child,
    )
    reading = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secret_arn}
    policy = aws.iam.RolePolicy(
        name,
        role=role.name,
        policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [reading]}),
        opts=site.child,
    )
    return pulumi.Output.all(role.arn, policy.id).apply(_first)


def _first(values: list[str]) -> str:
    return values[0]
