"""The command lines that Celery gets, and the settings it must not disagree about."""

import json
from collections.abc import Mapping
from typing import Any

from .drain import plan_drain
from .settings import CeleryBeatSettings, CeleryWorkersSettings, Pool

HOUR = 3600

CONNECTION = {
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 25,
}
"""A Redis that hangs or fails over is noticed within seconds; without, a client waits for ever."""

RECONNECT: Mapping[str, Any] = {
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
}


def worker_settings(
    settings: CeleryWorkersSettings, pool: Pool, transport: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Decide Celery's settings that a pool's times and its way to stop depend on.

    Args:
        settings: The pools', all of them.
        pool: The one.
        transport: More of ``broker_transport_options``.
    """
    times = plan_drain(pool.max_task)
    return {
        **RECONNECT,
        "broker_transport_options": {**_transport(settings), **(transport or {})},
        "visibility_timeout": settings.visibility_timeout,
        "task_acks_late": True,
        # Rejected, a task that kills its process comes back for ever; retried, three times.
        "task_reject_on_worker_lost": False,
        "task_retry_on_worker_lost": True,
        "task_soft_time_limit": times.soft_time_limit,
        "task_time_limit": times.time_limit,
        "worker_disable_prefetch": True,
        "worker_max_tasks_per_child": max(1, round(HOUR / pool.avg_task)),
        "worker_prefetch_multiplier": 1,
    }


def worker_command(
    settings: CeleryWorkersSettings,
    name: str,
    pool: Pool,
    transport: Mapping[str, Any] | None = None,
) -> list[str]:
    """Write the command of a pool's workers.

    It never holds ``-B``: a beat in every worker would send every task as often.
    """
    return [
        *("celery", "-A", settings.app, "worker"),
        *("-n", f"{name}@%h"),
        *("-Q", ",".join(pool.queues)),
        *("-c", str(pool.slots)),
        *("-O", "fair", "--without-gossip", "--without-mingle"),
        *("-l", "INFO", "--"),
        *directives(worker_settings(settings, pool, transport)),
    ]


def beat_settings(settings: CeleryBeatSettings) -> dict[str, Any]:
    """Decide Celery's settings that taking over from a lost beat depends on."""
    return {
        **RECONNECT,
        "beat_max_loop_interval": settings.takeover // 6,
        "redbeat_lock_timeout": settings.takeover,
        "redbeat_redis_options": CONNECTION,
    }


def beat_command(settings: CeleryBeatSettings) -> list[str]:
    """Write the command of beat."""
    return [
        *("celery", "-A", settings.app, "beat"),
        *("-S", settings.scheduler.value),
        *("-l", "INFO", "--"),
        *directives(beat_settings(settings)),
    ]


def directives(settings: Mapping[str, Any]) -> list[str]:
    """Write settings as Celery takes them after ``--``, where they win over the app's own.

    ``(json)`` makes Celery read the value as such, and take a setting that it does not know, as
    an older version may not.
    """
    return [f"{name}=(json){_json(value)}" for name, value in sorted(settings.items())]


def settings_text(settings: Mapping[str, Any]) -> str:
    """Write settings for ``CELERY_SETTINGS``."""
    return _json(dict(settings))


def _transport(settings: CeleryWorkersSettings) -> dict[str, Any]:
    return {
        **CONNECTION,
        "visibility_timeout": settings.visibility_timeout,
        # Look for tasks to give to another worker every 10 seconds, not every 100.
        "unacked_restore_throttle": 1,
        **({"global_keyprefix": settings.key_prefix} if settings.key_prefix else {}),
        **({"priority_steps": list(settings.priority_steps)} if settings.priority_steps else {}),
    }


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
