"""Transforms run as in the engine, and transformations as in the SDK."""

import asyncio
from typing import Any

import pulumi
import pulumi_aws as aws

from plinth.overrides import override
from plinth.preview.graph import Graph, Mode, Node
from plinth.preview.session import record
from plinth.preview.values import UNKNOWN, paths, reveal


class Group(pulumi.ComponentResource):
    """A component with a queue in it."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:Group", name, None, opts)
        self.queue = aws.sqs.Queue(name, delay_seconds=1, opts=pulumi.ResourceOptions(parent=self))


def queue(graph: Graph, name: str = "jobs") -> Node:
    """Find a queue."""
    found = [n for n in graph.nodes.values() if n.type == "aws:sqs/queue:Queue" and n.name == name]
    assert len(found) == 1
    return found[0]


def append(mark: str) -> pulumi.ResourceTransform:
    """Return a transform that leaves a mark on queues."""

    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != "aws:sqs/queue:Queue":
            return None
        name = f"{args.props.get('name', '')}{mark}"
        return pulumi.ResourceTransformResult({**args.props, "name": name}, args.opts)

    return transform


def test_own_comes_before_ancestors_before_stack() -> None:
    """Each sees what the one before it has made of the resource."""

    def program() -> None:
        pulumi.runtime.register_resource_transform(append("s"))
        group = pulumi.ComponentResource(
            "a:b:C", "group", opts=pulumi.ResourceOptions(transforms=[append("p")])
        )
        aws.sqs.Queue("jobs", opts=pulumi.ResourceOptions(parent=group, transforms=[append("o")]))

    assert queue(record(program)).inputs["name"] == "ops"


def test_an_override_reaches_a_components_child() -> None:
    """The program gets back what the transform has set."""

    def program() -> None:
        opts = pulumi.ResourceOptions(transforms=[override(aws.sqs.Queue, delay_seconds=9)])
        pulumi.export("delay", Group("jobs", opts).queue.delay_seconds)

    graph = record(program)

    assert queue(graph).inputs["delaySeconds"] == 9
    assert graph.exports == {"delay": 9}


def test_a_transform_may_be_asynchronous() -> None:
    """It runs on the program's own loop."""

    async def slowly(
        args: pulumi.ResourceTransformArgs,
    ) -> pulumi.ResourceTransformResult | None:
        await asyncio.sleep(0)
        return append("slow")(args)  # pyright: ignore[reportReturnType]

    def program() -> None:
        aws.sqs.Queue("jobs", opts=pulumi.ResourceOptions(transforms=[slowly]))

    assert queue(record(program)).inputs["name"] == "slow"


def test_a_transform_gets_outputs_for_secrets_and_unknowns() -> None:
    """And what it does with them stays secret or unknown, with its dependencies."""
    seen: dict[str, bool] = {}

    def join(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        seen.update({name: isinstance(v, pulumi.Output) for name, v in args.props.items()})
        both: Any = pulumi.Output.concat(args.props["name"], args.props["kmsMasterKeyId"])
        return pulumi.ResourceTransformResult({**args.props, "policy": both}, args.opts)

    def program() -> None:
        key = aws.kms.Key("key")
        aws.sqs.Queue(
            "jobs",
            name=pulumi.Output.secret("x"),
            kms_master_key_id=key.id,
            delay_seconds=1,
            opts=pulumi.ResourceOptions(transforms=[join]),
        )

    made = queue(record(program, mode=Mode.UNKNOWN))

    assert seen == {"name": True, "kmsMasterKeyId": True, "delaySeconds": False}
    assert paths(made.inputs, "secret") == ["name", "policy"]
    assert paths(made.inputs, "unknown") == ["kmsMasterKeyId", "policy"]
    assert made.dependencies == ["urn:pulumi:stack::project::aws:kms/key:Key::key"]


def test_a_transform_may_change_options() -> None:
    """Protection, and what to ignore."""

    def guard(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        args.opts.protect = True
        args.opts.ignore_changes = ["name"]
        return pulumi.ResourceTransformResult(args.props, args.opts)

    def program() -> None:
        pulumi.runtime.register_resource_transform(guard)
        aws.sqs.Queue("jobs")

    assert queue(record(program)).options == {"ignoreChanges": ["name"], "protect": True}


def test_a_transform_applies_to_later_resources_only() -> None:
    """What was made before it is registered stays as it was."""

    def program() -> None:
        aws.sqs.Queue("early")
        pulumi.runtime.register_resource_transform(append("late"))
        aws.sqs.Queue("jobs")

    graph = record(program)

    assert queue(graph, "early").inputs == {}
    assert queue(graph).inputs == {"name": "late"}


def test_transformations_of_the_old_kind_run_too() -> None:
    """They see Python's names, and outputs as the program gave them."""

    def rename(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult | None:
        props = {**args.props, "delay_seconds": 5}
        return pulumi.ResourceTransformationResult(props, args.opts)

    def program() -> None:
        pulumi.runtime.register_stack_transformation(rename)
        aws.sqs.Queue("jobs")

    assert queue(record(program)).inputs == {"delaySeconds": 5}


def test_a_data_source_can_be_transformed() -> None:
    """Its arguments change before it is asked."""

    def rename(args: pulumi.InvokeTransformArgs) -> pulumi.InvokeTransformResult | None:
        return pulumi.InvokeTransformResult({**args.args, "name": "/other"}, args.opts)

    def program() -> None:
        pulumi.runtime.register_invoke_transform(rename)
        pulumi.export("it", aws.ssm.get_parameter_output(name="/one").value)

    graph = record(program)

    assert reveal(graph.exports["it"]) == "${ssm:/other}"
    assert graph.invokes[0]["args"]["name"] == "/other"


def test_hooks_are_accepted_and_not_run() -> None:
    """They belong to changes, and a preview makes none."""
    ran: list[str] = []

    def program() -> None:
        hook = pulumi.ResourceHook("tell", lambda args: ran.append(args.name))
        opts = pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(after_create=[hook]))
        aws.sqs.Queue("jobs", opts=opts)

    assert queue(record(program)).options["hooks"] == {"afterCreate": ["tell"]}
    assert ran == []


def test_an_unknown_input_is_still_unknown_after_a_transform() -> None:
    """Though the transform never looks at it."""

    def program() -> None:
        pulumi.runtime.register_resource_transform(append("x"))
        aws.sqs.Queue("jobs", policy=aws.kms.Key("key").arn)

    assert queue(record(program, mode=Mode.UNKNOWN)).inputs == {"name": "x", "policy": UNKNOWN}
