"""The pool of workers to simulate, as a stack's program asks for it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from plinth._celery.settings import Pool
from plinth.configuration import explain
from plinth.console import results_only
from plinth.preview.config import load_stack
from plinth.preview.graph import Graph
from plinth.preview.manifest import find_project
from plinth.preview.project import Runner

WORKERS = "plinth:index:CeleryWorkers"


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is simulated."""

    stack: str
    name: str
    """Component and pool: ``celery/default``."""
    pool: Pool
    region: str
    """Where its instances are; empty if the configuration does not say."""


def read_subject(
    root: Path, stack: str, wanted: str | None, stand_ins: Mapping[str, str]
) -> Subject:
    """Run a stack's program, and find a pool in it.

    Args:
        root: A directory in the project.
        stack: The stack's name.
        wanted: ``default`` or ``celery/default``; not needed if there is only one pool.
        stand_ins: Texts for encrypted configuration, by key.

    Raises:
        ConfigError: The project's or the stack's files are not right.
        LookupError: There is no such pool, or more than one.
        ProgramFailed: The program raised.
    """
    project = find_project(root)
    with results_only():
        graph = Runner(project, stand_ins=stand_ins).run(stack)
    name, pool = find_pool(graph, wanted)
    values = load_stack(project, stack, stand_ins=stand_ins).values
    return Subject(stack=stack, name=name, pool=pool, region=values.get("aws:region", ""))


def find_pool(graph: Graph, wanted: str | None) -> tuple[str, Pool]:
    """Return the pool of a name, or the only one there is, with its full name.

    Raises:
        LookupError: There is no such pool, or more than one.
    """
    pools = {
        f"{node.name}/{name}": Pool.model_validate(settings)
        for node in graph.nodes.values()
        if node.type == WORKERS
        for name, settings in cast("dict[str, Any]", node.inputs["pools"]).items()
    }
    fits = [name for name in pools if wanted in (None, name, name.partition("/")[2])]
    if len(fits) == 1:
        return fits[0], pools[fits[0]]
    if not pools:
        msg = f"stack {graph.stack!r} has no CeleryWorkers, so there is nothing to simulate"
        raise LookupError(msg)
    problem = f"{len(fits) or 'no'} pools {wanted!r}" if wanted else f"{len(fits)} pools"
    msg = f"stack {graph.stack!r} has {problem}: name one of {', '.join(sorted(pools))}"
    raise LookupError(msg)


def changed(pool: Pool, changes: Sequence[tuple[str, str]]) -> Pool:
    """Return a pool with other settings, whose values are JSON or plain words.

    Raises:
        ValueError: There is no such setting, or the pool's model refuses the value.
    """
    wanted = {name: _value(text) for name, text in changes}
    try:
        return Pool.model_validate({**pool.model_dump(), **wanted})
    except ValidationError as error:
        raise ValueError(explain(error, Pool, "pool")) from None


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
