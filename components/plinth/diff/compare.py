"""What changes from one preview of a stack to another, resource by resource."""

from collections.abc import Iterator

from plinth.preview.export import Document, ResourceRecord

from .cascade import Cascade
from .changes import MISSING, Absent, Change, ChangeKind, PropertyChange
from .ignored import is_ignored
from .matching import key_of, match, relabelled
from .properties import Comparer, Place
from .replacement import verdict

__all__ = ["MISSING", "Absent", "Change", "ChangeKind", "PropertyChange", "compare"]

_OPTIONS = ("protect", "retainOnDelete")
"""Options that say what may become of a resource; others tell the engine how to work."""


def compare(before: Document, after: Document) -> list[Change]:
    """Compare two previews by the resources' URNs, whatever their stacks are called.

    Returns the changes in the later program's order, and what is removed after that. Nothing is
    said of what is the same on both sides, and of properties that ``ignoreChanges`` names.
    """
    found = relabelled(match(before, after))
    cascade = Cascade(record["label"] for record in found.added)
    updated = (_updated(old, new, cascade) for old, new in found.both)
    changes = [change for change in updated if change]
    changes += [_one_sided(ChangeKind.ADDED, record) for record in found.added]
    order = {key_of(record["urn"]): index for index, record in enumerate(after["resources"])}
    changes.sort(key=lambda change: order[change.key])
    return changes + [_one_sided(ChangeKind.REMOVED, record) for record in found.removed]


def _updated(old: ResourceRecord, new: ResourceRecord, cascade: Cascade) -> Change | None:
    properties = list(_properties(old, new))
    direct = {change.path for change in properties}
    properties += [c for c in cascade.reached(new) if c.path not in direct]
    properties = [c for c in properties if not is_ignored(c.path, new["options"])]
    found = verdict(old, new, properties, cascade)
    kind = found.kind if properties or found.kind is ChangeKind.REPLACED else None
    if kind is None:
        if key_of(old["urn"]) == key_of(new["urn"]) or new["kind"] == "stack":
            return None
        kind = ChangeKind.RENAMED
    cascade.note(new, kind)
    return Change(
        key=key_of(new["urn"]),
        type=new["type"],
        name=new["name"],
        kind=kind,
        properties=properties,
        before=old,
        after=new,
        replace_because=found.because,
    )


def _properties(old: ResourceRecord, new: ResourceRecord) -> Iterator[PropertyChange]:
    comparer = Comparer(old["secrets"], new["secrets"])
    for part, shown in (("inputs", ""), ("outputs", "outputs")):
        # A component's outputs are its children's, and those tell for themselves.
        if part == "inputs" or new["kind"] == "stack":
            yield from comparer.compare(old[part], new[part], Place(shown, part, part))
    for name in _OPTIONS:
        before, after = (bool(side["options"].get(name)) for side in (old, new))
        if before != after:
            yield PropertyChange(path=f"options.{name}", before=before, after=after)
    if new["kind"] == "read" and old["id"] != new["id"]:
        yield PropertyChange(path="id", before=old["id"], after=new["id"])


def _one_sided(kind: ChangeKind, record: ResourceRecord) -> Change:
    return Change(
        key=key_of(record["urn"]),
        type=record["type"],
        name=record["name"],
        kind=kind,
        before=record if kind is ChangeKind.REMOVED else None,
        after=record if kind is ChangeKind.ADDED else None,
    )
