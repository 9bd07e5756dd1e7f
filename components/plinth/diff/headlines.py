"""What a report says first: the verdict, and the findings of all stacks together."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from .findings import Severity
from .report import TITLES, Cost, Report, StackReport, summary
from .text import clean

LONGEST = 300
"""Characters of a sentence."""

LISTED = (
    Severity.DATA_LOSS,
    Severity.DOWNTIME,
    Severity.SECURITY,
    Severity.CAPACITY,
    Severity.OMISSION,
    Severity.SIZE,
)
"""What is told sentence by sentence; the bill has a place of its own, and the rest is folded."""


def verdict(report: Report) -> str:
    """Say the whole in one line: ``data loss (1), security (2)``, or ``no changes``."""
    found = [
        f"{TITLES[severity].lower()} ({len(sentences)})"
        for severity, sentences in findings(report, LISTED)
    ]
    if number := len(broken(report)):
        found.append(f"broken rules ({number})")
    if more := _more(report):
        found.append(more)
    failed = [stack.title for stack in report.stacks if stack.failures]
    if failed:
        found.insert(0, f"{len(failed)} of {len(report.stacks)} stacks cannot be previewed")
    if found:
        return ", ".join(found)
    if any(stack.resources for stack in report.stacks):
        return "nothing alarming"
    words = sorted({summary(stack) for stack in report.stacks})
    return words[0] if len(words) == 1 else "no changes"


def findings(
    report: Report, severities: Sequence[Severity]
) -> Iterator[tuple[Severity, list[tuple[str, str]]]]:
    """Yield severities that occur, each with sentences and the stacks that they hold for."""
    for severity in severities:
        found: dict[str, list[str]] = {}
        for stack in report.stacks:
            for finding in stack.findings:
                if finding.severity is severity:
                    stacks = found.setdefault(cut(finding.sentence), [])
                    stacks += [stack.title] if stack.title not in stacks else []
        if found:
            yield severity, _listed(report, found)


def failures(report: Report) -> list[tuple[str, str]]:
    """Return why stacks cannot be previewed, and which."""
    return [(cut(text), stack.title) for stack in report.stacks for text in stack.failures]


def broken(report: Report) -> list[tuple[str, str]]:
    """Return the rules that are newly broken, as sentences, and the stacks."""
    found: dict[str, list[str]] = {}
    for stack in report.stacks:
        for rule in stack.broken:
            words = f"{rule.rule} ({rule.severity}): {rule.resource} {rule.sentence}"
            found.setdefault(cut(f"{words}: {rule.remedy}"), []).append(stack.title)
    return _listed(report, found)


def _listed(report: Report, found: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Put the stacks beside each sentence; of a single stack nobody needs to hear."""
    alone = len(report.stacks) == 1
    return [(s, "" if alone else ", ".join(dict.fromkeys(names))) for s, names in found.items()]


def cut(sentence: str) -> str:
    """Bring a sentence to a length that a report can promise."""
    text = clean(" ".join(sentence.split()))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def bill(cost: Cost) -> str:
    """Write a bill: ``$120 to $180 → $140 to $230 a month (+17 %)``."""
    if cost.partial:
        return f"{money(*cost.delta, signed=True)} a month"
    if cost.before == cost.after:
        return f"{money(*cost.after)} a month"
    percent = cost.percent
    share = "" if percent is None else f" ({percent:+.0f} %)"
    return f"{money(*cost.before)} → {money(*cost.after)} a month{share}"


def money(low: Decimal, high: Decimal, *, signed: bool = False) -> str:
    """Write a range of dollars."""
    sign = "+" if signed else ""
    one, two = f"{low:{sign},.0f}", f"{high:{sign},.0f}"
    one, two = (_dollars(text) for text in (one, two))
    return one if one == two else f"{one} to {two}"


def bills(report: Report) -> list[tuple[str, str]]:
    """Return what a stack costs, and which it is, for stacks that were priced."""
    return [(bill(stack.cost), stack.title) for stack in report.stacks if stack.cost]


def components(stack: StackReport) -> list[tuple[str, str]]:
    """Return by how much each component's bill changes, the largest first."""
    if stack.cost is None:
        return []
    found = sorted(stack.cost.components.items(), key=lambda item: -abs(item[1][1]))
    return [(name or "in no component", money(*delta, signed=True)) for name, delta in found]


def _dollars(text: str) -> str:
    text = "0" if text in ("-0", "+0") else text
    return f"{text[0]}${text[1:]}" if text[:1] in "+-" else f"${text}"


def _more(report: Report) -> str:
    """Say by how much all bills together change; two stacks beside each other make no sum."""
    deltas = [stack.cost.delta for stack in report.stacks if stack.cost and not stack.parity]
    low, high = (sum((delta[side] for delta in deltas), Decimal(0)) for side in (0, 1))
    return f"{money(low, high, signed=True)} a month" if abs(low) >= 1 or abs(high) >= 1 else ""
