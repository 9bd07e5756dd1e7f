"""The test kit: what it shows, and that nothing passes silently."""

import asyncio
import gc
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from plinth.testing import Mode, deploy, deploy_project


class Store(pulumi.ComponentResource):
    """A component as users write them, which does not say its token in its class."""

    name: pulumi.Output[str]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:Store", name, {"size": 1}, opts)
        bucket = aws.s3.Bucket(name, opts=pulumi.ResourceOptions(parent=self))
        self.name = bucket.bucket
        self.register_outputs({"name": self.name})


def test_resources_are_shown_as_asked_for() -> None:
    """Under wire names, in the order of construction, components included."""
    deployed = deploy(lambda: [Store("one"), aws.sqs.Queue("jobs", delay_seconds=1)])

    assert [(r.type, r.name) for r in deployed.resources] == [
        ("test:index:Store", "one"),
        ("aws:s3/bucket:Bucket", "one"),
        ("aws:sqs/queue:Queue", "jobs"),
    ]
    assert deployed.resources[0].inputs == {"size": 1}
    assert deployed.resources[2].inputs == {"delaySeconds": 1}
    assert deployed.resources[1].parent == deployed.resources[0].urn
    assert deployed.urns == [r.urn for r in deployed.resources]


def test_joins_can_be_compared() -> None:
    """What one resource takes from another is what the other gives."""

    def program() -> dict[str, Any]:
        network = aws.ec2.Vpc("net", cidr_block="10.0.0.0/16")
        aws.ec2.Subnet("a", vpc_id=network.id, cidr_block=network.cidr_block)
        return {"arn": network.arn}

    deployed = deploy(program)
    network, subnet = deployed.one(aws.ec2.Vpc), deployed.one(aws.ec2.Subnet, "a")

    assert subnet.inputs == {"vpcId": network.id, "cidrBlock": "10.0.0.0/16"}
    assert subnet.depends_on == [network.urn]
    assert network.id == "${ec2.Vpc/net.id}"
    assert deployed.outputs == {"arn": network.output("arn")}


def test_outputs_are_found_by_path() -> None:
    """Into lists and objects, of resources and of components."""
    deployed = deploy(lambda: [aws.rds.Instance("db", instance_class="db.t4g.micro"), Store("s")])
    base = deployed.one(aws.rds.Instance)

    assert base.output("masterUserSecrets[0].secretArn") == (
        "${rds.Instance/db.masterUserSecrets[0].secretArn}"
    )
    assert deployed.one(Store).output("name") == deployed.one(aws.s3.Bucket).output("bucket")
    with pytest.raises(LookupError, match=r"Instance 'db' has no 'nothing': it has .*'arn'"):
        base.output("nothing")


def test_one_says_what_there_is() -> None:
    """A wrong name or kind is found without a debugger."""
    deployed = deploy(lambda: [aws.sqs.Queue(name) for name in ("a", "b")])

    with pytest.raises(LookupError, match=r"one Queue is wanted and there are 2: .*'a', 'b'"):
        deployed.one(aws.sqs.Queue)
    with pytest.raises(LookupError, match=r"one Queue 'c' is wanted and there are 0: .*'a', 'b'"):
        deployed.one(aws.sqs.Queue, "c")
    with pytest.raises(LookupError, match=r"one Topic is wanted .*'aws:sqs/queue:Queue'"):
        deployed.one(aws.sns.Topic)


def test_options_are_shown() -> None:
    """Inherited ones too."""

    def program() -> None:
        far = aws.Provider("far", region="us-east-1")
        opts = pulumi.ResourceOptions(
            protect=True, retain_on_delete=True, providers=[far], aliases=[pulumi.Alias(name="old")]
        )
        Store("store", opts)
        aws.sqs.Queue("jobs", opts=pulumi.ResourceOptions(ignore_changes=["name"]))

    deployed = deploy(program)
    bucket, queue = deployed.one(aws.s3.Bucket), deployed.one(aws.sqs.Queue)

    assert (bucket.protect, bucket.retain_on_delete) == (True, True)
    assert (queue.protect, queue.retain_on_delete) == (False, False)
    assert bucket.provider == deployed.one(aws.Provider).urn
    assert queue.ignore_changes == ["name"]
    assert deployed.one(Store).aliases == [{"name": "old"}]
    assert queue.source.startswith("tests/test_testing.py:")


def test_secrets_are_revealed_and_known() -> None:
    """A test may compare a value, and see that it is secret."""

    def program() -> dict[str, Any]:
        key = pulumi.Config().require_secret("key")
        aws.ssm.Parameter("key", type="SecureString", value=key)
        return {"key": key, "open": 1}

    deployed = deploy(program, config={"project:key": "hunter2"}, secret_keys=["project:key"])
    parameter = deployed.one(aws.ssm.Parameter)

    assert parameter.inputs == {"type": "SecureString", "value": "hunter2"}
    assert parameter.secrets == {"value"}
    assert deployed.outputs == {"key": "hunter2", "open": 1}
    assert deployed.secret_outputs == {"key"}


def test_a_first_preview_can_be_tested() -> None:
    """It tells which inputs are not known yet."""

    def program() -> dict[str, Any]:
        bucket = aws.s3.Bucket("data")
        aws.s3.BucketPolicy("data", bucket=bucket.id, policy="{}")
        return {"arn": bucket.arn}

    deployed = deploy(program, mode=Mode.UNKNOWN)
    policy = deployed.one(aws.s3.BucketPolicy)

    assert policy.unknowns == {"bucket"}
    assert policy.inputs == {"bucket": "<computed>", "policy": "{}"}
    assert deployed.outputs == {"arn": "<computed>"}


def test_computed_values_can_be_given() -> None:
    """What the provider would add, where a test needs more than a placeholder."""

    def program() -> dict[str, Any]:
        return {"port": aws.rds.Instance("db", instance_class="db.t4g.micro").port}

    assert deploy(program, computed={aws.rds.Instance: {"port": 5432}}).outputs == {"port": 5432}


def test_other_stacks_can_be_given() -> None:
    """A reference finds their exports."""

    def program() -> dict[str, Any]:
        return {"zone": pulumi.StackReference("acme/shared/dev").get_output("zone")}

    given = {"acme/shared/dev": {"zone": "Z1"}}
    assert deploy(program, stack_outputs=given).outputs == {"zone": "Z1"}


def test_project_and_stack_can_be_named() -> None:
    """The program sees them."""
    deployed = deploy(
        lambda: {"it": f"{pulumi.get_project()}/{pulumi.get_stack()}"}, project="shop", stack="dev"
    )

    assert deployed.outputs == {"it": "shop/dev"}


def test_an_asynchronous_program_is_awaited() -> None:
    """Its outputs as well."""

    async def program() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"name": aws.s3.Bucket("data", bucket="x").bucket}

    assert deploy(program).outputs == {"name": "x"}


def test_nothing_in_an_apply_passes_silently() -> None:
    """Not even an assertion that nobody waits for."""

    def program() -> None:
        def check(name: str) -> None:
            assert name == "y"

        aws.s3.Bucket("data", bucket="x").bucket.apply(check)

    with pytest.raises(AssertionError):
        deploy(program)


def test_a_refusal_is_raised_as_it_is() -> None:
    """So that a test can ask for its type and its text."""

    def program() -> None:
        msg = "store 'x' has size=0: give it one"
        raise ValueError(msg)

    with pytest.raises(ValueError, match=r"^store 'x' has size=0: give it one$"):
        deploy(program)


def test_a_failure_names_its_resource_and_the_others() -> None:
    """In the notes that pytest prints under the exception."""
    bad: Any = object()

    def program() -> None:
        bucket = aws.s3.Bucket("data", bucket="x")
        aws.s3.Bucket("bad", bucket=bad)
        bucket.bucket.apply(int)

    with pytest.raises(ValueError, match="unexpected input of type object") as failed:
        deploy(program)

    [making, other] = failed.value.__notes__
    assert making.startswith("while making aws:s3/bucket:Bucket 'bad', tests/test_testing.py:")
    assert "ValueError: invalid literal for int()" in other


def test_an_output_from_elsewhere_is_explained() -> None:
    """It belongs to another program's loop."""

    async def elsewhere() -> list[str]:
        alien = pulumi.Output.secret("x")
        with pytest.raises(RuntimeError, match="different loop") as failed:
            deploy(lambda: aws.s3.Bucket("data", bucket=alien))
        return failed.value.__notes__

    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        assert "make it inside" in runner.run(elsewhere())[0]


def test_deployments_do_not_meet() -> None:
    """Each is a program of its own, however many there are."""
    for _ in range(20):
        deployed = deploy(lambda: Store("same"))
        assert len(deployed.resources) == 2
    gc.collect()


def test_a_project_can_be_deployed(tmp_path: Any) -> None:
    """With the configuration of its stack."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  shop:size: 3\n")
    (tmp_path / "__main__.py").write_text(
        "import pulumi, pulumi_aws as aws\n"
        "size = pulumi.Config().require_int('size')\n"
        "aws.sqs.Queue('jobs', delay_seconds=size)\n"
        "pulumi.export('size', pulumi.Output.secret(size))\n"
    )

    deployed = deploy_project(tmp_path, "dev")

    assert deployed.one(aws.sqs.Queue).inputs == {"delaySeconds": 3}
    assert deployed.outputs == {"size": 3}
    assert deployed.secret_outputs == {"size"}
