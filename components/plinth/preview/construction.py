"""The order in which a program's constructors ran, and the Python class behind each resource.

Registrations arrive later and in another order: each waits for what it depends on.
"""

from collections.abc import Iterable

import pulumi

from .graph import Graph, Node, make_urn


class Construction:
    """Notes every resource while its constructor runs, as a transformation of the stack."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._urns: dict[pulumi.Resource, str] = {}
        self._order: dict[str, int] = {}
        self.classes: dict[str, type[pulumi.Resource]] = {}
        """By URN."""

    def note(self, args: pulumi.ResourceTransformationArgs) -> None:
        """Keep a resource's place and class; change nothing."""
        parent = self._urns.get(args.opts.parent, "") if args.opts.parent else ""
        urn = make_urn(self._graph.stack, self._graph.project, parent, args.type_, args.name)
        self._urns[args.resource] = urn
        self._order.setdefault(urn, len(self._order))
        self.classes.setdefault(urn, type(args.resource))

    def sorted(self, nodes: Iterable[Node]) -> dict[str, Node]:
        """Return nodes in the order of construction; the stack comes first."""
        last = len(self._order)
        ordered = sorted(
            nodes, key=lambda node: self._order.get(node.urn, last) if node.parent else -1
        )
        return {node.urn: node for node in ordered}
