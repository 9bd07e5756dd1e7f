"""What a change does to requests that two fleets share, as blue and green do."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from .changes import ChangeKind
from .findings import Case, Finding, Severity

_GROUP = "aws:autoscaling/group:Group"
_RULE = "aws:lb/listenerRule:ListenerRule"


def shifts(case: Case) -> Iterator[Finding]:
    """Find a fleet that gets requests in the deployment that starts its first instances.

    A balancer sends a target group its share, whether or not anything in there can answer.
    """
    if case.type != _GROUP or case.before.get("minSize") or not case.after.get("minSize"):
        return
    targets = cast("list[str]", case.after.get("targetGroupArns") or [])
    percent = max((_percent(each, targets) for each in _shares(case)), default=0)
    if percent:
        words = f"gets {percent:g} % of the requests before its first instance is there"
        yield case.find(Severity.DOWNTIME, f"{words}: start it without any, one deployment earlier")


def _shares(case: Case) -> Iterator[list[dict[str, Any]]]:
    """Return what rules share requests between; one that is new took nothing from anybody."""
    for record in case.site.after["resources"]:
        if record["type"] == _RULE and case.site.kinds.get(record["urn"]) is not ChangeKind.ADDED:
            for action in cast("list[dict[str, Any]]", record["inputs"].get("actions") or []):
                forward: dict[str, Any] = action.get("forward") or {}
                yield forward.get("targetGroups") or []


def _percent(shared: Sequence[dict[str, Any]], targets: Sequence[str]) -> float:
    weights = [(each["arn"] in targets, float(each.get("weight", 1))) for each in shared]
    total = sum(weight for _, weight in weights)
    return 100 * sum(weight for ours, weight in weights if ours) / total if total else 0
