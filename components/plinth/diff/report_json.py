"""A report for programs."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from . import headlines
from .changes import MISSING, Change
from .report import Cost, Report, StackReport

SCHEMA = 1
"""Version of the form; it rises when a field changes its meaning or goes."""


def to_json(report: Report) -> str:
    """Write a report, the same to the byte for the same comparison."""
    whole = {
        "plinth": {"schema": SCHEMA},
        "before": report.before,
        "after": report.after,
        "verdict": headlines.verdict(report),
        "worst": report.worst.value if report.worst else None,
        "failedOn": list(report.failed_on),
        "notes": list(report.notes),
        "stacks": [_stack(stack) for stack in report.stacks],
    }
    return json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _stack(stack: StackReport) -> dict[str, Any]:
    return {
        "stack": stack.title,
        "counts": {kind.value: number for kind, number in stack.counts.items()},
        "findings": [
            {"severity": f.severity.value, "change": f.change_key, "sentence": f.sentence}
            for f in stack.findings
        ],
        "changes": [_change(change) for change in stack.changes],
        "cost": _cost(stack.cost) if stack.cost else None,
        "rules": [vars(rule) for rule in stack.broken],
        "rulesMended": stack.mended,
        "failures": list(stack.failures),
        "notes": list(stack.notes),
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "key": change.key,
        "type": change.type,
        "name": change.name,
        "kind": change.kind.value,
        "source": change.record["source"],
        "replaceBecause": change.replace_because,
        "properties": [
            _without(
                {
                    "path": p.path,
                    "before": p.before,
                    "after": p.after,
                    "because": p.because or MISSING,
                }
            )
            for p in change.properties
        ],
    }


def _without(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is missing: null is a value."""
    return {name: value for name, value in fields.items() if value is not MISSING}


def _cost(cost: Cost) -> dict[str, Any]:
    def pair(low: Decimal, high: Decimal) -> dict[str, float]:
        return {"min": round(float(low), 2), "max": round(float(high), 2)}

    return {
        "currency": "USD",
        "before": None if cost.partial else pair(*cost.before),
        "after": None if cost.partial else pair(*cost.after),
        "delta": pair(*cost.delta),
        "components": {name: pair(*delta) for name, delta in cost.components.items()},
        "notPriced": list(cost.not_priced),
    }
