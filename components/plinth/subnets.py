"""The subnet plan: arithmetic alone, so that a subnet's range never depends on its neighbours."""

from collections.abc import Sequence
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network

LETTERS = "abcdefgh"
"""Zones that a VPC has room for, each by the last letter of its name."""

LARGEST, SMALLEST = 16, 22
"""Prefix lengths of a VPC. AWS takes none larger than a /16, and no subnet smaller than a /28,
which is what the data tier of a /22 gets
(https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html).
"""

PRIVATE_RANGES = tuple(
    map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
)

DOCKER_BRIDGE = IPv4Network("172.17.0.0/16")
"""Docker's own network on every instance: a container would look for a VPC of this range there."""


class Tier(StrEnum):
    """What a subnet is for."""

    PUBLIC = "public"
    PRIVATE = "private"
    DATA = "data"


_SLOTS = {Tier.PRIVATE: (1, 0), Tier.PUBLIC: (2, 2), Tier.DATA: (3, 6)}
"""Bits that a tier's prefix is longer than its zone's, and its place among subnets of that size.

A zone's block falls into private 1/2, public 1/4 and data 1/8. The last eighth stays free for a
tier to come. To change a number here is to replace every subnet of its tier.
"""


def plan(cidr: str, zones: Sequence[str]) -> dict[Tier, dict[str, str]]:
    """Give every tier a range in every zone.

    The VPC is cut into eight equal blocks, one per letter, whether the zone is in use or not:
    adding a zone moves nothing.

    Args:
        cidr: The VPC's range.
        zones: Letters from ``a`` to ``h``.

    Raises:
        ValueError: The range does not suit a VPC, or a zone is not a letter of the eight.
    """
    vpc = check_cidr(cidr)
    check_zones(zones)
    return {tier: {zone: _subnet(vpc, tier, zone) for zone in sorted(zones)} for tier in Tier}


def check_cidr(cidr: str) -> IPv4Network:
    """Refuse a range that AWS would not take for a VPC, or that would not reach everything."""
    vpc = _parse(cidr)
    if not LARGEST <= vpc.prefixlen <= SMALLEST:
        msg = (
            f"cidr {cidr!r} needs a prefix from /{LARGEST} to /{SMALLEST}: "
            f"use {vpc.network_address}/{min(max(vpc.prefixlen, LARGEST), SMALLEST)}"
        )
        raise ValueError(msg)
    if not any(vpc.subnet_of(private) for private in PRIVATE_RANGES):
        within = ", ".join(map(str, PRIVATE_RANGES))
        msg = f"cidr {cidr!r} needs private addresses: choose a range within {within}"
        raise ValueError(msg)
    if vpc.overlaps(DOCKER_BRIDGE):
        msg = f"cidr {cidr!r} is Docker's own range on every instance: use 172.18.0.0/16 or 10.x"
        raise ValueError(msg)
    return vpc


def check_zones(zones: Sequence[str]) -> None:
    """Refuse zones that are none, named twice, or not a letter of the plan."""
    if not zones:
        msg = "zones () needs one letter or more: name the zones to use, such as (a, b)"
        raise ValueError(msg)
    if wrong := [zone for zone in zones if len(zone) != 1 or zone not in LETTERS]:
        msg = (
            f"zones {wrong} need to be single letters from {LETTERS[0]} to {LETTERS[-1]}: "
            "write b for eu-west-1b"
        )
        raise ValueError(msg)
    if twice := sorted({zone for zone in zones if zones.count(zone) > 1}):
        msg = f"zones {list(zones)} need to differ: name {', '.join(twice)} once"
        raise ValueError(msg)


def _parse(cidr: str) -> IPv4Network:
    try:
        vpc = IPv4Network(cidr, strict=False)
    except ValueError as error:
        msg = f"cidr {cidr!r} needs the form of an IPv4 range: write one such as 10.0.0.0/16"
        raise ValueError(msg) from error
    if str(vpc) != cidr:
        msg = f"cidr {cidr!r} needs its first address and its prefix: write {vpc}"
        raise ValueError(msg)
    return vpc


def _subnet(vpc: IPv4Network, tier: Tier, zone: str) -> str:
    bits, place = _SLOTS[tier]
    zone_length = vpc.prefixlen + 3
    length = zone_length + bits
    start = int(vpc.network_address)
    start += LETTERS.index(zone) * 2 ** (32 - zone_length) + place * 2 ** (32 - length)
    return f"{IPv4Address(start)}/{length}"
