"""``plinth check``."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plinth.console import FAILED, OK, results_only, tell, unusable, wants_colour
from plinth.preview.export import Document, to_document
from plinth.preview.failures import Failure, ProgramFailed
from plinth.preview.manifest import find_project
from plinth.preview.project import Runner
from plinth.preview.yaml_core import ConfigError

from .examine import Report, examine
from .model import Severity
from .render import summary, table, text, to_json
from .terraform import plan_text

BROKEN = 3
"""Exit code: all was checked, and a rule is broken."""

_COUNTS = {
    "error": (Severity.ERROR,),
    "warning": (Severity.ERROR, Severity.WARNING),
    "never": (),
}


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    """What came of checking one stack."""

    code: int
    document: Document | None = None
    report: Report | None = None
    failures: Sequence[Mapping[str, str]] = ()


def check(arguments: argparse.Namespace) -> int:
    """Check the stacks that are named, or all, and print what is wrong with them."""
    if arguments.rules:
        sys.stdout.write(table())
        return OK
    try:
        project = find_project(arguments.cwd)
    except ConfigError as error:
        return unusable(error)
    stacks: list[str] = list(dict.fromkeys(arguments.stacks)) or project.stacks()
    if not stacks:
        return unusable(f"{project.root} has no Pulumi.<stack>.yaml: name the stack to check")
    if arguments.terraform_plan and len(stacks) > 1:
        return unusable("--terraform-plan holds one stack: name it")
    runner = Runner(project, stand_ins=dict(arguments.stand_in))
    outcomes = [_checked(runner, stack, arguments) for stack in stacks]
    _print(outcomes, arguments)
    return max(outcome.code for outcome in outcomes)


def _checked(runner: Runner, stack: str, arguments: argparse.Namespace) -> _Outcome:
    try:
        with results_only():
            graph = runner.run(stack)
    except ConfigError as error:
        return _Outcome(code=unusable(error))
    except ProgramFailed as error:
        return _Outcome(code=FAILED, failures=_told(stack, error.failures))
    document = to_document(graph)
    protected = True if stack in arguments.protected else None
    report = examine(document, protected=protected)
    if arguments.json:
        tell(summary(report))
    return _Outcome(code=_code(report, arguments.fail_on), document=document, report=report)


def _code(report: Report, fail_on: str) -> int:
    counted = _COUNTS[fail_on]
    return BROKEN if any(v.severity in counted for v in report.violations) else OK


def _print(outcomes: Sequence[_Outcome], arguments: argparse.Namespace) -> None:
    reports = [outcome.report for outcome in outcomes if outcome.report]
    if arguments.terraform_plan:
        for outcome in outcomes:
            if outcome.document:
                arguments.terraform_plan.write_text(plan_text(outcome.document))
    if arguments.json:
        failures = [failure for outcome in outcomes for failure in outcome.failures]
        sys.stdout.write(to_json(reports, failures))
        return
    colour = wants_colour() and not arguments.no_color
    sys.stdout.write("\n".join(text(report, colour=colour) for report in reports))
    sys.stdout.flush()


def _told(stack: str, failures: Sequence[Failure]) -> list[dict[str, str]]:
    tell(f"{stack}: the program failed ('plinth preview {stack}' tells more):")
    for failure in failures:
        tell(f"  {failure.source}: {failure.message}" if failure.source else f"  {failure.message}")
    return [{"stack": stack, **vars(failure)} for failure in failures]
