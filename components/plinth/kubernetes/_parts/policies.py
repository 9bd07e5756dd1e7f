"""What pods may connect to, and who to them."""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from plinth.wiring import NetworkLike, Service

from .labels import labels, selector

IDENTITY_AGENT = ("169.254.170.23/32", "fd00:ec2::23/128")
"""Where the EKS Pod Identity Agent hands out credentials on each node
(https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html)."""

ANYWHERE = ("0.0.0.0/0", "::/0")


def close(name: str, namespace: pulumi.Input[str], *, parent: pulumi.Resource) -> pulumi.Resource:
    """Let nothing in or out of a namespace but what another policy allows."""
    return k8s.networking.v1.NetworkPolicy(
        f"{name}-closed",
        metadata={"name": "closed", "namespace": namespace, "labels": labels(name)},
        spec={"pod_selector": {}, "policy_types": ["Ingress", "Egress"]},
        opts=pulumi.ResourceOptions(parent=parent),
    )


def let_out(
    name: str,
    namespace: pulumi.Input[str],
    *,
    network: NetworkLike,
    uses: Sequence[Service],
    ports: Sequence[int],
    parent: pulumi.Resource,
) -> pulumi.Resource:
    """Let all pods of a tier, its release among them, out to what they use.

    Args:
        name: The tier's.
        namespace: Where they are.
        network: Where what they use is.
        uses: What they use, by its ports.
        ports: What else they may reach, on any address.
        parent: The component.
    """
    stores = sorted({port for service in uses for port in service.ports})
    rules: list[k8s.networking.v1.NetworkPolicyEgressRuleArgsDict] = [
        # Where DNS answers differs: pods, a cache on the node, or on Auto Mode the node itself.
        {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]},
        {"to": _blocks(IDENTITY_AGENT), "ports": _tcp([80])},
    ]
    if stores:
        rules.append({"to": _blocks([network.cidr_block]), "ports": _tcp(stores)})
    if ports:
        rules.append({"to": _blocks(ANYWHERE), "ports": _tcp(ports)})
    return k8s.networking.v1.NetworkPolicy(
        f"{name}-out",
        metadata={"name": f"{name}-out", "namespace": namespace, "labels": labels(name)},
        spec={
            "pod_selector": {"match_labels": selector(name)},
            "policy_types": ["Ingress", "Egress"],
            "egress": rules,
        },
        opts=pulumi.ResourceOptions(parent=parent),
    )


def let_in(
    name: str,
    part: str,
    namespace: pulumi.Input[str],
    *,
    network: NetworkLike,
    port: int,
    parent: pulumi.Resource,
) -> pulumi.Resource:
    """Let a balancer in to the pods of one part of a tier.

    It has addresses of the network, and no label or group that a policy could name. Which of them
    it is, the security group of the pods tells.
    """
    return k8s.networking.v1.NetworkPolicy(
        f"{name}-in",
        metadata={"name": f"{name}-in", "namespace": namespace, "labels": labels(name, part)},
        spec={
            "pod_selector": {"match_labels": selector(name, part)},
            "policy_types": ["Ingress"],
            "ingress": [{"from_": _blocks([network.cidr_block]), "ports": _tcp([port])}],
        },
        opts=pulumi.ResourceOptions(parent=parent),
    )


def _blocks(
    ranges: Sequence[pulumi.Input[str]],
) -> list[k8s.networking.v1.NetworkPolicyPeerArgsDict]:
    return [{"ip_block": {"cidr": each}} for each in ranges]


def _tcp(ports: Sequence[int]) -> list[k8s.networking.v1.NetworkPolicyPortArgsDict]:
    return [{"port": port, "protocol": "TCP"} for port in ports]
