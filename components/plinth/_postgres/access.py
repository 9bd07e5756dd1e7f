"""Security groups of a Postgres, and the rules on them."""

import pulumi
import pulumi_aws as aws

from plinth._postgres.site import PORT, Site
from plinth.wiring import NetworkLike, Peer


def make_guard(site: Site, name: str, network: NetworkLike, what: str) -> aws.ec2.SecurityGroup:
    """Make a group that lets nothing in, and nothing out."""
    return aws.ec2.SecurityGroup(
        name,
        # AWS cannot edit a group's description: new words here replace the group.
        description=f"{what} {site.name}",
        vpc_id=network.vpc_id,
        tags=site.tags,
        opts=site.child,
    )


def allow(
    site: Site, name: str, group: pulumi.Input[str], peer: Peer
) -> aws.vpc.SecurityGroupIngressRule:
    """Let a peer's group connect to another on Postgres's port."""
    return aws.vpc.SecurityGroupIngressRule(
        f"{name}-from-{peer.pulumi_resource_name}",
        description=f"Postgres from {peer.pulumi_resource_name}",
        security_group_id=group,
        referenced_security_group_id=peer.security_group_id,
        ip_protocol="tcp",
        from_port=PORT,
        to_port=PORT,
        tags=site.tags,
        opts=site.child,
    )
