"""Tests of estimates as a whole: nothing is forgotten, nothing is guessed, and they add up."""

from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bills import NOTHING, document, fleet, priced, record
from parts import PARTS
from plinth import Network, NetworkSettings
from plinth.cost import NoPriceError, Usage, estimate
from plinth.cost.rules import RULES
from plinth.cost.rules.free import TYPES, why_free
from plinth.preview.export import to_document
from plinth.testing import Deployment, deploy, monthly_cost
from stacks import CLOUD_STACKS, deployed_stack

REDIS = "aws:elasticache/replicationGroup:ReplicationGroup"
NAT = "aws:ec2/natGateway:NatGateway"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"

counts = st.integers(min_value=0, max_value=50)


@cache
def part(kind: str) -> Deployment:
    """Deploy one of each component, with every child that it can have."""
    return deploy(lambda: PARTS[kind].build() and None, config={"aws:region": "us-east-1"})


@pytest.mark.parametrize("kind", PARTS)
def test_no_type_that_a_component_makes_is_forgotten(kind: str) -> None:
    """Each is priced, or free for a reason."""
    types = {r.type for r in part(kind).resources if r.node.kind.value == "custom"}

    assert {t for t in types if t not in RULES and not why_free(t)} == set()


@pytest.mark.parametrize("stack", CLOUD_STACKS)
def test_the_stacks_of_this_repository_are_wholly_priced(stack: str) -> None:
    """Every instance type of theirs is in the book."""
    found = monthly_cost(deployed_stack(stack))

    assert found.not_priced == []
    assert found.region == "us-east-1"
    assert 0 < found.min <= found.max


@pytest.mark.parametrize("kind", PARTS)
def test_a_component_is_priced_under_its_own_name(kind: str) -> None:
    """It may stand beside others, such as the balancer of a web tier."""
    found = monthly_cost(part(kind))

    free = ("GithubDeployRole", "LocalPlatform")  # IAM is, and a laptop
    assert (f"{kind} thing" in found.components) == (kind not in free)
    assert sum(low for low, _ in found.components.values()) == found.min
    assert sum(high for _, high in found.resources.values()) == found.max


def test_no_type_is_both_priced_and_free() -> None:
    """A rule counts before the reason of a whole package, and no type has both of its own."""
    assert RULES.keys() & TYPES.keys() == set()


def test_a_stack_in_a_region_without_prices_is_refused() -> None:
    """A price of another region would be wrong by up to half."""
    with pytest.raises(NoPriceError, match="no prices for eu-west-3"):
        estimate(document(record(NAT), region="eu-west-3"))


def test_a_stack_without_a_region_is_refused_unless_one_is_named() -> None:
    """It would deploy nowhere either."""
    nameless = document(record(NAT), region="")

    with pytest.raises(NoPriceError, match="set aws:region"):
        estimate(nameless)
    assert estimate(nameless, region="us-east-1").region == "us-east-1"
    assert estimate(document(record("aws:iam/role:Role"), region="")).lines == []


def test_a_resource_elsewhere_is_listed() -> None:
    """Its own region, or its provider's, counts for it alone."""
    provider = {**record("pulumi:providers:aws", "paris", region="eu-west-3"), "kind": "provider"}
    there = record(NAT, "there", region="eu-west-3")
    by_provider = {**record(NAT, "by-provider"), "provider": provider["urn"]}
    found = priced(record(NAT, "here"), there, by_provider, provider)  # pyright: ignore[reportArgumentType]

    assert [each.name for each in found.lines] == ["here"]
    assert ["eu-west-3" in entry.reason for entry in found.not_priced] == [True, True]


def test_other_types_are_listed_with_a_reason() -> None:
    """An unknown type is not free; one that is only looked up costs this stack nothing."""
    looked_up = {**record(NAT, "seen"), "kind": "read"}
    remote = {**record("acme:index:Thing", "thing"), "kind": "remote"}
    found = priced(
        record("aws:batch/jobQueue:JobQueue"),
        record("gcp:sql/instance:Instance", "sql"),
        looked_up,  # pyright: ignore[reportArgumentType]
        remote,  # pyright: ignore[reportArgumentType]
    )

    assert [entry.reason.partition(":")[0] for entry in found.not_priced] == [
        "plinth has no rule for this type",
        "plinth prices AWS only",
        "a component that a plugin builds",
    ]


def test_a_users_test_can_hold_a_budget() -> None:
    """By the least or by the most, with its own month."""
    deployed = deploy(
        lambda: Network("main", NetworkSettings()) and None, config={"aws:region": "us-east-1"}
    )
    quiet, busy = monthly_cost(deployed, NOTHING), monthly_cost(deployed, Usage(nat_gb=9))

    assert quiet.max < busy.max
    assert quiet.monthly_max == quiet.max


@given(sizes=st.lists(counts, max_size=4), usage=st.sampled_from([NOTHING, Usage()]))
def test_an_estimate_adds_up(sizes: list[int], usage: Usage) -> None:
    """What two stacks cost apart, they cost together."""
    fleets = [fleet(f"f{n}", least=0, most=size) for n, size in enumerate(sizes)]
    others = [record(ALARM), record("aws:s3/bucket:Bucket"), record("aws:ec2/eip:Eip")]
    apart = [priced(*each, usage=usage) for each in fleets] + [priced(*others, usage=usage)]
    together = priced(*(r for each in fleets for r in each), *others, usage=usage)

    assert together.min == sum(found.min for found in apart)
    assert together.max == sum(found.max for found in apart)


@given(low=counts, high=counts, base=counts, share=st.integers(min_value=0, max_value=100))
def test_more_nodes_never_cost_less(low: int, high: int, base: int, share: int) -> None:
    """However they are split into Spot and on demand; and the least is never above the most."""
    low, high = sorted((low, high))
    split = {"onDemandBaseCapacity": base, "onDemandPercentageAboveBaseCapacity": share}
    mixed = {
        "instancesDistribution": split,
        "launchTemplate": {
            "launchTemplateSpecification": {"launchTemplateId": "${ec2.LaunchTemplate/web.id}"},
            "overrides": [{"instanceType": "m7g.large"}, {"instanceType": "t4g.large"}],
        },
    }
    found = priced(*fleet(least=low, most=high, mixedInstancesPolicy=mixed))
    more = priced(*fleet(least=low, most=high + 1, mixedInstancesPolicy=mixed))

    assert found.min <= found.max <= more.max
    assert found.min == more.min


@given(nodes=st.integers(min_value=1, max_value=90), days=st.integers(min_value=0, max_value=35))
def test_more_of_a_store_never_costs_less(nodes: int, days: int) -> None:
    """Neither a node nor a day of snapshots makes it cheaper."""

    def store(nodes: int, days: int) -> Decimal:
        inputs = {"numCacheClusters": nodes, "snapshotRetentionLimit": days}
        return priced(record(REDIS, nodeType="cache.t4g.micro", **inputs), usage=Usage()).max

    assert store(nodes, days) < store(nodes + 1, days)
    assert store(nodes, days) <= store(nodes, days + 1)


def test_a_document_keeps_the_region_of_the_configuration() -> None:
    """Whoever reads a saved preview knows where it would be."""
    assert to_document(part("Network").graph).get("region") == "us-east-1"
    assert to_document(deploy(lambda: None).graph).get("region") == ""
