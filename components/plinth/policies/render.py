"""Reports of checked stacks, for a terminal and for a program."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict

from .examine import Report
from .model import Rule, Severity, Violation
from .registry import RULES

SCHEMA = 1
"""Version of the JSON; it rises when a field changes its meaning or goes."""

_COLOURS = {Severity.ERROR: "31;1", Severity.WARNING: "33"}


def summary(report: Report) -> str:
    """Return one line on a stack."""
    counts = [
        _count(sum(v.severity is severity for v in report.violations), severity.value)
        for severity in Severity
    ]
    if report.accepted:
        counts.append(f"{len(report.accepted)} accepted")
    name = f"{report.project}/{report.stack}"
    kind = " (protected)" if report.protected else ""
    return f"{name}{kind}: {', '.join(counts)}"


def text(report: Report, *, colour: bool = False) -> str:
    """Return a stack's violations, the worst first, and what is accepted."""
    worst_first = sorted(report.violations, key=lambda v: list(Severity).index(v.severity))
    lines = [summary(report)]
    for violation in worst_first:
        lines += ["", *_violation(violation, colour=colour)]
    if report.accepted:
        lines += ["", "accepted", *_accepted(report)]
    if report.unused:
        lines += ["", "exceptions that nothing needs"]
        lines += [f"  {a.rule} on {_name(a.component)}: take it away" for a in report.unused]
    return "\n".join(lines) + "\n"


def to_json(reports: Iterable[Report], failures: Sequence[Mapping[str, str]] = ()) -> str:
    """Return all reports as one text, the same to the byte for the same stacks."""
    whole = {
        "plinth": {"schema": SCHEMA},
        "stacks": [asdict(report) for report in reports],
        "failures": [dict(failure) for failure in failures],
    }
    return json.dumps(whole, indent=2, sort_keys=True, default=str) + "\n"


def table(rules: Sequence[Rule] = RULES) -> str:
    """Return all rules as a table of Markdown, which ``docs/policies.md`` holds."""
    rows = ["| rule | holds where | answers | remedy |", "|---|---|---|---|", *map(_row, rules)]
    return "\n".join(rows) + "\n"


def _row(rule: Rule) -> str:
    mark = "**error**" if rule.severity is Severity.ERROR else "warning"
    where = f"{mark}, protected stacks" if rule.protected_only else mark
    remedy = _cell(rule.remedy)
    cells = [
        f"[`{rule.id}`]({rule.link})<br>{_cell(rule.sentence)}",
        where,
        ", ".join(rule.controls),
    ]
    return f"| {' | '.join([*cells, remedy])} |"


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("*", "\\*").replace("_", "\\_")


def _violation(violation: Violation, *, colour: bool) -> Iterator[str]:
    mark = violation.severity.value
    if colour:
        mark = f"\x1b[{_COLOURS[violation.severity]}m{mark}\x1b[0m"
    inside = f" in {violation.component}" if violation.component else ""
    yield f"{mark}  {violation.rule}  {violation.resource}{inside}"
    yield f"  {violation.sentence}"
    yield f"  fix: {violation.remedy}"
    yield f"  {' · '.join([*violation.controls, violation.link])}"
    if violation.source:
        yield f"  at {violation.source}"


def _accepted(report: Report) -> Iterator[str]:
    for one in report.accepted:
        acceptance = one.acceptance
        yield f"  {acceptance.rule}  {one.violation.resource}, until {acceptance.until}"
        yield f"    {acceptance.because}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]
