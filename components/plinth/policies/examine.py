"""Run the rules over a recorded stack."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from plinth.preview.export import Document

from .exceptions import Acceptance, acceptances
from .model import Finding, Rule, Violation
from .platform import Platform
from .registry import RULES


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A violation that somebody accepts."""

    violation: Violation
    acceptance: Acceptance


@dataclass(frozen=True, kw_only=True)
class Report:
    """What came of checking one stack."""

    project: str
    stack: str
    protected: bool
    """Whether it was held to what only protected stacks must hold to."""
    violations: tuple[Violation, ...]
    """What is wrong and not accepted, in the order of the rules, then of the program."""
    accepted: tuple[Accepted, ...]
    unused: tuple[Acceptance, ...]
    """Exceptions that nothing needs: they can go."""


def check(
    document: Document, today: date | None = None, *, protected: bool | None = None
) -> list[Violation]:
    """Return all that breaks a rule in a stack and that no valid exception accepts.

    Args:
        document: What :func:`plinth.preview.export.to_document` made of a symbolic run.
        today: The day on which exceptions must still count; None is today.
        protected: Whether this stack's data must outlive every accident; None: its name says so.
    """
    return list(examine(document, today, protected=protected).violations)


def examine(
    document: Document, today: date | None = None, *, protected: bool | None = None
) -> Report:
    """Run every rule over a stack, and tell what is wrong and what is accepted."""
    day = today or datetime.now(UTC).date()
    platform = Platform(document, protected)
    known = acceptances(platform)
    judged = [judge(rule, finding, platform, known) for rule, finding in _found(platform)]
    used = {acceptance for one in judged for acceptance in one.covering}
    return Report(
        project=document["project"],
        stack=document["stack"],
        protected=platform.protected,
        violations=tuple(one.violation for one in judged if one.valid(day) is None),
        accepted=tuple(
            Accepted(violation=one.violation, acceptance=valid)
            for one in judged
            if (valid := one.valid(day)) is not None
        ),
        unused=tuple(acceptance for acceptance in known if acceptance not in used),
    )


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A violation, and all exceptions that speak of it, whether they still count or not."""

    violation: Violation
    covering: tuple[Acceptance, ...]

    def valid(self, day: date) -> Acceptance | None:
        """Return an exception that counts on a day."""
        return next((a for a in self.covering if a.until >= day), None)


def judge(rule: Rule, finding: Finding, platform: Platform, known: Sequence[Acceptance]) -> Judged:
    """Put together what a finding breaks, and who accepts it."""
    covering = tuple(a for a in known if a.covers(rule.id, finding.resource, platform))
    last = max((acceptance.until for acceptance in covering), default=None)
    sentence = finding.sentence if last is None else f"{finding.sentence} (accepted to {last})"
    return Judged(
        covering=covering,
        violation=Violation(
            rule=rule.id,
            severity=rule.severity,
            urn=finding.resource["urn"],
            resource=finding.resource["label"],
            component=platform.component(finding.resource),
            sentence=sentence,
            remedy=rule.remedy,
            link=rule.link,
            controls=rule.controls,
            source=_source(finding, platform),
        ),
    )


def _source(finding: Finding, platform: Platform) -> str:
    """Return the user's own line: where the outermost component was made."""
    return [finding.resource, *platform.above(finding.resource)][-1]["source"]


def _found(platform: Platform) -> Iterator[tuple[Rule, Finding]]:
    for rule in RULES:
        for finding in rule.findings(platform):
            yield rule, finding
