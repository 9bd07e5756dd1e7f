"""WebTier, deployed to nowhere."""

import shlex
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from balancers import Balancer
from booted import docker_variables, systemd_words, user_data_files
from once import once
from plinth._web.server import server_variables, worker_count
from plinth.existing import ExistingNetwork, ExistingService
from plinth.testing import Deployment, deploy
from plinth.web import VARIABLES, WebSettings, WebTier, WorkerModel
from plinth.wiring import Peer, SecretText

IMAGE = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop@sha256:{'a' * 64}"
NETWORK = ExistingNetwork(
    vpc_id="vpc-1", cidr_block="10.0.0.0/16", private_subnet_ids=["subnet-a", "subnet-b"]
)
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-1a2b3c"  # noqa: S105 - its ARN


class Database(ExistingService):
    """A service that remembers whom it let in."""

    def allow_from(self, peer: Peer) -> None:
        """Make the rule that a service would."""
        aws.vpc.SecurityGroupIngressRule(
            f"db-from-{peer.pulumi_resource_name}",
            security_group_id="sg-db",
            referenced_security_group_id=peer.security_group_id,
            ip_protocol="tcp",
        )


DATABASE = Database(
    pulumi_resource_name="db",
    environment={"DATABASE_NAME": "app"},
    secrets={"DATABASE_URL": SecretText(secret_arn=SECRET, template="postgresql://{password:url}")},
)


@once
def web(**settings: Any) -> Deployment:
    """Deploy a tier that uses a database, with some settings changed."""
    return deploy(
        lambda: WebTier(
            "web",
            WebSettings.model_validate(settings),
            image=IMAGE,
            network=NETWORK,
            balancer=Balancer(),
            uses=[DATABASE],
            tags={"team": "core"},
        )
    )


def variables(deployed: Deployment) -> dict[str, str]:
    """Return the variables that the app's container gets from user data."""
    files = user_data_files(deployed.one(aws.ec2.LaunchTemplate).inputs)
    return docker_variables(files["/etc/plinth/web.env"])


def unit(deployed: Deployment) -> str:
    """Return the systemd unit that runs the app's container."""
    files = user_data_files(deployed.one(aws.ec2.LaunchTemplate).inputs)
    return files["/etc/systemd/system/plinth-web.service"]


def gunicorn(**settings: Any) -> dict[str, str]:
    """Return the options that gunicorn gets, by name."""
    given = server_variables(WebSettings.model_validate(settings), 60)["GUNICORN_CMD_ARGS"]
    return dict(option.split("=", 1) for option in shlex.split(given))


def test_defaults_suit_a_small_site() -> None:
    """Two private instances, replaced by the balancer's word, and their logs kept a month."""
    deployed = web()

    group = deployed.one(aws.autoscaling.Group).inputs
    assert (group["minSize"], group["maxSize"]) == (2, 4)
    assert group["vpcZoneIdentifiers"] == ["subnet-a", "subnet-b"]
    assert group["healthCheckType"] == "ELB"
    assert "desiredCapacity" not in group
    assert deployed.one(aws.cloudwatch.LogGroup).inputs["retentionInDays"] == 30


def test_only_the_balancer_reaches_the_app() -> None:
    """The one way in is the app's port, from the balancer's group; the tier owns the rule."""
    deployed = web(port=9000)

    guard = deployed.one(aws.ec2.SecurityGroup)
    assert "ingress" not in guard.inputs
    rule = deployed.one(aws.vpc.SecurityGroupIngressRule, "web-from-edge").inputs
    assert rule["securityGroupId"] == guard.id
    assert rule["referencedSecurityGroupId"] == "sg-edge"
    assert rule["fromPort"] == rule["toPort"] == 9000
    ways_in = deployed.all(aws.vpc.SecurityGroupIngressRule)
    assert [r.name for r in ways_in if r.inputs["securityGroupId"] == guard.id] == ["web-from-edge"]


def test_parts_are_joined() -> None:
    """The balancer's rule, the group and the policies speak of the same target group."""
    deployed = web()

    targets = deployed.one(aws.lb.TargetGroup)
    group = deployed.one(aws.autoscaling.Group)
    [action] = deployed.one(aws.lb.ListenerRule).inputs["actions"]
    assert action["targetGroupArn"] == targets.output("arn")
    assert group.inputs["targetGroupArns"] == [targets.output("arn")]
    for policy in deployed.all(aws.autoscaling.Policy):
        assert policy.inputs["autoscalingGroupName"] == group.output("name")


def test_target_group_checks_and_drains() -> None:
    """The app is asked by its own path; what it has begun, it may finish; it warms up."""
    deployed = web(
        health_check_path="/up", request_seconds=20, deregistration_delay=25, slow_start=60
    )

    targets = deployed.one(aws.lb.TargetGroup).inputs
    assert "name" not in targets
    assert targets["targetType"] == "instance"
    assert (targets["port"], targets["protocol"]) == (8000, "HTTP")
    assert targets["deregistrationDelay"] == 25
    assert targets["slowStart"] == 60
    check = targets["healthCheck"]
    assert (check["path"], check["matcher"]) == ("/up", "200")
    assert check["timeout"] < check["interval"]


def test_rule_says_what_to_serve() -> None:
    """Hosts, paths and priority go to the balancer as they are."""
    deployed = web(hosts=("shop.example",), paths=("/api/*",), priority=7)

    rule = deployed.one(aws.lb.ListenerRule)
    assert rule.name == "edge-to-web"
    assert rule.inputs["priority"] == 7
    assert rule.inputs["conditions"] == [
        {"hostHeader": {"values": ["shop.example"]}},
        {"pathPattern": {"values": ["/api/*"]}},
    ]


def test_scales_on_requests_and_on_cpu() -> None:
    """The label joins balancer and target group as CloudWatch spells them."""
    deployed = web(requests_per_target=500, cpu_target=55)

    targets = deployed.one(aws.lb.TargetGroup)
    requests = deployed.one(aws.autoscaling.Policy, "web-requests").inputs
    assert requests["policyType"] == "TargetTrackingScaling"
    tracking = requests["targetTrackingConfiguration"]
    assert tracking["targetValue"] == 500
    assert tracking["predefinedMetricSpecification"] == {
        "predefinedMetricType": "ALBRequestCountPerTarget",
        "resourceLabel": f"app/edge/1a2b3c/{targets.output('arnSuffix')}",
    }
    cpu = deployed.one(aws.autoscaling.Policy, "web-cpu").inputs["targetTrackingConfiguration"]
    assert cpu["targetValue"] == 55
    assert cpu["predefinedMetricSpecification"] == {
        "predefinedMetricType": "ASGAverageCPUUtilization"
    }


def test_group_and_label_wait_for_the_rule() -> None:
    """Before the rule exists, no target is ever healthy, and AWS refuses the label."""
    waits: dict[str, list[str]] = {}

    def note(args: pulumi.ResourceTransformationArgs) -> None:
        needed: Any = args.opts.depends_on or []
        waits[f"{args.type_}/{args.name}"] = [each.pulumi_resource_name for each in needed]

    opts = pulumi.ResourceOptions(transformations=[note])
    deploy(lambda: WebTier("web", image=IMAGE, network=NETWORK, balancer=Balancer(), opts=opts))

    group = waits[f"{pulumi.get_type_token(aws.autoscaling.Group)}/web"]
    assert {"edge-to-web", "web", "web-to-anywhere"} <= set(group)
    label = waits[f"{pulumi.get_type_token(aws.autoscaling.Policy)}/web-requests"]
    assert label == ["edge-to-web"]


def test_service_lets_the_tier_in_and_gives_its_variables() -> None:
    """One word in ``uses`` brings the rule, the variables and the right to read the secret."""
    deployed = web()

    rule = deployed.one(aws.vpc.SecurityGroupIngressRule, "db-from-web").inputs
    assert rule["referencedSecurityGroupId"] == deployed.one(aws.ec2.SecurityGroup).id
    assert variables(deployed)["DATABASE_NAME"] == "app"
    files = user_data_files(deployed.one(aws.ec2.LaunchTemplate).inputs)
    assert SECRET in files["/etc/plinth/web.secrets.json"]
    assert SECRET in deployed.one(aws.iam.RolePolicy).inputs["policy"]


def test_container_is_the_image_with_its_command() -> None:
    """The pinned image runs on its port, with its own command unless the settings give one."""
    words = systemd_words(unit(web()), "ExecStart")
    assert words[-1] == IMAGE
    assert words[words.index("--publish") + 1] == "8000:8000"

    words = systemd_words(unit(web(command=["gunicorn", "shop.wsgi"])), "ExecStart")
    assert words[-3:] == [IMAGE, "gunicorn", "shop.wsgi"]


def test_stop_leaves_time_for_the_longest_request() -> None:
    """Docker waits longer than the server, and systemd longer than docker."""
    text = unit(web(request_seconds=40, deregistration_delay=40))

    assert gunicorn(request_seconds=40, deregistration_delay=40)["--graceful-timeout"] == "40"
    assert "docker stop -t 50 web" in text
    assert "TimeoutStopSec=65" in text


def test_contract_names_what_the_tier_sets() -> None:
    """The table of variables and the mapping that goes out agree."""
    own = set(server_variables(WebSettings(), 60))

    assert own == {variable.name for variable in VARIABLES}
    assert own <= set(variables(web()))


@given(st.integers(min_value=1, max_value=192))
def test_workers_follow_from_vcpus(cpus: int) -> None:
    """2n+1 workers for synchronous code, n for asynchronous: never fewer than vCPUs."""
    assert worker_count(WorkerModel.SYNC, cpus) == 2 * cpus + 1
    assert worker_count(WorkerModel.ASYNC, cpus) == cpus


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ({"instance_type": "c7g.xlarge"}, "9"),
        ({"instance_type": "c7g.xlarge", "worker_model": "async"}, "4"),
        ({"instance_type": "c7g.xlarge", "workers": 3}, "3"),
    ],
)
def test_server_is_told_its_workers(settings: dict[str, Any], count: str) -> None:
    """Gunicorn and uvicorn read the same variable, from the instance type or the setting."""
    assert variables(web(**settings))["WEB_CONCURRENCY"] == count


@given(st.integers(min_value=30, max_value=4000))
def test_server_keeps_connections_longer_than_the_balancer(idle_timeout: int) -> None:
    """The other way round, a request meets a connection that is closing: a 502."""
    given = server_variables(WebSettings(), idle_timeout)

    assert int(given["UVICORN_TIMEOUT_KEEP_ALIVE"]) > idle_timeout
    assert f"--keep-alive={given['UVICORN_TIMEOUT_KEEP_ALIVE']}" in given["GUNICORN_CMD_ARGS"]


def test_balancers_idle_timeout_is_the_one_that_counts() -> None:
    """The tier asks its balancer, and assumes nothing."""

    def program() -> None:
        WebTier("web", image=IMAGE, network=NETWORK, balancer=Balancer(idle_timeout=300))

    assert int(variables(deploy(program))["UVICORN_TIMEOUT_KEEP_ALIVE"]) > 300


def test_gunicorn_is_given_what_its_worker_needs() -> None:
    """Threads keep synchronous workers' connections open; an event loop has none."""
    sync, loop = gunicorn(threads=8), gunicorn(worker_model="async")

    assert sync["--threads"] == "8"
    assert sync["--bind"] == "0.0.0.0:8000"
    assert sync["--worker-tmp-dir"] == "/dev/shm"  # noqa: S108 - a place in memory
    assert "--threads" not in loop
    assert "--worker-class" not in loop
    asked = gunicorn(worker_model="async", worker_class="uvicorn_worker.UvicornWorker")
    assert asked["--worker-class"] == "uvicorn_worker.UvicornWorker"


def test_gunicorn_lets_slow_apps_start_and_long_requests_end() -> None:
    """A timeout shorter than gunicorn's own would kill workers that are still importing."""
    assert gunicorn(request_seconds=5)["--timeout"] == "30"
    assert gunicorn(request_seconds=55, deregistration_delay=55)["--timeout"] == "55"


def test_name_and_tags_reach_what_auto_scaling_makes() -> None:
    """Instances and volumes carry the component's tags, so that a bill can be split."""
    [instance, volume] = web().one(aws.ec2.LaunchTemplate).inputs["tagSpecifications"]

    assert instance["tags"] == volume["tags"] == {"Name": "web", "team": "core"}


def test_outputs_are_those_of_its_parts() -> None:
    """Alarms and policies can be hung on the tier from outside."""
    outputs = (
        "security_group_id",
        "role_arn",
        "role_name",
        "group_name",
        "target_group_arn",
        "target_group_suffix",
        "log_group_name",
    )

    def program() -> dict[str, pulumi.Output[str]]:
        tier = WebTier("web", image=IMAGE, network=NETWORK, balancer=Balancer())
        return {name: getattr(tier, name) for name in outputs}

    deployed = deploy(program)
    assert deployed.outputs == {
        "security_group_id": deployed.one(aws.ec2.SecurityGroup).id,
        "role_arn": deployed.one(aws.iam.Role).output("arn"),
        "role_name": deployed.one(aws.iam.Role).output("name"),
        "group_name": deployed.one(aws.autoscaling.Group).output("name"),
        "target_group_arn": deployed.one(aws.lb.TargetGroup).output("arn"),
        "target_group_suffix": deployed.one(aws.lb.TargetGroup).output("arnSuffix"),
        "log_group_name": deployed.one(aws.cloudwatch.LogGroup).output("name"),
    }


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"name": "Web"}, "'Web' needs a name of lower-case letters"),
        ({"name": "w" * 25}, "at most 24 characters"),
        ({"image": "shop:latest"}, "'shop:latest', which is not pinned"),
        (
            {"network": ExistingNetwork(vpc_id="vpc-1", cidr_block="10.0.0.0/16")},
            "needs private subnets, and its network has none",
        ),
        ({"balancer": Balancer(idle_timeout=20)}, "gives up after idle_timeout=20"),
        ({"settings": WebSettings(environment={"PORT": "1"})}, "PORT from both the tier itself"),
        ({"uses": [DATABASE, DATABASE]}, "from both 'db' and 'db'"),
    ],
)
def test_wiring_is_refused_before_anything_is_made(changed: dict[str, Any], reason: str) -> None:
    """What AWS would refuse, or the app could not live with, says what to change."""
    wired: dict[str, Any] = {"name": "web", "image": IMAGE, "network": NETWORK}
    given: dict[str, Any] = {**wired, "balancer": Balancer(), **changed}
    with pytest.raises(ValueError, match=reason):
        WebTier(**given)


def test_tag_needs_a_setting() -> None:
    """A stack that follows a tag says so."""
    settings = WebSettings(allow_tags=True)
    deployed = deploy(
        lambda: WebTier("web", settings, image="shop:1", network=NETWORK, balancer=Balancer())
    )

    assert systemd_words(unit(deployed), "ExecStart")[-1] == "shop:1"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"min_size": 3, "max_size": 2}, "min_size=3 exceeds max_size=2"),
        ({"min_size": 0}, "greater than or equal to 1"),
        ({"instance_type": "m7g.metal"}, "no known count of vCPUs"),
        ({"instance_type": "db.t4g.small"}, "cannot carry a tier"),
        ({"request_seconds": 60}, "deregistration_delay=30 would cut off requests"),
        ({"slow_start": 10}, "use 0 or 30"),
        ({"log_days": 10}, "use 7"),
        ({"log_days": 0}, "use 1"),
        ({"paths": ()}, "0 hosts and 0 paths do not make a rule"),
        ({"paths": tuple(f"/{n}/*" for n in range(6))}, "takes 1 to 5"),
        ({"worker_class": "gevent --reload"}, "worker_class"),
        ({"health_check_path": "up"}, "health_check_path"),
        ({"instance_types": ["t4g.small"]}, "Extra inputs"),
    ],
)
def test_settings_refuse(wrong: dict[str, object], reason: str) -> None:
    """Out of range, contradictory and misspelt settings fail before a preview."""
    with pytest.raises(ValidationError, match=reason):
        WebSettings.model_validate(wrong)
