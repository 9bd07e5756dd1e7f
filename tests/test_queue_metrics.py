"""QueueMetrics, deployed to nowhere: what runs when, as whom, and how it reaches the broker."""

import json
from typing import Any

import pulumi_aws as aws
import pytest
from pydantic import ValidationError

from once import once
from parts import BROKER, NETWORK, TOPIC
from plinth import (
    ExistingBroker,
    ExistingNetwork,
    QueueMetrics,
    QueueMetricsSettings,
    Queues,
    RedisBroker,
    SecretText,
)
from plinth._celery.publisher import handler
from plinth._celery.publishing import MODULES
from plinth.preview.session import Mode
from plinth.redis import BROKER_ACCESS
from plinth.testing import Deployment, deploy

OWN = SecretText(
    secret_arn="arn:aws:s:metrics", template="rediss://metrics:{password:url}@queue:6379"
)


@once
def metrics(broker: ExistingBroker = BROKER, **settings: Any) -> Deployment:
    """Deploy metrics of a broker made elsewhere."""
    chosen = QueueMetricsSettings(**settings)
    return deploy(
        lambda: QueueMetrics("counts", chosen, network=NETWORK, broker=broker, alarms=TOPIC)
    )


def function(deployed: Deployment) -> dict[str, Any]:
    """Return what the function was asked to be."""
    return deployed.one(aws.lambda_.Function).inputs


def variables(deployed: Deployment) -> dict[str, str]:
    """Return what the function is told."""
    return dict(function(deployed)["environment"]["variables"])


def allowed(deployed: Deployment) -> dict[str, list[str]]:
    """Return what the function may do, by its first action."""
    policy = json.loads(deployed.one(aws.iam.RolePolicy).inputs["policy"])
    return {each["Action"][0]: each["Resource"] for each in policy["Statement"]}


def test_function_runs_every_minute_and_ends_before_the_next() -> None:
    """The rule may call it, and what could not be counted in its minute is not counted later."""
    deployed = metrics()

    rule = deployed.one(aws.cloudwatch.EventRule)
    assert rule.inputs["scheduleExpression"] == "rate(1 minute)"
    made = deployed.one(aws.lambda_.Function)
    target = deployed.one(aws.cloudwatch.EventTarget).inputs
    assert (target["rule"], target["arn"]) == (rule.output("name"), made.output("arn"))
    permission = deployed.one(aws.lambda_.Permission).inputs
    assert permission["sourceArn"] == rule.output("arn")
    assert permission["principal"] == "events.amazonaws.com"
    assert permission["function"] == made.output("name")
    assert made.inputs["timeout"] < 60
    late = deployed.one(aws.lambda_.FunctionEventInvokeConfig).inputs
    assert (late["maximumRetryAttempts"], late["maximumEventAgeInSeconds"]) == (0, 60)


def test_function_is_where_the_broker_is() -> None:
    """In private subnets, in a group of its own that takes no connection."""
    deployed = metrics()

    place = function(deployed)["vpcConfig"]
    guard = deployed.one(aws.ec2.SecurityGroup)
    assert place["subnetIds"] == NETWORK.private_subnet_ids
    assert place["securityGroupIds"] == [guard.id]
    assert "ingress" not in guard.inputs
    assert deployed.all(aws.vpc.SecurityGroupIngressRule) == []


def test_function_writes_to_its_own_log() -> None:
    """Its lines are what CloudWatch reads metrics from, so that Lambda leaves them as they are."""
    deployed = metrics(log_days=7)

    log = deployed.one(aws.cloudwatch.LogGroup)
    assert log.inputs["retentionInDays"] == 7
    assert function(deployed)["loggingConfig"] == {
        "logFormat": "Text",
        "logGroup": log.output("name"),
    }
    assert allowed(deployed)["logs:CreateLogStream"] == [f"{log.output('arn')}:*"]


def test_code_is_text_and_the_handler_is_in_it() -> None:
    """The same on every machine: the archive holds no path of the one that packed it."""
    code = function(metrics())["code"]

    written = json.dumps(code)
    assert "plinth/_celery/publisher/handler.py" in written
    assert len(MODULES) == written.count('.py"')
    assert str(handler.__file__) not in written
    assert code == function(metrics())["code"]


def test_brokers_own_user_counts() -> None:
    """Where a broker has a user that may only count, no other password is in reach."""
    deployed = metrics(ExistingBroker(pulumi_resource_name="queue", metrics_url=OWN))

    told = variables(deployed)
    assert (told["BROKER_URL"], told["BROKER_SECRET"]) == (OWN.template, OWN.secret_arn)
    assert allowed(deployed)["secretsmanager:GetSecretValue"] == [OWN.secret_arn]


def test_else_the_workers_user_counts() -> None:
    """A broker made elsewhere may have no other."""
    deployed = metrics()

    assert variables(deployed)["BROKER_URL"].startswith("rediss://app:")
    assert allowed(deployed)["secretsmanager:GetSecretValue"] == ["arn:aws:s:queue"]


def test_a_broker_without_a_password_needs_no_secret() -> None:
    """Nor a permission to read one."""
    url = "redis://queue.internal:6379/0"
    plain = ExistingBroker(pulumi_resource_name="queue", environment={"CELERY_BROKER_URL": url})

    deployed = metrics(plain)

    assert variables(deployed)["BROKER_URL"] == url
    assert "BROKER_SECRET" not in variables(deployed)
    assert "secretsmanager:GetSecretValue" not in allowed(deployed)


def test_redis_broker_brings_the_user_and_opens_the_way() -> None:
    """The two components meet: user, secret, rule and host are the broker's own."""

    def program() -> None:
        broker = RedisBroker("queue", network=NETWORK)
        QueueMetrics("counts", network=NETWORK, broker=broker)

    deployed = deploy(program)
    secret = deployed.one(aws.secretsmanager.Secret, "queue-metrics").output("arn")
    host = deployed.one(aws.elasticache.ReplicationGroup).output("primaryEndpointAddress")
    told = variables(deployed)
    assert told["BROKER_SECRET"] == secret
    assert told["BROKER_URL"].startswith("rediss://{username:url}:{password:url}@" + host)
    user = deployed.one(aws.elasticache.User, "queue-metrics").inputs
    assert user["accessString"] == BROKER_ACCESS["metrics"]
    [password] = user["authenticationMode"]["passwords"]
    assert password not in json.dumps(function(deployed))
    rule = deployed.one(aws.vpc.SecurityGroupIngressRule, "queue-from-counts").inputs
    assert rule["referencedSecurityGroupId"] == deployed.one(aws.ec2.SecurityGroup, "counts").id


def test_silence_is_an_alarm() -> None:
    """Metrics that stop freeze every pool: points that are missing are what it counts."""
    silent = metrics().one(aws.cloudwatch.MetricAlarm, "counts-silent").inputs

    [query] = silent["metricQueries"]
    assert query["metric"]["stat"] == "SampleCount"
    assert query["metric"]["metricName"] == "QueueDepth"
    assert query["metric"]["dimensions"] == {"Stack": "project/stack", "Pool": "default"}
    assert (silent["comparisonOperator"], silent["threshold"]) == ("LessThanThreshold", 1)
    assert (silent["datapointsToAlarm"], silent["evaluationPeriods"]) == (3, 5)
    assert silent["treatMissingData"] == "breaching"
    # No metrics are there yet when it is made.
    assert silent["warmUpConfiguration"] == {"warmUpPeriodDurationInMinutes": 15}


def test_a_failing_function_is_an_alarm() -> None:
    """Lambda counts errors even where a run is cut off."""
    deployed = metrics()

    [query] = deployed.one(aws.cloudwatch.MetricAlarm, "counts-failing").inputs["metricQueries"]
    assert (query["metric"]["namespace"], query["metric"]["metricName"]) == ("AWS/Lambda", "Errors")
    name = deployed.one(aws.lambda_.Function).output("name")
    assert query["metric"]["dimensions"] == {"FunctionName": name}


def test_plan_says_what_to_count() -> None:
    """Queues and times by pool, and how the app's keys are called."""
    pools = {"shop-mail": Queues(queues=("mail", "bulk"), avg_task=2, max_wait=30)}

    layout: dict[str, Any] = {
        "key_prefix": "shop:",
        "priority_steps": (0, 5),
        "unacked_keys": ("unacked-mail",),
    }
    told = variables(metrics(pools=pools, **layout))

    assert json.loads(told["PLAN"]) == {
        "stack": "project/stack",
        "prefix": "shop:",
        "steps": [0, 5],
        "unacked": ["unacked-mail"],
        "pools": {"shop-mail": {"queues": ["mail", "bulk"], "avg_task": 2, "max_wait": 30}},
    }


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"pools": {}}, "at least 1 item"),
        ({"pools": {"Mail": {}}}, "'mail' would do"),
        ({"pools": {"mail": {"queues": ["mail", "mail"]}}}, "rename or drop one"),
        (
            {"pools": {"mail": {"queues": [f"q{n:090}" for n in range(40)]}}},
            "use fewer, or shorter",
        ),
        ({"priority_steps": ()}, "at least 1 item"),
        ({"log_days": 31}, "use 30"),
    ],
)
def test_settings_refuse(wrong: dict[str, object], message: str) -> None:
    """What could not be counted, or told to Lambda, fails before a preview."""
    with pytest.raises(ValidationError, match=message):
        QueueMetricsSettings.model_validate(wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"broker": ExistingBroker(pulumi_resource_name="queue")}, "give it a metrics_url"),
        ({"network": ExistingNetwork(vpc_id="vpc-1", cidr_block="10.0.0.0/16")}, "private subnets"),
        ({"name": "Counts"}, "'counts' would do"),
    ],
)
def test_wiring_refuses(wrong: dict[str, Any], message: str) -> None:
    """What could not run is refused before anything is registered."""
    given: dict[str, Any] = {"name": "counts", "network": NETWORK, "broker": BROKER}
    with pytest.raises(ValueError, match=message):
        QueueMetrics(**{**given, **wrong})


def test_first_preview_knows_the_plan() -> None:
    """What is counted does not depend on anything that AWS computes."""
    unknown = deploy(
        lambda: QueueMetrics("counts", network=NETWORK, broker=BROKER), mode=Mode.UNKNOWN
    )

    assert json.loads(variables(unknown)["PLAN"])["pools"].keys() == {"default"}
