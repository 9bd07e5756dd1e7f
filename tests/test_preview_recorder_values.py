"""What the recorder answers, in either mode, and the values that cross the wire."""

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plinth.preview.graph import Graph, Mode, Node
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


def the(graph: Graph, token: str) -> Node:
    """Find the only node whose type ends like this."""
    [node] = [node for node in graph.nodes.values() if node.type.endswith(token)]
    return node


def record_unknown(program: Callable[[], object]) -> Graph:
    """Record as a first preview would go."""
    return record(program, mode=Mode.UNKNOWN)


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
    assert plain(the(graph, ":Function").inputs)["code"] == {
        "archive": {"a.txt": "asset:text(5, 2cf24dba)"}
    }


def test_marks_are_those_of_the_sdk() -> None:
    """Pulumi's own constants are private; a program's secrets go by them."""

    def program() -> None:
        pulumi.export("it", pulumi.Output.secret("x"))

    assert record(program).exports == {"it": {SIGNATURE: SECRET, "value": "x"}}
