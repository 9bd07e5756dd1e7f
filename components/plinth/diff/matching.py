"""Which resource of one preview is which of another: by URN, and by aliases."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from plinth.preview.export import Document, ResourceRecord
from plinth.preview.graph import STACK_TYPE


def key_of(urn: str) -> str:
    """Return a URN without its stack and its project."""
    return urn.split("::", 2)[2] if urn.count("::") >= 2 else urn


@dataclass(kw_only=True)
class Match:
    """Every resource of two previews, once."""

    both: list[tuple[ResourceRecord, ResourceRecord]] = field(
        default_factory=list[tuple[ResourceRecord, ResourceRecord]]
    )
    """In the later program's order."""
    added: list[ResourceRecord] = field(default_factory=list[ResourceRecord])
    removed: list[ResourceRecord] = field(default_factory=list[ResourceRecord])


def match(before: Document, after: Document) -> Match:
    """Find each resource's counterpart."""
    old = {_key(record): record for record in before["resources"]}
    new = {_key(record): record for record in after["resources"]}
    found = Match()
    names: dict[str, str] = {}  # what a resource's key was, by what it is
    for key, record in new.items():
        former = key if key in old else _former(record, names, old, new)
        if former is None:
            found.added.append(record)
        else:
            names[key] = former
            found.both.append((old[former], record))
    matched = set(names.values())
    found.removed = [record for key, record in old.items() if key not in matched]
    return found


def relabelled(found: Match) -> Match:
    """Rewrite, on the earlier side, placeholders of resources that have another label now."""
    labels = {b["label"]: a["label"] for b, a in found.both if b["label"] != a["label"]}
    if not labels:
        return found
    # No two resources share a label, so that all are replaced at once.
    choices = "|".join(re.escape(label) for label in labels)
    pattern = re.compile(rf"\$\{{({choices})(?=\.)")

    def rewritten(value: Any) -> Any:
        if isinstance(value, str):
            return pattern.sub(lambda hit: f"${{{labels[hit[1]]}", value)
        if isinstance(value, list):
            return [rewritten(item) for item in cast("list[Any]", value)]
        if isinstance(value, dict):
            return {k: rewritten(item) for k, item in cast("dict[str, Any]", value).items()}
        return value

    both = [
        (
            cast("ResourceRecord", {**b, **{n: rewritten(b[n]) for n in ("inputs", "outputs")}}),
            a,
        )
        for b, a in found.both
    ]
    return Match(both=both, added=found.added, removed=found.removed)


def _key(record: ResourceRecord) -> str:
    return STACK_TYPE if record["kind"] == "stack" else key_of(record["urn"])


def _former(
    record: ResourceRecord,
    names: Mapping[str, str],
    old: Mapping[str, ResourceRecord],
    new: Mapping[str, ResourceRecord],
) -> str | None:
    taken = set(names.values())
    for key in _aliases(record, names):
        if key in old and key not in new and key not in taken:
            return key
    return None


def _aliases(record: ResourceRecord, names: Mapping[str, str]) -> Iterator[str]:
    """Yield the keys that a resource may have had, by its own aliases and its parent's."""
    parent = key_of(record["parent"])
    given: list[Any] = [{}, *record["options"].get("aliases", [])]
    for alias in given:
        if isinstance(alias, str):
            yield key_of(alias)
            continue
        for above in _parents(alias, parent, names):
            yield _child(above, alias.get("type", record["type"]), _name(alias, record, above))


def _parents(alias: Mapping[str, Any], parent: str, names: Mapping[str, str]) -> list[str]:
    if alias.get("noParent"):
        return [STACK_TYPE]
    if urn := alias.get("parentUrn"):
        return [key_of(urn)]
    return list(dict.fromkeys([parent, names.get(parent, parent)]))


def _name(alias: Mapping[str, Any], record: ResourceRecord, above: str) -> str:
    """Return the former name: a child that is named after its parent was so before."""
    now, then = key_of(record["parent"]).rpartition("::")[2], above.rpartition("::")[2]
    name = str(alias.get("name") or record["name"])
    if "name" not in alias and now != then and (name == now or name.startswith(f"{now}-")):
        return then + name.removeprefix(now)
    return name


def _child(parent: str, token: str, name: str) -> str:
    types = parent.rpartition("::")[0]
    chain = token if parent.startswith(STACK_TYPE) or not types else f"{types}${token}"
    return f"{chain}::{name}"
