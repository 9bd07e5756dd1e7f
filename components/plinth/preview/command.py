"""``plinth preview``."""

import argparse
import gc
import os
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from plinth.console import FAILED, OK, results_only, tell, unusable, wants_colour

from .export import Document, to_document, to_text
from .failures import Failure, ProgramFailed
from .graph import Mode
from .manifest import find_project
from .project import Runner
from .render import summary, tree
from .yaml_core import ConfigError

_LARGE = 1000
"""Resources from which on the memory of a run, about 160 kB for each, is freed when it is over.
For fewer the collector would take longer, since it walks everything that was imported."""

KEY_VARIABLE = "PLINTH_DIGEST_KEY"
"""Environment variable that keys the digests of secrets in the JSON."""


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """What came of previewing one stack."""

    code: int
    document: Document | None = None
    failures: Sequence[Mapping[str, str]] = ()


def preview(arguments: argparse.Namespace) -> int:
    """Preview the stacks that are named, or all, and print them."""
    try:
        project = find_project(arguments.cwd)
    except ConfigError as error:
        return unusable(error)
    stacks: list[str] = list(dict.fromkeys(arguments.stacks)) or project.stacks()
    if not stacks:
        return unusable(f"{project.root} has no Pulumi.<stack>.yaml: name the stack to preview")
    runner = Runner(project, stand_ins=dict(arguments.stand_in))
    outcomes: list[_Outcome] = []
    with _collected_seldom():
        for stack in stacks:
            outcome = _previewed(runner, stack)
            if outcome.document and not arguments.json:
                _print(outcome.document, arguments, first=not any(o.document for o in outcomes))
            outcomes.append(outcome)
    if arguments.json:
        documents = [outcome.document for outcome in outcomes if outcome.document]
        failures = [failure for outcome in outcomes for failure in outcome.failures]
        sys.stdout.write(to_text(documents, failures))
    return max(outcome.code for outcome in outcomes)


def _previewed(runner: Runner, stack: str) -> _Outcome:
    """Run a stack in both modes; tell of everything that fails in either."""
    started = time.perf_counter()
    document: Document | None = None
    failed: dict[Mode, Sequence[Failure]] = {}
    for mode in Mode:
        try:
            with results_only():
                graph = runner.run(stack, mode)
            if len(graph.nodes) > _LARGE:
                gc.collect()
        except ConfigError as error:
            return _Outcome(code=unusable(error))
        except ProgramFailed as error:
            failed[mode] = error.failures
        else:
            if mode is Mode.SYMBOLIC:
                document = to_document(graph, key=_key())
    if failed:
        return _Outcome(code=FAILED, document=document, failures=_told(stack, failed))
    if document:
        tell(f"{stack}: {summary(document)} ({time.perf_counter() - started:.1f} s)")
    return _Outcome(code=OK, document=document)


@contextmanager
def _collected_seldom() -> Generator[None]:
    """Leave the garbage of a run, which is one large tangle of outputs, to the end."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _key() -> bytes | None:
    """Return what keys the digests; without it there are none, so that the JSON stays the same."""
    return os.environ.get(KEY_VARIABLE, "").encode() or None


def _print(document: Document, arguments: argparse.Namespace, *, first: bool) -> None:
    colour = wants_colour() and not arguments.no_color
    text = tree(document, colour=colour, inputs=arguments.inputs)
    sys.stdout.write(text if first else f"\n{text}")
    sys.stdout.flush()


def _told(stack: str, failed: Mapping[Mode, Sequence[Failure]]) -> list[dict[str, str]]:
    """Print every failure once, and return them for the JSON."""
    if Mode.SYMBOLIC not in failed:
        tell(f"{stack}: would break in a real first preview, where outputs are not known yet:")
    elif Mode.UNKNOWN not in failed:
        tell(f"{stack}: failed where placeholders stand for what only the cloud computes:")
    else:
        tell(f"{stack}: the program failed:")
    found: dict[tuple[str, str], dict[str, str]] = {}
    for mode, failures in failed.items():
        for failure in failures:
            if (failure.message, failure.source) not in found:
                _tell_failure(failure)
                words = {"stack": stack, "mode": mode.value, **vars(failure)}
                found[failure.message, failure.source] = words
    return list(found.values())


def _tell_failure(failure: Failure) -> None:
    at = f"{failure.source}: " if failure.source else ""
    concerned = f" [{failure.resource}]" if failure.resource else ""
    message = failure.message.strip().replace("\n", "\n    ")
    tell(f"  {at}{message}{concerned}")
    for line in failure.traceback.rstrip().splitlines():
        tell(f"    {line}")
