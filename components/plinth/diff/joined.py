"""What other views of a stack say of a change: its price, and the rules that it breaks."""

from decimal import Decimal

from plinth.cost import Estimate, NoPriceError, Usage, estimate
from plinth.policies import Violation, check
from plinth.preview.export import Document

from .findings import Finding, Severity
from .headlines import bill
from .report import Broken, Cost

_Range = tuple[Decimal, Decimal]
_NOTHING = (Decimal(0), Decimal(0))

_LEAST = Decimal(1)
"""Dollars a month from which on a change of the bill is worth a word."""


def price(
    before: Document, after: Document, usage: Usage, *, whole: bool
) -> tuple[Cost | None, list[str]]:
    """Price both sides; where there are no prices, return a note that says so."""
    try:
        old, new = estimate(before, usage), estimate(after, usage)
    except NoPriceError as error:
        return None, [f"not priced: {error}"]
    unknown = {(entry.type, entry.name) for entry in old.not_priced}
    cost = Cost(
        before=(old.monthly_min, old.monthly_max),
        after=(new.monthly_min, new.monthly_max),
        components=_deltas(old, new),
        not_priced=[
            f"{entry.type} {entry.name}: {entry.reason}"
            for entry in new.not_priced
            if (entry.type, entry.name) not in unknown
        ],
        partial=not whole,
    )
    return cost, [f"not priced: {text}" for text in cost.not_priced]


def cost_findings(cost: Cost | None) -> list[Finding]:
    """Say that the bill changes, if it does by more than a rounding."""
    if cost is None or max(abs(part) for part in cost.delta) < _LEAST:
        return []
    return [Finding(severity=Severity.COST, change_key="", sentence=f"the bill: {bill(cost)}")]


def rules(before: Document, after: Document) -> tuple[list[Broken], int]:
    """Return the rules that are broken afterwards only, and the number that no longer are."""
    old = {_known_by(violation) for violation in check(before)}
    found = check(after)
    new = {_known_by(violation) for violation in found}
    return [_broken(v) for v in found if _known_by(v) not in old], len(old - new)


def _known_by(violation: Violation) -> tuple[str, str]:
    return violation.rule, violation.resource


def _broken(violation: Violation) -> Broken:
    return Broken(
        rule=violation.rule,
        severity=violation.severity.value,
        resource=violation.resource,
        sentence=violation.sentence,
        remedy=violation.remedy,
        link=violation.link,
    )


def _deltas(old: Estimate, new: Estimate) -> dict[str, _Range]:
    before, after = old.components, new.components
    found: dict[str, _Range] = {}
    for name in dict.fromkeys([*before, *after]):
        one, two = before.get(name, _NOTHING), after.get(name, _NOTHING)
        delta = (two[0] - one[0], two[1] - one[1])
        if max(abs(part) for part in delta) >= _LEAST:
            found[name] = delta
    return found
