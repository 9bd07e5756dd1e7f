"""Nothing but the balancer faces the internet, and stores face their tiers alone."""

import pulumi_aws as aws
import pytest

from plinth.testing import Deployment
from reachability import INTERNET, holders, inhabitants, openings, reach, routes_out, sources_of
from stacks import STACKS, deployed_stack


@pytest.fixture(params=STACKS, scope="module")
def stack(request: pytest.FixtureRequest) -> Deployment:
    """Deploy each stack of the repository to nowhere, once."""
    return deployed_stack(request.param)


def group_of(stack: Deployment, name: str) -> str:
    """Find the id of a component's security group."""
    return stack.one(aws.ec2.SecurityGroup, name).id


def test_only_the_balancer_faces_the_internet(stack: Deployment) -> None:
    """Every group that the internet, or CloudFront's addresses, may enter holds the balancer."""
    outside = [o for o in openings(stack) if o.source == INTERNET or o.source.startswith("pl-")]

    assert outside
    assert {h for o in outside for h in holders(stack, o.group)} == {"LoadBalancer edge"}
    assert {o.ports for o in outside} <= {(80, 80), (443, 443)}


@pytest.mark.parametrize("store", ["db", "queue", "cache"])
def test_stores_face_their_tiers_alone(stack: Deployment, store: str) -> None:
    """No address range gets in, only the groups of those who use the store."""
    tiers = {group_of(stack, tier) for tier in ("web", "celery", "beat")}
    if store == "queue":
        tiers.add(group_of(stack, "celery-metrics"))
    proxies = [r.name for r in stack.all(aws.rds.Proxy) if store == "db"]
    tiers |= {group_of(stack, name) for name in proxies}

    assert sources_of(stack, group_of(stack, store)) <= tiers
    assert group_of(stack, "web") in reach(stack, group_of(stack, "edge"))


def test_the_internet_enters_by_the_web_tier(stack: Deployment) -> None:
    """Two steps from outside lead to the web tier, and never straight to a store."""
    edge, web = group_of(stack, "edge"), group_of(stack, "web")

    assert sources_of(stack, web) == {edge}
    assert web in reach(stack, edge)
    assert group_of(stack, "celery") not in reach(stack, edge)


def test_workers_take_no_connections(stack: Deployment) -> None:
    """Nobody connects to a worker, to beat, or to who counts their tasks."""
    for tier in ("celery", "beat", "celery-metrics"):
        assert sources_of(stack, group_of(stack, tier)) == set()


def test_public_subnets_hold_the_edge_alone(stack: Deployment) -> None:
    """Instances and stores never sit where the internet can route to."""
    public = {r.id for r in stack.all(aws.ec2.Subnet) if "-public-" in r.name}

    assert public
    assert inhabitants(stack, public) <= {
        "aws:lb/loadBalancer:LoadBalancer",
        "aws:ec2/natGateway:NatGateway",
        "aws:ec2/networkInterface:NetworkInterface",  # of the NAT instance
    }


def test_stores_have_no_way_out(stack: Deployment) -> None:
    """Data subnets hold the stores, and route nowhere."""
    data = {r.id for r in stack.all(aws.ec2.Subnet) if "-data-" in r.name}

    for kind in (aws.rds.SubnetGroup, aws.elasticache.SubnetGroup):
        for group in stack.all(kind):
            assert set(group.inputs["subnetIds"]) <= data
    assert {subnet: routes_out(stack, subnet) for subnet in data} == {s: set() for s in data}


def test_only_public_subnets_route_to_the_gateway(stack: Deployment) -> None:
    """Private subnets leave through NAT, which lets nothing in."""
    gateway = stack.one(aws.ec2.InternetGateway).id

    for subnet in stack.all(aws.ec2.Subnet):
        assert (gateway in routes_out(stack, subnet.id)) == ("-public-" in subnet.name)
