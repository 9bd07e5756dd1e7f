"""What the lines of a preview's tree are, before anything is drawn."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .export import Document, ResourceRecord
from .readable import lines, short_type

WIDEST_LABEL = 42
"""Columns for the left side; what is longer is cut."""

WIDEST_GROUP = 40
"""Characters up to which names are put together in braces."""

_COMPONENTS = ("component", "remote")


@dataclass
class Row:
    """One line of the tree, or several where its right side is long."""

    prefix: str
    """The branches of the tree, up to the label."""
    below: str
    """The branches on the lines after the first."""
    label: str
    strong: bool = False
    """Whether it is a component's."""
    items: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Right side: names, and the notes on each."""
    inputs: list[str] = field(default_factory=list[str])


def rows(document: Document, *, inputs: bool) -> Iterator[Row]:
    """Lay out a preview, below its header."""
    layout = _Layout(document["resources"], inputs=inputs)
    for top in layout.children.get("", []):
        yield from layout.below(top["urn"], "")


class _Layout:
    def __init__(self, resources: Sequence[ResourceRecord], *, inputs: bool) -> None:
        self.children: dict[str, list[ResourceRecord]] = {}
        self._inputs = inputs
        for resource in resources:
            self.children.setdefault(resource["parent"], []).append(resource)

    def below(self, parent: str, stem: str) -> Iterator[Row]:
        """Lay out leaves first, those of a type together, and then what has children."""
        leaves: dict[str, list[ResourceRecord]] = {}
        branches: list[list[ResourceRecord]] = []
        for resource in self.children.get(parent, []):
            if self._is_branch(resource):
                branches.append([resource])
            else:
                kind = resource["urn"] if self._inputs else resource["type"]
                leaves.setdefault(kind, []).append(resource)
        entries = [*leaves.values(), *branches]
        for number, entry in enumerate(entries):
            last = number == len(entries) - 1
            prefix, below = (f"{stem}└─ ", f"{stem}   ") if last else (f"{stem}├─ ", f"{stem}│  ")
            if number and not stem and number >= len(leaves):
                yield Row("│", "", "")
            yield self._row(entry, prefix, below)
            yield from self.below(entry[0]["urn"], below)

    def _is_branch(self, resource: ResourceRecord) -> bool:
        return resource["kind"] in _COMPONENTS or resource["urn"] in self.children

    def _row(self, entry: Sequence[ResourceRecord], prefix: str, below: str) -> Row:
        first = entry[0]
        row = Row(prefix, below, short_type(first["type"]))
        room = WIDEST_LABEL - len(prefix)
        if first["kind"] in _COMPONENTS:
            row.label, row.strong = cut(f"{row.label} {first['name']}", room), True
            row.items = [(self._contents(first), _notes(first))]
        else:
            number = f" ({len(entry)})" if len(entry) > 1 else ""
            row.label = cut(row.label, room - len(number)) + number
            row.items = list(_names(entry))
        row.inputs = list(lines(first["inputs"])) if self._inputs else []
        return row

    def _contents(self, component: ResourceRecord) -> str:
        if component["kind"] == "remote":
            return "made by a plugin, contents not shown"
        return count(self._size(component["urn"]), "resource")

    def _size(self, urn: str) -> int:
        below = self.children.get(urn, [])
        return sum((child["kind"] == "custom") + self._size(child["urn"]) for child in below)


def _names(resources: Sequence[ResourceRecord]) -> Iterator[tuple[str, str]]:
    """Yield names and notes; ``a-x`` and ``a-y`` next to each other become ``a-{x,y}``."""
    notes = [_notes(resource) for resource in resources]
    shared = len(resources) > 1 and len(set(notes)) == 1 and notes[0]
    told = ["" if shared else note for note in notes]
    pairs = [(*_parted(r["name"]), note) for r, note in zip(resources, told, strict=True)]
    groups = [list(run) for _, run in itertools.groupby(pairs, key=lambda pair: (pair[0], pair[2]))]
    found = [item for group in groups for item in _together(group)]
    if shared:
        found[-1] = (found[-1][0], f"all {shared}")
    yield from found


def _parted(name: str) -> tuple[str, str]:
    stem, _, leaf = name.rpartition("-")
    return (stem, leaf) if stem else ("", name)


def _together(group: Sequence[tuple[str, str, str]]) -> Iterator[tuple[str, str]]:
    stem, _, notes = group[0]
    leaves = [leaf for _, leaf, _ in group]
    name = f"{stem}-{{{','.join(leaves)}}}"
    if stem and len(leaves) > 1 and len(name) <= WIDEST_GROUP:
        yield name, notes
    else:
        yield from ((f"{stem}-{leaf}" if stem else leaf, notes) for leaf in leaves)


def _notes(resource: ResourceRecord) -> str:
    """Return what to mind about a resource, such as ``protected, secret``."""
    options, inputs = resource["options"], resource["inputs"]
    own_region = resource["kind"] == "custom" and inputs.get("region")
    notes = {
        "protected": options.get("protect"),
        "kept on delete": options.get("retainOnDelete"),
        "imported": options.get("import"),
        "looked up": resource["kind"] == "read",
        "secret": any(path.startswith("inputs.") for path in resource["secrets"]),
        "unknown": resource["unknown"],
        f"in {own_region}": own_region,
        f"provider {_name(resource['provider'])}": resource["provider"],
    }
    return ", ".join(note for note, holds in notes.items() if holds)


def _name(urn: str) -> str:
    return urn.split("::")[3] if urn.count("::") >= 3 else urn


def cut(text: str, width: int) -> str:
    """Shorten a text to a width."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def count(number: int, word: str) -> str:
    """Say how many: ``2 components``."""
    return f"{number} {word}{'' if number == 1 else 's'}"
