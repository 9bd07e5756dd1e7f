"""Two values of one property, taken apart until the differences show."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from plinth.preview.values import MASK

from .changes import MISSING, PropertyChange

_NAMES = ("name", "key", "id", "originId", "pathPattern", "deviceName", "sid", "cidrBlock")
"""Fields by which the items of a list are known, whatever their place in it."""

Digests = Mapping[str, str | None]


@dataclass(frozen=True)
class Place:
    """Where a value is: for people, and in the record of either side."""

    shown: str = ""
    before: str = ""
    after: str = ""

    def field(self, name: str) -> "Place":
        """Return the place of a field."""
        return Place(*(f"{path}.{name}" if path else name for path in self._paths()))

    def item(self, shown: str, before: int, after: int) -> "Place":
        """Return the place of a list's item."""
        steps = (shown, str(before), str(after))
        pairs = zip(self._paths(), steps, strict=True)
        return Place(*(f"{path}[{step}]" for path, step in pairs))

    def _paths(self) -> tuple[str, str, str]:
        return self.shown, self.before, self.after


@dataclass(frozen=True)
class Comparer:
    """Compares values, secrets among them by their digests."""

    before: Digests
    after: Digests

    def compare(self, before: Any, after: Any, place: Place) -> Iterator[PropertyChange]:
        """Yield every difference of two values, each as deep within them as it is."""
        if isinstance(before, dict) and isinstance(after, dict):
            yield from self._objects(
                cast("dict[str, Any]", before), cast("dict[str, Any]", after), place
            )
        elif isinstance(before, list) and isinstance(after, list):
            yield from self._lists(cast("list[Any]", before), cast("list[Any]", after), place)
        elif self._differ(before, after, place):
            yield PropertyChange(path=place.shown, before=before, after=after)

    def _differ(self, before: Any, after: Any, place: Place) -> bool:
        if before == MASK and after == MASK:
            digests = self.before.get(place.before), self.after.get(place.after)
            return None not in digests and digests[0] != digests[1]
        return not same(before, after)

    def _objects(
        self, before: dict[str, Any], after: dict[str, Any], place: Place
    ) -> Iterator[PropertyChange]:
        for name in sorted(before.keys() | after.keys()):
            yield from self.compare(
                before.get(name, MISSING), after.get(name, MISSING), place.field(name)
            )

    def _lists(self, before: list[Any], after: list[Any], place: Place) -> Iterator[PropertyChange]:
        if not any(isinstance(item, dict | list) or item == MASK for item in [*before, *after]):
            if not same(before, after):
                yield PropertyChange(path=place.shown, before=before, after=after)
        elif names := _named(before, after):
            yield from self._by_name(before, after, names, place)
        else:
            yield from self._by_place(before, after, place)

    def _by_name(
        self,
        before: list[Any],
        after: list[Any],
        names: tuple[list[str], list[str]],
        place: Place,
    ) -> Iterator[PropertyChange]:
        first, second = names
        for name in sorted({*first, *second}):
            one = first.index(name) if name in first else -1
            two = second.index(name) if name in second else -1
            yield from self.compare(
                before[one] if one >= 0 else MISSING,
                after[two] if two >= 0 else MISSING,
                place.item(name, one, two),
            )
        kept = [n for n in first if n in second], [n for n in second if n in first]
        if kept[0] != kept[1]:
            yield PropertyChange(path=f"{place.shown}[order]", before=kept[0], after=kept[1])

    def _by_place(
        self, before: list[Any], after: list[Any], place: Place
    ) -> Iterator[PropertyChange]:
        start = 0
        while start < min(len(before), len(after)) and self._equal(
            before[start], after[start], place.item(str(start), start, start)
        ):
            start += 1
        end = 0
        while end < min(len(before), len(after)) - start and self._equal(
            before[-1 - end],
            after[-1 - end],
            place.item("", len(before) - 1 - end, len(after) - 1 - end),
        ):
            end += 1
        for index in range(start, max(len(before), len(after)) - end):
            yield from self.compare(
                before[index] if index < len(before) - end else MISSING,
                after[index] if index < len(after) - end else MISSING,
                place.item(str(index), index, index),
            )

    def _equal(self, before: Any, after: Any, place: Place) -> bool:
        return not any(self.compare(before, after, place))


def same(before: Any, after: Any) -> bool:
    """Tell whether two values mean the same: texts of JSON do whatever their blanks."""
    if before is MISSING or after is MISSING:
        return before is after
    if isinstance(before, str) and isinstance(after, str) and before != after:
        documents = parsed(before), parsed(after)
        return None not in documents and same(*documents)
    # Python takes 1 for True; JSON does not.
    return json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True)


def parsed(text: str) -> Any:
    """Return the object or list that a text of JSON holds; None if it is another text."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _named(before: Sequence[Any], after: Sequence[Any]) -> tuple[list[str], list[str]] | None:
    """Return the names of all items of both lists, if there is a field that names them."""
    for name in _NAMES:
        found = _names(before, name), _names(after, name)
        if found[0] is not None and found[1] is not None:
            return found[0], found[1]
    return None


def _names(items: Sequence[Any], name: str) -> list[str] | None:
    fields = [cast("dict[str, Any]", item) for item in items if isinstance(item, dict)]
    found = [item[name] for item in fields if isinstance(item.get(name), str)]
    unique = len(found) == len(items) == len(set(found)) and MASK not in found
    return found if unique else None


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield what a value is made of, at the paths under which a comparison shows it."""
    if isinstance(value, dict):
        for name, item in cast("dict[str, Any]", value).items():
            yield from leaves(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and any(
        isinstance(i, dict | list) for i in cast("list[Any]", value)
    ):
        items = cast("list[Any]", value)
        found = _named(items, items)
        for index, item in enumerate(items):
            yield from leaves(item, f"{path}[{found[0][index] if found else index}]")
    elif isinstance(value, list) and not path:
        yield from (("", item) for item in cast("list[Any]", value))
    else:
        yield path, value
