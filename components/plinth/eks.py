"""A Kubernetes cluster on EKS whose nodes AWS keeps: Auto Mode."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from ._eks.access import admit
from ._eks.roles import make_roles
from ._eks.settings import ClusterEndpoint, ClusterLog, ClusterSupport, EksClusterSettings
from .names import check_name, physical_name
from .wiring import NetworkLike

__all__ = ["ClusterEndpoint", "ClusterLog", "ClusterSupport", "EksCluster", "EksClusterSettings"]

POOLS = ("general-purpose", "system")
"""Nodes that Auto Mode brings: for workloads, of x86 alone, and for its own add-ons."""


class EksCluster(pulumi.ComponentResource):
    """A cluster for one platform, to be made by a stack of its own.

    Auto Mode makes nodes as pods ask for them, and brings disks, load balancers and the agent of
    pod identities. What runs in the cluster belongs to other stacks, which find it by a
    ``StackReference`` and an :class:`~plinth.ExistingCluster`.

    Args:
        name: Names the component and its children.
        settings: How it is kept, and who gets in.
        network: Where nodes and pods go: its private subnets, which EKS wants in two zones.
        tags: Added to every child, over the provider's default tags. They do not reach nodes.
        opts: Reaches every child; ``transforms`` is the escape hatch.
    """

    cluster_name: pulumi.Output[str]
    """Its name in AWS: project, stack and component."""

    cluster_arn: pulumi.Output[str]
    """Its ARN."""

    endpoint: pulumi.Output[str]
    """URL of its API."""

    certificate_authority: pulumi.Output[str]
    """What its API's certificate is signed with: PEM, in base64, as a kubeconfig has it."""

    security_group_id: pulumi.Output[str]
    """The group that EKS makes for it, and puts its nodes and pods into."""

    node_role_name: pulumi.Output[str]
    """The role that a ``NodeClass`` of your own names."""

    def __init__(
        self,
        name: str,
        settings: EksClusterSettings,
        *,
        network: NetworkLike,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check_name("eks cluster", name)
        _check_network(name, network)
        super().__init__("plinth:index:EksCluster", name, settings.model_dump(mode="json"), opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = {"Name": name, **(tags or {})}
        # EKS logs to a group of the cluster's name, and makes one that keeps for ever if it has to.
        full = physical_name(pulumi.get_project(), pulumi.get_stack(), name, limit=100)

        logs = aws.cloudwatch.LogGroup(
            name,
            name=f"/aws/eks/{full}/cluster",
            retention_in_days=settings.log_days,
            tags=tags,
            opts=child,
        )
        # Unprotected they inherit what the component's options say.
        kept = pulumi.ResourceOptions(parent=self, protect=settings.protected or None)
        key = aws.kms.Key(
            name,
            description=f"Secrets of the cluster {full}",
            enable_key_rotation=True,
            deletion_window_in_days=settings.key_days,
            tags=tags,
            opts=kept,
        )
        roles = make_roles(name, key=key, tags=tags, parent=self)
        cluster = aws.eks.Cluster(
            name,
            name=full,
            role_arn=roles.cluster.arn,
            version=settings.version,
            upgrade_policy={"support_type": settings.support.value},
            vpc_config={
                "subnet_ids": network.private_subnet_ids,
                "endpoint_private_access": True,
                "endpoint_public_access": settings.endpoint is ClusterEndpoint.PUBLIC,
                "public_access_cidrs": settings.public_access_cidrs or None,
            },
            access_config={
                "authentication_mode": "API",
                "bootstrap_cluster_creator_admin_permissions": False,
            },
            # Auto Mode is these three together, and no add-on that it replaces.
            compute_config={
                "enabled": True,
                "node_pools": POOLS,
                "node_role_arn": roles.node.arn,
            },
            kubernetes_network_config={"elastic_load_balancing": {"enabled": True}},
            storage_config={"block_storage": {"enabled": True}},
            bootstrap_self_managed_addons=False,
            encryption_config={"provider": {"key_arn": key.arn}, "resources": ["secrets"]},
            enabled_cluster_log_types=[kind.value for kind in settings.log_types],
            deletion_protection=settings.protected,
            tags=tags,
            opts=pulumi.ResourceOptions.merge(
                kept, pulumi.ResourceOptions(depends_on=[logs, *roles.permissions])
            ),
        )
        admit(cluster, name, admins=settings.admins, tags=tags, parent=self)
        if settings.metrics_server:
            aws.eks.Addon(
                name,
                cluster_name=cluster.name,
                addon_name="metrics-server",
                resolve_conflicts_on_create="OVERWRITE",
                resolve_conflicts_on_update="OVERWRITE",
                tags=tags,
                opts=child,
            )

        self.cluster_name = cluster.name
        self.cluster_arn = cluster.arn
        self.endpoint = cluster.endpoint
        self.certificate_authority = cluster.certificate_authority.apply(_data)
        self.security_group_id = cluster.vpc_config.cluster_security_group_id
        self.node_role_name = roles.node.name
        self.register_outputs(
            {
                "cluster_name": self.cluster_name,
                "cluster_arn": self.cluster_arn,
                "endpoint": self.endpoint,
                "certificate_authority": self.certificate_authority,
                "security_group_id": self.security_group_id,
                "node_role_name": self.node_role_name,
            }
        )


def _data(authority: "aws.eks.outputs.ClusterCertificateAuthority | None") -> str:
    """Return what is in a block that a user's mocks may leave out."""
    return (authority.data if authority else None) or ""


def _check_network(name: str, network: NetworkLike) -> None:
    zones = len(network.private_subnet_ids)
    if zones < 2:
        msg = (
            f"eks cluster {name!r} needs private subnets in two zones, which EKS wants, and its "
            f"network has {zones}: add a zone"
        )
        raise ValueError(msg)
