"""The function that counts tasks, as AWS runs it: code, permissions and schedule."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

from plinth.wiring import BrokerLike, SecretText

HANDLER = "plinth._celery.publisher.handler.handler"

MODULES = (
    "_celery/load.py",
    "_celery/metrics.py",
    "_celery/publisher/handler.py",
    "_celery/publisher/queues.py",
    "_celery/publisher/secret.py",
    "_celery/publisher/store.py",
    "_fleet/files/resolve_secrets.py",
)
"""What the function is sent, under the names that these have here."""

SECONDS = 30
"""Time it has, of the minute until its next turn: it needs one, or six where Redis is gone."""

MEMORY = 256
"""MB, and with them a seventh of a vCPU: 5000 messages are read in two seconds."""

_PACKAGE = Path(__file__).parent.parent


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where the function runs, as whom, and where its output goes."""

    role: aws.iam.Role
    subnet_ids: list[pulumi.Input[str]]
    security_group: aws.ec2.SecurityGroup
    log_group: aws.cloudwatch.LogGroup


def code() -> pulumi.AssetArchive:
    """Pack the function's modules; as text, for a path would tell one machine from another."""
    return pulumi.AssetArchive(
        {
            f"plinth/{module}": pulumi.StringAsset((_PACKAGE / module).read_text())
            for module in MODULES
        }
    )


def broker_url(component: str, name: str, broker: BrokerLike) -> SecretText | pulumi.Input[str]:
    """Find out how the broker is reached: as its own user for this, or else as the workers' are."""
    url = broker.metrics_url or broker.secrets.get("CELERY_BROKER_URL")
    found = url or broker.environment.get("CELERY_BROKER_URL")
    if found is None:
        msg = (
            f"{component} {name!r} needs the URL of broker {broker.pulumi_resource_name!r}, "
            "which brings none: give it a metrics_url, or a secret CELERY_BROKER_URL"
        )
        raise ValueError(msg)
    return found


def variables(plan: str, url: SecretText | pulumi.Input[str]) -> Mapping[str, pulumi.Input[str]]:
    """Tell the function what to do. It reads the secret itself, so that none is kept with it."""
    if isinstance(url, SecretText):
        return {"PLAN": plan, "BROKER_URL": url.template, "BROKER_SECRET": url.secret_arn}
    return {"PLAN": plan, "BROKER_URL": url}


def policy(log_group_arn: pulumi.Input[str], url: object) -> pulumi.Output[str]:
    """Write the function's only policy.

    A function in a VPC makes its network interfaces as itself:
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    """
    secrets = [url.secret_arn] if isinstance(url, SecretText) else []
    return pulumi.Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                _allow(_INTERFACES, ["*"]),
                _allow(
                    ["logs:CreateLogStream", "logs:PutLogEvents"],
                    [pulumi.Output.from_input(log_group_arn).apply(lambda arn: f"{arn}:*")],
                ),
                *([_allow(["secretsmanager:GetSecretValue"], secrets)] if secrets else []),
            ],
        }
    )


def make_function(
    name: str,
    site: Site,
    environment: Mapping[str, pulumi.Input[str]],
    *,
    tags: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> aws.lambda_.Function:
    """Create the function."""
    return aws.lambda_.Function(
        name,
        description="Counts the tasks in the queues",
        runtime="python3.13",
        architectures=["arm64"],
        code=code(),
        handler=HANDLER,
        role=site.role.arn,
        timeout=SECONDS,
        memory_size=MEMORY,
        environment={"variables": environment},
        vpc_config={
            "subnet_ids": site.subnet_ids,
            "security_group_ids": [site.security_group.id],
        },
        # Metrics are lines of their own: Lambda must not wrap them.
        logging_config={"log_format": "Text", "log_group": site.log_group.name},
        tags=tags,
        opts=opts,
    )


def schedule(
    name: str,
    function: aws.lambda_.Function,
    *,
    tags: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> None:
    """Run the function every minute, and never late: what was is of no use."""
    rule = aws.cloudwatch.EventRule(
        name,
        description=f"Runs {name}",
        schedule_expression="rate(1 minute)",
        tags=tags,
        opts=opts,
    )
    aws.lambda_.Permission(
        name,
        function=function.name,
        action="lambda:InvokeFunction",
        principal="events.amazonaws.com",
        source_arn=rule.arn,
        opts=opts,
    )
    aws.lambda_.FunctionEventInvokeConfig(
        name,
        function_name=function.name,
        maximum_event_age_in_seconds=60,
        maximum_retry_attempts=0,
        opts=opts,
    )
    aws.cloudwatch.EventTarget(name, rule=rule.name, arn=function.arn, opts=opts)


def _allow(actions: list[str], resources: list[pulumi.Input[str]]) -> dict[str, object]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


_INTERFACES = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
]

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "lambda.amazonaws.com"},
            }
        ],
    }
)
"""Only Lambda may take on the role."""
