"""What a program looks up: data sources, existing resources, other stacks."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from plinth.preview.failures import ProgramFailed
from plinth.preview.graph import Kind, Mode
from plinth.preview.session import record
from plinth.preview.values import MASK, UNKNOWN, plain, reveal, secret

CONFIG = {"aws:region": "eu-west-1"}


def exported(value: Any, **options: Any) -> Any:
    """Return what a program's only export is."""
    graph = record(lambda: pulumi.export("it", value()), config=CONFIG, **options)
    return reveal(graph.exports["it"])


def test_zones_are_those_of_the_region() -> None:
    """The region of the call, of its provider or of the configuration, in this order."""

    def program() -> None:
        far = aws.Provider("far", region="us-west-1")
        through = pulumi.InvokeOptions(provider=far)
        pulumi.export("near", aws.get_availability_zones().names)
        pulumi.export("far", aws.get_availability_zones(opts=through).names)
        pulumi.export("named", aws.get_availability_zones(region="ca-central-1").names)

    assert record(program, config=CONFIG).exports == {
        "near": ["eu-west-1a", "eu-west-1b", "eu-west-1c"],
        "far": ["us-west-1a", "us-west-1c"],
        "named": ["ca-central-1a", "ca-central-1b", "ca-central-1d"],
    }


def test_a_policy_document_is_computed() -> None:
    """It is a pure function of its arguments, offline as in AWS."""

    def document() -> str:
        return aws.iam.get_policy_document(
            statements=[
                {
                    "actions": ["s3:GetObject"],
                    "resources": ["*"],
                    "principals": [{"type": "AWS", "identifiers": ["a", "b"]}],
                    "conditions": [{"test": "Bool", "variable": "v", "values": ["true"]}],
                }
            ]
        ).json

    assert json.loads(exported(document)) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "s3:GetObject",
                "Resource": "*",
                "Principal": {"AWS": ["a", "b"]},
                "Condition": {"Bool": {"v": "true"}},
            }
        ],
    }


@pytest.mark.parametrize(
    ("call", "start"),
    [
        (lambda: aws.ec2.get_ami(owners=["amazon"]).id, "ami-"),
        (lambda: aws.get_caller_identity().account_id, "123456789012"),
        (lambda: aws.get_region().region, "eu-west-1"),
        (lambda: aws.get_partition().dns_suffix, "amazonaws.com"),
        (lambda: aws.ssm.get_parameter(name="/app/key").value, "${ssm:/app/key}"),
        (lambda: aws.ec2.get_managed_prefix_list(name="x").id, "pl-"),
        (lambda: aws.route53.get_zone(name="example.com").zone_id, "Z"),
        (lambda: aws.ec2.get_vpc(default=True).cidr_block, "10.255.0.0/16"),
    ],
)
def test_common_data_sources_have_an_answer(call: Any, start: str) -> None:
    """The same each time."""
    assert exported(call).startswith(start)
    assert exported(call) == exported(call)


def test_answers_can_be_added() -> None:
    """By token."""
    token = "aws:ec2/getInstance:getInstance"  # noqa: S105 - a type's token
    call = aws.ec2.get_instance

    given = {token: {"id": "i-1", "arn": "arn"}}
    assert exported(lambda: call(instance_id="i").arn, answers=given) == "arn"


def test_answers_can_be_computed() -> None:
    """From the arguments of the call and the region that it is asked in."""

    def made(args: Mapping[str, Any], region: str) -> dict[str, Any]:
        return {"id": "i-1", "arn": f"{region}/{args['instanceId']}"}

    answers = {"aws:ec2/getInstance:getInstance": made}
    call = aws.ec2.get_instance
    assert exported(lambda: call(instance_id="i").arn, answers=answers) == "eu-west-1/i"


def test_a_plain_call_without_an_answer_fails_in_one_line() -> None:
    """At the line of the program, with what to change."""
    with pytest.raises(ProgramFailed) as failed:
        record(lambda: aws.ec2.get_instance(instance_id="i-1"))

    [failure] = failed.value.failures
    assert failure.message == (
        "invoke of aws:ec2/getInstance:getInstance failed: it has no answer offline: call its "
        '_output form, or name the value in settings (asked with {"instanceId": "i-1"})'
    )
    assert failure.source.startswith("tests/test_preview_recorder_lookups.py:")


def test_an_asynchronous_call_without_an_answer_fails_too() -> None:
    """Its result is wanted at once as well."""
    call = pulumi.runtime.invoke_async

    async def program() -> None:
        await call("aws:ec2/getInstance:getInstance", {})

    with pytest.raises(ProgramFailed, match="no answer offline"):
        record(program)


def test_an_output_call_without_an_answer_is_unknown() -> None:
    """And the preview says so."""
    graph = record(lambda: pulumi.export("it", aws.ec2.get_instance_output(instance_id="i").arn))

    assert graph.exports == {"it": UNKNOWN}
    assert graph.problems == [
        "aws:ec2/getInstance:getInstance: no answer offline, so its result is unknown"
    ]
    assert [note["answer"] for note in graph.invokes] == ["unknown"]


def test_a_call_that_waits_is_unknown_in_a_first_preview() -> None:
    """Nothing is asked about a resource that does not exist yet."""

    def program() -> None:
        bucket = aws.s3.Bucket("data", bucket="x")
        pulumi.export("it", aws.ssm.get_parameter_output(name=bucket.bucket).value)

    assert record(program).exports != {"it": UNKNOWN}
    unknown = record(program, mode=Mode.UNKNOWN)
    assert unknown.exports == {"it": UNKNOWN}
    assert unknown.problems == []


@pytest.mark.parametrize("mode", Mode)
def test_an_existing_resource_has_its_id(mode: Mode) -> None:
    """It is read and not made; the rest of it is not known offline."""
    graph = record(lambda: pulumi.export("it", aws.ec2.Vpc.get("old", "vpc-1").id), mode=mode)
    [node] = [node for node in graph.nodes.values() if node.kind is Kind.READ]

    assert graph.exports == {"it": "vpc-1"}
    assert node.id == "vpc-1"


@pytest.mark.parametrize("name", ["acme/shared/prod", "shared/prod", "prod"])
def test_a_stack_reference_gets_the_exports_given(name: str) -> None:
    """However much of the name is written; secrets stay secret."""

    def program() -> None:
        other = pulumi.StackReference(name)
        pulumi.export("zone", other.get_output("zone"))
        pulumi.export("key", other.get_output("key"))

    outputs = {"acme/shared/prod": {"zone": "Z1", "key": secret("hunter2")}}
    graph = record(program, project="shared", organization="acme", stack_outputs=outputs)

    assert plain(graph.exports) == {"zone": "Z1", "key": MASK}
    assert graph.problems == []


@pytest.mark.parametrize(
    ("mode", "found", "instead"),
    [
        (
            Mode.SYMBOLIC,
            "${pulumi.StackReference/acme/shared/prod.zone}",
            "placeholders stand for them",
        ),
        (Mode.UNKNOWN, UNKNOWN, "all are unknown"),
    ],
)
def test_exports_that_nobody_gave_are_computed_elsewhere(
    mode: Mode, found: str, instead: str
) -> None:
    """Whatever is asked for is there in one mode, and nothing is in the other; it says so."""
    other = "acme/shared/prod"

    def program() -> None:
        reference = pulumi.StackReference(other)
        pulumi.export("it", reference.get_output("zone"))
        pulumi.export("same", reference.require_output("zone"))

    graph = record(program, mode=mode)

    assert graph.exports == {"it": found, "same": found}
    assert graph.problems == [
        f"stack reference 'acme/shared/prod': its exports were not given, so {instead}"
    ]


@pytest.mark.parametrize(
    ("mode", "group"), [(Mode.SYMBOLIC, "${eks.Cluster/main."), (Mode.UNKNOWN, UNKNOWN)]
)
def test_what_aws_adds_to_an_object_of_the_inputs_is_computed(mode: Mode, group: str) -> None:
    """A cluster's own security group is in the block that says where the cluster goes."""

    def program() -> None:
        cluster = aws.eks.Cluster("main", role_arn="r", vpc_config={"subnet_ids": ["subnet-1"]})
        pulumi.export("group", cluster.vpc_config.cluster_security_group_id)
        pulumi.export("subnets", cluster.vpc_config.subnet_ids)

    exports = record(program, mode=mode).exports
    assert str(exports["group"]).startswith(group)
    assert exports["subnets"] in (["subnet-1"], UNKNOWN)
