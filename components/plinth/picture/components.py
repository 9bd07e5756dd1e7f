"""The picture of a stack at the level of its components: how an architect would draw it."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace

from plinth.preview.export import Document, ResourceRecord
from plinth.preview.readable import short_type
from plinth.preview.render import summary
from plinth.preview.rows import count

from .connections import Connections
from .facts import facts
from .model import Box, Frame, Picture, Role
from .roles import role_of
from .stock import Stock

_VPC = re.compile(r"vpc-\w+")


def components(document: Document) -> Picture:
    """Draw the components of a stack; there is nothing to draw in a program without any."""
    stock = Stock(document)
    if stock.flat:
        return Picture(title=f"{document['project']}/{document['stack']}")
    roles = {key: role_of(part["type"] for part in parts) for key, parts in stock.parts.items()}
    joins = Connections(stock, roles)
    networks = [key for key, role in roles.items() if role is Role.NETWORK]
    frames = {key: _frame(stock, key) for key in networks}
    boxes: dict[str, Box] = {}
    for record in stock.boxes:
        if record["urn"] not in frames:
            box = _box(stock, record, roles[record["urn"]])
            if watched := joins.watched.get(box.key):
                box = replace(box, facts=(*box.facts, f"for {count(watched, 'component')}"))
            boxes[box.key] = _placed(stock, box, frames)
    for outsider in joins.outsiders.values():
        targets = [boxes[a.target].frame for a in joins.arrows if a.source == outsider.key]
        inside = targets[0] if outsider.role is Role.PEER and targets else ""
        boxes[outsider.key] = replace(outsider, frame=inside)
    return Picture(
        title=f"{document['project']}/{document['stack']}",
        subtitle=summary(document),
        boxes=_world_first(boxes),
        arrows=[a for a in joins.arrows if a.source in boxes and a.target in boxes],
        frames=list(frames.values()),
        tiers=any(box.role is not Role.OTHER for box in boxes.values()),
    )


def _world_first(boxes: dict[str, Box]) -> list[Box]:
    return sorted(boxes.values(), key=lambda box: box.role is not Role.INTERNET)


def _box(stock: Stock, record: ResourceRecord, role: Role) -> Box:
    return Box(
        key=record["urn"],
        kind=short_type(record["type"]),
        name=record["name"],
        facts=facts(stock, record["urn"], role),
        role=role,
        members=_members(stock, record["urn"]),
    )


def _frame(stock: Stock, key: str) -> Frame:
    record = stock.records[key]
    return Frame(
        key=key,
        title=f"{short_type(record['type'])} {record['name']}",
        facts=facts(stock, key, Role.NETWORK),
        members=_members(stock, key),
    )


def _members(stock: Stock, key: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys([key, *(part["urn"] for part in stock.parts[key])]))


def _placed(stock: Stock, box: Box, frames: dict[str, Frame]) -> Box:
    """Put a box into the network that it names, its own program's or an existing one."""
    subnets: list[str] = []
    frame = ""
    for urn in _named(stock, box.key):
        other = stock.box_of(urn)
        if other in frames:
            frame = frame or other
            if short_type(stock.records[urn]["type"]) == "ec2.Subnet" and other == frame:
                subnets.append(stock.records[urn]["name"].removeprefix(_prefix(stock, frame)))
    if not frame:
        frame = next(_existing(stock, box.key), "")
        if frame:
            frames.setdefault(frame, Frame(key=frame, title="Existing network", facts=(frame,)))
    band = _shared(subnets)
    return replace(box, frame=frame, band=band)


def _shared(names: list[str]) -> str:
    """Return how all names start, if there are several: ``private`` of two in two zones."""
    if len(set(names)) < 2:
        return ""
    same = itertools.takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in same).strip("-_")


def _prefix(stock: Stock, network: str) -> str:
    return f"{stock.records[network]['name']}-"


def _named(stock: Stock, key: str) -> Iterator[str]:
    for part in stock.parts[key]:
        for _, urns in sorted(part["propertyDependencies"].items()):
            yield from (urn for urn in urns if stock.box_of(urn) not in ("", key))


def _existing(stock: Stock, key: str) -> Iterator[str]:
    for part in stock.parts[key]:
        vpc = part["inputs"].get("vpcId")
        if isinstance(vpc, str) and _VPC.fullmatch(vpc):
            yield vpc
