"""What a picture shows: boxes, their facts, and who connects to whom."""

from functools import cache
from typing import Any

import pytest

from pictures import Drawing, shop
from plinth.picture.changes import painted, states_between
from plinth.picture.components import components
from plinth.picture.model import Arrow, Box, Picture, Relation, Role, State
from plinth.picture.resources import reduced, resources
from plinth.picture.roles import role_of
from plinth.preview.export import to_document
from stacks import deployed_stack


@cache
def picture(stack: str) -> Picture:
    """Draw a stack of this repository."""
    return components(to_document(deployed_stack(stack).graph))


def box(picture: Picture, name: str) -> Box:
    """Return the only box of a name."""
    [found] = [box for box in picture.boxes if box.name == name]
    return found


def arrow(picture: Picture, source: str, target: str) -> Arrow | None:
    """Return the arrow between boxes of two names, or kinds where they have no name."""
    names = {box.key: box.name or box.kind for box in picture.boxes}
    found = [a for a in picture.arrows if (names[a.source], names[a.target]) == (source, target)]
    return found[0] if found else None


# Components


def test_each_component_is_a_box_and_the_network_a_frame() -> None:
    """The network is around what is in it; what is no part of it stands outside."""
    prod = picture("prod")
    [frame] = prod.frames

    assert frame.title == "Network main"
    assert {box(prod, name).frame for name in ("edge", "web", "celery", "db")} == {frame.key}
    assert {box(prod, name).frame for name in ("cdn", "app")} == {""}


def test_facts_are_those_of_the_resources() -> None:
    """What a transform changed shows as well, since settings are not what is read."""
    database = box(picture("prod"), "db")

    assert database.kind == "Postgres"
    assert "PostgreSQL 17, db.r7g.large" in database.facts
    assert "standby in a second zone" in database.facts
    assert "2 read replicas" in database.facts


def test_a_pool_tells_its_size_and_market() -> None:
    """Every pool of a fleet has a line."""
    facts = box(picture("prod"), "celery").facts
    assert any(f.startswith("mail: ") and f.endswith(", spot") for f in facts)


def test_pods_tell_how_many_there_may_be() -> None:
    """And what each asks for; a fleet of instances would say the same of its groups."""
    drawn = picture("k8s")
    assert box(drawn, "web").role is Role.COMPUTE
    assert any(" pod of 200m CPU, " in fact for fact in box(drawn, "web").facts)


def test_a_cluster_of_another_stack_is_a_peer() -> None:
    """Its pods connect to the stores, and the balancer to its pods on their port."""
    drawn = picture("k8s")
    assert box(drawn, "cluster").role is Role.PEER
    stores = [arrow(drawn, "cluster", name) for name in ("db", "queue", "cache")]
    assert [joined.label for joined in stores if joined] == ["5432", "6379", "6379"]
    entrance = arrow(drawn, "edge", "web")
    assert (entrance and entrance.relation, entrance and entrance.label) == (
        Relation.CONNECTS,
        "8000",
    )


def test_rules_of_security_groups_are_arrows() -> None:
    """With the port, from whoever may connect to whoever listens."""
    joined = arrow(picture("prod"), "web", "db")

    assert joined is not None
    assert (joined.relation, joined.label) == (Relation.CONNECTS, "5432")
    assert arrow(picture("prod"), "db", "web") is None


def test_what_has_no_rule_is_used() -> None:
    """Secrets are read, and nothing listens there."""
    used = arrow(picture("prod"), "web", "app")

    assert used is not None
    assert (used.relation, used.label) == (Relation.USES, "secrets")


@pytest.mark.parametrize(("stack", "open_"), [("dev", True), ("prod", False)])
def test_the_internet_reaches_what_is_open_to_it(stack: str, *, open_: bool) -> None:
    """In prod the balancer takes requests from CloudFront alone."""
    assert arrow(picture(stack), "Internet", "cdn") is not None
    assert arrow(picture(stack), "cdn", "edge") is not None
    assert (arrow(picture(stack), "Internet", "edge") is not None) is open_


def test_subnets_are_bands() -> None:
    """They are told by what the names of the subnets have in common."""
    bands = {name: box(picture("prod"), name).band for name in ("edge", "web", "db", "cdn")}
    assert bands == {"edge": "public", "web": "private", "db": "data", "cdn": ""}


def test_what_exists_already_is_drawn_by_its_id() -> None:
    """A literal VPC is a frame, and a literal security group a peer in it."""
    drawing = Drawing()
    store = drawing.component("Database", "db")
    guard = drawing.resource("ec2.SecurityGroup", "db", store, vpcId="vpc-1")
    drawing.resource(
        "vpc.SecurityGroupIngressRule",
        "db-from-app",
        store,
        uses=[("securityGroupId", guard)],
        referencedSecurityGroupId="sg-1",
        fromPort=5432,
        toPort=5432,
        ipProtocol="tcp",
    )
    drawn = components(drawing.document)

    assert [(frame.key, frame.title) for frame in drawn.frames] == [("vpc-1", "Existing network")]
    peer = box(drawn, "app")
    assert (peer.role, peer.frame, peer.facts) == (Role.PEER, "vpc-1", ("sg-1",))
    assert arrow(drawn, "app", "db") is not None


@pytest.mark.parametrize(
    "rule",
    [
        {"ingress": [{"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": ["::/0"]}]},
        {"ingress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}]},
    ],
)
def test_rules_inside_a_security_group_count(rule: dict[str, Any]) -> None:
    """Many programs write them there."""
    drawing = Drawing()
    drawing.resource("ec2.SecurityGroup", "web", drawing.component("Server", "web"), **rule)

    assert arrow(components(drawing.document), "Internet", "web") is not None


def test_a_component_around_everything_is_opened() -> None:
    """One box for a whole program would say nothing."""
    drawing = Drawing()
    platform = drawing.component("Platform", "all")
    for name in ("one", "two"):
        drawing.resource("s3.Bucket", name, drawing.component("Files", name, platform))

    assert [b.name for b in components(drawing.document).boxes] == ["one", "two"]


def test_what_watches_many_says_how_many() -> None:
    """An arrow from everything to the alarms would hide every other."""
    drawing = Drawing()
    topic = drawing.resource("sns.Topic", "alarms", drawing.component("Alarms", "alarms"))
    for name in "abcd":
        store = drawing.component("Files", name)
        drawing.resource("s3.Bucket", name, store)
        drawing.resource("cloudwatch.MetricAlarm", name, store, uses=[("alarmActions", topic)])
    drawn = components(drawing.document)

    assert drawn.arrows == []
    assert "for 4 components" in box(drawn, "alarms").facts


def test_placeholders_and_secrets_are_no_facts() -> None:
    """A box has what is known and may be shown."""
    drawing = Drawing()
    store = drawing.component("Database", "db")
    drawing.resource(
        "rds.Instance", "db", store, engine="mysql", instanceClass="${ssm.Parameter/size.value}"
    )

    assert box(components(drawing.document), "db").facts == ("MySQL",)


@pytest.mark.parametrize(
    ("tokens", "role"),
    [
        (["aws:rds/instance:Instance", "aws:lambda/function:Function"], Role.STORE),
        (["aws:lb/loadBalancer:LoadBalancer", "aws:ecs/service:Service"], Role.COMPUTE),
        (["aws:ec2/vpc:Vpc", "aws:ec2/instance:Instance"], Role.NETWORK),
        (["kubernetes:apps/v1:Deployment"], Role.COMPUTE),
        (["gcp:storage/bucket:Bucket"], Role.STORE),
        (["random:index/randomPassword:RandomPassword"], Role.OTHER),
    ],
)
def test_types_tell_what_a_box_is_for(tokens: list[str], role: Role) -> None:
    """The weightiest resource decides."""
    assert role_of(tokens) is role


# Resources


def test_a_program_without_components_shows_its_resources() -> None:
    """Arrows are then who names whom, without what follows from others."""
    drawing = Drawing()
    vpc = drawing.resource("ec2.Vpc", "main")
    subnet = drawing.resource("ec2.Subnet", "main-a", uses=[("vpcId", vpc)])
    drawing.resource("ec2.Instance", "web", uses=[("subnetId", subnet), ("tags", vpc)])
    drawn = resources(drawing.document)

    assert components(drawing.document).boxes == ()
    assert [b.name for b in drawn.boxes] == ["main", "main-a", "web"]
    assert arrow(drawn, "web", "main-a") is not None
    assert arrow(drawn, "web", "main") is None


def test_resources_alike_share_a_box() -> None:
    """A network has a dozen of some."""
    drawn = resources(to_document(deployed_stack("prod").graph))
    [network] = [b for b in drawn.boxes if b.role is Role.NETWORK]
    assert network.inside is not None

    assert ("ec2.Subnet (3)", "main-data-{a,b,c}") in [
        (inner.kind, inner.name) for inner in network.inside.boxes
    ]
    members = [urn for b in network.inside.boxes for urn in b.members]
    assert len(members) == len(set(members)) == len(network.members) - 1


def test_what_follows_from_other_needs_is_left_out() -> None:
    """Circles keep their arrows."""
    assert reduced({"a": ["b", "c"], "b": ["c"], "c": []}) == {"a": ["b"], "b": ["c"], "c": []}
    assert reduced({"a": ["b"], "b": ["a"]}) == {"a": ["b"], "b": ["a"]}


# Changes


def test_nothing_is_painted_where_nothing_changes() -> None:
    """The picture of no change is the plain picture."""
    drawn = components(shop())
    assert painted(drawn, states_between(shop(), shop()), before=drawn) == drawn


def test_a_change_shows_on_the_box_with_both_values() -> None:
    """And counts what changes inside."""
    before, after = shop(), shop(instance_class="db.r7g.large")
    drawn = painted(components(after), states_between(before, after), before=components(before))

    database = box(drawn, "db")
    assert (database.state, database.note) == (State.CHANGED, "~1")
    assert "PostgreSQL 17, db.t4g.small → PostgreSQL 17, db.r7g.large" in database.facts
    assert box(drawn, "web").state is None


def test_an_opening_is_an_arrow_that_is_added() -> None:
    """It stands out, from the internet right to the store."""
    before, after = shop(), shop(opened=True)
    drawn = painted(components(after), states_between(before, after), before=components(before))

    opening = arrow(drawn, "Internet", "db")
    assert opening is not None
    assert opening.state is State.ADDED
    kept = arrow(drawn, "web", "db")
    assert kept is not None
    assert kept.state is None


def test_what_goes_stays_in_the_picture() -> None:
    """Otherwise nobody would see that it goes."""
    before, after = shop(), shop()
    after["resources"] = [r for r in after["resources"] if "Server" not in r["urn"]]
    after["resources"] = [r for r in after["resources"] if r["name"] != "web"]
    drawn = painted(components(after), states_between(before, after), before=components(before))

    assert box(drawn, "web").state is State.REMOVED


def test_a_mapping_of_states_is_enough() -> None:
    """Whoever knows what changes needs no earlier preview; the worst state wins."""
    drawn = components(shop())
    [instance] = [urn for urn in box(drawn, "db").members if "rds/instance" in urn]

    assert box(painted(drawn, {instance: State.REPLACED}), "db").state is State.REPLACED
