"""Small stacks to draw, for tests of pictures."""

from collections.abc import Sequence
from typing import Any

from plinth.preview.export import Document, to_document
from plinth.preview.graph import Graph, Kind, Mode, Node

Uses = Sequence[tuple[str, str | list[str]]]
"""Inputs, and the URNs that they come from."""

STACK = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"


class Drawing:
    """A preview to add resources to."""

    def __init__(self) -> None:
        self.graph = Graph(project="shop", stack="dev", mode=Mode.SYMBOLIC)
        self._add("pulumi:pulumi:Stack", "shop-dev", "", kind=Kind.STACK)

    @property
    def document(self) -> Document:
        """Return the preview."""
        return to_document(self.graph, key=b"k")

    def component(self, kind: str, name: str, parent: str = STACK) -> str:
        """Add a component, and return its URN."""
        return self._add(f"shop:index:{kind}", name, parent, kind=Kind.COMPONENT)

    def resource(
        self, kind: str, name: str, parent: str = STACK, *, uses: Uses = (), **inputs: Any
    ) -> str:
        """Add a resource, and return its URN; ``uses`` has URNs by input."""
        module, _, word = kind.partition(".")
        token = f"aws:{module}/{word[0].lower()}{word[1:]}:{word}"
        behind = {key: [urns] if isinstance(urns, str) else urns for key, urns in uses}
        return self._add(token, name, parent, inputs=inputs, property_dependencies=behind)

    def allow(self, listener: str, peer: str, port: int, *, within: str) -> str:
        """Add the rule by which one security group lets another in."""
        return self.resource(
            "vpc.SecurityGroupIngressRule",
            f"rule-{len(self.graph.nodes)}",
            within,
            uses=[("securityGroupId", listener), ("referencedSecurityGroupId", peer)],
            fromPort=port,
            toPort=port,
            ipProtocol="tcp",
        )

    def _add(self, token: str, name: str, parent: str, **more: Any) -> str:
        urn = f"urn:pulumi:dev::shop::{token}::{name}"
        more.setdefault("kind", Kind.CUSTOM)
        label = f"{token.rpartition(':')[2]}/{name}"
        self.graph.nodes[urn] = Node(
            urn=urn, type=token, name=name, parent=parent, label=label, **more
        )
        return urn


def shop(*, instance_class: str = "db.t4g.small", opened: bool = False) -> Document:
    """Return a server and its database in a network, by hand."""
    drawing = Drawing()
    network = drawing.component("Network", "main")
    vpc = drawing.resource("ec2.Vpc", "main", network, cidrBlock="10.0.0.0/16")
    subnets = [
        drawing.resource("ec2.Subnet", f"main-data-{zone}", network, uses=[("vpcId", vpc)])
        for zone in "ab"
    ]
    store = drawing.component("Database", "db")
    guard = drawing.resource("ec2.SecurityGroup", "db", store, uses=[("vpcId", vpc)])
    drawing.resource("rds.SubnetGroup", "db", store, uses=[("subnetIds", subnets)])
    drawing.resource(
        "rds.Instance",
        "db",
        store,
        uses=[("vpcSecurityGroupIds", guard)],
        engine="postgres",
        engineVersion="17",
        instanceClass=instance_class,
        identifier="db",
    )
    app = drawing.component("Server", "web")
    group = drawing.resource("ec2.SecurityGroup", "web", app, uses=[("vpcId", vpc)])
    drawing.resource("ec2.Instance", "web", app, instanceType="t4g.micro")
    drawing.allow(guard, group, 5432, within=store)
    if opened:
        drawing.resource(
            "vpc.SecurityGroupIngressRule",
            "db-from-anywhere",
            store,
            uses=[("securityGroupId", guard)],
            cidrIpv4="0.0.0.0/0",
            fromPort=5432,
            toPort=5432,
            ipProtocol="tcp",
        )
    return drawing.document
