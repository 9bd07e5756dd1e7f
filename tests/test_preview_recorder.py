"""The recorder: what a program asks for, as the engine would have received it."""

from typing import Any

import pulumi
import pulumi_aws as aws

from plinth.preview.graph import STACK_TYPE, Graph, Kind, Node, make_urn
from plinth.preview.session import record


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


def test_urns_join_types() -> None:
    """The stack's own type is not part of the chain."""
    stack = make_urn("dev", "shop", "", STACK_TYPE, "shop-dev")
    parent = make_urn("dev", "shop", stack, "a:b:C", "x")

    assert make_urn("dev", "shop", parent, "d:e:F", "y") == "urn:pulumi:dev::shop::a:b:C$d:e:F::y"
