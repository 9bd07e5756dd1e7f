"""Who gets into a cluster."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
"""EKS's policy that allows everything in a cluster
(https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html)."""


def admit(
    cluster: aws.eks.Cluster,
    name: str,
    *,
    admins: Mapping[str, str],
    tags: Mapping[str, str],
    parent: pulumi.Resource,
) -> None:
    """Let administrators in, by an entry each, named after them."""
    child = pulumi.ResourceOptions(parent=parent)
    for key, arn in admins.items():
        entry = aws.eks.AccessEntry(
            f"{name}-{key}",
            cluster_name=cluster.name,
            principal_arn=arn,
            tags={**tags, "Name": f"{name}-{key}"},
            opts=child,
        )
        aws.eks.AccessPolicyAssociation(
            f"{name}-{key}",
            cluster_name=cluster.name,
            principal_arn=entry.principal_arn,
            policy_arn=ADMIN,
            access_scope={"type": "cluster"},
            opts=child,
        )
