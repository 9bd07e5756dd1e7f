"""Placeholders for what only AWS can compute: ``${rds.Instance/db.arn}``.

They are texts, so that an address, a policy or a boot document built on them can be read, compared
and checked although nothing exists yet.
"""

import collections.abc
import enum
import functools
import types
import typing
from typing import Any

import pulumi
from pulumi import _types  # pyright: ignore[reportPrivateUsage]

DEEPEST = 3
"""Levels of nested objects for which placeholders are made; provider types may recur."""

ANY = "plinth:any-export"
"""Key under which a stack's exports, of which not even the names are known, have their label."""

_NESTED = {
    "aws:eks/cluster:Cluster": ("vpcConfig.clusterSecurityGroupId", "vpcConfig.vpcId"),
    "kubernetes": ("metadata.name",),
}
"""Fields that a provider adds to an object among the inputs, by type or package. The SDK does not
tell them from those that are left out."""


class Labels:
    """Short names of resources, each of which belongs to one URN."""

    def __init__(self) -> None:
        self._by_urn: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, urn: str, token: str, name: str) -> str:
        """Return the label of a resource; one that is taken gets ``~2`` after its name."""
        if urn not in self._by_urn:
            plain = unique = f"{_kind(token)}/{name}"
            number = 1
            while unique in self._taken:
                number += 1
                unique = f"{plain}~{number}"
            self._taken.add(unique)
            self._by_urn[urn] = unique
        return self._by_urn[urn]


def placeholder(label: str, path: str) -> str:
    """Return the stand-in for a text that AWS will compute."""
    return f"${{{label}.{path}}}"


def placeholders(cls: type[pulumi.Resource], label: str) -> dict[str, Any]:
    """Return a stand-in for every output of a kind that is always there once it exists."""
    made = {name: _stand_in(kind, f"{label}.{name}") for name, kind in required(cls).items()}
    return {name: value for name, value in made.items() if value is not None}


def nested(token: str) -> tuple[str, ...]:
    """Return the paths of what a provider adds to objects among the inputs of a type."""
    return _NESTED.get(token) or _NESTED.get(token.partition(":")[0], ())


@functools.cache
def required(cls: type) -> dict[str, Any]:
    """Return the type of each property that is not optional, by its wire name."""
    # The public function forgets what is optional.
    hints = _types._raw_return_hints(cls)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    kinds = {name: _unwrapped(kind) for name, kind in hints.items() if name not in ("id", "urn")}
    return {name: kind for name, kind in kinds.items() if type(None) not in typing.get_args(kind)}


def _kind(token: str) -> str:
    package, _, rest = token.partition(":")
    module, _, kind = rest.rpartition(":")
    module = module.partition("/")[0]
    return f"{package if module in ('', 'index') else module}.{kind}"


def _unwrapped(kind: Any) -> Any:
    return typing.get_args(kind)[0] if typing.get_origin(kind) is pulumi.Output else kind


def _stand_in(kind: Any, path: str, depth: int = 0) -> Any:
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _stand_in(args[0], path, depth)
    if origin in (list, collections.abc.Sequence):
        return [_stand_in(args[0], f"{path}[0]", depth + 1)] if depth < DEEPEST else []
    if origin in (dict, collections.abc.Mapping):
        return {}
    if kind is Any or kind is str:
        return f"${{{path}}}"
    return _typed(kind, path, depth) if isinstance(kind, type) else None


def _typed(kind: type[Any], path: str, depth: int) -> Any:
    if issubclass(kind, enum.Enum):
        return next(iter(kind)).value
    if issubclass(kind, (bool, int, float)):
        return kind()
    if not _types.is_output_type(kind) or depth >= DEEPEST:
        return None
    # Fields of a nested object are declared optional even where they are always there.
    fields = {
        name: _stand_in(inner, f"{path}.{name}", depth + 1)
        for name, inner in _types.output_type_types(kind).items()
    }
    return {name: value for name, value in fields.items() if value is not None}
