"""The states of the engine's plan as records of a preview."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from plinth.preview.export import Document, ResourceRecord
from plinth.preview.graph import SCHEMA, STACK_TYPE
from plinth.preview.readable import short_type
from plinth.preview.values import plain

_OPTIONS = ("protect", "retainOnDelete", "ignoreChanges", "replaceOnChanges", "deletedWith")

State = Mapping[str, Any]


def document(records: Sequence[ResourceRecord | None], region: str) -> Document:
    """Make one side of a plan; a resource that several steps are about is in it once."""
    there = [record for record in records if record]
    found = {record["urn"]: record for record in there}
    labels = dict(zip(found, _labels(found.values()), strict=True))
    for record in there:
        record["label"] = labels[record["urn"]]
    stack, project = next(
        ((urn.split("::")[0].split(":")[2], urn.split("::")[1]) for urn in found), ("", "")
    )
    return {
        "plinth": {"schema": SCHEMA},
        "project": project,
        "stack": stack,
        "mode": "engine",
        "region": region,
        "resources": list(found.values()),
        "exports": {},
        "invokes": [],
        "problems": [],
        "logs": [],
    }


def _labels(records: Any) -> Iterator[str]:
    taken: dict[str, int] = {}
    for record in records:
        label = f"{short_type(record['type'])}/{record['name']}"
        taken[label] = taken.get(label, 0) + 1
        yield label if taken[label] == 1 else f"{label}~{taken[label]}"


def record(state: State) -> ResourceRecord:
    """Read a resource's state, such as ``oldState``."""
    urn = str(state["urn"])
    type_ = str(state["type"])
    provider = str(state.get("provider") or "").rpartition("::")[0]
    default = provider.rpartition("::")[2].startswith("default")
    return {
        "urn": urn,
        "type": type_,
        "name": urn.split("::", 3)[3],
        "kind": _kind(state, type_),
        "parent": str(state.get("parent") or ""),
        "label": "",
        "id": str(state.get("id") or ""),
        "provider": "" if default else provider,
        "providers": {},
        "inputs": _inputs(state.get("inputs")),
        "secrets": {},
        "unknown": [],
        "dependencies": list(state.get("dependencies") or []),
        "propertyDependencies": state.get("propertyDependencies") or {},
        "options": {name: state[name] for name in _OPTIONS if state.get(name)},
        "outputs": _inputs(state.get("outputs")) if type_ == STACK_TYPE else {},
        "source": str(state.get("sourcePosition") or "").removeprefix("project:///"),
    }


def _kind(state: State, type_: str) -> str:
    if type_ == STACK_TYPE:
        return "stack"
    if type_.startswith("pulumi:providers:"):
        return "provider"
    if state.get("external"):
        return "read"
    return "custom" if state.get("custom") else "component"


def _inputs(value: Any) -> Any:
    """Take out what providers note for themselves, such as ``__defaults``."""
    return _without_notes(plain(value or {}))


def _without_notes(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_notes(item) for item in cast("list[Any]", value)]
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {k: _without_notes(item) for k, item in fields.items() if not k.startswith("__")}
    return value
