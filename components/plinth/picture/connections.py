"""Who talks to whom: read off security groups first, and off references where there are none."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from plinth.preview.export import ResourceRecord
from plinth.preview.readable import short_type

from .model import DASH, Arrow, Box, Relation, Role
from .stock import Stock

INTERNET = "internet"
"""Key of the box of everybody."""

_EVERYBODY = ("0.0.0.0/0", "::/0")
_DISTRIBUTION = "cloudfront.Distribution"
_GUARDS = ("ec2.SecurityGroup", "ec2.DefaultSecurityGroup")
_ELSEWHERE = "${pulumi.StackReference/"
"""How what another stack exports begins."""
_WATCHED = 3
"""Boxes that one that only watches is joined to by arrows; with more it says how many."""

_THINGS = {
    "secretsmanager": "secrets",
    "kms": "key",
    "s3": "bucket",
    "sqs": "queue",
    "sns": "topic",
    "dynamodb": "table",
    "ecr": "images",
}
"""What is used, by the module of its type."""


@dataclass(frozen=True)
class _Opening:
    """A way through a security group."""

    record: ResourceRecord
    group: str
    """Input that names the group whose members listen."""
    peers: str
    """Input that names the group of those who may connect."""
    rule: Mapping[str, Any]


class Connections:
    """Collects arrows, and the boxes that only arrows tell of."""

    def __init__(self, stock: Stock, roles: Mapping[str, Role]) -> None:
        self._stock = stock
        self._roles = roles
        self.outsiders: dict[str, Box] = {}
        """Boxes of everybody, and of what exists already."""
        self.watched: dict[str, int] = {}
        """How many boxes one watches, where there are no arrows to say it."""
        self._arrows: dict[tuple[str, str, Relation], list[str]] = {}
        for opening in self._openings():
            self._open(opening)
        self._serve_the_world()
        self._refer()

    @property
    def arrows(self) -> list[Arrow]:
        """Return each arrow once, with all its labels."""
        return [
            Arrow(source=source, target=target, relation=relation, label=_joined(labels))
            for (source, target, relation), labels in self._arrows.items()
        ]

    def _add(self, source: str, target: str, relation: Relation, label: str = "") -> None:
        if source and target and source != target:
            self._arrows.setdefault((source, target, relation), []).append(label)

    def _joined(self, one: str, other: str) -> bool:
        pairs = {(source, target) for source, target, _ in self._arrows}
        return (one, other) in pairs or (other, one) in pairs

    def _openings(self) -> Iterator[_Opening]:
        for record in self._stock.all("vpc.SecurityGroupIngressRule"):
            yield _Opening(record, "securityGroupId", "referencedSecurityGroupId", record["inputs"])
        for record in self._stock.all("ec2.SecurityGroupRule"):
            if record["inputs"].get("type") == "ingress":
                inputs = record["inputs"]
                yield _Opening(record, "securityGroupId", "sourceSecurityGroupId", inputs)
        for record in self._stock.all("ec2.SecurityGroup"):
            for rule in cast("Sequence[Any]", record["inputs"].get("ingress") or ()):
                if isinstance(rule, dict):
                    yield _Opening(record, "", "ingress", cast("Mapping[str, Any]", rule))

    def _open(self, opening: _Opening) -> None:
        listener = self._listener(opening)
        ports = _ports(opening.rule)
        groups = self._stock.behind(opening.record, opening.peers)
        peers = [self._stock.box_of(r["urn"]) for r in groups if short_type(r["type"]) in _GUARDS]
        for peer in peers:
            self._add(peer, listener, Relation.CONNECTS, ports)
        if not peers and listener:
            for peer in self._foreign(opening):
                self._add(peer, listener, Relation.CONNECTS, ports)

    def _listener(self, opening: _Opening) -> str:
        if not opening.group:
            return self._stock.box_of(opening.record["urn"])
        groups = self._stock.behind(opening.record, opening.group)
        boxes = filter(None, (self._stock.box_of(record["urn"]) for record in groups))
        # Of a group that another stack made, the box is that of whoever opens it.
        return next(boxes, self._stock.box_of(opening.record["urn"]))

    def _foreign(self, opening: _Opening) -> Iterator[str]:
        """Yield who is let in that is no group of this program."""
        rule = opening.rule
        cidrs = _texts(rule, "cidrIpv4", "cidrIpv6", "cidrBlocks", "ipv6CidrBlocks")
        if any(cidr in _EVERYBODY for cidr in cidrs):
            yield self._outsider(INTERNET, "Internet", "", Role.INTERNET)
        groups = _texts(
            rule, "referencedSecurityGroupId", "sourceSecurityGroupId", "securityGroups"
        )
        for group in groups:
            literal = re.fullmatch(r"(\d+/)?sg-\w+", group)
            if literal or group.startswith(_ELSEWHERE):
                peer = opening.record["name"].rpartition("-from-")[2]
                name = peer if "-from-" in opening.record["name"] else ""
                fact = group if literal else ""
                yield self._outsider(group, "Existing", name or group, Role.PEER, fact)
        for prefix in _texts(rule, "prefixListId", "prefixListIds"):
            # CloudFront's own list is the usual one, and then the distribution has its arrow.
            if not self._stock.all(_DISTRIBUTION):
                yield self._outsider(prefix, "Prefix list", prefix, Role.PEER)

    def _outsider(self, key: str, kind: str, name: str, role: Role, fact: str = "") -> str:
        facts = (fact,) if fact and fact != name else ()
        self.outsiders.setdefault(key, Box(key=key, kind=kind, name=name, role=role, facts=facts))
        return key

    def _serve_the_world(self) -> None:
        for distribution in self._stock.all(_DISTRIBUTION):
            key = self._stock.box_of(distribution["urn"])
            self._add(
                self._outsider(INTERNET, "Internet", "", Role.INTERNET),
                key,
                Relation.CONNECTS,
                "443",
            )
            for origin in self._stock.behind(distribution, "origins"):
                self._add(key, self._stock.box_of(origin["urn"]), Relation.CONNECTS)

    def _refer(self) -> None:
        """Join the rest: a box that names what another one made, and is not joined to it yet."""
        found: dict[tuple[str, str], list[str]] = {}
        for record in self._stock.records.values():
            box = self._stock.box_of(record["urn"])
            for name, urns in sorted(record["propertyDependencies"].items()):
                for urn in urns:
                    other = self._stock.box_of(urn)
                    if other and box and name:
                        found.setdefault((box, other), []).append(self._thing(urn))
        for (box, other), things in found.items():
            if self._roles.get(other) is not Role.NETWORK and not self._joined(box, other):
                self._use(box, other, things)
        self._thin_out()

    def _use(self, box: str, other: str, things: Sequence[str]) -> None:
        for thing in things:
            self._add(box, other, Relation.USES, thing)

    def _thing(self, urn: str) -> str:
        module = short_type(self._stock.records[urn]["type"]).partition(".")[0]
        return _THINGS.get(module, "")

    def _thin_out(self) -> None:
        """Leave out the arrows of what watches many, which would hide all others."""
        for key, role in self._roles.items():
            own = [arrow for arrow in self._arrows if key in arrow[:2]]
            if role is Role.WATCH and len(own) > _WATCHED:
                self.watched[key] = len(own)
                for arrow in own:
                    del self._arrows[arrow]


def _texts(rule: Mapping[str, Any], *names: str) -> list[str]:
    found: list[str] = []
    for name in names:
        value = rule.get(name)
        values = cast("list[Any]", value) if isinstance(value, list) else [value]
        found += [each for each in values if isinstance(each, str)]
    return found


def _ports(rule: Mapping[str, Any]) -> str:
    low, high = rule.get("fromPort"), rule.get("toPort")
    if rule.get("ipProtocol", rule.get("protocol")) in ("-1", -1) or low is None:
        return "all ports"
    return str(low) if low == high else f"{low}{DASH}{high}"


def _joined(labels: Sequence[str]) -> str:
    return ", ".join(sorted(set(filter(None, labels))))
