"""``plinth rollout wait``: what it makes of everything that Auto Scaling may answer."""

import argparse
import builtins
import importlib
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from plinth.cli import main
from plinth.rollout import command
from plinth.rollout.arguments import rollout
from plinth.rollout.follow import Clock, Ending, Patience, follow, lines
from plinth.rollout.scaling import MOVING, NoGroupError, Scaling
from stacks import ROOT

BEGUN = datetime(2026, 11, 22, 12, tzinfo=UTC)
PATIENCE = Patience(timeout=600, settle=30, every=10)


class Aws:
    """Auto Scaling by botocore's Stubber: it checks every request and answer against the API."""

    def __init__(self, stubber: Any) -> None:
        self._stubber = stubber
        self.client: Any = stubber.client
        self.time = 0.0
        self.told: list[str] = []

    @property
    def scaling(self) -> Scaling:
        """What asks it."""
        return Scaling(self.client)

    def refresh(
        self, status: str | None, id_: str = "r-1", group: str = "web", **more: Any
    ) -> None:
        """Answer once that a group's newest refresh has a status; None is no refresh at all."""
        one = {"InstanceRefreshId": id_, "Status": status, "StartTime": BEGUN, **more}
        self._stubber.add_response(
            "describe_instance_refreshes",
            {"InstanceRefreshes": [one] if status else []},
            {"AutoScalingGroupName": group, "MaxRecords": 1},
        )

    def instances(self, *versions: str, wanted: str = "7", group: str = "web") -> None:
        """Answer once which versions a group's instances run; ``-7`` is one that is going."""
        members = [
            {
                "InstanceId": f"i-{n}",
                "AvailabilityZone": "us-east-1a",
                "LifecycleState": "Terminating:Wait" if each.startswith("-") else "InService",
                "HealthStatus": "Healthy",
                "ProtectedFromScaleIn": False,
                "LaunchTemplate": {"LaunchTemplateId": "lt-1", "Version": each.lstrip("-")},
            }
            for n, each in enumerate(versions)
        ]
        found = described(group, LaunchTemplate={"Version": wanted}, Instances=members)
        self.groups(found, AutoScalingGroupNames=[group])

    def groups(self, *found: dict[str, Any], next_: str = "", **asked: Any) -> None:
        """Answer once with groups, and perhaps with word of more."""
        answer: dict[str, Any] = {"AutoScalingGroups": list(found)}
        token = {"NextToken": next_} if next_ else {}
        self._stubber.add_response("describe_auto_scaling_groups", {**answer, **token}, asked)

    def activities(self, *found: dict[str, Any]) -> None:
        """Answer once what a group has tried."""
        common = {
            "ActivityId": "a",
            "AutoScalingGroupName": "web",
            "Cause": "at 12:00 an instance was launched",
            "StartTime": BEGUN,
            "Description": "Launching a new EC2 instance",
        }
        self._stubber.add_response(
            "describe_scaling_activities",
            {"Activities": [{**common, **each} for each in found]},
            {"AutoScalingGroupName": "web", "MaxRecords": 50},
        )

    def refuse(self, operation: str, code: str) -> None:
        """Answer once with an error."""
        self._stubber.add_client_error(operation, code, "not you")

    def follow(self, *groups: str) -> list[Ending]:
        """Follow groups; time passes at once."""
        clock = Clock(now=lambda: self.time, sleep=self._sleep)
        return follow(
            self.scaling, groups or ("web",), PATIENCE, tell=self.told.append, clock=clock
        )

    def _sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.time += seconds


def described(name: str, **more: Any) -> dict[str, Any]:
    """Describe a group with all that the API requires."""
    return {
        "AutoScalingGroupName": name,
        "MinSize": 1,
        "MaxSize": 4,
        "DesiredCapacity": 2,
        "DefaultCooldown": 300,
        "AvailabilityZones": ["us-east-1a"],
        "HealthCheckType": "ELB",
        "CreatedTime": BEGUN,
        "Instances": [],
        **more,
    }


@pytest.fixture(scope="module")
def client() -> Any:
    """Make a client once: it reads a large model."""
    boto3: Any = importlib.import_module("boto3")
    keys = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    return boto3.client("autoscaling", region_name="us-east-1", **keys)


@pytest.fixture
def cloud(client: Any) -> Iterator[Aws]:
    """Answer what a test has written down, in that order, and all of it."""
    stub: Any = importlib.import_module("botocore.stub")
    with stub.Stubber(client) as stubber:
        yield Aws(stubber)
        stubber.assert_no_pending_responses()


def test_a_refresh_is_followed_to_its_success(cloud: Aws) -> None:
    """Every step is told once, and the summary says what runs."""
    cloud.refresh("Pending")
    cloud.refresh("InProgress", PercentageComplete=50, InstancesToUpdate=1)
    cloud.refresh("InProgress", PercentageComplete=50, InstancesToUpdate=1)
    cloud.refresh("Baking", PercentageComplete=100)
    cloud.refresh("Successful", PercentageComplete=100)
    cloud.instances("7", "7", "-6")

    assert cloud.follow() == [
        Ending(group="web", good=True, sentence="refreshed, 2 of 2 instances run version 7")
    ]
    assert cloud.told == [
        "web: Pending, 0 %",
        "web: InProgress, 50 %, 1 to replace",
        "web: Baking, 100 %",
        "web: Successful, 100 %",
    ]
    assert cloud.time == 40


@pytest.mark.parametrize(
    ("passing", "status"),
    [
        ("InProgress", "Failed"),
        ("RollbackInProgress", "RollbackSuccessful"),
        ("RollbackInProgress", "RollbackFailed"),
    ],
)
def test_a_bad_end_comes_at_once_with_the_reason(cloud: Aws, passing: str, status: str) -> None:
    """So do the newest complaints about instances, and none that are older than the refresh."""
    cloud.refresh(passing)
    cloud.refresh(status, StatusReason="alarm shop-5xx went off", PercentageComplete=50)
    cloud.instances("7", "6")
    old = BEGUN.replace(hour=1)
    cloud.activities(
        {"StatusCode": "Successful"},
        {"StatusCode": "Failed", "StatusMessage": "image not found"},
        {"StatusCode": "Cancelled"},
        {"StatusCode": "Failed", "StatusMessage": "of yesterday", "StartTime": old},
    )

    [ending] = cloud.follow()

    assert not ending.good
    assert ending.sentence == (
        f"{status}, 50 %: alarm shop-5xx went off, 1 of 2 instances run version 7"
    )
    assert ending.details == [
        "Launching a new EC2 instance: image not found",
        "Launching a new EC2 instance: at 12:00 an instance was launched",
    ]
    assert cloud.time == 10


def test_a_rollback_says_why(cloud: Aws) -> None:
    """Its reason stands apart from that of the status."""
    cloud.refresh("RollbackInProgress", RollbackDetails={"RollbackReason": "alarm went off"})
    cloud.refresh("RollbackSuccessful", StatusReason="done", RollbackDetails={})
    cloud.instances("6")
    cloud.activities()

    assert not cloud.follow()[0].good
    assert cloud.told[0] == "web: RollbackInProgress, 0 %: alarm went off"


def test_a_second_deployment_takes_over(cloud: Aws) -> None:
    """It cancels the refresh that runs and starts another, which counts."""
    cloud.refresh("InProgress", "r-1")
    cloud.refresh("Cancelling", "r-1")
    cloud.refresh("Cancelled", "r-1")
    cloud.refresh("Pending", "r-2")
    cloud.refresh("Successful", "r-2")
    cloud.instances("8", wanted="8")

    assert cloud.follow()[0].good


def test_a_cancelled_refresh_without_an_heir_fails(cloud: Aws) -> None:
    """Somebody stopped it half-way: nothing else will replace the rest."""
    cloud.refresh("InProgress")
    for _ in range(4):
        cloud.refresh("Cancelled", StatusReason="by the user")
    cloud.instances("7", "6")
    cloud.activities()

    assert cloud.follow()[0].sentence.startswith("Cancelled, 0 %: by the user")
    assert cloud.time == 10 + PATIENCE.settle


def test_nothing_to_do_is_well(cloud: Aws) -> None:
    """A group that never had a refresh is settled after the time in which one might begin."""
    for _ in range(4):
        cloud.refresh(None)
    cloud.instances("1", wanted="1")

    assert cloud.follow()[0].sentence == "nothing to do, 1 of 1 instances run version 1"
    assert cloud.told == []
    assert cloud.time == PATIENCE.settle


def test_a_refresh_may_begin_late(cloud: Aws) -> None:
    """The success of last week is not this deployment's."""
    cloud.refresh("Successful", "r-1")
    cloud.refresh("Pending", "r-2")
    cloud.refresh("Failed", "r-2")
    cloud.instances("6")
    cloud.activities()

    assert not cloud.follow()[0].good


@pytest.mark.parametrize("before", [None, "Successful"])
def test_instances_left_behind_fail(cloud: Aws, before: str | None) -> None:
    """Where no refresh begins for a new launch template, the old version goes on serving."""
    for _ in range(4):
        cloud.refresh(before)
    cloud.instances("6", "7")
    cloud.activities()

    ending = cloud.follow()[0]
    assert (ending.good, ending.sentence) == (
        False,
        "no refresh was started, 1 of 2 instances run version 7",
    )


def test_a_failure_stays_one_when_the_job_is_repeated(cloud: Aws) -> None:
    """Then nothing starts a refresh: the group has its new version, and its instances have not."""
    for _ in range(4):
        cloud.refresh("Failed", StatusReason="unhealthy")
    cloud.instances("7", "6")
    cloud.activities()

    assert cloud.follow()[0].sentence.startswith("the last refresh was Failed, 0 %: unhealthy")


def test_a_failure_that_was_seen_to_is_over(cloud: Aws) -> None:
    """Once all instances are new, an old failure does not stop a deployment of something else."""
    for _ in range(4):
        cloud.refresh("Failed")
    cloud.instances("7", "7")

    ending = cloud.follow()[0]
    assert ending.good
    assert "although its last refresh was Failed" in ending.sentence


def test_a_moving_version_tells_nothing(cloud: Aws) -> None:
    """A group made elsewhere may follow ``$Latest``: then only refreshes count."""
    for _ in range(4):
        cloud.refresh(None)
    cloud.instances("3", "4", wanted="$Latest")

    assert cloud.follow()[0].sentence == "nothing to do"


def test_the_version_of_a_mixed_group_is_in_its_policy(cloud: Aws) -> None:
    """Pools with several instance types have their template one level further down."""
    template = {"LaunchTemplateSpecification": {"LaunchTemplateId": "lt-1", "Version": "7"}}
    mixed = described("web", MixedInstancesPolicy={"LaunchTemplate": template})
    cloud.groups(mixed, AutoScalingGroupNames=["web"])

    assert cloud.scaling.members("web").version == "7"


def test_time_runs_out(cloud: Aws) -> None:
    """It then tells how far the refresh is, which goes on."""
    for _ in range(61):
        cloud.refresh("InProgress", PercentageComplete=30, InstancesToUpdate=4)
    cloud.instances("7", "6")
    cloud.activities()

    assert cloud.follow()[0].sentence.startswith(
        "the time is over, and it is InProgress, 30 %, 4 to replace"
    )
    assert cloud.time == PATIENCE.timeout


def test_groups_end_each_in_its_time(cloud: Aws) -> None:
    """One that has failed does not hide what becomes of the others, which are not asked again."""
    cloud.refresh("InProgress", group="web")
    cloud.refresh("InProgress", group="celery")
    cloud.refresh("Failed", group="web")
    cloud.instances("6")
    cloud.activities()
    cloud.refresh("InProgress", group="celery")
    cloud.refresh("Successful", group="celery")
    cloud.instances("7", group="celery")

    endings = cloud.follow("web", "celery")

    assert [(ending.group, ending.good) for ending in endings] == [("web", False), ("celery", True)]
    assert list(lines(endings)) == [
        "failed  web     Failed, 0 %, 0 of 1 instances run version 7",
        "ok      celery  refreshed, 1 of 1 instances run version 7",
    ]


def test_every_status_of_the_api_is_known(client: Any) -> None:
    """Each either goes on or is an end that the tests above have."""
    statuses = client.meta.service_model.shape_for("InstanceRefreshStatus").enum
    ended = {"Successful", "Failed", "Cancelled", "RollbackFailed", "RollbackSuccessful"}
    assert set(statuses) == MOVING | ended


def test_groups_are_found_by_the_stacks_tag(cloud: Aws) -> None:
    """On every page, and sorted."""
    asked = [{"Name": "tag:plinth:stack", "Values": ["shop/prod"]}]
    cloud.groups(described("web"), next_="more", Filters=asked)
    cloud.groups(described("celery"), Filters=asked, NextToken="more")

    assert cloud.scaling.of_stack("shop/prod") == ["celery", "web"]


def test_a_stack_without_groups_is_no_success(cloud: Aws) -> None:
    """It may be the wrong account or region, where nothing ever fails."""
    cloud.groups(Filters=[{"Name": "tag:plinth:stack", "Values": ["shop/prod"]}])

    with pytest.raises(NoGroupError, match="in us-east-1 is tagged plinth:stack=shop/prod"):
        cloud.scaling.of_stack("shop/prod")


@pytest.fixture
def asked(cloud: Aws, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str | None]]:
    """Connect the command to the stub, and note the region and the profile."""
    given: list[tuple[str, str | None]] = []

    def client(_: Any, config: Any, region: str | None) -> Any:
        given.append((config.values["aws:region"], region))
        return cloud.client

    monkeypatch.setattr(command, "_client", client)
    return given


def test_the_command_ends_with_the_verdict(
    cloud: Aws, asked: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """The summary is the result; progress goes beside it."""
    wait = ["rollout", "wait", "dev", "--cwd", str(ROOT), "--settle", "0.01", "--every", "0.01"]
    tag = [{"Name": "tag:plinth:stack", "Values": ["plinth/dev"]}]
    cloud.groups(described("web"), Filters=tag)
    cloud.refresh("InProgress")
    cloud.refresh("Successful")
    cloud.instances("7")
    assert main(wait) == 0
    cloud.refresh("InProgress")
    cloud.refresh("Failed")
    cloud.instances("6")
    cloud.activities()
    assert main([*wait, "--group", "web"]) == 1

    shown = capsys.readouterr()
    assert [line.split()[0] for line in shown.out.splitlines()] == ["ok", "failed"]
    assert "plinth: following web" in shown.err
    assert asked[0] == ("us-east-1", None)


@pytest.mark.usefixtures("asked")
def test_what_aws_refuses_is_said_in_a_line(cloud: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    """No trace for missing rights: nothing was found out, so neither 0 nor 1."""
    cloud.refuse("describe_auto_scaling_groups", "AccessDenied")

    assert main(["rollout", "wait", "dev", "--cwd", str(ROOT)]) == 2
    assert "AccessDenied" in capsys.readouterr().err


def test_who_no_longer_waits_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C ends the command with a word and no trace."""

    def interrupted(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_client", interrupted)

    assert main(["rollout", "wait", "dev", "--cwd", str(ROOT)]) == 130
    assert capsys.readouterr().err == "plinth: no longer following; the refreshes go on\n"


def test_the_client_is_the_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its region, unless another one is given; and many tries where AWS is asked too often."""
    boto3: Any = importlib.import_module("boto3")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    config: Any = argparse.Namespace(values={"aws:region": "eu-west-1"})
    connect: Callable[..., Any] = vars(command)["_client"]

    made = connect(boto3, config, None)

    assert made.meta.region_name == "eu-west-1"
    assert made.meta.config.retries["mode"] == "adaptive"
    assert made.meta.config.retries["total_max_attempts"] == 11
    assert connect(boto3, config, "us-west-2").meta.region_name == "us-west-2"


def test_without_boto3_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The extra is named, and nothing else of the command line needs it."""
    monkeypatch.setitem(sys.modules, "boto3", None)

    assert main(["rollout", "wait", "dev", "--cwd", str(ROOT)]) == 2
    assert "pip install 'plinth-iac[aws]'" in capsys.readouterr().err


@pytest.mark.parametrize("given", ["--timeout=0", "--settle=-1", "--every=nan", "--every=x"])
def test_no_time_is_refused(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A wait that never looks, or never ends, is a mistake."""
    parser = argparse.ArgumentParser()
    rollout(parser)

    with pytest.raises(builtins.SystemExit, match="2"):
        parser.parse_args(["wait", "dev", given])
    assert "is no such number: need one above 0" in capsys.readouterr().err
