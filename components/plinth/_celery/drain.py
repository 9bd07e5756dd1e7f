"""From a pool's longest task follow all the times that must fit into one another."""

from collections.abc import Iterable
from dataclasses import dataclass

GRACE = 10
"""Seconds between the soft time limit, an exception that a task may clean up after, and the hard
one, which kills its process."""

SLACK = 20
"""Seconds for a worker to notice that its last task is over, put back what it had reserved, and
leave."""

QUIT_WAIT = 30
"""Seconds after SIGQUIT. Celery puts the tasks that it cuts off back in their queues within two."""

MARGIN = 120
"""Seconds that whoever waits for a drain waits longer: they cover noticing, ``QUIT_WAIT`` and
the calls to AWS, three times over."""

SPOT_DRAIN = 80
"""Seconds of drain on a spot instance: of two minutes' notice, less polling, ``QUIT_WAIT`` and a
little
(https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html)."""

SPOT_MAX_TASK = SPOT_DRAIN - GRACE
"""The longest task, in seconds, that a spot instance can finish once it is told to go."""

LONGEST_HEARTBEAT = 7200
"""Seconds, as Auto Scaling has it; the agent on the instance renews what is longer
(https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html)."""

LONGEST_WAIT = 48 * 3600
"""Seconds for which Auto Scaling holds an instance at all, however often a heartbeat is renewed
(https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks-overview.html)."""

MAX_TASK = LONGEST_WAIT - GRACE - SLACK - MARGIN
"""The longest task, in seconds, that a lifecycle hook can wait for."""

SHORTEST_VISIBILITY = 3600
"""Seconds: kombu's default, under which no visibility timeout is worth the duplicates."""

REDELIVERY_MARGIN = 300
"""Seconds that the visibility timeout exceeds the longest task by, for clocks and sweeps."""


@dataclass(frozen=True, kw_only=True)
class Drain:
    """The times of one pool, in seconds, each long enough for the one before it."""

    soft_time_limit: int
    """A task still running then gets ``SoftTimeLimitExceeded``."""
    time_limit: int
    """A task still running then is killed."""
    drain: int
    """The stop path waits that long for running tasks before it has them put back."""
    stop_timeout: int
    """systemd kills what is left then: ``TimeoutStopSec``."""
    heartbeat: int
    """Auto Scaling waits that long for the instance, unless it hears from the agent."""


def plan_drain(max_task: int) -> Drain:
    """Work out a pool's times from its longest task, in seconds."""
    time_limit = max_task + GRACE
    drain = time_limit + SLACK
    return Drain(
        soft_time_limit=max_task,
        time_limit=time_limit,
        drain=drain,
        stop_timeout=drain + MARGIN,
        heartbeat=min(drain + MARGIN, LONGEST_HEARTBEAT),
    )


def visibility_timeout(max_tasks: Iterable[int], max_countdown: int = 0) -> int:
    """Work out when Redis gives an unacknowledged task to another worker, in seconds.

    One value holds for a whole Redis database: the shortest that any worker has wins, and a
    task that takes longer runs twice. A worker holds a task with a countdown all the while.

    Args:
        max_tasks: The longest task of every pool that shares the database.
        max_countdown: The longest countdown, or time until an ``eta``.
    """
    longest = max(plan_drain(each).time_limit for each in max_tasks)
    return max(SHORTEST_VISIBILITY, max_countdown + longest + REDELIVERY_MARGIN)
