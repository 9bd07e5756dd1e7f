"""A recorded stack, as rules look at it: resources, and what they are joined to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from plinth.preview.export import Document, ResourceRecord

PROTECTED = re.compile(r"(^|[-_.])(prod|production|live)([-_.\d]|$)", re.IGNORECASE)
"""Names of stacks whose loss would be an accident: ``prod``, ``eu-production``, ``prod2``."""


@dataclass(frozen=True)
class Platform:
    """One stack."""

    document: Document
    protect: bool | None = None
    """Whether the stack is a protected one; None: its name says so."""
    _found: dict[tuple[str, ...], tuple[ResourceRecord, ...]] = field(
        default_factory=dict[tuple[str, ...], tuple[ResourceRecord, ...]]
    )

    @property
    def protected(self) -> bool:
        """Tell whether this stack's data must outlive every accident."""
        if self.protect is not None:
            return self.protect
        return PROTECTED.search(self.document["stack"]) is not None

    @cached_property
    def by_urn(self) -> dict[str, ResourceRecord]:
        """Return every resource by its URN."""
        return {resource["urn"]: resource for resource in self.document["resources"]}

    def all(self, *types: str) -> tuple[ResourceRecord, ...]:
        """Return the resources that the program makes of some types."""
        if types not in self._found:
            self._found[types] = tuple(
                r for r in self.document["resources"] if r["type"] in types and r["kind"] != "read"
            )
        return self._found[types]

    def behind(self, resource: ResourceRecord, *names: str) -> list[ResourceRecord]:
        """Return the resources that some inputs of a resource come from."""
        urns = (u for name in names for u in resource["propertyDependencies"].get(name, ()))
        return [self.by_urn[urn] for urn in dict.fromkeys(urns) if urn in self.by_urn]

    def users(self, resource: ResourceRecord, kind: str, *names: str) -> list[ResourceRecord]:
        """Return the resources of a type with an input that comes from a resource."""
        return [user for user in self.all(kind) if resource in self.behind(user, *names)]

    def above(self, resource: ResourceRecord) -> Iterator[ResourceRecord]:
        """Yield a resource's parents, the nearest first, without the stack."""
        parent = self.by_urn.get(resource["parent"])
        while parent is not None and parent["kind"] != "stack":
            yield parent
            parent = self.by_urn.get(parent["parent"])

    def component(self, resource: ResourceRecord) -> str:
        """Return the label of the component that a resource is in, or is; empty for none."""
        for one in (resource, *self.above(resource)):
            if one["kind"] in ("component", "remote"):
                return one["label"]
        return ""
