"""Two stacks of one revision beside each other: what one lacks, and what is only larger there."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from plinth.preview.export import Document
from plinth.preview.readable import short_type
from plinth.preview.values import MASK

from .changes import Change, ChangeKind, PropertyChange
from .findings import Finding, Severity, shown
from .report import component_of
from .sizes import is_size


def differences(changes: Iterable[Change], before: Document, after: Document) -> list[Change]:
    """Leave out what must differ: the stack's own name, and secrets."""
    own = re.compile(rf"(?<![A-Za-z0-9]){re.escape(before['stack'])}(?![A-Za-z0-9])")

    def renamed(value: Any) -> Any:
        if isinstance(value, str):
            return own.sub(after["stack"], value)
        if isinstance(value, list):
            return [renamed(item) for item in cast("list[Any]", value)]
        return value

    def differs(change: PropertyChange) -> bool:
        hidden = change.before == MASK and change.after == MASK
        return not change.because and not hidden and renamed(change.before) != change.after

    return list(_kept(changes, differs))


def _kept(changes: Iterable[Change], differs: Any) -> Iterator[Change]:
    for change in changes:
        if change.before is None or change.after is None:
            yield change
            continue
        properties = [part for part in change.properties if differs(part)]
        if properties:
            # Nothing is deployed, so that nothing is replaced.
            yield Change(
                key=change.key,
                type=change.type,
                name=change.name,
                kind=ChangeKind.CHANGED,
                properties=properties,
                before=change.before,
                after=change.after,
            )


def findings(changes: Sequence[Change], before: Document, after: Document) -> list[Finding]:
    """Say what either stack lacks, what there is more of, and what is larger."""
    found = [*_counts(before, after), *_sizes(changes)]
    order = list(Severity)
    return sorted(found, key=lambda finding: order.index(finding.severity))


def _counts(before: Document, after: Document) -> Iterator[Finding]:
    """Compare how many there are of each type in each component.

    None on one side is an omission, and so is one in place of another; fewer is a size.
    """
    sides = before["stack"], after["stack"]
    counted = _names(before), _names(after)
    only: dict[tuple[str, str], list[str]] = {}
    more: dict[str, list[str]] = {}
    for component, token in dict.fromkeys([*counted[0], *counted[1]]):
        old, new = (names.get((component, token), []) for names in counted)
        kind = short_type(token)
        lost, gained = ([n for n in old if n not in new], [n for n in new if n not in old])
        if old and new and len(old) != len(new):
            more.setdefault(component, []).append(f"{kind} {len(old)} → {len(new)}")
            continue
        for side, names in zip(sides, (lost, gained), strict=True):
            if names:
                told = f"{kind} {', '.join(names)}"
                only.setdefault((component, side), []).append(told)
    for (component, side), told in only.items():
        words = f"{component or 'no component'} only in {side}: {'; '.join(told)}"
        yield Finding(severity=Severity.OMISSION, change_key="", sentence=words)
    for component, told in more.items():
        words = f"{component or 'no component'}: {', '.join(told)}"
        yield Finding(severity=Severity.SIZE, change_key="", sentence=words)


def _names(document: Document) -> dict[tuple[str, str], list[str]]:
    """Return the names of a stack's resources, by component and type."""
    found: dict[tuple[str, str], list[str]] = {}
    for record in document["resources"]:
        if record["kind"] == "custom":
            key = component_of(record), record["type"]
            found.setdefault(key, []).append(record["name"])
    return found


def _sizes(changes: Iterable[Change]) -> Iterator[Finding]:
    for change in changes:
        if change.record["kind"] != "custom":
            continue
        sizes = [part for part in change.properties if is_size(part)]
        if sizes:
            told = ", ".join(f"{p.path} {shown(p.before)} → {shown(p.after)}" for p in sizes)
            yield Finding(
                severity=Severity.SIZE,
                change_key=change.key,
                sentence=f"{change.record['label']}: {told}",
            )
