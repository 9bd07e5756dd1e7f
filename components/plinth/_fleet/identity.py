"""Who a tier's instances are: a security group, and a role with what they need and no more."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_aws as aws

from plinth.wiring import Grant, NetworkLike, Service

from .image import ecr_repository_arn

SESSION_MANAGER = (
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)
"""What a shell through Session Manager needs. ``AmazonSSMManagedInstanceCore`` would also open
every parameter of the account
(https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-add-permissions-to-existing-profile.html).
"""

PULL = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
)


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What a tier must be allowed to do."""

    images: Sequence[pulumi.Input[str]]
    """Pulled from their repositories, where those are private ones of ECR."""
    log_group_arns: Sequence[pulumi.Input[str]]
    """Log groups it writes to."""
    uses: Sequence[Service] = ()
    """Services whose secrets it reads, and whose grants it gets."""
    grants: Sequence[Grant] = field(default_factory=list[Grant])
    """Anything else."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What every instance of a tier carries."""

    security_group: aws.ec2.SecurityGroup
    role: aws.iam.Role
    profile: aws.iam.InstanceProfile
    ready: Sequence[pulumi.Resource]
    """What an instance must not start before: its permissions and its way out."""


def make_identity(
    name: str,
    needs: Needs,
    *,
    parent: pulumi.Resource,
    network: NetworkLike,
    tags: Mapping[str, str],
) -> Identity:
    """Create a security group without a way in, and a role that only EC2 may take on."""
    child = pulumi.ResourceOptions(parent=parent)
    guard = aws.ec2.SecurityGroup(
        name,
        description=f"Instances of {name}",
        vpc_id=network.vpc_id,
        tags=tags,
        opts=child,
    )
    way_out = aws.vpc.SecurityGroupEgressRule(
        f"{name}-to-anywhere",
        description="AWS, the stores and whatever the app calls",
        security_group_id=guard.id,
        ip_protocol="-1",
        cidr_ipv4="0.0.0.0/0",
        tags=tags,
        opts=child,
    )
    role = aws.iam.Role(name, assume_role_policy=_TRUST, tags=tags, opts=child)
    allowed = aws.iam.RolePolicy(name, role=role.name, policy=policy(needs), opts=child)
    profile = aws.iam.InstanceProfile(name, role=role.name, tags=tags, opts=child)
    return Identity(security_group=guard, role=role, profile=profile, ready=[allowed, way_out])


def policy(needs: Needs) -> pulumi.Output[str]:
    """Write the one policy of a tier's role."""
    late = {
        "images": list(needs.images),
        "logs": list(needs.log_group_arns),
        "secrets": [s.secret_arn for service in needs.uses for s in service.secrets.values()],
        "grants": [
            {"actions": list(grant.actions), "resources": list(grant.resources)}
            for grant in [*needs.grants, *(g for service in needs.uses for g in service.grants)]
        ],
    }
    known: pulumi.Output[dict[str, Any]] = pulumi.Output.from_input(late)
    return known.apply(lambda parts: json.dumps(_document(**parts)))


def _document(
    images: list[str | None],
    logs: list[str],
    secrets: list[str],
    grants: list[dict[str, list[str]]],
) -> dict[str, Any]:
    statements = [
        _allow(SESSION_MANAGER, ["*"]),
        _allow(["logs:CreateLogStream", "logs:PutLogEvents"], [f"{arn}:*" for arn in logs]),
        *_pulls(images),
        *(_allow(grant["actions"], grant["resources"]) for grant in grants),
    ]
    if secrets:
        statements.append(_allow(["secretsmanager:GetSecretValue"], dict.fromkeys(secrets)))
    return {"Version": "2012-10-17", "Statement": statements}


def _pulls(images: Iterable[str | None]) -> list[dict[str, Any]]:
    found = {arn: None for image in images if (arn := ecr_repository_arn(image or ""))}
    return [_allow(["ecr:GetAuthorizationToken"], ["*"]), _allow(PULL, found)] if found else []


def _allow(actions: Iterable[str], resources: Iterable[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "ec2.amazonaws.com"},
            }
        ],
    }
)
