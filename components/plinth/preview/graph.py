"""What a program asked the engine for: the one record that every view of a preview reads."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

SCHEMA = 1
"""Version of the record's form; it rises when a field changes its meaning or goes."""

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"


def make_urn(stack: str, project: str, parent: str, token: str, name: str) -> str:
    """Return a resource's URN as the engine makes it, with the types of all its parents."""
    types = parent.split("::")[2] if parent else ""
    chain = token if types in ("", STACK_TYPE) else f"{types}${token}"
    return f"urn:pulumi:{stack}::{project}::{chain}::{name}"


class Mode(StrEnum):
    """How the recorder answers for what only AWS can compute."""

    SYMBOLIC = "symbolic"
    """With a typed placeholder, ``${rds.Instance/db.arn}``, so that what is built on it shows."""
    UNKNOWN = "unknown"
    """With nothing, as a first ``pulumi preview`` does: what is built on it is unknown as well."""


class Kind(StrEnum):
    """What sort of resource a node is."""

    CUSTOM = "custom"
    COMPONENT = "component"
    REMOTE = "remote"
    """A component that a plugin would build: its children cannot be seen offline."""
    READ = "read"
    """A resource that exists already and is only looked up, by ``get`` or a StackReference."""
    STACK = "stack"
    PROVIDER = "provider"


@dataclass(kw_only=True)
class Node:
    """One resource, as the engine would have received it."""

    urn: str
    type: str
    name: str
    kind: Kind
    parent: str = ""
    """URN of the parent; empty for the stack."""
    label: str = ""
    """Short name that only this resource has in its stack: ``rds.Instance/db``."""
    id: str = ""
    """Id of a resource that is read or imported, or a placeholder; empty where unknown."""
    inputs: dict[str, Any] = field(default_factory=dict[str, Any])
    """In wire form: camel case; secrets, assets, references and unknowns as tagged values."""
    dependencies: list[str] = field(default_factory=list[str])
    """URNs of everything it waits for, sorted."""
    property_dependencies: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """URNs behind each input that came from other resources."""
    provider: str = ""
    """URN of the provider; empty for the default one."""
    providers: dict[str, str] = field(default_factory=dict[str, str])
    """URN of the provider that a component hands to its children, by package."""
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    """Resource options in camel case; only those that are set, or inherited from the parent."""
    source: str = ""
    """Line of the user's program that made it, such as ``infra/__main__.py:12``."""
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])
    """What a component registered as outputs, or a stack exported, in wire form."""
    state: dict[str, Any] = field(default_factory=dict[str, Any])
    """What the program got back as the resource's properties, in wire form."""


@dataclass(kw_only=True)
class Graph:
    """One run of a program for one stack."""

    project: str
    stack: str
    mode: Mode
    region: str = ""
    """AWS region of the configuration, ``aws:region``; empty where none is set."""
    nodes: dict[str, Node] = field(default_factory=dict[str, Node])
    """By URN, in the order in which the program made them."""
    invokes: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Every data source and method called: ``token``, ``args``, ``provider``, ``form``, ``answer``.
    """
    problems: list[str] = field(default_factory=list[str])
    """What this run could not know, and therefore does not show."""
    logs: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Severity and text of each message that the program logged."""

    @property
    def exports(self) -> dict[str, Any]:
        """Return what the stack exports, in wire form."""
        for node in self.nodes.values():
            if node.kind is Kind.STACK:
                return node.outputs
        return {}
