"""Comparisons of what files hold: saved previews, and the engine's plans."""

from collections.abc import Iterable
from pathlib import Path

from plinth.preview.export import Document, SchemaError, from_text

from . import engine_json
from .pairs import KEY, Comparison, Pair, UsageError, with_empty


def saved(before: Path, after: Path) -> Comparison:
    """Read two files of ``plinth preview --json``.

    Raises:
        UsageError: One is none.
    """
    old, new = (_read(path) for path in (before, after))
    wanted = dict.fromkeys([*old, *new])
    notes = [] if _keyed([*old.values(), *new.values()]) else [_UNKEYED]
    pairs = [with_empty(stack, old.get(stack), new.get(stack)) for stack in wanted]
    return Comparison(before=before.name, after=after.name, pairs=pairs, notes=notes)


_UNKEYED = f"whether secrets change is not known: save both previews with the same text in {KEY}"


def plans(paths: Iterable[Path]) -> Comparison:
    """Read files of ``pulumi preview --json``, each of one stack.

    Raises:
        UsageError: One is none.
    """
    pairs: list[Pair] = []
    for path in paths:
        try:
            plan = engine_json.read(_text(path))
        except SchemaError as error:
            msg = f"{path} {error}"
            raise UsageError(msg) from None
        title = plan.after["stack"] or plan.before["stack"] or path.stem
        pairs.append(
            Pair(
                title=title,
                before=plan.before,
                after=plan.after,
                changes=plan.changes,
                whole=plan.whole,
                failures=plan.failures,
                notes=[] if plan.whole else [_NOT_WHOLE],
            )
        )
    return Comparison(before="what is deployed", after="the program", pairs=pairs)


_NOT_WHOLE = (
    "the plan leaves out what stays the same: rules were not checked and the bill has no total; "
    "make it by 'pulumi preview --json --show-sames'"
)


def _read(path: Path) -> dict[str, Document]:
    try:
        return {document["stack"]: document for document in from_text(_text(path))}
    except SchemaError as error:
        msg = f"{path} {error}"
        raise UsageError(msg) from None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path} cannot be read: {error}"
        raise UsageError(msg) from None


def _keyed(documents: Iterable[Document]) -> bool:
    resources = [resource for document in documents for resource in document["resources"]]
    return all(None not in resource["secrets"].values() for resource in resources)
