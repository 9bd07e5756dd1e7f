"""What a pool's metrics are called: by the function, by the policies and by the alarms.

Standard library only: the function that publishes the metrics takes this module along.
"""

from enum import StrEnum

NAMESPACE = "Plinth/Celery"


class Metric(StrEnum):
    """What is known of a pool every minute. A queue of several pools counts in equal parts."""

    QUEUE_DEPTH = "QueueDepth"
    """Tasks that wait, whatever their priority."""
    IN_FLIGHT = "InFlight"
    """Tasks that run: taken by a worker, and not acknowledged."""
    ETA_HELD = "EtaHeld"
    """Tasks that a worker took, and holds until their ``eta`` or ``countdown`` is over."""
    REDELIVERED = "Redelivered"
    """Tasks that run, and that a worker had taken before and given back or lost."""
    OLDEST_TASK_AGE = "OldestTaskAge"
    """Seconds that the oldest task waits; missing where tasks have no header ``enqueued_at``."""
    DEMAND = "Demand"
    """Slots that the pool needs: see ``load.demand``."""


UNITS = {Metric.OLDEST_TASK_AGE: "Seconds"}
"""All others are counts."""


def dimensions(stack: str, pool: str) -> dict[str, str]:
    """Name a pool to CloudWatch, which takes metrics for the same only if all of it is equal.

    Args:
        stack: Project and stack, as ``project/stack``.
        pool: Its full name, as its group's: ``celery-default``.
    """
    return {"Stack": stack, "Pool": pool}
