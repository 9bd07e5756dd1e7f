"""A load balancer's security group: who may call it, and whom it may call."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from plinth.wiring import NetworkLike


def make_guard(
    name: str,
    *,
    network: NetworkLike,
    ports: Mapping[str, int],
    prefix_list_id: str | None,
    parent: pulumi.Resource,
    tags: Mapping[str, str],
) -> aws.ec2.SecurityGroup:
    """Create the group and its rules.

    Args:
        name: Names the group; a rule is ``{name}-{role of its port}``.
        network: Where it is, and where the targets are.
        ports: The ports to open, by role.
        prefix_list_id: The addresses they are open to; None opens them to the internet.
        parent: The component it belongs to.
        tags: Added to the group and its rules.
    """
    child = pulumi.ResourceOptions(parent=parent)
    guard = aws.ec2.SecurityGroup(
        name,
        # AWS cannot edit a group's description: new words here replace the group.
        description=f"Load balancer {name}",
        vpc_id=network.vpc_id,
        tags=tags,
        opts=child,
    )
    for role, port in ports.items():
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-{role}",
            description="From CloudFront" if prefix_list_id else "From the internet",
            security_group_id=guard.id,
            prefix_list_id=prefix_list_id,
            # IPv4 alone: a network promises no more. A CDN in front brings IPv6.
            cidr_ipv4=None if prefix_list_id else "0.0.0.0/0",
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            tags=tags,
            opts=child,
        )
    # The network, since a balancer calls its targets and nobody else; every port, since each
    # target group brings its own and the targets let in what they listen on.
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-targets",
        description="To targets in the network",
        security_group_id=guard.id,
        cidr_ipv4=network.cidr_block,
        ip_protocol="tcp",
        from_port=0,
        to_port=65535,
        tags=tags,
        opts=child,
    )
    return guard
