"""Our own calls of AWS against an AWS on loopback, as far as that has them: see docs/emulate.md."""

import importlib
import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pulumi_aws as aws
import pytest
import yaml
from tools import emulate
from tools.aws_calls import CALLS, LATER

from plinth._celery.files import drain_agent
from plinth._celery.publisher.secret import read_secret
from plinth._fleet.files import resolve_secrets
from plinth.cli import main
from plinth.preview.config import load_stack
from plinth.preview.manifest import find_project
from plinth.rollout.scaling import NoGroupError, Scaling
from stacks import ROOT, deployed_stack

KEYS = {"AWS_ACCESS_KEY_ID": emulate.KEY, "AWS_SECRET_ACCESS_KEY": emulate.KEY}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Serve an AWS, once for all tests."""
    url, server = emulate.serve(0)
    yield url
    server.stop()


@pytest.fixture(scope="module")
def autoscaling(url: str) -> Any:
    """Connect to its Auto Scaling, where it has three groups, one of another stack."""
    ec2, client = emulate.client("ec2", url), emulate.client("autoscaling", url)
    template = ec2.create_launch_template(
        LaunchTemplateName="web",
        LaunchTemplateData={"ImageId": "ami-12c6146b", "InstanceType": "t4g.small"},
    )["LaunchTemplate"]["LaunchTemplateId"]
    for name, stack in (("web", "shop/prod"), ("celery", "shop/prod"), ("other", "shop/dev")):
        client.create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=1,
            MaxSize=2,
            AvailabilityZones=["us-east-1a"],
            LaunchTemplate={"LaunchTemplateId": template, "Version": "1"},
            Tags=[{"Key": "plinth:stack", "Value": stack, "PropagateAtLaunch": True}],
        )
    return client


@pytest.fixture
def aws_command(url: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stand in for the aws command, which asks the server; return what it was asked.

    Options become parameters as the AWS CLI makes them, by the API's own model, which checks them.
    """
    asked: list[str] = []
    jmespath: Any = importlib.import_module("jmespath")

    def run(command: Sequence[str], **_: Any) -> subprocess.CompletedProcess[str]:
        _program, service, action, *given = command
        asked.append(action)
        options = dict(zip(given[::2], given[1::2], strict=True))
        query, _region = options.pop("--query", "@"), options.pop("--region", None)
        text = options.pop("--output", "json") == "text"
        client = emulate.client(service, url, checked=True)
        try:
            answer = getattr(client, action.replace("-", "_"))(
                **_parameters(client, action, options)
            )
        except client.exceptions.ClientError as error:
            return subprocess.CompletedProcess(command, 254, stdout=str(error))
        answer.pop("ResponseMetadata")
        found = jmespath.search(query, answer)
        return subprocess.CompletedProcess(
            command, 0, stdout=f"{found}\n" if text else json.dumps(found, default=str)
        )

    monkeypatch.setattr(subprocess, "run", run)
    return asked


def _parameters(client: Any, action: str, options: dict[str, str]) -> dict[str, Any]:
    operation = "".join(part.title() for part in action.split("-"))
    members = client.meta.service_model.operation_model(operation).input_shape.members
    options_of: Any = importlib.import_module("botocore").xform_name
    names = {f"--{options_of(name, '-')}": name for name in members}
    return {
        names[option]: [value] if members[names[option]].type_name == "list" else value
        for option, value in options.items()
    }


def test_groups_of_a_stack_are_found_by_their_tag(autoscaling: Any) -> None:
    """And those of another stack are not; a stack without any is no success."""
    scaling = Scaling(autoscaling)

    assert scaling.of_stack("shop/prod") == ["celery", "web"]
    with pytest.raises(NoGroupError, match="shop/stage"):
        scaling.of_stack("shop/stage")


def test_instances_tell_which_version_they_run(autoscaling: Any) -> None:
    """All are on the group's, until that gets another one."""
    members = Scaling(autoscaling).members("web")

    assert (members.version, members.running, members.agree) == ("1", ["1"], True)
    with pytest.raises(NoGroupError, match="no autoscaling group 'none' in us-east-1"):
        Scaling(autoscaling).members("none")


def test_nothing_has_failed_in_a_new_group(autoscaling: Any) -> None:
    """What it did so far is no complaint."""
    assert Scaling(autoscaling).complaints("web", None) == []


def test_the_command_asks_where_it_is_told(
    autoscaling: Any, url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the command line to the server, which has no refreshes and says so at once."""
    del autoscaling
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": url}.items():
        monkeypatch.setenv(name, value)

    assert main(["rollout", "wait", "dev", "--cwd", str(ROOT), "--group", "web"]) == 2
    assert emulate.NOT_IMPLEMENTED in capsys.readouterr().err


def test_an_instance_finds_its_group(autoscaling: Any, aws_command: list[str]) -> None:
    """The drain agent asks for it by the instance's id."""
    [group] = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=["celery"])[
        "AutoScalingGroups"
    ]
    instance = group["Instances"][0]["InstanceId"]

    assert drain_agent.group_of(instance, "us-east-1") == "celery"
    assert aws_command == ["describe-auto-scaling-instances"]


@pytest.mark.parametrize(
    ("action", "options"),
    [
        ("complete-lifecycle-action", ["--lifecycle-action-result", "CONTINUE"]),
        ("record-lifecycle-action-heartbeat", []),
    ],
)
def test_the_agents_calls_are_of_the_api(
    aws_command: list[str], action: str, options: list[str]
) -> None:
    """Their parameters pass its model; the server lacks the calls, and the agent sees a refusal."""
    about = ["--instance-id", "i-0123456789abcdef0", "--auto-scaling-group-name", "celery"]
    asked = drain_agent.aws("us-east-1", action, *about, "--lifecycle-hook-name", "drain", *options)
    assert asked.returncode == 254
    assert emulate.NOT_IMPLEMENTED in asked.stdout
    assert aws_command == [action]


@pytest.fixture(scope="module")
def secret(url: str) -> str:
    """Keep a secret there; return its ARN."""
    client = emulate.client("secretsmanager", url)
    text = json.dumps({"username": "app", "password": "p@ss/word"})
    return client.create_secret(Name="queue", SecretString=text)["ARN"]


def test_a_signature_made_by_hand_is_taken(
    secret: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The function that counts tasks reads the broker's password without a library."""
    for name, value in {**KEYS, "AWS_ENDPOINT_URL_SECRETS_MANAGER": url}.items():
        monkeypatch.setenv(name, value)

    assert read_secret(secret) == {"username": "app", "password": "p@ss/word"}


def test_an_instance_reads_its_secrets(secret: str, aws_command: list[str], tmp_path: Path) -> None:
    """Into a file of variables, each secret asked for once."""
    recipe, output = tmp_path / "recipe.json", tmp_path / "app.env"
    wanted = {
        "URL": {"secret": secret, "template": "rediss://{username}:{password:url}@queue"},
        "USER": {"secret": secret, "template": "{username}"},
    }
    recipe.write_text(json.dumps(wanted))

    resolve_secrets.main(recipe, output)

    assert output.read_text() == "URL=rediss://app:p%40ss%2Fword@queue\nUSER=app\n"
    assert aws_command == ["get-secret-value"]


# What `make emulate` prints


def test_every_service_of_dev_has_an_endpoint() -> None:
    """One that is left out would be asked of AWS itself."""
    types = {r.type for r in deployed_stack(emulate.STACK).resources if r.type.startswith("aws:")}
    assert types <= CALLS.keys()

    fields: Any = importlib.import_module("pulumi._types").input_type_py_to_pulumi_names
    known = set(fields(aws.ProviderEndpointArgs).values())
    assert set(emulate.services()) <= known


def test_the_settings_are_the_providers() -> None:
    """Each is a key that ``pulumi_aws`` reads, and nothing in them is a real key."""
    source = Path(sys.modules[aws.config.__name__].__file__ or "").with_name("vars.py").read_text()
    given = emulate.provider("http://127.0.0.1:5555")

    for key in given:
        assert f"('{key.removeprefix('aws:')}')" in source
    assert given["aws:accessKey"] == given["aws:secretKey"] == "emulated"
    assert set(given["aws:endpoints"][0].values()) == {"http://127.0.0.1:5555"}


def test_the_stack_is_dev_elsewhere(tmp_path: Path) -> None:
    """Its own configuration as it is, in a file that a preview reads."""
    (tmp_path / "Pulumi.yaml").write_text("name: plinth\nruntime: python\n")
    (tmp_path / "__main__.py").touch()
    (tmp_path / "Pulumi.emulated.yaml").write_text(emulate.document(5600))
    dev = yaml.safe_load((ROOT / "Pulumi.dev.yaml").read_text())["config"]

    values = load_stack(find_project(tmp_path), "emulated").values

    assert json.loads(values["plinth:stack"]) == dev["plinth:stack"]
    [endpoints] = json.loads(values["aws:endpoints"])
    assert endpoints["autoscaling"] == "http://127.0.0.1:5600"


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """At once, and before anything is printed that would end up in a stack's file."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SystemExit, match="2"):
        emulate.main(["--port", str(taken.getsockname()[1])])

    shown = capsys.readouterr()
    assert shown.out == ""
    assert "give another one by --port" in shown.err


def test_what_is_missing_is_found(url: str) -> None:
    """A call that the server lacks answers at once, with a code that nobody tries again."""
    calls = [call for call in LATER if call.startswith("autoscaling.")]
    missing = emulate.gaps(url, calls)

    assert "autoscaling.StartInstanceRefresh" in missing
    assert "autoscaling.DescribeScalingActivities" not in missing
    documented = (ROOT / "docs" / "emulate.md").read_text()
    assert all(f"`{call}`" in documented for call in missing)
