"""CloudWatch's metric math, as far as the alarms and policies use it."""

from typing import Any


def computed(expression: str, **metrics: float) -> float:
    """Work an expression out for one point of each metric."""
    python = expression.replace(" AND ", " and ")
    names: dict[str, Any] = {"IF": _either, "FILL": _filled, **metrics}
    return float(eval(python, {"__builtins__": {}}, names))  # noqa: S307


def _either(condition: object, yes: float, no: float) -> float:
    return yes if condition else no


def _filled(metric: float, _: float) -> float:
    return metric
