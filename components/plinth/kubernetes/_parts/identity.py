"""Who pods are to AWS: roles that only they may take on."""

import json
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from plinth.wiring import ClusterLike, Grant

SESSION_TAGS = ("eks-cluster-arn", "kubernetes-namespace", "kubernetes-service-account")
"""What EKS Pod Identity marks the session of a pod with
(https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html)."""


def make_pod_role(
    name: str,
    grants: Sequence[Grant],
    *,
    cluster: ClusterLike,
    namespace: pulumi.Input[str],
    account: pulumi.Input[str],
    parent: pulumi.Resource,
    tags: Mapping[str, str],
) -> tuple[aws.iam.Role, list[pulumi.Resource]]:
    """Make a role for the pods of one service account.

    Returns:
        The role, and what a pod must not start before.
    """
    child = pulumi.ResourceOptions(parent=parent)
    role = aws.iam.Role(
        name,
        description=f"Pods of {name}",
        assume_role_policy=_trust(
            {"Service": "pods.eks.amazonaws.com"},
            "aws:RequestTag",
            [cluster.cluster_arn, namespace, account],
        ),
        tags=tags,
        opts=child,
    )
    ready: list[pulumi.Resource] = [
        aws.eks.PodIdentityAssociation(
            name,
            cluster_name=cluster.cluster_name,
            namespace=namespace,
            service_account=account,
            role_arn=role.arn,
            tags=tags,
            opts=child,
        )
    ]
    if grants:
        statements = [_allow(grant.actions, grant.resources) for grant in grants]
        ready.append(
            aws.iam.RolePolicy(name, role=role.name, policy=_document(statements), opts=child)
        )
    return role, ready


def make_reader_role(
    name: str,
    secret_arns: Sequence[pulumi.Input[str]],
    *,
    cluster: ClusterLike,
    operator: str,
    parent: pulumi.Resource,
    tags: Mapping[str, str],
) -> tuple[aws.iam.Role, list[pulumi.Resource]]:
    """Make a role that reads some secrets, for the operator that puts them into the cluster.

    The operator is known by the marks of its own pod identity, whatever its role is called.
    """
    child = pulumi.ResourceOptions(parent=parent)
    role = aws.iam.Role(
        f"{name}-secrets",
        description=f"Reads the secrets of {name} for its pods",
        assume_role_policy=_trust(
            {"AWS": pulumi.Output.from_input(cluster.cluster_arn).apply(root_of)},
            "aws:PrincipalTag",
            [cluster.cluster_arn, *operator.split("/")],
        ),
        tags=tags,
        opts=child,
    )
    read = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
    allowed = aws.iam.RolePolicy(
        f"{name}-secrets",
        role=role.name,
        policy=_document([_allow(read, secret_arns)]),
        opts=child,
    )
    return role, [allowed]


def region_of(cluster_arn: str | None) -> str:
    """Tell the region of a cluster from its ARN."""
    return _part(cluster_arn, 3) or "region-of-the-cluster"


def root_of(cluster_arn: str | None) -> str:
    """Tell the account of a cluster, as policies name it."""
    partition, account = _part(cluster_arn, 1) or "aws", _part(cluster_arn, 4)
    return f"arn:{partition}:iam::{account or 'account-of-the-cluster'}:root"


def _part(arn: str | None, place: int) -> str:
    """Take a part of an ARN; of one that is not known yet, nothing."""
    parts = (arn or "").split(":")
    return parts[place] if parts[0] == "arn" and len(parts) > place else ""


def _trust(
    principal: Mapping[str, pulumi.Input[str]], tags: str, values: Sequence[pulumi.Input[str]]
) -> pulumi.Output[str]:
    marked = {f"{tags}/{tag}": value for tag, value in zip(SESSION_TAGS, values, strict=True)}
    return _document(
        [
            {
                "Effect": "Allow",
                "Principal": principal,
                "Action": ["sts:AssumeRole", "sts:TagSession"],
                "Condition": {"StringEquals": marked},
            }
        ]
    )


def _allow(actions: Sequence[str], resources: Sequence[pulumi.Input[str]]) -> dict[str, object]:
    once = pulumi.Output.all(*resources).apply(lambda arns: list(dict.fromkeys(arns)))
    return {"Effect": "Allow", "Action": list(actions), "Resource": once}


def _document(statements: Sequence[Mapping[str, object]]) -> pulumi.Output[str]:
    known = pulumi.Output.from_input({"Version": "2012-10-17", "Statement": list(statements)})
    return known.apply(json.dumps)
