"""A changed property as lines for people: values short, documents as what differs in them."""

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, cast

from plinth.preview.readable import decoded
from plinth.preview.values import MASK

from .changes import MISSING, PropertyChange
from .properties import parsed

WIDEST = 160
"""Characters of a value on one line; what is longer is cut in its middle."""

_CONTEXT = 2
"""Lines around each difference of a document."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Characters that move the cursor, break lines or turn the text around."""


def lines(change: PropertyChange, *, documents: bool = True) -> list[str]:
    """Write a change: ``path: before → after``, or a heading and the lines that differ.

    Without documents, only that they differ.
    """
    before, after = change.before, change.after
    if change.because:
        return [f"{clean(change.path)}: another, since {clean(change.because)}"]
    if before == MASK and after == MASK:
        return [f"{clean(change.path)}: another secret"]
    if _is_document(before) or _is_document(after):
        if not documents:
            return [f"{clean(change.path)} differs"]
        return [f"{clean(change.path)}:", *(f"  {line}" for line in _unified(before, after))]
    if isinstance(before, list) and isinstance(after, list):
        items = cast("tuple[list[Any], list[Any]]", (before, after))
        return [f"{clean(change.path)}: {_items(*items)}"]
    return [f"{clean(change.path)}: {short(before)} → {short(after)}"]


def short(value: Any, width: int = WIDEST) -> str:
    """Write a value on one line."""
    if value is MISSING:
        return "(none)"
    text = (
        value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    )
    text = clean(text.replace("\n", "\\n"))
    if not text or text != text.strip():
        text = json.dumps(text, ensure_ascii=False)
    half = (width - 3) // 2
    return text if len(text) <= width else f"{text[:half]} … {text[-half:]}"


def clean(text: str) -> str:
    """Make characters visible that would act on whoever displays them."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _is_document(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(cast("dict[str, Any]", value))
    return isinstance(value, str) and (
        "\n" in value or parsed(value) is not None or _decoded(value) is not None
    )


def _decoded(text: str) -> str | None:
    """Read what was encoded for AWS, such as user data; other texts stay as they are."""
    if len(text) < 40 or not re.fullmatch(r"[A-Za-z0-9+/\s]+={0,2}", text):
        return None
    found = decoded(text)
    return found if found and ("\n" in found or found.isprintable()) else None


def _unified(before: Any, after: Any) -> Iterator[str]:
    one, two = _document(before), _document(after)
    if one == two:
        yield "(the same text, written in another way)"
        return
    found = list(difflib.unified_diff(one, two, lineterm="", n=_CONTEXT))[2:]
    for line in found:
        yield "…" if line.startswith("@@") else line


def _document(value: Any) -> Sequence[str]:
    if value is MISSING:
        return []
    if isinstance(value, str):
        text = _decoded(value) or value
        value = parsed(text)
        if value is None:
            return [clean(line) for line in text.rstrip("\n").split("\n")]
    text = json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
    return [clean(line) for line in text.split("\n")]


def _items(before: Sequence[Any], after: Sequence[Any]) -> str:
    """Write what a list has gained and lost, or both where the difference is their order."""
    gained = [f"+ {short(item)}" for item in after if item not in before]
    lost = [f"- {short(item)}" for item in before if item not in after]
    if not gained and not lost:
        return f"{short(list(before))} → {short(list(after))}"
    return ", ".join([*gained, *lost])
