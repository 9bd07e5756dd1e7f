"""Settings as paths: every leaf of a settings model, and a change of one."""

import copy
from collections.abc import Iterator
from typing import Any, get_args

from plinth.settings import Settings


def leaves(model: type[Settings], prefix: str = "") -> Iterator[str]:
    """List every setting of a model, those of models inside it included.

    A model in a mapping stands under ``*``: ``replicas.*.zone``.
    """
    for name, field in model.model_fields.items():
        inner = list(_inner(field.annotation))
        star = "*." if _is_mapping(field.annotation) else ""
        for each in inner:
            yield from leaves(each, f"{prefix}{name}.{star}")
        if not inner:
            yield prefix + name


def changed(values: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Copy plain settings with one of them changed; ``*`` is the first key of a mapping."""
    result = copy.deepcopy(values)
    here = result
    *parents, last = path.split(".")
    for part in parents:
        here = next(iter(here.values())) if part == "*" else here.setdefault(part, {})
    here[last] = value
    return result


def _inner(annotation: Any) -> Iterator[type[Settings]]:
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        yield annotation
    for part in get_args(annotation):
        yield from _inner(part)


def _is_mapping(annotation: Any) -> bool:
    return str(annotation).startswith(("dict[", "collections.abc.Mapping["))
