"""A report for a pull request: short, the details folded, and never too long for GitHub."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from . import headlines
from .details import Detail, blocks
from .findings import Severity
from .report import TITLES, Report, StackReport, summary

LIMIT = 65_000
"""Bytes of a report. GitHub takes 65,536 characters, and whoever posts it may add a line."""

MARK = "<!-- plinth-diff -->"
"""First line, by which a workflow finds the comment that it is to update."""


@dataclass(frozen=True)
class _Level:
    """How much a report says."""

    detail: Detail
    findings: int
    """Most findings of one severity."""
    stacks: int
    """Most stacks."""


_LEVELS = (
    _Level(Detail.DOCUMENTS, 15, 40),
    _Level(Detail.VALUES, 15, 40),
    _Level(Detail.NAMES, 15, 40),
    _Level(Detail.COUNTS, 15, 40),
    _Level(Detail.COUNTS, 5, 20),
    _Level(Detail.COUNTS, 1, 5),
    _Level(Detail.COUNTS, 0, 0),
)
"""From all to the verdict alone; the last is short whatever there is to report."""


def markdown(report: Report) -> str:
    """Write a report with as much detail as there is room for."""
    found = ""
    for level in _LEVELS:
        found = "\n".join(_report(report, level)) + "\n"
        if len(found.encode()) <= LIMIT:
            break
    return found


def _report(report: Report, level: _Level) -> Iterator[str]:
    yield MARK
    yield f"## {_mark(report)} {escape(headlines.verdict(report))}"
    yield ""
    yield f"{code(report.before[:80])} → {code(report.after[:80])}"
    if report.failed_on:
        yield ""
        yield f"**Fails on {escape(', '.join(report.failed_on))}.**"
    yield from _list("Cannot be previewed", headlines.failures(report), level)
    for severity, found in headlines.findings(report, headlines.LISTED):
        yield from _list(TITLES[severity], found, level)
    yield from _list("Rules", headlines.broken(report), level)
    yield from _stacks(report, level)
    for stack in report.stacks[: level.stacks]:
        yield from _details(stack, level)
    for _, found in headlines.findings(report, [Severity.OTHER]):
        yield from _folded("Also", list(_entries(found, level)))
    notes = dict.fromkeys([*report.notes, *(n for stack in report.stacks for n in stack.notes)])
    yield from _folded("Notes", [f"- {escape(headlines.cut(n))}" for n in notes][: level.findings])
    if level != _LEVELS[0]:
        yield ""
        yield "_There is no room for all of it here: `plinth diff --format text` tells the rest._"


def _mark(report: Report) -> str:
    if any(stack.failures for stack in report.stacks):
        return "❌"
    marks = {
        Severity.DATA_LOSS: "🛑",
        Severity.DOWNTIME: "⚠️",
        Severity.SECURITY: "⚠️",
        Severity.CAPACITY: "🔵",
        Severity.COST: "🔵",
        Severity.OMISSION: "⚠️",
        Severity.SIZE: "🔵",
    }
    return marks[report.worst] if report.worst else "✅"


def _list(title: str, entries: Sequence[tuple[str, str]], level: _Level) -> Iterator[str]:
    if entries:
        yield ""
        yield f"**{title}**"
        yield ""
        yield from _entries(entries, level)


def _entries(entries: Sequence[tuple[str, str]], level: _Level) -> Iterator[str]:
    for sentence, stacks in entries[: level.findings]:
        prefix = f"**{escape(stacks[:80])}**: " if stacks else ""
        yield f"- {prefix}{escape(sentence)}"
    if len(entries) > level.findings:
        yield f"- and {len(entries) - level.findings} more"


def _stacks(report: Report, level: _Level) -> Iterator[str]:
    shown = report.stacks[: level.stacks]
    if not shown or (len(report.stacks) == 1 and not shown[0].resources and not shown[0].cost):
        return
    priced = any(stack.cost for stack in shown)
    yield ""
    yield "| stack | resources |" + (" cost |" if priced else "")
    yield "|---|---|" + ("---|" if priced else "")
    for stack in shown:
        cost = f" {escape(headlines.bill(stack.cost))} |" if stack.cost else " |"
        row = f"| {escape(stack.title[:80])} | {escape(summary(stack))} |"
        yield row + (cost if priced else "")
    if len(report.stacks) > len(shown):
        yield ""
        yield f"and {len(report.stacks) - len(shown)} stacks more"


def _details(stack: StackReport, level: _Level) -> Iterator[str]:
    inner: list[str] = []
    for component, lines in blocks(stack, level.detail):
        inner += [f"**{escape(component)}**", "", *_fenced(lines), ""]
    costs = headlines.components(stack) if level.detail else []
    if costs:
        inner += ["| component | a month |", "|---|---|"]
        inner += [*(f"| {escape(name)} | {escape(money)} |" for name, money in costs), ""]
    yield from _folded(f"{stack.title}: {summary(stack)}", inner)


def _folded(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield f"<details><summary>{html.escape(title[:200])}</summary>"
        yield ""
        yield from lines
        yield from [""] if lines[-1] else []
        yield "</details>"


def _fenced(lines: Sequence[str]) -> Iterator[str]:
    longest = max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield f"{fence}diff"
    # GitHub colours by the first character, and knows nothing of what is changed in place.
    signs = {"~": "!", "=": " "}
    yield from (f"{signs.get(line[:1], line[:1])}{line[1:]}".rstrip() for line in lines)
    yield fence


def escape(text: str) -> str:
    """Make a text read as it is: no markup, no tags, no mentions, no references."""
    text = re.sub(r"([\\`*_{}\[\]()<>#|~!&])", r"\\\1", " ".join(text.split()))
    # GitHub looks for these after the markup is gone.
    return re.sub(r"(@|#|\bGH-|://|\bwww\.)", r"\1<!-- -->", text)


def code(text: str) -> str:
    """Write a text as code, whatever backticks it holds."""
    text = " ".join(text.split())
    fence = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    padding = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{padding}{text}{padding}{fence}" if text else ""
