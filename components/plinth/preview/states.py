"""What a program gets back for a resource: what it gave, and what may be known beyond that."""

from collections.abc import Mapping
from typing import Any, cast

import pulumi

from . import symbolic
from .construction import Construction
from .graph import Graph, Kind, Mode, Node
from .values import UNKNOWN, has, secret, signature

Computed = Mapping[type[pulumi.Resource], Mapping[str, Any]]


class States:
    """Answers for the properties of resources that do not exist."""

    def __init__(
        self, graph: Graph, construction: Construction, region: str, computed: Computed
    ) -> None:
        self._graph = graph
        self._construction = construction
        self._region = region
        self._computed = {pulumi.get_type_token(kind): dict(p) for kind, p in computed.items()}
        self._labels = symbolic.Labels()
        self._blind: set[str] = set()
        """Providers with unknown inputs: nothing of theirs is known before they exist."""

    def region(self, provider: str) -> str:
        """Return the region in which a provider works; empty if nothing says."""
        node = self._graph.nodes.get(provider)
        given = node.inputs.get("region") if node else None
        return given if isinstance(given, str) and given != UNKNOWN else self._region

    def label(self, node: Node) -> str:
        """Return the resource's short name."""
        return self._labels.of(node.urn, node.type, node.name)

    def fill(self, node: Node) -> dict[str, Any]:
        """Set a resource's id and state, and return what of the state are not inputs."""
        if node.kind is Kind.PROVIDER and has(node.inputs, "unknown"):
            self._blind.add(node.urn)
        if node.provider in self._blind:
            return {}
        added = self._added(node)
        node.id = added.pop("id", "") or self._id(node)
        added |= self._secrets(node, added)
        node.state = {**node.inputs, **added}
        return added

    def _id(self, node: Node) -> str:
        if node.id:
            return node.id
        symbolical = self._graph.mode is Mode.SYMBOLIC
        return symbolic.placeholder(node.label, "id") if symbolical else ""

    def _added(self, node: Node) -> dict[str, Any]:
        cls = self._construction.classes.get(node.urn, pulumi.CustomResource)
        added: dict[str, Any] = {}
        if self._graph.mode is Mode.SYMBOLIC:
            added = symbolic.placeholders(cls, node.label)
        # The provider plans this one before it asks AWS for anything.
        if node.type.startswith("aws:") and "region" in symbolic.required(cls):
            added |= {"region": region} if (region := self.region(node.provider)) else {}
        left = {name: value for name, value in added.items() if name not in node.inputs}
        return left | self._nested(node) | self._computed.get(node.type, {})

    def _nested(self, node: Node) -> dict[str, Any]:
        """Return the objects among the inputs to which a provider adds something, with that."""
        found: dict[str, Any] = {}
        for path in symbolic.nested(node.type):
            name, _, leaf = path.partition(".")
            given = node.inputs.get(name)
            if isinstance(given, dict) and not signature(given):
                symbolical = self._graph.mode is Mode.SYMBOLIC
                value = symbolic.placeholder(node.label, path) if symbolical else UNKNOWN
                found.setdefault(name, {**cast("dict[str, Any]", given)}).setdefault(leaf, value)
        return found

    def _secrets(self, node: Node, added: Mapping[str, Any]) -> dict[str, Any]:
        """Keep secret what the program said is secret, known or not."""
        known = {**node.inputs, **added}
        names = node.options.get("additionalSecretOutputs", [])
        marked = {name: known.get(name, UNKNOWN) for name in names}
        return {
            name: value if signature(value) else secret(value) for name, value in marked.items()
        }
