"""The picture of a stack at the level of its resources, those alike in one box."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from plinth.preview.export import Document, ResourceRecord
from plinth.preview.readable import short_type
from plinth.preview.render import summary
from plinth.preview.rows import cut

from .components import components
from .model import Arrow, Box, Picture, Relation, Role
from .roles import role_of
from .stock import Stock

_LONGEST = 30
"""Characters of a box's names; what is longer is cut."""


def resources(document: Document) -> Picture:
    """Draw every resource of a stack, inside its component where it has one."""
    stock = Stock(document)
    if stock.flat:
        return replace(
            _related([record for parts in stock.parts.values() for record in parts]),
            title=f"{document['project']}/{document['stack']}",
            subtitle=summary(document),
        )
    whole = components(document)
    boxes = [_opened(stock, box) for box in whole.boxes]
    for frame in whole.frames:
        if frame.key in stock.parts:
            made_of = _related(stock.parts[frame.key])
            kind, _, name = frame.title.partition(" ")
            boxes.append(
                Box(
                    key=f"{frame.key}#parts",
                    kind=kind,
                    name=name,
                    role=Role.NETWORK,
                    frame=frame.key,
                    members=frame.members,
                    inside=made_of,
                )
            )
    return replace(whole, boxes=boxes)


def _opened(stock: Stock, box: Box) -> Box:
    parts = stock.parts.get(box.key, [])
    alone = len(parts) < 2
    return box if alone else replace(box, facts=(), inside=_related(parts))


def _related(records: Sequence[ResourceRecord]) -> Picture:
    """Draw some resources, and which of them names which."""
    groups: dict[str, list[ResourceRecord]] = {}
    for record in records:
        stem, dash, _ = record["name"].rpartition("-")
        alike = "|".join([record["parent"], record["type"], stem or record["name"], dash])
        groups.setdefault(alike, []).append(record)
    boxes = [_group(key, group) for key, group in groups.items()]
    of = {urn: box.key for box in boxes for urn in box.members}
    needs: dict[str, set[str]] = {box.key: set() for box in boxes}
    for record in records:
        named = [urn for urns in record["propertyDependencies"].values() for urn in urns]
        for urn in (*record["dependencies"], *named):
            if of.get(urn, of[record["urn"]]) != of[record["urn"]]:
                needs[of[record["urn"]]].add(of[urn])
    arrows = [
        Arrow(source=source, target=target, relation=Relation.USES)
        for source, targets in reduced(needs).items()
        for target in targets
    ]
    return Picture(boxes=boxes, arrows=arrows)


def _group(key: str, records: Sequence[ResourceRecord]) -> Box:
    first = records[0]
    number = f" ({len(records)})" if len(records) > 1 else ""
    stem = first["name"].rpartition("-")[0]
    leaves = [record["name"].removeprefix(f"{stem}-") for record in records]
    name = f"{stem}-{{{','.join(leaves)}}}" if len(records) > 1 else first["name"]
    return Box(
        key=key,
        kind=f"{short_type(first['type'])}{number}",
        name=cut(name, _LONGEST),
        role=role_of([first["type"]]),
        members=tuple(record["urn"] for record in records),
    )


def reduced(needs: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Leave out what a graph says twice: a need that follows from other needs."""
    kept: dict[str, list[str]] = {}
    for source, targets in needs.items():
        direct = sorted(set(targets) - {source})
        kept[source] = [
            target
            for target in direct
            if not any(_reaches(needs, via, target, source) for via in direct if via != target)
        ]
    return kept


def _reaches(needs: Mapping[str, Iterable[str]], start: str, goal: str, without: str) -> bool:
    seen, ahead = {without}, [start]
    while ahead:
        here = ahead.pop()
        if here == goal:
            return True
        if here not in seen:
            seen.add(here)
            ahead += needs.get(here, ())
    return False
