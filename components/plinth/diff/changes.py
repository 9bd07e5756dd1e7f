"""What a comparison finds: resources that change, and their properties."""

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any

from plinth.preview.export import ResourceRecord


class Absent(Enum):
    """Stands for a property that a side does not have; null is a value."""

    MISSING = "missing"

    def __repr__(self) -> str:
        """Read well in a test's message."""
        return "MISSING"


MISSING = Absent.MISSING


class ChangeKind(StrEnum):
    """What happens to a resource."""

    ADDED = "added"
    REMOVED = "removed"
    REPLACED = "replaced"
    """Another one is made in its place: its id, addresses and contents are gone."""
    MAY_REPLACE = "may_replace"
    """It changes, and nothing here says whether its provider does so in place."""
    CHANGED = "changed"
    RENAMED = "renamed"
    """An alias tells that it is the same: nothing happens to it."""


@dataclass(frozen=True, kw_only=True)
class PropertyChange:
    """One property, or one part of it, before and after; no secret is ever in here."""

    path: str
    """Wire name, such as ``ingress[0].cidrBlocks``; ``options.protect`` is an option, and
    ``outputs.url`` what a stack exports. Items with a name are found by it:
    ``parameters[work_mem].value``."""
    before: Any
    after: Any
    """Both are ``[secret]`` where a secret changed, and :data:`MISSING` where there is none."""
    because: str = ""
    """Why it changes although both texts are the same: what it refers to becomes another."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One resource that is not the same on both sides."""

    key: str
    """URN without stack and project: ``plinth:index:Postgres$aws:rds/instance:Instance::db``."""
    type: str
    name: str
    kind: ChangeKind
    properties: list[PropertyChange] = field(default_factory=list[PropertyChange])
    """Empty for what is added or removed: the records tell all of it."""
    before: ResourceRecord | None
    after: ResourceRecord | None
    replace_because: list[str] = field(default_factory=list[str])
    """One reason for each property that makes a replacement, in words."""

    @property
    def record(self) -> ResourceRecord:
        """Return the side that there is, the later one of two.

        Raises:
            LookupError: It is on neither, which no comparison makes.
        """
        found = self.after or self.before
        if found is None:
            msg = f"change {self.key!r} is of no resource"
            raise LookupError(msg)
        return found

    def property(self, path: str) -> PropertyChange | None:
        """Return the change at a path, or None."""
        return next((change for change in self.properties if change.path == path), None)
