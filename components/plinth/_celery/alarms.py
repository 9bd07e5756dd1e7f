"""What is watched of a pool, with thresholds that follow from its own numbers."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from plinth._alarms import MINUTE, Alarm, Watched

from .drain import plan_drain
from .metrics import NAMESPACE, Metric
from .scaling import in_service, of_group, of_pool
from .settings import Pool

OLDEST_SECONDS = 300
"""Shortest wait that wakes anybody up: less is over before they are there."""

OLDEST_TIMES = 5
"""Times ``max_wait`` that the oldest task may wait before somebody is woken up."""

SLOPE_INSTANCES = 10
"""Instances that would have to work for ``max_wait`` on a backlog before its growth counts."""

FAILURES = 10
"""Tasks that may fail in five minutes, however few there are."""

FAILURE_ODDS = 19
"""Tasks that succeed for one that fails, at 5 % failures."""

FAILED = '"] raised unexpected: "'
SUCCEEDED = '"] succeeded in "'
"""What Celery logs of a task that ends, in the syntax of CloudWatch's log filters."""

DAY = 24 * 60


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a pool is made of, for whoever is woken up."""

    one: str
    there: str
    """That they take tasks."""
    came: str
    """Where to see whether all could come."""
    lost: str
    """What has a task run again."""
    idle: str
    """Where to look when no task runs."""


INSTANCES = Words(
    one="instance",
    there="are in service",
    came="see in the group's activity whether all of them could be launched",
    lost="instances were lost",
    idle="read the workers' log",
)

PODS = Words(
    one="pod",
    there="are ready",
    came="see in the namespace's events whether all of them could be scheduled",
    lost="nodes were lost, or pods ran out of memory",
    idle="see whether its pods are ready, then read their log",
)


def pool_alarms(
    name: str, plan: Pool, group: aws.autoscaling.Group, *, stack: str
) -> Iterator[Alarm]:
    """List a pool's alarms.

    Args:
        name: The pool's full name.
        plan: Its settings.
        group: Its instances.
        stack: Project and stack, as its metrics have them.
    """
    yield from queue_alarms(name, plan, stack=stack)
    yield Alarm(
        role="no-workers",
        description=(
            f"Page. Tasks of {name} wait, and no instance is in service. First read the group's "
            "activity: no capacity, an image that cannot be pulled, or a worker that never "
            "answered."
        ),
        metrics={
            "depth": of_pool(stack, name, Metric.QUEUE_DEPTH),
            "inst": in_service(group),
        },
        expression="IF(depth > 0 AND FILL(inst, 0) < 1, 1, 0)",
        points=_patience(plan),
    )
    yield Alarm(
        role="failed-tasks",
        description=(
            f"Look. More than {FAILURES} tasks of {name} and more than 5 % failed within five "
            "minutes. First search the workers' log for 'raised unexpected'."
        ),
        metrics={"failed": _counted(stack, name, "failed"), "done": _counted(stack, name, "done")},
        expression=f"IF(failed > {FAILURES} AND failed * {FAILURE_ODDS} > FILL(done, 0), 1, 0)",
        period=5 * MINUTE,
    )
    yield _drain(name, plan, group)


def queue_alarms(name: str, plan: Pool, *, stack: str, words: Words = INSTANCES) -> Iterator[Alarm]:
    """List those of a pool's alarms that its queues tell, wherever its workers are.

    Args:
        name: The pool's full name.
        plan: Its settings.
        stack: Project and stack, as its metrics have them.
        words: What it is made of.
    """
    depth = of_pool(stack, name, Metric.QUEUE_DEPTH)
    yield Alarm(
        role="oldest-task",
        description=(
            f"Page. A task of {name} has waited for {_oldest(plan):g} s, and should for "
            f"{plan.max_wait:g}. First see whether {words.one}s {words.there} and QueueDepth "
            "falls; "
            "if not, the alarms that tell why are the other ones of this pool."
        ),
        metrics={"age": of_pool(stack, name, Metric.OLDEST_TASK_AGE)},
        threshold=_oldest(plan),
        points=5,
        breaching=3,
    )
    yield Alarm(
        role="at-max",
        description=(
            f"Look. {name} has needed more than its {plan.max_size} {words.one}s for 15 minutes. "
            f"First {words.came}; if so, see whether tasks have become slow, then raise max_size."
        ),
        metrics={"demand": of_pool(stack, name, Metric.DEMAND)},
        threshold=plan.max_size * plan.slots,
        points=15,
    )
    yield Alarm(
        role="backlog",
        description=(
            f"Look. The backlog of {name} has grown for half an hour, and {SLOPE_INSTANCES} "
            f"{words.one}s could no longer clear it within {plan.max_wait:g} s. First see whether "
            "something sends more tasks than usual, or each takes longer."
        ),
        metrics={"depth": depth},
        expression=f"IF(RATE(depth) > 0 AND depth > {_backlog(plan)}, 1, 0)",
        # Single points go either way.
        points=30,
        breaching=24,
    )
    yield Alarm(
        role="stuck",
        description=(
            f"Page. Tasks of {name} wait, and none runs. First {words.idle}: they restart "
            "in a loop, lost the broker, or listen to other queues than tasks are sent to."
        ),
        metrics={"depth": depth, "busy": of_pool(stack, name, Metric.IN_FLIGHT)},
        expression="IF(depth > 0 AND busy == 0, 1, 0)",
        points=_patience(plan),
    )
    yield Alarm(
        role="redelivered",
        description=(
            f"Look. {name} has run more tasks for a second time than one {words.one} holds, "
            f"for 15 minutes. First see whether {words.lost}; if not, a countdown is longer than "
            "max_countdown, or a task kills its worker."
        ),
        metrics={"again": of_pool(stack, name, Metric.REDELIVERED)},
        threshold=plan.slots,
        points=15,
    )


def count_ends(
    name: str, log_group: aws.cloudwatch.LogGroup, *, stack: str, parent: pulumi.Resource
) -> None:
    """Count in a pool's log how its tasks end; the app need not tell."""
    for what, pattern in (("failed", FAILED), ("done", SUCCEEDED)):
        counted = _counted(stack, name, what)
        aws.cloudwatch.LogMetricFilter(
            f"{name}-{what}",
            log_group_name=log_group.name,
            pattern=pattern,
            metric_transformation={
                "namespace": counted.namespace,
                "name": counted.name,
                "value": "1",
                "default_value": "0",
                "unit": "Count",
            },
            opts=pulumi.ResourceOptions(parent=parent),
        )


def _oldest(plan: Pool) -> float:
    return max(OLDEST_TIMES * plan.max_wait, OLDEST_SECONDS)


def _backlog(plan: Pool) -> int:
    """Return the tasks that so many instances clear within the acceptable wait."""
    return math.ceil(SLOPE_INSTANCES * plan.slots * plan.max_wait / plan.avg_task)


def _patience(plan: Pool) -> int:
    """Return minutes without a worker; waking a pool up takes some of them."""
    return 5 if plan.min_size else 10


def _counted(stack: str, name: str, what: str) -> Watched:
    # A metric made from a log has no dimensions of its own: the name must say it all.
    return Watched(namespace=NAMESPACE, name=f"{stack} {name} {what}", stat="Sum")


def _drain(name: str, plan: Pool, group: aws.autoscaling.Group) -> Alarm:
    """Watch for instances that leave for longer than any drain takes."""
    minutes = math.ceil(plan_drain(plan.max_task).stop_timeout / 60) + 5
    # CloudWatch looks back a day by the minute, and a week by the hour.
    hours = minutes > DAY
    return Alarm(
        role="drain",
        description=(
            f"Look. Some instance of {name} has been leaving for {minutes} minutes, in which every "
            "task ends: either one after the other left, or one was cut off with its tasks. First "
            "read the drain agent's journal, or the group's activity where it is gone."
        ),
        metrics={"leaving": of_group(group, "GroupTerminatingInstances", "Minimum")},
        points=math.ceil(minutes / 60) if hours else minutes,
        period=60 * MINUTE if hours else MINUTE,
    )
