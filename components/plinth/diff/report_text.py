"""A report for the terminal."""

import textwrap
from collections.abc import Iterator

from . import headlines
from .details import Detail, blocks
from .findings import Severity
from .report import TITLES, Report, StackReport, summary

WIDTH = 100

_COLOURS = {"+": "32", "-": "31", "!": "33", "~": "36"}
_ALARMS = {Severity.DATA_LOSS: "31", Severity.DOWNTIME: "33", Severity.SECURITY: "33"}


def text(report: Report, *, colour: bool = False) -> str:
    """Write a report, all of it."""
    return "\n".join(_Writer(on=colour).report(report)) + "\n"


class _Writer:
    def __init__(self, *, on: bool) -> None:
        self._on = on

    def report(self, report: Report) -> Iterator[str]:
        yield self._paint("1", headlines.verdict(report))
        yield f"{report.before} → {report.after}"
        yield from self._list("Cannot be previewed", headlines.failures(report), "31")
        for severity, found in headlines.findings(report, headlines.LISTED):
            yield from self._list(TITLES[severity], found, _ALARMS.get(severity, "0"))
        yield from self._list("Rules", headlines.broken(report), "33")
        yield from self._list("Cost", headlines.bills(report), "0")
        for _, found in headlines.findings(report, [Severity.OTHER]):
            yield from self._list("Also", found, "0")
        for stack in report.stacks:
            yield from self._stack(stack)
        for note in report.notes:
            yield from self._wrapped(f"note: {note}", "")
        if report.failed_on:
            yield ""
            yield self._paint("31", f"fails on {', '.join(report.failed_on)}")

    def _stack(self, stack: StackReport) -> Iterator[str]:
        yield ""
        yield f"{self._paint('1', stack.title)}: {summary(stack)}"
        for component, lines in blocks(stack, Detail.DOCUMENTS):
            yield ""
            yield f"  {self._paint('1', component)}"
            yield from (f"    {self._signed(line)}" for line in lines)
        for name, money in headlines.components(stack):
            yield f"  {name}: {money} a month"
        for note in stack.notes:
            yield from self._wrapped(f"note: {note}", "  ")

    def _list(self, title: str, entries: list[tuple[str, str]], style: str) -> Iterator[str]:
        if not entries:
            return
        yield ""
        yield self._paint(style, title)
        for sentence, stacks in entries:
            yield from self._wrapped(f"{stacks}: {sentence}" if stacks else sentence, "  ")

    def _wrapped(self, line: str, indent: str) -> Iterator[str]:
        hanging = f"{indent}  "
        yield from textwrap.wrap(
            line,
            WIDTH,
            initial_indent=indent,
            subsequent_indent=hanging,
            break_long_words=False,
            break_on_hyphens=False,
        )

    def _signed(self, line: str) -> str:
        return self._paint(_COLOURS.get(line[:1], "0"), line).rstrip()

    def _paint(self, style: str, line: str) -> str:
        return f"\x1b[{style}m{line}\x1b[0m" if self._on and style != "0" else line
