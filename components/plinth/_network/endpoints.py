"""Ways from private subnets to AWS that do not leave the VPC."""

import re
from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from . import Tags

GATEWAYS = ("dynamodb", "s3")
"""Services with an endpoint that is a route, and free. AL2023's packages and the layers of
images in ECR come from S3
(https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html)."""

WITHOUT_NAT = (
    "autoscaling",
    "ecr.api",
    "ecr.dkr",
    "logs",
    "monitoring",
    "secretsmanager",
    "ssm",
    "ssmmessages",
)
"""What a tier calls to boot, log, publish metrics, end a lifecycle hook and open a session.

``ec2messages`` is for agents that may not use ``ssmmessages``
(https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-setting-up-messageAPIs.html).
"""

_SERVICE = re.compile(r"[a-z][a-z0-9]*([.-][a-z0-9]+)*")


def check_service(service: str) -> None:
    """Refuse what does not name a service that takes an interface endpoint."""
    if service in GATEWAYS:
        msg = f"endpoints {service!r} has a gateway endpoint already, free of charge: leave it out"
        raise ValueError(msg)
    if not _SERVICE.fullmatch(service) or service.startswith("com.amazonaws."):
        msg = (
            f"endpoints {service!r} needs to be the end of a service's name: "
            "write ecr.api for com.amazonaws.eu-west-1.ecr.api"
        )
        raise ValueError(msg)


def make_gateway_endpoints(
    name: str,
    *,
    vpc: aws.ec2.Vpc,
    route_table_ids: Sequence[pulumi.Input[str]],
    parent: pulumi.Resource,
    tags: Tags,
) -> list[pulumi.Resource]:
    """Route S3 and DynamoDB inside AWS."""
    return [
        aws.ec2.VpcEndpoint(
            f"{name}-{service}",
            vpc_id=vpc.id,
            service_name=pulumi.Output.format("com.amazonaws.{0}.{1}", vpc.region, service),
            vpc_endpoint_type="Gateway",
            route_table_ids=route_table_ids,
            tags=tags(f"{name}-{service}"),
            opts=pulumi.ResourceOptions(parent=parent),
        )
        for service in GATEWAYS
    ]


def make_interface_endpoints(
    name: str,
    services: Sequence[str],
    *,
    vpc: aws.ec2.Vpc,
    cidr: str,
    subnet_ids: Sequence[pulumi.Input[str]],
    parent: pulumi.Resource,
    tags: Tags,
) -> list[pulumi.Resource]:
    """Give services addresses in the subnets, under their usual names, behind one guard."""
    if not services:
        return []
    child = pulumi.ResourceOptions(parent=parent)
    guard = aws.ec2.SecurityGroup(
        f"{name}-endpoints",
        description=f"Endpoints of {name}",
        vpc_id=vpc.id,
        tags=tags(f"{name}-endpoints"),
        opts=child,
    )
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-endpoints-from-vpc",
        description="HTTPS from the VPC",
        security_group_id=guard.id,
        cidr_ipv4=cidr,
        ip_protocol="tcp",
        from_port=443,
        to_port=443,
        tags=tags(f"{name}-endpoints"),
        opts=child,
    )
    return [
        aws.ec2.VpcEndpoint(
            logical,
            vpc_id=vpc.id,
            service_name=pulumi.Output.format("com.amazonaws.{0}.{1}", vpc.region, service),
            vpc_endpoint_type="Interface",
            subnet_ids=subnet_ids,
            security_group_ids=[guard.id],
            private_dns_enabled=True,
            tags=tags(logical),
            # Two endpoints cannot answer to one private name.
            opts=pulumi.ResourceOptions(parent=parent, delete_before_replace=True),
        )
        for service in services
        for logical in [f"{name}-{service.replace('.', '-')}"]
    ]
