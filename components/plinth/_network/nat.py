"""Ways out of private subnets: a managed gateway, or an instance that does the same."""

import base64
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from plinth._fleet.instances import ami, architecture

from . import Tags


@dataclass(frozen=True, kw_only=True)
class WayOut:
    """Where private subnets send what leaves the VPC: exactly one of the two targets."""

    nat_gateway_id: pulumi.Output[str] | None = None
    network_interface_id: pulumi.Output[str] | None = None
    address: pulumi.Output[str]
    """Public address that the world sees."""
    server: pulumi.Resource
    """What forwards; before it exists, a route to it leads nowhere."""


def make_gateway(
    name: str, *, subnet_id: pulumi.Input[str], parent: pulumi.Resource, tags: Tags
) -> WayOut:
    """Make a NAT gateway in a zone, with an address that outlives it."""
    address = aws.ec2.Eip(
        name, domain="vpc", tags=tags(name), opts=pulumi.ResourceOptions(parent=parent)
    )
    gateway = aws.ec2.NatGateway(
        name,
        allocation_id=address.allocation_id,
        subnet_id=subnet_id,
        tags=tags(name),
        # An address serves one gateway at a time: the old one must let go of it first.
        opts=pulumi.ResourceOptions(parent=parent, delete_before_replace=True),
    )
    return WayOut(nat_gateway_id=gateway.id, address=address.public_ip, server=gateway)


def make_instance(
    name: str,
    instance_type: str,
    *,
    vpc_id: pulumi.Input[str],
    cidr: str,
    subnet_id: pulumi.Input[str],
    parent: pulumi.Resource,
    tags: Tags,
) -> WayOut:
    """Make an instance that forwards for the VPC.

    Its network interface is a resource of its own: the address stays, and so does what routes
    point at, when the instance is replaced.
    """
    child = pulumi.ResourceOptions(parent=parent)
    interface = aws.ec2.NetworkInterface(
        name,
        description=f"NAT {name}",
        subnet_id=subnet_id,
        security_groups=[_guard(name, vpc_id, cidr, parent, tags)],
        source_dest_check=False,
        tags=tags(name),
        opts=child,
    )
    address = aws.ec2.Eip(
        name, domain="vpc", network_interface=interface.id, tags=tags(name), opts=child
    )
    template = _template(name, instance_type, cidr=cidr, parent=parent, tags=tags)
    instance = aws.ec2.Instance(
        name,
        instance_type=instance_type,
        # The instance itself must not name the image: it would be replaced with every release
        # (https://github.com/hashicorp/terraform-provider-aws/issues/43364).
        launch_template={"id": template.id, "version": template.latest_version.apply(str)},
        iam_instance_profile=_profile(name, parent, tags),
        primary_network_interface={"network_interface_id": interface.id},
        maintenance_options={"auto_recovery": "default"},
        volume_tags=tags(name),
        tags=tags(name),
        # The interface fits one instance at a time, and the first boot needs the address.
        opts=pulumi.ResourceOptions(
            parent=parent, delete_before_replace=True, depends_on=[address]
        ),
    )
    return WayOut(network_interface_id=interface.id, address=address.public_ip, server=instance)


def cloud_config(cidr: str) -> str:
    """Write what turns Amazon Linux 2023 into a NAT for a range."""
    return f"""#cloud-config
write_files:
  - path: /etc/sysctl.d/90-nat.conf
    content: |
      net.ipv4.ip_forward = 1
  - path: /etc/nat.nft
    content: |
      flush ruleset
      table ip nat {{
        chain postrouting {{
          type nat hook postrouting priority srcnat;
          ip saddr {cidr} ip daddr != {cidr} masquerade
        }}
      }}
  - path: /etc/systemd/system/nat.service
    content: |
      [Unit]
      Description=Forward for {cidr}
      Wants=network-online.target
      After=network-online.target
      [Service]
      Type=oneshot
      RemainAfterExit=yes
      # Amazon Linux comes without nft; a repository that is not reached is tried again.
      ExecStartPre=/bin/sh -c 'command -v nft || dnf -y install nftables'
      ExecStart=/bin/sh -c 'nft -f /etc/nat.nft'
      Restart=on-failure
      RestartSec=10
      [Install]
      WantedBy=multi-user.target
runcmd:
  - systemctl restart systemd-sysctl
  - systemctl enable --now nat
"""


def _guard(
    name: str, vpc_id: pulumi.Input[str], cidr: str, parent: pulumi.Resource, tags: Tags
) -> pulumi.Output[str]:
    child = pulumi.ResourceOptions(parent=parent)
    group = aws.ec2.SecurityGroup(
        name, description=f"NAT {name}", vpc_id=vpc_id, tags=tags(name), opts=child
    )
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-from-vpc",
        description="All that the VPC sends out",
        security_group_id=group.id,
        cidr_ipv4=cidr,
        ip_protocol="-1",
        tags=tags(name),
        opts=child,
    )
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-to-anywhere",
        description="All that the VPC sends out",
        security_group_id=group.id,
        cidr_ipv4="0.0.0.0/0",
        ip_protocol="-1",
        tags=tags(name),
        opts=child,
    )
    return group.id


def _profile(name: str, parent: pulumi.Resource, tags: Tags) -> pulumi.Output[str]:
    child = pulumi.ResourceOptions(parent=parent)
    role = aws.iam.Role(
        name,
        description=f"Session Manager on NAT {name}",
        assume_role_policy=pulumi.Output.json_dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "ec2.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            }
        ),
        tags=tags(name),
        opts=child,
    )
    aws.iam.RolePolicyAttachment(
        name,
        role=role.name,
        policy_arn=aws.iam.ManagedPolicy.AMAZON_SSM_MANAGED_INSTANCE_CORE,
        opts=child,
    )
    return aws.iam.InstanceProfile(name, role=role.name, tags=tags(name), opts=child).name


def _template(
    name: str, instance_type: str, *, cidr: str, parent: pulumi.Resource, tags: Tags
) -> aws.ec2.LaunchTemplate:
    """Make the template; what changes in it replaces the instance, so its type is not in it."""
    return aws.ec2.LaunchTemplate(
        name,
        description=f"NAT {name}",
        image_id=ami(architecture(instance_type)),
        metadata_options={"http_endpoint": "enabled", "http_tokens": "required"},
        block_device_mappings=[
            {
                "device_name": "/dev/xvda",
                "ebs": {"volume_type": "gp3", "encrypted": "true", "delete_on_termination": "true"},
            }
        ],
        user_data=base64.b64encode(cloud_config(cidr).encode()).decode(),
        update_default_version=True,
        tags=tags(name),
        opts=pulumi.ResourceOptions(parent=parent),
    )
