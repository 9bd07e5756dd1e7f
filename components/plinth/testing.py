"""Deploy a program to nowhere, and look at what it asked for.

::

    def test_queue_is_encrypted() -> None:
        deployed = deploy(lambda: RedisBroker("queue", network=network))
        assert deployed.one(aws.elasticache.ReplicationGroup).inputs["atRestEncryptionEnabled"]

What AWS would compute is a text such as ``${rds.Instance/db.arn}``, so that a test can compare what
is joined to what: ``rule.inputs["securityGroupId"] == group.id``.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pulumi

from .preview.export import to_document
from .preview.failures import ProgramFailed
from .preview.graph import Graph, Kind, Mode, Node
from .preview.project import run_project
from .preview.session import record
from .preview.values import COMPUTED, has, paths, reveal

if TYPE_CHECKING:
    from .cost import Estimate, Usage

__all__ = ["Deployment", "Mode", "Requested", "deploy", "deploy_project", "monthly_cost"]


@dataclass(frozen=True, kw_only=True)
class Requested:
    """One resource, as the engine would have received it."""

    type: str
    name: str
    urn: str
    """It tells the types of the resource's parents, and is unique."""
    parent: str
    """URN of the parent."""
    inputs: dict[str, Any]
    """Under their wire names, which are in camel case; secrets as plain values."""
    secrets: frozenset[str]
    """Paths of the inputs that are secret, such as ``password`` or ``env[0].value``."""
    unknowns: frozenset[str]
    """Paths of the inputs that are not known before a deployment."""
    protect: bool
    retain_on_delete: bool
    depends_on: list[str]
    """URNs of all it waits for, be it for an input or by option."""
    ignore_changes: list[str]
    aliases: list[Any]
    """URNs, or parts of URNs; the SDK adds some of its own for renamed types."""
    provider: str
    """URN of the provider; empty for the default one."""
    source: str
    """Line that made it, relative to the current directory; empty for lines elsewhere."""
    node: Node = field(repr=False)
    """Everything that was recorded."""

    @property
    def id(self) -> str:
        """Return the id, a placeholder for a resource that AWS would make."""
        return self.node.id

    def output(self, path: str) -> Any:
        """Return what a property came to, by its wire name: ``arn``, ``replicas[0].address``.

        Raises:
            LookupError: It is not known, or a component has not registered it.
        """
        known = {**self.node.state, **self.node.outputs, "id": self.id}
        found: Any = reveal(known)
        for name, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path):
            try:
                found = found[int(index) if index else name]
            except (LookupError, TypeError):
                msg = f"{self.type} {self.name!r} has no {path!r}: it has {sorted(known)}"
                raise LookupError(msg) from None
        return found


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What a program asked the engine for, and what it returned once that resolved."""

    resources: list[Requested]
    """Everything but the stack itself, in the order in which constructors ran."""
    outputs: dict[str, Any]
    """What the program returned, if that was a dict, or a project exports; secrets as plain values.
    """
    secret_outputs: frozenset[str]
    """Names of the outputs that are secret."""
    graph: Graph
    """The whole record, as a preview shows it."""

    @property
    def urns(self) -> list[str]:
        """Return the URN of each resource."""
        return [resource.urn for resource in self.resources]

    def all(self, kind: type[pulumi.Resource]) -> list[Requested]:
        """Return every resource of a kind."""
        return [resource for resource in self.resources if _is(resource, kind)]

    def one(self, kind: type[pulumi.Resource], name: str | None = None) -> Requested:
        """Return the only resource of a kind, or the only one with a name.

        Raises:
            LookupError: There is none, or more than one.
        """
        found = [r for r in self.all(kind) if name in (None, r.name)]
        if len(found) != 1:
            wanted = f"{kind.__name__} {name!r}" if name else kind.__name__
            there = [r.name for r in self.all(kind)] or sorted({r.type for r in self.resources})
            msg = f"one {wanted} is wanted and there are {len(found)}: there is {there}"
            raise LookupError(msg)
        return found[0]


def deploy(
    program: Callable[[], object],
    *,
    mode: Mode = Mode.SYMBOLIC,
    project: str = "project",
    stack: str = "stack",
    config: Mapping[str, str] | None = None,
    secret_keys: Sequence[str] = (),
    computed: Mapping[type[pulumi.Resource], Mapping[str, Any]] | None = None,
    stack_outputs: Mapping[str, Mapping[str, Any]] | None = None,
) -> Deployment:
    """Run a program until every output has resolved, with no cloud behind it.

    Args:
        program: Makes resources, and may be a coroutine function. If it returns a dict, that ends
            up in ``outputs``.
        mode: ``Mode.UNKNOWN`` leaves open what a first ``pulumi preview`` leaves open.
        project: The project's name.
        stack: The stack's name.
        config: The stack's configuration, under full keys such as ``aws:region``.
        secret_keys: Which of the configuration's keys are secret.
        computed: What the provider would add to the resources of a kind, by wire name.
        stack_outputs: Exports of other stacks, by ``organization/project/stack``.

    Raises:
        Exception: Whatever the program raised, even where nobody waits for it, as in an ``apply``.
            If several things went wrong, the others are in its notes.
    """
    outputs: dict[str, tuple[Any, bool]] = {}

    async def main() -> None:
        returned = program()
        if inspect.isawaitable(returned):
            returned = await cast("Awaitable[object]", returned)
        if isinstance(returned, dict):
            for name, value in cast("dict[str, Any]", returned).items():
                outputs[name] = await _resolved(value)

    try:
        graph = record(
            main,
            project=project,
            stack=stack,
            mode=mode,
            config=config,
            secret_keys=secret_keys,
            computed=computed,
            stack_outputs=stack_outputs,
        )
    except ProgramFailed as failed:
        raise _first(failed) from None
    return Deployment(
        resources=_resources(graph),
        outputs={name: value for name, (value, _) in outputs.items()},
        secret_outputs=frozenset(name for name, (_, secret) in outputs.items() if secret),
        graph=graph,
    )


def deploy_project(directory: Path | str, stack: str, *, mode: Mode = Mode.SYMBOLIC) -> Deployment:
    """Run a whole project for one of its stacks, with that stack's configuration.

    Args:
        directory: The project's, where ``Pulumi.yaml`` is, or one below it.
        stack: Name of the stack; encrypted values of its configuration become stand-ins.
        mode: ``Mode.UNKNOWN`` leaves open what a first ``pulumi preview`` leaves open.

    Raises:
        Exception: Whatever the program raised, as :func:`deploy` does.
    """
    try:
        graph = run_project(directory, stack, mode)
    except ProgramFailed as failed:
        raise _first(failed) from None
    return Deployment(
        resources=_resources(graph),
        outputs=reveal(graph.exports),
        secret_outputs=frozenset(k for k, v in graph.exports.items() if has(v, "secret")),
        graph=graph,
    )


def monthly_cost(
    deployed: Deployment, usage: "Usage | None" = None, *, region: str = ""
) -> "Estimate":
    """Estimate what a deployment costs in a month, so that a test can hold a budget.

    ::

        cost = monthly_cost(deploy_project(".", "dev"), Usage(visitors_gb=20))
        assert cost.max < 160, cost.components
        assert cost.not_priced == []

    Args:
        deployed: What :func:`deploy` returned in symbolic mode.
        usage: What a month is taken to be like; see :class:`plinth.cost.Usage`.
        region: Where it is, if its configuration does not have ``aws:region``.

    Raises:
        NoPriceError: No region is known, or there are no prices for it.
    """
    from . import cost  # noqa: PLC0415 - most tests want no prices

    return cost.estimate(to_document(deployed.graph), usage or cost.Usage(), region=region)


async def _resolved(value: Any) -> tuple[Any, bool]:
    output = pulumi.Output.from_input(value)
    known = await output.is_known()
    return await output.future() if known else COMPUTED, await output.is_secret()


def _first(failed: ProgramFailed) -> BaseException:
    first, *others = failed.failures
    error = failed.errors[0]
    if "attached to a different loop" in first.message:
        error.add_note("an Output made outside of the program cannot be used in it: make it inside")
    if first.resource:
        error.add_note(f"while making {first.resource}, {first.source}")
    for other in others:
        error.add_note(f"and at {other.source or 'a line elsewhere'}: {other.message}")
    return error


def _is(resource: Requested, kind: type[pulumi.Resource]) -> bool:
    """Compare types; a component written by hand does not say its token in its class."""
    token = getattr(kind, "pulumi_type", None)
    return resource.type == token if token else resource.type.endswith(f":{kind.__name__}")


def _resources(graph: Graph) -> list[Requested]:
    return [_requested(node) for node in graph.nodes.values() if node.kind is not Kind.STACK]


def _requested(node: Node) -> Requested:
    return Requested(
        type=node.type,
        name=node.name,
        urn=node.urn,
        parent=node.parent,
        inputs=reveal(node.inputs),
        secrets=frozenset(paths(node.inputs, "secret")),
        unknowns=frozenset(paths(node.inputs, "unknown")),
        protect=node.options.get("protect", False),
        retain_on_delete=node.options.get("retainOnDelete", False),
        depends_on=node.dependencies,
        ignore_changes=node.options.get("ignoreChanges", []),
        aliases=node.options.get("aliases", []),
        provider=node.provider,
        source=node.source,
        node=node,
    )
