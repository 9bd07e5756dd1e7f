"""``--fail-on``: what makes a comparison fail."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from .findings import Severity
from .report import Report, StackReport


class ConditionError(ValueError):
    """A condition that there is not; one line that says which there are."""


@dataclass(frozen=True)
class Condition:
    """One thing to fail on."""

    text: str
    holds: Callable[[StackReport], bool]


def parse(text: str) -> list[Condition]:
    """Read conditions that commas divide: ``data-loss,downtime,cost>20%``.

    Raises:
        ConditionError: There is no such condition.
    """
    return [_condition(part) for part in text.replace(" ", "").split(",") if part]


def failing(report: Report, conditions: Iterable[Condition]) -> list[str]:
    """Return the conditions that hold for some stack."""
    return [c.text for c in conditions if any(c.holds(stack) for stack in report.stacks)]


def _condition(text: str) -> Condition:
    if text == "rules":
        return Condition(text, lambda stack: any(r.severity == "error" for r in stack.broken))
    if text in _SEVERITIES:
        severity = _SEVERITIES[text]
        return Condition(text, lambda stack: any(f.severity is severity for f in stack.findings))
    found = re.fullmatch(r"cost>\$?(\d+(?:\.\d+)?)(%?)", text)
    if not found:
        msg = (
            f"{text!r} is nothing to fail on: use {', '.join(_SEVERITIES)}, rules, cost>20% of "
            "the bill, or cost>100 dollars a month more"
        )
        raise ConditionError(msg)
    limit = Decimal(found[1])
    if found[2]:
        return Condition(text, lambda stack: _percent(stack) > limit)
    return Condition(text, lambda stack: stack.cost is not None and max(stack.cost.delta) > limit)


def _percent(stack: StackReport) -> Decimal:
    if stack.cost is None or stack.cost.partial:
        return Decimal(0)
    percent = stack.cost.percent
    if percent is None:
        return Decimal("Infinity") if max(stack.cost.after) else Decimal(0)
    return percent


_SEVERITIES = {
    severity.value.replace("_", "-"): severity
    for severity in Severity
    if severity is not Severity.OTHER
}
