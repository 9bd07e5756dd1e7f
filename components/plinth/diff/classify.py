"""How bad a change is: one sentence for each thing that a reviewer should know."""

from collections.abc import Iterator, Sequence

from plinth.preview.export import Document

from .changes import Change, ChangeKind
from .findings import Case, Finding, Severity, Site
from .losses import losses
from .openings import openings
from .outages import outages
from .shifts import shifts
from .sizes import capacities

__all__ = ["Finding", "Severity", "classify"]

_GROUP = "aws:autoscaling/group:Group"
_INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
_JOB = "kubernetes:batch/v1:Job"
_RESTORABLE = "aws:secretsmanager/secret:Secret"
_LOGS = "aws:cloudwatch/logGroup:LogGroup"
_RULES = (losses, outages, shifts, openings, capacities)


def classify(changes: Sequence[Change], before: Document, after: Document) -> list[Finding]:
    """Say what the changes do, worst first, and within that in the order of the changes."""
    site = Site.of(changes, before, after)
    cases = [Case(change, site) for change in changes]
    found = [*_moved(before, after)]
    found += [finding for case in cases for rule in (*_RULES, _others) for finding in rule(case)]
    return sorted(dict.fromkeys(found), key=_rank)


def _moved(before: Document, after: Document) -> Iterator[Finding]:
    """Find that the configuration names another region, of which no resource tells."""
    old, new = before.get("region", ""), after.get("region", "")
    if old and new and old != new and before["resources"]:
        words = f"the region changes from {old} to {new}: everything is made anew, and empty, there"
        yield Finding(severity=Severity.DATA_LOSS, change_key="", sentence=words)


def _rank(finding: Finding) -> tuple[int, int]:
    """Put logs and what can be restored behind other data, the internet before other doors."""
    within = 0
    if finding.severity is Severity.DATA_LOSS:
        within = 2 * (_LOGS in finding.change_key) + (_RESTORABLE in finding.change_key)
    elif finding.severity is Severity.SECURITY:
        within = int("the whole internet" not in finding.sentence)
    return list(Severity).index(finding.severity), within


def _others(case: Case) -> Iterator[Finding]:
    """Find what is worth a line, and no alarm."""
    if case.kind is ChangeKind.MAY_REPLACE:
        because = "; ".join(case.change.replace_because) or "its inputs change"
        yield case.find(Severity.OTHER, f"may be replaced ({because})")
    if case.type == _GROUP and case.kind is ChangeKind.CHANGED:
        news = [change for change in case.change.properties if change.path.endswith(".version")]
        if news and "instanceRefresh" in case.after:
            words = f"renews its instances, one batch after another ({news[0].because})"
            yield case.find(Severity.OTHER, words)
    if case.type == _JOB and case.kind is ChangeKind.REPLACED:
        because = "; ".join(case.change.replace_because)
        yield case.find(Severity.OTHER, f"runs again, because of {because}")
    if case.type == _INGRESS and case.kind is ChangeKind.REMOVED:
        names = ("referencedSecurityGroupId", "securityGroupId")
        if not any(case.held_removed(name) for name in names):
            yield case.find(Severity.OTHER, "is removed: who came in by it is shut out")
