"""The engines ElastiCache runs, and what follows from which one."""

from enum import StrEnum


class Engine(StrEnum):
    """What serves the Redis protocol."""

    REDIS = "redis"
    VALKEY = "valkey"


VERSIONS = {Engine.REDIS: ("7.0", "7.1"), Engine.VALKEY: ("7.2", "8.0", "8.1", "8.2")}
"""Versions by engine, newest last. Redis ends at 7.1 on ElastiCache
(https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/engine-versions.html)."""

RESERVED_PERCENT = {"micro": 50, "small": 30}
"""Percent of a small node's memory to keep for replication and snapshots, which swap otherwise
(https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/redis-memory-management.html)."""


def family(engine: Engine, version: str) -> str:
    """Return the parameter group family of a version: ``redis7``, ``valkey8``."""
    return f"{engine}{version.partition('.')[0]}"


def reserved_percent(node_type: str) -> int:
    """Return the percent of a node's memory that holds no data."""
    return RESERVED_PERCENT.get(node_type.rpartition(".")[2], 25)
