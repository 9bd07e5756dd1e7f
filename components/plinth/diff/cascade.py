"""What a replaced resource does to those that refer to it.

Its outputs become others: a property that holds one changes, although its placeholder reads the
same, and may in turn make a replacement.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from plinth.preview.export import ResourceRecord

from .changes import ChangeKind, PropertyChange
from .properties import leaves

_LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
"""The one type here whose every change gives it another output, the number of its version."""

_NOT_PINNED = ("$Latest", "$Default")


class Cascade:
    """Remembers what was replaced; resources come in the program's order, which is that of need."""

    def __init__(self, added: Iterable[str]) -> None:
        """Start with the labels of what is new: another resource may have had the same before."""
        self._renewed = dict.fromkeys(added, "is another one")
        self._replaced: dict[str, str] = {}
        self._versions: dict[str, str] = {}

    def note(self, record: ResourceRecord, kind: ChangeKind) -> None:
        """Remember what becomes of a resource."""
        if kind is ChangeKind.REPLACED:
            self._renewed[record["label"]] = "is replaced"
            self._replaced[record["urn"]] = record["label"]
        elif kind is not ChangeKind.RENAMED and record["type"] == _LAUNCH_TEMPLATE:
            self._versions[record["urn"]] = record["label"]

    def replaced_with(self, record: ResourceRecord) -> Iterator[str]:
        """Yield what is replaced of the resources with which this one asks to be replaced."""
        for urn in record["options"].get("replaceWith", []):
            if urn in self._replaced:
                yield self._replaced[urn]

    def reached(self, record: ResourceRecord) -> Iterator[PropertyChange]:
        """Yield the properties that change because of what they refer to."""
        if record["kind"] not in ("custom", "provider"):
            return
        for path, value in leaves(record["inputs"]):
            because = self._reason(value)
            if because:
                yield PropertyChange(path=path, before=value, after=value, because=because)
        yield from self._new_versions(record)

    def _reason(self, value: Any) -> str:
        texts = [text for _, text in leaves([value]) if isinstance(text, str) and "${" in text]
        for label, what in self._renewed.items():
            if any(f"${{{label}." in text for text in texts):
                return f"{label} {what}"
        return ""

    def _new_versions(self, record: ResourceRecord) -> Iterator[PropertyChange]:
        for name, urns in record["propertyDependencies"].items():
            label = next((self._versions[urn] for urn in urns if urn in self._versions), "")
            if not label:
                continue
            for path, value in leaves(record["inputs"].get(name), name):
                if path.endswith(".version") and value not in _NOT_PINNED:
                    because = f"{label} gets a new version"
                    yield PropertyChange(path=path, before=value, after=value, because=because)
