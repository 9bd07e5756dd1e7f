"""What autoscaling and alarms know of the queues: a function that counts every minute."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from ._alarms import Alarm, Watched, make_alarms
from ._celery.counted import QueueMetricsSettings
from ._celery.metrics import NAMESPACE, Metric, dimensions
from ._celery.publishing import (
    TRUST,
    Site,
    broker_url,
    make_function,
    policy,
    schedule,
    variables,
)
from ._celery.settings import Queues
from .names import LONGEST, check_name
from .wiring import BrokerLike, NetworkLike, TopicLike

__all__ = ["QueueMetrics", "QueueMetricsSettings", "Queues"]


class QueueMetrics(pulumi.ComponentResource):
    """Counts the tasks that wait, run and are held, and publishes it for each pool.

    ``CeleryWorkers`` brings one along; by itself it is for workers that are somewhere else. Its
    metrics are in the namespace ``Plinth/Celery``, under the dimensions ``Stack`` and ``Pool``.

    Args:
        name: Names the component and its children.
        settings: What is counted; unconfigured, the queue ``celery``.
        network: Where the function runs: in its private subnets, from which it reads the
            broker's secret as instances do. The metrics themselves need no way out.
        broker: What it looks into, as a user of its own where the broker has one.
        alarms: What is told when the metrics stop; without it, nobody is.
        tags: Added to every child, over the provider's default tags.
        opts: Reaches every child; ``transforms`` is the escape hatch.
    """

    security_group_id: pulumi.Output[str]
    """The group that the function is in."""

    function_name: pulumi.Output[str]
    """The function."""

    log_group_name: pulumi.Output[str]
    """Where its log goes, the metrics with it."""

    def __init__(
        self,
        name: str,
        settings: QueueMetricsSettings = QueueMetricsSettings(),
        *,
        network: NetworkLike,
        broker: BrokerLike,
        alarms: TopicLike | None = None,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check_name("queue metrics", name, longest=LONGEST + len("-metrics"))
        if not network.private_subnet_ids:
            msg = (
                f"queue metrics {name!r} needs private subnets, and its network has none: add some"
            )
            raise ValueError(msg)
        url = broker_url("queue metrics", name, broker)
        super().__init__("plinth:index:QueueMetrics", name, settings.model_dump(mode="json"), opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = {"Name": name, **(tags or {})}
        stack = f"{pulumi.get_project()}/{pulumi.get_stack()}"

        guard = aws.ec2.SecurityGroup(
            name,
            description=f"Queue metrics {name}",
            vpc_id=network.vpc_id,
            tags=tags,
            opts=child,
        )
        way_out = aws.vpc.SecurityGroupEgressRule(
            f"{name}-to-anywhere",
            description="The broker and Secrets Manager",
            security_group_id=guard.id,
            ip_protocol="-1",
            cidr_ipv4="0.0.0.0/0",
            tags=tags,
            opts=child,
        )
        log = aws.cloudwatch.LogGroup(
            name, retention_in_days=settings.log_days, tags=tags, opts=child
        )
        role = aws.iam.Role(name, assume_role_policy=TRUST, tags=tags, opts=child)
        allowed = aws.iam.RolePolicy(name, role=role.name, policy=policy(log.arn, url), opts=child)
        function = make_function(
            name,
            Site(
                role=role,
                subnet_ids=list(network.private_subnet_ids),
                security_group=guard,
                log_group=log,
            ),
            variables(settings.plan(stack), url),
            tags=tags,
            # Its interfaces go with it, for which it needs its permissions to the end.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[allowed, way_out]),
        )
        schedule(name, function, tags=tags, opts=child)
        if alarms is not None:
            watched = [_silent(stack, min(settings.pools)), _failing(function)]
            make_alarms(name, watched, topic=alarms, parent=self, tags=tags)

        self.security_group_id = guard.id
        self.function_name = function.name
        self.log_group_name = log.name
        broker.allow_from(self)
        self.register_outputs(
            {
                "security_group_id": self.security_group_id,
                "function_name": self.function_name,
                "log_group_name": self.log_group_name,
            }
        )


def _silent(stack: str, pool: str) -> Alarm:
    """Watch one pool's metrics, for all come together."""
    depth = Watched(
        namespace=NAMESPACE,
        name=Metric.QUEUE_DEPTH,
        dimensions=dimensions(stack, pool),
        stat="SampleCount",
    )
    return Alarm(
        role="silent",
        description=(
            "Page. The queues have not been counted for three minutes: no pool is scaled on its "
            "load, in or out. First read the function's log: it says whether Redis cannot be "
            "reached, refuses the password, or takes too long."
        ),
        metrics={"depth": depth},
        comparison="LessThanThreshold",
        threshold=1,
        points=5,
        breaching=3,
        missing="breaching",
        quiet=15,
    )


def _failing(function: aws.lambda_.Function) -> Alarm:
    """Watch Lambda's own count, which comes even where a run is cut off."""
    errors = Watched(
        namespace="AWS/Lambda",
        name="Errors",
        dimensions={"FunctionName": function.name},
        stat="Sum",
    )
    return Alarm(
        role="failing",
        description=(
            "Look. The function that counts the queues fails in three minutes of five. First read "
            "its log, from the last Traceback."
        ),
        metrics={"errors": errors},
        points=5,
        breaching=3,
    )
