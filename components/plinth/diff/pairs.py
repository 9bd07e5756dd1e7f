"""Stacks before and after: what a comparison is made of."""

from collections.abc import Sequence
from dataclasses import dataclass

from plinth.preview.export import Document
from plinth.preview.graph import SCHEMA

from .changes import Change

KEY = "PLINTH_DIGEST_KEY"
"""Environment variable that keys the digests of secrets; as in the command ``preview``."""


class UsageError(Exception):
    """What was asked for cannot be compared; one line that says why."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A stack on either side."""

    title: str
    before: Document | None
    """None where it cannot be previewed; without resources where there is no such stack."""
    after: Document | None
    changes: list[Change] | None = None
    """What the engine decided; None where it is for a comparison to find out."""
    parity: bool = False
    """Whether they are two stacks, and not one before and after."""
    whole: bool = True
    """Whether both list all their resources."""
    failures: Sequence[str] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All pairs, and what the two sides are called."""

    before: str
    after: str
    pairs: list[Pair]
    notes: Sequence[str] = ()


def with_empty(stack: str, before: Document | None, after: Document | None) -> Pair:
    """Pair a stack with nothing, where one side has none."""
    notes: list[str] = []
    if after and not before:
        before, notes = _nothing(after), [f"the stack {stack} is new"]
    elif before and not after:
        after, notes = _nothing(before), [f"the stack {stack} is gone: destroy it by hand"]
    return Pair(title=stack, before=before, after=after, notes=notes)


def _nothing(like: Document) -> Document:
    return {
        "plinth": {"schema": SCHEMA},
        "project": like["project"],
        "stack": like["stack"],
        "mode": like["mode"],
        "region": like.get("region", ""),
        "resources": [],
        "exports": {},
        "invokes": [],
        "problems": [],
        "logs": [],
    }
