"""The settings that a broker and a cache have in common."""

import re
from typing import Self

from pydantic import Field, field_validator, model_validator

from plinth.retention import check_retention
from plinth.settings import Settings

from .engines import VERSIONS, Engine

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MOMENT = rf"({'|'.join(DAYS)}):([01]\d|2[0-3]):([0-5]\d)"
_WINDOW = re.compile(rf"{_MOMENT}-{_MOMENT}")
_WEEK = 7 * 24 * 60


class StoreSettings(Settings, frozen=True):
    """How big a store is, what serves it, and how it is kept."""

    node_type: str = Field(
        default="cache.t4g.small", pattern=r"^cache\.[a-z0-9-]+\.[a-z0-9]+$", max_length=40
    )
    """ElastiCache node type. The smallest with a gigabyte; t4g nodes fail over like any other."""

    replicas: int = Field(default=1, ge=0, le=5)
    """Read replicas. With one or more, ElastiCache fails over across zones by itself."""

    engine: Engine = Engine.REDIS
    """What serves the protocol. Redis becomes Valkey in place; going back makes a new store."""

    engine_version: str | None = None
    """``<major>.<minor>``. Unset takes the newest that this library knows: Redis 7.1, Valkey 8.2.
    A lower one than is deployed makes a new store."""

    snapshot_days: int = Field(default=0, ge=0, le=35)
    """Days to keep each daily snapshot; 0 takes none."""

    log_days: int = 30
    """Days to keep the slow log and the engine's log in CloudWatch."""

    maintenance_window: str | None = None
    """When AWS may patch and fail over: ``sun:03:00-sun:04:00``, in UTC. Unset lets AWS pick an
    hour."""

    apply_immediately: bool = False
    """Whether a change such as a new node type, which cuts connections for a moment, happens at
    once rather than in that window."""

    @property
    def version(self) -> str:
        """The engine's version, chosen or not."""
        newest = VERSIONS[self.engine][-1]
        return newest if self.engine_version is None else self.engine_version

    @field_validator("node_type")
    @classmethod
    def _without_disks(cls, node_type: str) -> str:
        if ".r6gd." in node_type:
            msg = (
                f"{node_type!r} moves data to disk, which ElastiCache runs in cluster mode only: "
                f"take {node_type.replace('r6gd', 'r7g')!r}"
            )
            raise ValueError(msg)
        return node_type

    @field_validator("log_days")
    @classmethod
    def _offered(cls, days: int) -> int:
        return check_retention(days)

    @field_validator("maintenance_window")
    @classmethod
    def _long_enough(cls, window: str | None) -> str | None:
        if window is not None and minutes(window) < 60:
            msg = f"{window!r} needs to be an hour or longer, such as 'sun:03:00-sun:04:00'"
            raise ValueError(msg)
        return window

    @model_validator(mode="after")
    def _known_version(self) -> Self:
        if self.version not in VERSIONS[self.engine]:
            known = ", ".join(VERSIONS[self.engine])
            msg = (
                f"engine={self.engine} has no engine_version={self.version!r}: take one of {known}"
            )
            raise ValueError(msg)
        return self


def minutes(window: str) -> int:
    """Return the length of a weekly window in minutes; 0 if it is not written as one."""
    found = _WINDOW.fullmatch(window)
    if not found:
        return 0
    start, end = (
        (DAYS.index(day) * 24 + int(hour)) * 60 + int(minute)
        for day, hour, minute in (found.groups()[:3], found.groups()[3:])
    )
    return (end - start) % _WEEK
