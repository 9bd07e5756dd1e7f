"""The environment contract: which variables an app finds, what they mean and who sets them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One variable that a component gives to the tiers that use it."""

    name: str
    meaning: str
    """One sentence for the app's author: the form of the value, and when it is absent."""
    secret: bool = False
    """Whether it is read from Secrets Manager at boot, rather than written in user data."""


def table(contract: Mapping[str, Sequence[Variable]]) -> str:
    """Write a contract as a Markdown table.

    Args:
        contract: The variables by who sets them, in the order of the rows.
    """
    rows = [
        f"| `{each.name}` | {each.meaning} | {setter} | {'yes' if each.secret else ''} |"
        for setter, variables in contract.items()
        for each in variables
    ]
    head = ["| variable | meaning | set by | secret |", "|---|---|---|---|"]
    return "\n".join([*head, *rows]).replace("``", "`") + "\n"
