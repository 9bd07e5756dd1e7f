"""The subnet plan."""

from ipaddress import IPv4Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plinth.subnets import DOCKER_BRIDGE, LARGEST, LETTERS, SMALLEST, Tier, check_cidr, plan


@st.composite
def ranges(draw: st.DrawFn) -> str:
    """Make any range that a VPC may have."""
    block = IPv4Network(draw(st.sampled_from(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"])))
    length = draw(st.integers(min_value=LARGEST, max_value=SMALLEST))
    place = draw(st.integers(min_value=0, max_value=2 ** (length - block.prefixlen) - 1))
    start = int(block.network_address) + place * 2 ** (32 - length)
    return str(IPv4Network((start, length)))


CIDRS = ranges().filter(lambda cidr: not IPv4Network(cidr).overlaps(DOCKER_BRIDGE))
ZONES = st.lists(st.sampled_from(LETTERS), min_size=1, unique=True)


def subnets(cidr: str, zones: str | list[str]) -> list[IPv4Network]:
    """List the planned ranges; an address with host bits would raise."""
    return [IPv4Network(each) for tier in plan(cidr, zones).values() for each in tier.values()]


@given(CIDRS, ZONES)
def test_subnets_never_overlap(cidr: str, zones: list[str]) -> None:
    """No address belongs to two subnets."""
    assert not [pair for pair in combinations(subnets(cidr, zones), 2) if pair[0].overlaps(pair[1])]


@given(CIDRS)
def test_subnets_lie_in_the_vpc_and_are_large_enough(cidr: str) -> None:
    """AWS takes a subnet within its VPC's range, of 16 addresses or more."""
    vpc = IPv4Network(cidr)

    assert all(each.subnet_of(vpc) and each.prefixlen <= 28 for each in subnets(cidr, LETTERS))


@given(CIDRS, ZONES)
def test_a_zone_moves_no_other(cidr: str, zones: list[str]) -> None:
    """Whichever zones are in use, a subnet has the range that it has with all of them."""
    whole = plan(cidr, LETTERS)

    chosen = plan(cidr, zones)
    assert chosen == {tier: {z: whole[tier][z] for z in sorted(zones)} for tier in Tier}


@given(CIDRS)
def test_an_eighth_of_each_zone_stays_free(cidr: str) -> None:
    """A tier to come finds room in every zone, so that no tier has to move for it."""
    last_eighths = [list(zone.subnets(3))[7] for zone in IPv4Network(cidr).subnets(3)]

    taken = subnets(cidr, LETTERS)
    assert not [free for free in last_eighths for each in taken if free.overlaps(each)]


def test_the_plan_is_this_one() -> None:
    """Ranges are state: other numbers here replace the subnets of everyone's network."""
    assert plan("10.0.0.0/16", ["a", "h"]) == {
        Tier.PUBLIC: {"a": "10.0.16.0/21", "h": "10.0.240.0/21"},
        Tier.PRIVATE: {"a": "10.0.0.0/20", "h": "10.0.224.0/20"},
        Tier.DATA: {"a": "10.0.24.0/22", "h": "10.0.248.0/22"},
    }


@pytest.mark.parametrize(
    ("cidr", "fix"),
    [
        ("10.0.0.0/8", "use 10.0.0.0/16"),
        ("10.0.0.0/24", "use 10.0.0.0/22"),
        ("10.0.1.0/16", "write 10.0.0.0/16"),
        ("10.0.0.0", "write 10.0.0.0/32"),
        ("10.0/16", "write one such as 10.0.0.0/16"),
        ("54.0.0.0/16", "choose a range within 10.0.0.0/8"),
        ("172.17.0.0/18", "use 172.18.0.0/16"),
    ],
)
def test_ranges_that_do_not_suit_are_refused(cidr: str, fix: str) -> None:
    """The message says what to write instead."""
    with pytest.raises(ValueError, match=fix):
        check_cidr(cidr)


@pytest.mark.parametrize(
    ("zones", "fix"),
    [
        ([], "name the zones"),
        (["a", "i"], r"\['i'\].*from a to h"),
        (["eu-west-1b"], "write b for eu-west-1b"),
        ([""], "single letters"),
        (["a", "b", "a"], "name a once"),
    ],
)
def test_zones_that_are_no_letters_are_refused(zones: list[str], fix: str) -> None:
    """So are none at all, and a zone that is named twice."""
    with pytest.raises(ValueError, match=fix):
        plan("10.0.0.0/16", zones)
