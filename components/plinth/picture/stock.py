"""The resources of a preview, sorted into the boxes that stand for them."""

from collections.abc import Iterator, Sequence

from plinth.preview.export import Document, ResourceRecord
from plinth.preview.readable import short_type

from .model import Role
from .roles import role_of

_COMPONENTS = ("component", "remote")
_SHOWN = ("custom", "read")


class Stock:
    """Finds the box of every resource.

    A box is a component directly below the stack. Where one component wraps the whole program, the
    components in it are the boxes. A resource outside of them is a box if its type tells what
    it is for, and every resource is one in a program without components.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.records = {record["urn"]: record for record in document["resources"]}
        self._children: dict[str, list[ResourceRecord]] = {}
        for record in document["resources"]:
            self._children.setdefault(record["parent"], []).append(record)
        tops = self._tops()
        self.flat = not any(self._is_component(record) for record in tops)
        self.boxes = [
            record
            for record in tops
            if self.flat or self._is_component(record) or role_of([record["type"]]) != Role.OTHER
        ]
        self.parts = {box["urn"]: list(self._within(box)) for box in self.boxes}
        self._box_of = {part["urn"]: key for key, parts in self.parts.items() for part in parts}
        self._box_of |= {box["urn"]: box["urn"] for box in self.boxes}

    def box_of(self, urn: str) -> str:
        """Return the key of the box that a resource is in; empty where it is in none."""
        return self._box_of.get(urn, "")

    def behind(self, record: ResourceRecord, *inputs: str) -> Iterator[ResourceRecord]:
        """Yield the resources that some inputs of a resource come from."""
        for name in inputs:
            for urn in record["propertyDependencies"].get(name, []):
                if urn in self.records:
                    yield self.records[urn]

    def of(self, key: str, *kinds: str) -> list[ResourceRecord]:
        """List the resources of some types, such as ``rds.Instance``, in a box."""
        return [part for part in self.parts[key] if short_type(part["type"]) in kinds]

    def all(self, *kinds: str) -> list[ResourceRecord]:
        """List the resources of some types, wherever they are."""
        return [r for r in self.records.values() if short_type(r["type"]) in kinds]

    def _is_component(self, record: ResourceRecord) -> bool:
        return record["kind"] in _COMPONENTS

    def _tops(self) -> Sequence[ResourceRecord]:
        stacks = [r["urn"] for r in self.records.values() if r["kind"] == "stack"]
        tops = [record for urn in stacks or [""] for record in self._shown(urn)]
        while [self._is_component(record) for record in tops] == [True]:
            below = list(self._shown(tops[0]["urn"]))
            if not any(self._is_component(record) for record in below):
                break
            tops = below
        return tops

    def _shown(self, parent: str) -> Iterator[ResourceRecord]:
        for record in self._children.get(parent, []):
            if self._is_component(record) or (
                record["kind"] in _SHOWN and not record["type"].startswith("pulumi:")
            ):
                yield record

    def _within(self, box: ResourceRecord) -> Iterator[ResourceRecord]:
        if not self._is_component(box):
            yield box
        for child in self._shown(box["urn"]):
            yield from self._within(child)
