"""Counts the tasks of every pool once, and says so on stdout in CloudWatch's metric format.

Lambda hands stdout to CloudWatch by itself, so that metrics need no way out of the network.

PLAN is JSON: {"stack": "shop/prod", "prefix": "", "steps": [0, 3, 6, 9], "unacked": ["unacked"],
"pools": {"celery-default": {"queues": ["celery"], "avg_task": 5, "max_wait": 60}}}.
BROKER_URL is the broker's URL; fields in braces are those of the secret BROKER_SECRET.
"""

import json
import os
import time
from collections.abc import Mapping
from typing import Any

from plinth._celery.metrics import NAMESPACE, UNITS, Metric, dimensions
from plinth._fleet.files.resolve_secrets import fill

from .queues import Layout, Pool, measure
from .secret import read_secret
from .store import RedisError, connected

known_secrets: dict[str, dict[str, object]] = {}
"""Kept for the next invocations, which a broken way out must not stop."""


def handler(event: object = None, context: object = None) -> None:
    """Publish all pools' metrics, or fail and publish none."""
    del event, context
    plan: dict[str, Any] = json.loads(os.environ["PLAN"])
    try:
        found = look(plan)
    except RedisError as error:
        if not (known_secrets and error.is_about_the_password):
            raise
        known_secrets.clear()
        found = look(plan)
    at = round(time.time() * 1000)
    for pool, metrics in found.items():
        print(embedded(dimensions(plan["stack"], pool), metrics, at), flush=True)  # noqa: T201


def look(plan: Mapping[str, Any]) -> dict[str, dict[Metric, float]]:
    """Measure every pool of a plan."""
    pools = {name: Pool(**about) for name, about in plan["pools"].items()}
    layout = Layout(prefix=plan["prefix"], steps=plan["steps"], unacked=plan["unacked"])
    with connected(broker_url()) as redis:
        return measure(redis, pools, layout, time.time())


def broker_url() -> str:
    """Put the broker's URL together."""
    template, arn = os.environ["BROKER_URL"], os.environ.get("BROKER_SECRET")
    if not arn:
        return template
    if arn not in known_secrets:
        known_secrets[arn] = read_secret(arn)
    return fill("BROKER_URL", template, known_secrets[arn])


def embedded(about: Mapping[str, str], metrics: Mapping[Metric, float], at: int) -> str:
    """Write metrics in one line.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    listed = [{"Name": each, "Unit": UNITS.get(each, "Count")} for each in metrics]
    declared = {"Namespace": NAMESPACE, "Dimensions": [list(about)], "Metrics": listed}
    return json.dumps(
        {"_aws": {"Timestamp": at, "CloudWatchMetrics": [declared]}, **about, **metrics}
    )
