"""``plinth cost``."""

import argparse
import sys
from dataclasses import dataclass, field

from plinth.console import FAILED, OK, results_only, tell, unusable, wants_colour
from plinth.preview.export import to_document
from plinth.preview.failures import ProgramFailed
from plinth.preview.manifest import find_project
from plinth.preview.project import Runner
from plinth.preview.yaml_core import ConfigError

from .book import NoPriceError
from .estimate import estimate
from .lines import Estimate
from .render import table, to_text
from .usage import Usage, read_usage


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """What came of one stack."""

    code: int
    estimate: Estimate | None = None
    failures: list[dict[str, str]] = field(default_factory=list[dict[str, str]])


def cost(arguments: argparse.Namespace) -> int:
    """Price the stacks that are named, or all, and print what they cost."""
    try:
        project = find_project(arguments.cwd)
        usage = read_usage(arguments.usage)
    except ConfigError as error:
        return unusable(error)
    stacks: list[str] = list(dict.fromkeys(arguments.stacks)) or project.stacks()
    if not stacks:
        return unusable(f"{project.root} has no Pulumi.<stack>.yaml: name the stack to price")
    runner = Runner(project, stand_ins=dict(arguments.stand_in))
    outcomes = [_priced(runner, stack, usage) for stack in stacks]
    _print(outcomes, arguments)
    return max(outcome.code for outcome in outcomes)


def _priced(runner: Runner, stack: str, usage: Usage) -> _Outcome:
    try:
        with results_only():
            graph = runner.run(stack)
        return _Outcome(code=OK, estimate=estimate(to_document(graph, key=None), usage))
    except (ConfigError, NoPriceError) as error:
        return _Outcome(code=unusable(error))
    except ProgramFailed as failed:
        return _Outcome(code=FAILED, failures=_told(stack, failed))


def _told(stack: str, failed: ProgramFailed) -> list[dict[str, str]]:
    """Say what failed; ``plinth preview`` shows the lines of the program that led there."""
    tell(f"{stack}: the program failed:")
    for failure in failed.failures:
        at = f"{failure.source}: " if failure.source else ""
        tell(f"  {at}{failure.message}")
    return [{"stack": stack, **vars(failure)} for failure in failed.failures]


def _print(outcomes: list[_Outcome], arguments: argparse.Namespace) -> None:
    estimates = [outcome.estimate for outcome in outcomes if outcome.estimate]
    if arguments.json:
        failures = [failure for outcome in outcomes for failure in outcome.failures]
        sys.stdout.write(to_text(estimates, failures))
        return
    colour = wants_colour() and not arguments.no_color
    texts = [table(found, detail=arguments.detail, colour=colour) for found in estimates]
    sys.stdout.write("\n".join(texts))
