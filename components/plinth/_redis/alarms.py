"""What is watched of a broker, on the fullest, busiest or slowest of its nodes."""

from collections.abc import Iterator, Sequence

import pulumi

from plinth._alarms import Alarm, Watched

MEMORY_SOON = 65
MEMORY_NOW = 80
"""Percent of memory with data in it. At 100 a broker refuses every task, and workers end."""

BUSY = 70
"""Percent of the one core that executes commands."""

LAG = 10
"""Seconds that a replica is behind, and so what a failover may lose."""

JUMP = 500
"""Connections that came within five minutes."""


def broker_alarms(node_ids: Sequence[pulumi.Input[str]]) -> Iterator[Alarm]:
    """List a broker's alarms.

    Args:
        node_ids: The nodes. A lag is watched only where there are several.
    """
    yield _nodes(
        "memory-soon",
        "Look. Two thirds of the broker's memory are in use. First see in QueueDepth whether tasks "
        "pile up, and whether results are kept in it without result_expires; else take a larger "
        "node_type.",
        "DatabaseMemoryUsagePercentage",
        node_ids,
        threshold=MEMORY_SOON,
    )
    yield _nodes(
        "memory-now",
        "Page. The broker's memory is nearly full. Full, it refuses every new task, and workers "
        "end: first stop what floods the queues, then take a larger node_type.",
        "DatabaseMemoryUsagePercentage",
        node_ids,
        threshold=MEMORY_NOW,
    )
    yield _nodes(
        "evictions",
        "Page. The broker drops keys, and with them tasks. First see that its parameter group "
        "still says maxmemory-policy noeviction: something other than Pulumi has changed it.",
        "Evictions",
        node_ids,
        points=1,
    )
    yield _nodes(
        "cpu",
        "Look. Redis executes commands on one core, which is nearly busy. First read the slow log: "
        "large messages and KEYS are the usual reasons; else take a node_type with faster cores.",
        "EngineCPUUtilization",
        node_ids,
        threshold=BUSY,
        points=5,
    )
    if len(node_ids) > 1:
        yield _nodes(
            "lag",
            "Look. A replica is seconds behind, and a failover would lose as much. First see "
            "whether EngineCPUUtilization or the network of the primary is at its limit.",
            "ReplicationLag",
            node_ids,
            threshold=LAG,
            points=5,
        )
    yield _nodes(
        "connections",
        "Look. Hundreds of connections came within five minutes. First see whether workers or web "
        "servers restart in a loop, or open a connection for each task.",
        "CurrConnections",
        node_ids,
        threshold=JUMP,
        points=1,
        period=300,
        change=True,
    )


def _nodes(
    role: str,
    description: str,
    metric: str,
    node_ids: Sequence[pulumi.Input[str]],
    *,
    threshold: float = 0,
    points: int = 3,
    period: int = 60,
    change: bool = False,
) -> Alarm:
    """Watch the worst of all nodes, or how fast that changes."""
    metrics = {
        f"node{number}": Watched(
            namespace="AWS/ElastiCache", name=metric, dimensions={"CacheClusterId": node}
        )
        for number, node in enumerate(node_ids, start=1)
    }
    worst = f"MAX([{', '.join(metrics)}])"
    return Alarm(
        role=role,
        description=description,
        metrics=metrics,
        expression=f"DIFF({worst})" if change else worst,
        threshold=threshold,
        points=points,
        period=period,
    )
