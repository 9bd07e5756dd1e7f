"""What the function that counts tasks can be told."""

import json
from collections.abc import Mapping
from typing import Self

from pydantic import Field, field_validator, model_validator

from plinth.names import LONGEST, check_name
from plinth.retention import check_retention
from plinth.settings import Settings

from .settings import LONGEST_POOL, Queues

LONGEST_PLAN = 3500
"""Bytes of the function's plan: Lambda takes 4 KB of variables, and the URL is another
(https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)."""


PRIORITY_STEPS = (0, 3, 6, 9)
"""kombu's own."""

UNACKED = "unacked"
"""kombu's own."""


class QueueMetricsSettings(Settings, frozen=True):
    """What is counted."""

    pools: Mapping[str, Queues] = Field(default={"default": Queues()}, min_length=1)
    """Whose queues, by the full name of the pool: the metrics' dimension ``Pool``."""

    key_prefix: str = ""
    """kombu's ``global_keyprefix``, where the app sends its tasks with one."""

    priority_steps: tuple[int, ...] = Field(default=PRIORITY_STEPS, min_length=1)
    """kombu's ``priority_steps``."""

    unacked_keys: tuple[str, ...] = Field(default=(UNACKED,), min_length=1)
    """kombu's ``unacked_key`` of all the workers: where they note the tasks that they hold."""

    log_days: int = 30
    """Days to keep the function's log in CloudWatch."""

    @field_validator("log_days")
    @classmethod
    def _offered(cls, days: int) -> int:
        return check_retention(days)

    @model_validator(mode="after")
    def _pools_can_be_told(self) -> Self:
        for pool in self.pools:
            check_name("celery pool", pool, longest=LONGEST + 1 + LONGEST_POOL)
        size = len(self.plan("").encode())
        if size > LONGEST_PLAN:
            msg = (
                f"queue metrics have pools={len(self.pools)} with queues of {size} bytes to tell "
                f"the function, which takes {LONGEST_PLAN}: use fewer, or shorter names"
            )
            raise ValueError(msg)
        return self

    def plan(self, stack: str) -> str:
        """Write what the function is told."""
        told = {
            "stack": stack,
            "prefix": self.key_prefix,
            "steps": self.priority_steps,
            "unacked": self.unacked_keys,
            "pools": {
                name: {"queues": p.queues, "avg_task": p.avg_task, "max_wait": p.max_wait}
                for name, p in self.pools.items()
            },
        }
        return json.dumps(told, sort_keys=True, separators=(",", ":"))
