"""The recorder: what a program asks for, as the engine would have received it."""

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plinth.preview.graph import STACK_TYPE, Graph, Kind, Mode, Node, make_urn
from plinth.preview.session import record
from plinth.preview.values import (
    COMPUTED,
    MASK,
    SECRET,
    SIGNATURE,
    UNKNOWN,
    from_struct,
    paths,
    plain,
    reveal,
    secret,
    to_struct,
)


class Group(pulumi.ComponentResource):
    """A component of some type."""

    def __init__(
        self, name: str, kind: str = "Group", opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(f"test:index:{kind}", name, None, opts)


def within(parent: pulumi.Resource, **options: Any) -> pulumi.ResourceOptions:
    """Return the options of a child."""
    return pulumi.ResourceOptions(parent=parent, **options)


def the(graph: Graph, token: str) -> Node:
    """Find the only node whose type ends like this."""
    [node] = [node for node in graph.nodes.values() if node.type.endswith(token)]
    return node


def record_unknown(program: Callable[[], object], **options: Any) -> Graph:
    """Record as a first preview would go."""
    return record(program, mode=Mode.UNKNOWN, **options)


def test_a_urn_tells_all_parents() -> None:
    """As the engine makes it: every parent's type but the stack's, and only its own name."""

    def program() -> None:
        outer = Group("outer", "Outer")
        inner = Group("inner", "Inner", within(outer))
        aws.s3.Bucket("data", opts=within(inner))

    graph = record(program, project="shop", stack="dev")

    chain = "test:index:Outer$test:index:Inner$aws:s3/bucket:Bucket"
    assert f"urn:pulumi:dev::shop::{chain}::data" in graph.nodes
    assert f"urn:pulumi:dev::shop::{STACK_TYPE}::shop-dev" in graph.nodes


def test_nodes_come_in_the_order_of_construction() -> None:
    """A resource that waits for another one still stands where the program made it."""

    def program() -> None:
        late = aws.s3.Bucket("late")
        aws.s3.BucketPolicy("waits", bucket=late.id, policy="{}")
        aws.s3.Bucket("free")

    names = [node.name for node in record(program).nodes.values()]

    assert names == ["project-stack", "late", "waits", "free"]


def test_one_name_may_live_under_two_parents() -> None:
    """Their URNs differ, and so do their labels."""

    def program() -> None:
        for kind in ("Left", "Right"):
            aws.s3.Bucket("data", opts=within(Group(kind.lower(), kind)))

    buckets = [n for n in record(program).nodes.values() if n.type == "aws:s3/bucket:Bucket"]

    assert [n.label for n in buckets] == ["s3.Bucket/data", "s3.Bucket/data~2"]
    assert [n.id for n in buckets] == ["${s3.Bucket/data.id}", "${s3.Bucket/data~2.id}"]


def test_placeholders_stand_for_what_aws_computes() -> None:
    """What is built on them can be read, down to the fields of nested objects."""

    def program() -> None:
        base = aws.rds.Instance(
            "db", instance_class="db.t4g.micro", manage_master_user_password=True
        )
        aws.ssm.Parameter("arn", type="String", value=base.master_user_secrets[0].secret_arn)
        pulumi.export("url", pulumi.Output.format("postgresql://{0}", base.endpoint))

    graph = record(program)

    value = reveal(the(graph, ":Parameter").inputs["value"])
    assert value == "${rds.Instance/db.masterUserSecrets[0].secretArn}"
    assert graph.exports == {"url": "postgresql://${rds.Instance/db.endpoint}"}


def test_unset_options_of_a_resource_have_no_placeholder() -> None:
    """What may be empty even after a deployment is left unknown."""

    def program() -> None:
        pulumi.export("engine", aws.s3.Bucket("data").force_destroy)

    assert record(program).exports == {"engine": UNKNOWN}


def test_a_first_preview_knows_inputs_only() -> None:
    """Ids and what AWS computes are unknown, and so is all that is built on them."""

    def program() -> None:
        bucket = aws.s3.Bucket("data", bucket="shop-data")
        pulumi.export("name", bucket.bucket)
        pulumi.export("arn", bucket.arn)
        pulumi.export("both", [bucket.id, "known"])

    graph = record_unknown(program)

    assert graph.exports == {"name": "shop-data", "arn": UNKNOWN, "both": [UNKNOWN, "known"]}
    assert the(graph, ":Bucket").id == ""


def test_an_apply_runs_only_on_what_is_known() -> None:
    """What it would make is missing from a first preview, and is there with placeholders."""

    def program() -> None:
        bucket = aws.s3.Bucket("data")
        bucket.arn.apply(lambda arn: aws.ssm.Parameter("arn", type="String", value=arn))

    assert [n.name for n in record(program).nodes.values()][-1] == "arn"
    assert [n.name for n in record_unknown(program).nodes.values()][-1] == "data"


@pytest.mark.parametrize("mode", Mode)
def test_the_region_is_planned(mode: Mode) -> None:
    """The provider knows it before a deployment: its own, the configuration's or the input's."""

    def program() -> None:
        far = aws.Provider("far", region="us-east-1")
        pulumi.export("near", aws.s3.Bucket("near").region)
        pulumi.export("far", aws.s3.Bucket("far", opts=pulumi.ResourceOptions(provider=far)).region)
        pulumi.export("own", aws.s3.Bucket("own", region="eu-north-1").region)

    graph = record(program, mode=mode, config={"aws:region": "eu-west-1"})

    assert graph.exports == {"near": "eu-west-1", "far": "us-east-1", "own": "eu-north-1"}


def test_a_provider_with_unknown_inputs_plans_nothing() -> None:
    """Then even the inputs of its resources come back unknown."""

    def program() -> None:
        role = aws.iam.Role("deploy", assume_role_policy="{}")
        other = aws.Provider("other", region=role.arn)
        bucket = aws.s3.Bucket("data", bucket="x", opts=pulumi.ResourceOptions(provider=other))
        pulumi.export("name", bucket.bucket)

    assert record_unknown(program).exports == {"name": UNKNOWN}
    assert record(program).exports == {"name": "x"}


def test_whole_numbers_stay_whole() -> None:
    """The wire knows only floats, and a reader would wonder about 1.0."""

    def program() -> None:
        aws.autoscaling.Group("fleet", max_size=3, min_size=0)
        pulumi.export("ratio", 0.5)

    graph = record(program)

    assert repr(the(graph, ":Group").inputs["maxSize"]) == "3"
    assert graph.exports == {"ratio": 0.5}


def test_secrets_stay_where_they_are() -> None:
    """Only the secret part of an input is marked, and what is derived from it."""

    def program() -> None:
        key = pulumi.Config().require_secret("key")
        aws.ec2.Instance("box", tags={"open": "yes", "shut": key})
        pulumi.export("derived", key.apply(len))

    config = {"project:key": "hunter2"}
    graph = record(program, config=config, secret_keys=["project:key"])
    box = the(graph, ":Instance")

    assert paths(box.inputs, "secret") == ["tags.shut"]
    assert plain(box.inputs)["tags"] == {"open": "yes", "shut": MASK}
    assert graph.exports == {"derived": secret(7)}


@pytest.mark.parametrize("mode", Mode)
def test_computed_secrets_stay_secret(mode: Mode) -> None:
    """An output that the program calls secret is secret before it has a value."""

    def program() -> None:
        opts = pulumi.ResourceOptions(additional_secret_outputs=["arn"])
        pulumi.export("arn", aws.s3.Bucket("data", opts=opts).arn)

    assert plain(record(program, mode=mode).exports) == {"arn": MASK}


def test_children_inherit_what_the_engine_lets_them() -> None:
    """Protection goes down the tree until a child says otherwise."""

    def program() -> None:
        owner = aws.s3.Bucket("owner")
        outer = Group(
            "outer",
            opts=pulumi.ResourceOptions(
                protect=True, retain_on_delete=True, deleted_with=owner, ignore_changes=["x"]
            ),
        )
        inner = Group("inner", opts=within(outer))
        aws.s3.Bucket("kept", opts=within(inner))
        aws.s3.Bucket("loose", opts=within(inner, protect=False, retain_on_delete=False))

    options = {node.name: node.options for node in record(program).nodes.values()}
    for each in options.values():
        each.pop("aliases", None)

    owner = "urn:pulumi:stack::project::aws:s3/bucket:Bucket::owner"
    assert options["kept"] == {"deletedWith": owner, "protect": True, "retainOnDelete": True}
    assert options["loose"] == {"deletedWith": owner, "protect": False, "retainOnDelete": False}


def test_options_are_kept_under_wire_names() -> None:
    """All that are set, and none that are not."""

    def program() -> None:
        opts = pulumi.ResourceOptions(
            aliases=[pulumi.Alias(name="old"), "urn:pulumi:stack::project::a:b:C::older"],
            custom_timeouts=pulumi.CustomTimeouts(create="5m"),
            delete_before_replace=True,
            ignore_changes=["description"],
            import_="sg-1",
            replace_on_changes=["vpc_id"],
        )
        aws.ec2.SecurityGroup("web", opts=opts)
        aws.ec2.SecurityGroup("plain")

    _, web, bare = record(program).nodes.values()

    assert web.id == "sg-1"
    assert bare.options == {}
    assert web.options == {
        "aliases": [{"name": "old"}, "urn:pulumi:stack::project::a:b:C::older"],
        "customTimeouts": {"create": "5m"},
        "deleteBeforeReplace": True,
        "ignoreChanges": ["description"],
        "import": "sg-1",
        "replaceOnChanges": ["vpcId"],
    }


def test_dependencies_are_told_by_property() -> None:
    """Which resource is behind which input, and what else it waits for."""

    def program() -> None:
        network = aws.ec2.Vpc("net")
        group = Group("group")
        aws.s3.Bucket("first", opts=within(group))
        aws.ec2.Subnet("a", vpc_id=network.id, opts=pulumi.ResourceOptions(depends_on=[group]))

    graph = record(program)
    [vpc, bucket] = [the(graph, ":Vpc").urn, the(graph, ":Bucket").urn]

    assert the(graph, ":Subnet").dependencies == sorted([vpc, bucket])
    assert the(graph, ":Subnet").property_dependencies == {"vpcId": [vpc]}


def test_a_component_hands_on_its_providers() -> None:
    """Children use the provider of their parent, and the record says which."""

    def program() -> None:
        far = aws.Provider("far", region="us-east-1")
        group = Group("group", opts=pulumi.ResourceOptions(providers=[far]))
        aws.s3.Bucket("data", opts=within(group))

    graph = record(program)
    provider = the(graph, "providers:aws")

    assert provider.kind is Kind.PROVIDER
    assert the(graph, ":Group").providers == {"aws": provider.urn}
    assert the(graph, ":Bucket").provider == provider.urn


def test_a_remote_component_is_a_problem_told() -> None:
    """A plugin would make its children, and no plugin runs here."""

    def program() -> None:
        pulumi.ComponentResource("eks:index:Cluster", "main", {"size": 1}, remote=True)

    graph = record(program)

    assert the(graph, ":Cluster").kind is Kind.REMOTE
    assert graph.problems == [
        "eks:index:Cluster 'main': a plugin makes its children, which do not show"
    ]


def test_a_node_names_its_line() -> None:
    """The innermost line of the program, in whatever component it is."""
    node = the(record(lambda: Group("here")), ":Group")

    assert node.source.startswith("tests/test_preview_recorder.py:")


def test_what_the_program_logs_is_kept() -> None:
    """With its severity, and without the SDK's own chatter."""

    def program() -> None:
        pulumi.info("one")
        pulumi.warn("two", resource=aws.s3.Bucket("data"))

    assert record(program).logs == [("info", "one"), ("warning", "two")]


def test_programs_may_be_asynchronous() -> None:
    """As a coroutine function, and through ``pulumi.run``."""

    async def program() -> None:
        bucket = aws.s3.Bucket("data", bucket="x")
        pulumi.export("name", await bucket.bucket.future())

    async def main() -> dict[str, Any]:
        return {"name": aws.s3.Bucket("data", bucket="y").bucket}

    assert record(program).exports == {"name": "x"}
    assert record(lambda: pulumi.run(main)).exports == {"name": "y"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_values_survive_the_wire(value: Any) -> None:
    """Whatever JSON can say, but for the order of keys."""
    assert from_struct(to_struct({"value": value})) == {"value": value}


def test_plain_values_show_no_secret() -> None:
    """At any depth, an unknown inside a secret included."""
    wire = {"a": [secret({"b": "hunter2"}), UNKNOWN], "c": secret(UNKNOWN)}

    assert plain(wire) == {"a": [MASK, COMPUTED], "c": MASK}
    assert reveal(wire) == {"a": [{"b": "hunter2"}, COMPUTED], "c": COMPUTED}


def test_assets_are_named_by_where_they_are() -> None:
    """Their content is not part of a preview."""

    def program() -> None:
        archive = pulumi.AssetArchive({"a.txt": pulumi.StringAsset("hello")})
        aws.s3.BucketObjectv2("file", bucket="b", source=pulumi.FileAsset("./site/index.html"))
        aws.lambda_.Function("run", role="r", code=archive)

    graph = record(program)

    assert plain(the(graph, ":BucketObjectv2").inputs)["source"] == "asset:./site/index.html"
    assert plain(the(graph, ":Function").inputs)["code"] == {"archive": {"a.txt": "asset:text(5)"}}


def test_marks_are_those_of_the_sdk() -> None:
    """Pulumi's own constants are private; a program's secrets go by them."""

    def program() -> None:
        pulumi.export("it", pulumi.Output.secret("x"))

    assert record(program).exports == {"it": {SIGNATURE: SECRET, "value": "x"}}


def test_urns_join_types() -> None:
    """The stack's own type is not part of the chain."""
    stack = make_urn("dev", "shop", "", STACK_TYPE, "shop-dev")
    parent = make_urn("dev", "shop", stack, "a:b:C", "x")

    assert make_urn("dev", "shop", parent, "d:e:F", "y") == "urn:pulumi:dev::shop::a:b:C$d:e:F::y"
