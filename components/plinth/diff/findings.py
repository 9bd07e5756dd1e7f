"""What a reviewer should know of a change, and the material that rules judge by."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from plinth.preview.export import Document, ResourceRecord

from .changes import MISSING, Change, ChangeKind, PropertyChange


class Severity(StrEnum):
    """What a change does to those who rely on the platform, worst first."""

    DATA_LOSS = "data_loss"
    """Something that holds data is deleted, or another and empty one takes its place."""
    DOWNTIME = "downtime"
    """Something is away for a while, or is found under another address."""
    SECURITY = "security"
    """Something is opened, decrypted, allowed or no longer guarded."""
    CAPACITY = "capacity"
    """There is more or less of something, or a larger or smaller kind of it."""
    COST = "cost"
    """The monthly bill."""
    OMISSION = "omission"
    """Of two stacks, one has nothing of a kind that the other has."""
    SIZE = "size"
    """Of two stacks, one has more of something, or a larger kind of it."""
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a reviewer should know."""

    severity: Severity
    change_key: str
    """The key of the change it is about; empty for one about the stack as a whole."""
    sentence: str


class Case:
    """One change, with what else is known of the two stacks."""

    def __init__(self, change: Change, site: "Site") -> None:
        self.change = change
        self.site = site
        self.label = change.record["label"]
        self.kind = change.kind
        self.type = change.type
        self.before: dict[str, Any] = change.before["inputs"] if change.before else {}
        self.after: dict[str, Any] = change.after["inputs"] if change.after else {}

    @property
    def ends(self) -> bool:
        """Tell whether the resource as it was is gone afterwards."""
        return self.kind in (ChangeKind.REMOVED, ChangeKind.REPLACED)

    def find(self, severity: Severity, sentence: str) -> Finding:
        """Make a finding; the sentence follows the resource's name."""
        key = self.change.key
        return Finding(severity=severity, change_key=key, sentence=f"{self.label} {sentence}")

    def holds_new(self, name: str) -> bool:
        """Tell whether an input refers to a resource that the change adds."""
        return self._refers(self.change.after, name, ChangeKind.ADDED)

    def held_removed(self, name: str) -> bool:
        """Tell whether an input referred to a resource that the change removes."""
        return self._refers(self.change.before, name, ChangeKind.REMOVED)

    def _refers(self, record: ResourceRecord | None, name: str, kind: ChangeKind) -> bool:
        urns = record["propertyDependencies"].get(name, []) if record else []
        return any(self.site.kinds.get(urn) is kind for urn in urns)

    def option(self, name: str) -> bool:
        """Tell whether an option is on, on the side that the engine would ask."""
        return bool(self.change.before and self.change.before["options"].get(name))


@dataclass(frozen=True)
class Site:
    """Both stacks, by what the rules ask of them."""

    before: Document
    after: Document
    kinds: dict[str, ChangeKind]
    """What becomes of a resource, by its URN; those that stay as they are are not here."""

    @classmethod
    def of(cls, changes: Sequence[Change], before: Document, after: Document) -> "Site":
        """Read what the rules need."""
        return cls(before, after, {change.record["urn"]: change.kind for change in changes})

    @functools.cached_property
    def news(self) -> list[str]:
        """Return how placeholders of added resources start."""
        added = [r for r in self.after["resources"] if self.kinds.get(r["urn"]) is ChangeKind.ADDED]
        return [f"${{{record['label']}." for record in added]


def leaf(change: PropertyChange) -> str:
    """Return the last name of a path."""
    return change.path.rpartition(".")[2]


def shown(value: object) -> str:
    """Write a short value for a sentence."""
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is MISSING else str(value)
