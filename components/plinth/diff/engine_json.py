"""The engine's own plan, ``pulumi preview --json``, as two documents and what it decided.

Its form: ``pkg/display/json.go`` of the Pulumi CLI.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from plinth.preview.export import Document, ResourceRecord, SchemaError
from plinth.preview.values import MASK

from .changes import MISSING, Change, ChangeKind, PropertyChange
from .engine_state import document, record
from .ignored import split
from .matching import key_of
from .properties import Comparer, Place

_KINDS = {
    "create": ChangeKind.ADDED,
    "import": ChangeKind.ADDED,
    "read": ChangeKind.ADDED,
    "delete": ChangeKind.REMOVED,
    "discard": ChangeKind.REMOVED,
    "update": ChangeKind.CHANGED,
    "replace": ChangeKind.REPLACED,
    "create-replacement": ChangeKind.REPLACED,
    "delete-replaced": ChangeKind.REPLACED,
    "read-replacement": ChangeKind.REPLACED,
    "discard-replaced": ChangeKind.REPLACED,
    "import-replacement": ChangeKind.REPLACED,
    "same": ChangeKind.RENAMED,
}
"""What a step does; what is the same is renamed where its URN is another."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One stack's plan."""

    before: Document
    after: Document
    changes: list[Change]
    whole: bool
    """Whether it also lists what stays the same, as ``--show-sames`` makes it do."""
    failures: list[str]


def read(text: str) -> Plan:
    """Read a plan.

    Raises:
        SchemaError: It is none.
    """
    plan = _parsed(text)
    steps = [_Step.of(step) for step in plan["steps"]]
    changes = [change for change in _changes(steps) if _counts(change)]
    sames = sum(step.op == "same" for step in steps)
    region = plan.get("config", {}).get("aws:region", "")
    diagnostics = cast("list[dict[str, Any]]", plan.get("diagnostics") or [])
    return Plan(
        before=document([step.old for step in steps], region),
        after=document([step.new for step in steps], region),
        changes=changes,
        whole=sames >= plan.get("changeSummary", {}).get("same", 0),
        failures=[
            str(found.get("message", "")).strip()
            for found in diagnostics
            if found.get("severity") == "error"
        ],
    )


def _parsed(text: str) -> dict[str, Any]:
    try:
        plan = json.loads(text)
    except ValueError as error:
        msg = f"is no plan: it is not JSON ({error})"
        raise SchemaError(msg) from None
    if not isinstance(plan, dict) or not isinstance(
        cast("dict[str, Any]", plan).get("steps"), list
    ):
        msg = "is no plan: make one by 'pulumi preview --json' (it needs steps)"
        raise SchemaError(msg)
    return cast("dict[str, Any]", plan)


@dataclass(frozen=True)
class _Step:
    op: str
    urn: str
    old: ResourceRecord | None
    new: ResourceRecord | None
    details: Mapping[str, Any]
    reasons: Sequence[str]

    @classmethod
    def of(cls, step: Mapping[str, Any]) -> "_Step":
        details = cast("dict[str, dict[str, Any]]", step.get("detailedDiff") or {})
        forced = [path for path, part in details.items() if part["kind"].endswith("-replace")]
        return cls(
            op=step["op"],
            urn=step["urn"],
            old=record(step["oldState"]) if step.get("oldState") else None,
            new=record(step["newState"]) if step.get("newState") else None,
            details=details,
            reasons=forced or list[str](step.get("replaceReasons") or []),
        )


def _changes(steps: Sequence[_Step]) -> Iterator[Change]:
    """Make one change of all steps of a resource: a replacement takes three."""
    by_urn: dict[str, list[_Step]] = {}
    for step in steps:
        if step.op in _KINDS:
            by_urn.setdefault(step.urn, []).append(step)
    for urn, own in by_urn.items():
        kinds = {_KINDS[step.op] for step in own}
        replaced = len(kinds) > 1 or ChangeKind.REPLACED in kinds
        kind = ChangeKind.REPLACED if replaced else kinds.pop()
        old = next((step.old for step in own if step.old), None)
        new = next((step.new for step in own if step.new), None)
        found = new or old
        if found:
            yield Change(
                key=key_of(urn),
                type=found["type"],
                name=found["name"],
                kind=kind,
                properties=_properties(own, old, new),
                before=None if kind is ChangeKind.ADDED else old,
                after=None if kind is ChangeKind.REMOVED else new,
                replace_because=list(dict.fromkeys(r for step in own for r in step.reasons)),
            )


def _counts(change: Change) -> bool:
    if change.kind is ChangeKind.RENAMED:
        sides = change.before, change.after
        return None not in sides and len({side["urn"] for side in sides if side}) > 1
    return change.record["kind"] != "stack" or bool(change.properties)


def _properties(
    steps: Sequence[_Step], old: ResourceRecord | None, new: ResourceRecord | None
) -> list[PropertyChange]:
    if old is None or new is None:
        return []
    details = {path for step in steps for path in step.details}
    tops = {split(path)[0] for path in details if split(path)}
    part = "outputs" if new["kind"] == "stack" else "inputs"
    place = Place("outputs" if part == "outputs" else "")
    found = [
        change
        for change in Comparer({}, {}).compare(old[part], new[part], place)
        if part == "outputs" or not tops or split(change.path)[0] in tops
    ]
    # What the engine sees and the inputs do not show: a secret, or a value that AWS changed.
    seen = {split(change.path)[0] for change in found}
    for path in sorted(details):
        if split(path) and split(path)[0] not in seen:
            before, after = _at(old["inputs"], path), _at(new["inputs"], path)
            because = "" if MASK in (before, after) else "what exists is not as it was made"
            found.append(PropertyChange(path=path, before=before, after=after, because=because))
    for name in ("protect", "retainOnDelete"):
        one, two = (bool(side["options"].get(name)) for side in (old, new))
        if one != two:
            found.append(PropertyChange(path=f"options.{name}", before=one, after=two))
    return found


def _at(value: Any, path: str) -> Any:
    for step in split(path):
        try:
            value = cast("list[Any]", value)[int(step)] if isinstance(value, list) else value[step]
        except (KeyError, IndexError, TypeError, ValueError):
            return MISSING
    return value
