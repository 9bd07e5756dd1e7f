"""``plinth diff``."""

import argparse
import sys
import time

from plinth.console import FAILED, OK, tell, unusable, wants_colour
from plinth.cost import Usage, read_usage
from plinth.preview.yaml_core import ConfigError

from . import parity
from .changes import Change
from .children import ChildError
from .classify import classify
from .compare import compare
from .fail_on import Condition, ConditionError, failing, parse
from .findings import Finding
from .gather import gather
from .joined import cost_findings, price, rules
from .pairs import Comparison, Pair, UsageError
from .report import Report, StackReport
from .report_json import to_json
from .report_markdown import markdown
from .report_text import text
from .revisions import RevisionError

FAILS = 3
"""Exit code: something of ``--fail-on`` came true."""


def diff(arguments: argparse.Namespace) -> int:
    """Compare, and print the report."""
    started = time.perf_counter()
    try:
        conditions = parse(arguments.fail_on)
        usage = read_usage(arguments.usage)
        comparison = gather(arguments)
    except (ChildError, ConditionError, ConfigError, RevisionError, UsageError) as error:
        return unusable(error)
    report = assemble(comparison, conditions, usage)
    sys.stdout.write(_written(report, arguments))
    sys.stdout.flush()
    tell(f"compared {len(report.stacks)} stacks in {time.perf_counter() - started:.1f} s")
    if any(stack.failures for stack in report.stacks):
        return FAILED
    return FAILS if report.failed_on else OK


def assemble(
    comparison: Comparison, conditions: list[Condition], usage: Usage | None = None
) -> Report:
    """Compare every pair, and put the report together."""
    stacks = [_stack(pair, usage or Usage()) for pair in comparison.pairs]
    report = Report(before=comparison.before, after=comparison.after, stacks=stacks)
    return Report(
        before=report.before,
        after=report.after,
        stacks=stacks,
        notes=comparison.notes,
        failed_on=failing(report, conditions),
    )


def _stack(pair: Pair, usage: Usage) -> StackReport:
    if pair.before is None or pair.after is None:
        failures = pair.failures or ["there is no preview of it"]
        return StackReport(title=pair.title, changes=[], findings=[], failures=failures)
    changes, findings = _compared(pair)
    cost, notes = price(pair.before, pair.after, usage, whole=pair.whole)
    checked = pair.whole and not pair.parity
    broken, mended = rules(pair.before, pair.after) if checked else ([], 0)
    return StackReport(
        title=pair.title,
        changes=changes,
        findings=[*findings, *([] if pair.parity else cost_findings(cost))],
        parity=pair.parity,
        whole=pair.whole,
        cost=cost,
        broken=broken,
        mended=mended,
        failures=pair.failures,
        notes=[*pair.notes, *pair.after["problems"], *notes],
    )


def _compared(pair: Pair) -> tuple[list[Change], list[Finding]]:
    before, after = pair.before, pair.after
    if before is None or after is None:
        return [], []
    changes = compare(before, after) if pair.changes is None else pair.changes
    if pair.parity:
        changes = parity.differences(changes, before, after)
        return changes, parity.findings(changes, before, after)
    return changes, classify(changes, before, after)


def _written(report: Report, arguments: argparse.Namespace) -> str:
    if arguments.format == "json":
        return to_json(report)
    if arguments.format == "markdown":
        return markdown(report)
    return text(report, colour=wants_colour() and not arguments.no_color)
