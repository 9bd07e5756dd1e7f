"""Who the control plane and the nodes of a cluster are to AWS."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

POLICIES = "arn:aws:iam::aws:policy"
"""Where AWS keeps its managed policies; the same in every account."""

CLUSTER = (
    "AmazonEKSClusterPolicy",
    "AmazonEKSComputePolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
)
"""What Auto Mode needs to make nodes, disks and balancers
(https://docs.aws.amazon.com/eks/latest/userguide/auto-cluster-iam-role.html)."""

NODE = ("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly")
"""What its nodes need to join, and to pull images
(https://docs.aws.amazon.com/eks/latest/userguide/auto-create-node-role.html)."""


@dataclass(frozen=True)
class Roles:
    """Both roles, and what makes them able."""

    cluster: aws.iam.Role
    node: aws.iam.Role
    permissions: Sequence[pulumi.Resource]
    """The control plane's, which must outlive the cluster: by them it takes its nodes down."""


def make_roles(
    name: str, *, key: aws.kms.Key, tags: Mapping[str, str], parent: pulumi.Resource
) -> Roles:
    """Make the role of the control plane, which may use a key, and that of the nodes."""
    child = pulumi.ResourceOptions(parent=parent)
    cluster = aws.iam.Role(
        f"{name}-cluster",
        description=f"Control plane of {name}",
        # Auto Mode marks its sessions with the cluster's name.
        assume_role_policy=_trust("eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession"),
        tags=tags,
        opts=child,
    )
    node = aws.iam.Role(
        f"{name}-node",
        description=f"Nodes of {name}",
        assume_role_policy=_trust("ec2.amazonaws.com", "sts:AssumeRole"),
        tags=tags,
        opts=child,
    )
    _attach(f"{name}-node", node, NODE, child)
    secrets = aws.iam.RolePolicy(
        f"{name}-cluster", role=cluster.name, policy=_use(key.arn), opts=child
    )
    return Roles(cluster, node, [*_attach(f"{name}-cluster", cluster, CLUSTER, child), secrets])


def _attach(
    name: str, role: aws.iam.Role, policies: Sequence[str], child: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    return [
        aws.iam.RolePolicyAttachment(
            f"{name}-{policy}", role=role.name, policy_arn=f"{POLICIES}/{policy}", opts=child
        )
        for policy in policies
    ]


def _trust(service: str, *actions: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions)}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _use(key_arn: pulumi.Output[str]) -> pulumi.Output[str]:
    """Allow encrypting and decrypting what Kubernetes keeps."""
    actions = ["kms:Encrypt", "kms:Decrypt", "kms:ListGrants", "kms:DescribeKey"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": key_arn}
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [statement]})
