"""What policies allow, and what of it is new."""

import json
from collections.abc import Iterator
from typing import Any, cast

from .changes import ChangeKind
from .findings import Case
from .properties import parsed

_DOCUMENTS = ("policy", "assumeRolePolicy", "accessPolicy", "inlinePolicy")

_MOST = 3
"""Grants that a sentence lists."""

Grant = tuple[str, str, str, str]
"""Action, resource, principal and condition."""


def widened(case: Case) -> Iterator[str]:
    """Say what the policies of a resource allow that they did not before."""
    if case.kind is ChangeKind.REMOVED:
        return
    for name in _DOCUMENTS:
        before, after = case.before.get(name), case.after.get(name)
        if after is None or before == after:
            continue
        yield from _wider(case, name, _grants(before, "Allow"), _grants(after, "Allow"))
        gone = _grants(before, "Deny") - _grants(after, "Deny")
        if gone and case.kind is not ChangeKind.ADDED:
            yield f"no longer forbids {_list(gone)}"


def _wider(case: Case, name: str, before: set[Grant], after: set[Grant]) -> Iterator[str]:
    news = {
        grant
        for grant in after - before
        if not any(_covers(old, grant) for old in before) and not _on_new(case, grant)
    }
    held = [field for field in ("role", "bucket") if field in case.after]
    if case.kind is ChangeKind.ADDED and (not held or case.holds_new(held[0])):
        # What is new as a whole is not wider than before; only too wide.
        news = {grant for grant in news if _too_wide(grant)}
    if news:
        verb = "may be assumed by" if name == "assumeRolePolicy" else "allows"
        told = _principals(news) if name == "assumeRolePolicy" else _list(news)
        yield f"{verb} {told}" if case.kind is ChangeKind.ADDED else f"now {verb} {told}"


def _on_new(case: Case, grant: Grant) -> bool:
    """Tell whether a grant is on something that the same change adds."""
    return not grant[2] and any(start in grant[1] for start in case.site.news)


def _too_wide(grant: Grant) -> bool:
    action, resource, principal, condition = grant
    public = principal in ("*", "AWS:*") and not condition
    return public or (action in ("*", "*:*") and resource == "*")


def _covers(old: Grant, new: Grant) -> bool:
    return old[2:] == new[2:] and all(
        mine in ("*", theirs) or (mine.endswith("*") and theirs.startswith(mine[:-1]))
        for mine, theirs in zip(old[:2], new[:2], strict=True)
    )


def _grants(document: Any, effect: str) -> set[Grant]:
    read = parsed(document) if isinstance(document, str) else document
    fields = cast("dict[str, Any]", read) if isinstance(read, dict) else {}
    statements: Any = fields.get("Statement", [])
    found: set[Grant] = set()
    for statement in cast(
        "list[Any]", statements if isinstance(statements, list) else [statements]
    ):
        if isinstance(statement, dict):
            fields = cast("dict[str, Any]", statement)
            if fields.get("Effect") == effect:
                found |= set(_of(fields))
    return found


def _of(statement: dict[str, Any]) -> Iterator[Grant]:
    condition = json.dumps(statement.get("Condition", {}), sort_keys=True)
    actions = _texts(statement.get("Action")) or [
        f"all but {text}" for text in _texts(statement.get("NotAction"))
    ]
    resources = _texts(statement.get("Resource")) or [
        f"all but {text}" for text in _texts(statement.get("NotResource"))
    ]
    for action in actions:
        for resource in resources or [""]:
            for principal in _principal(statement.get("Principal")) or [""]:
                yield action, resource, principal, "" if condition == "{}" else condition


def _principal(value: Any) -> list[str]:
    if isinstance(value, dict):
        kinds = cast("dict[str, Any]", value)
        return [f"{kind}:{text}" for kind, texts in kinds.items() for text in _texts(texts)]
    return _texts(value)


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    return (
        [str(item) for item in cast("list[Any]", value)]
        if isinstance(value, list)
        else [str(value)]
    )


def _list(grants: set[Grant]) -> str:
    """Write grants, those on the same thing together."""
    together: dict[tuple[str, str], list[str]] = {}
    for action, resource, principal, _ in sorted(grants):
        together.setdefault((resource, principal), []).append(action)
    told = [_told(actions, *on) for on, actions in together.items()]
    more = f" and {len(told) - _MOST} more" if len(told) > _MOST else ""
    return "; ".join(told[:_MOST]) + more


def _told(actions: list[str], resource: str, principal: str) -> str:
    more = f" and {len(actions) - _MOST} more actions" if len(actions) > _MOST else ""
    on = f" on {resource}" if resource else ""
    to = f" to {principal}" if principal else ""
    return f"{', '.join(dict.fromkeys(actions[:_MOST]))}{more}{on}{to}"


def _principals(grants: set[Grant]) -> str:
    return ", ".join(sorted({principal for _, _, principal, _ in grants}))
