"""Celery's app: which task goes to which queue, and what is scheduled.

Whoever sends a task names it. Only workers import the modules that tasks are in.
"""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

import time
from typing import Any

import structlog
from celery import Celery
from celery.schedules import crontab
from celery.signals import before_task_publish
from kombu.exceptions import OperationalError

from shop.settings import Settings

CONFIRM = "shop.orders.confirm"
SWEEP = "shop.orders.sweep"
REPORT = "shop.reports.nightly"

LONG = "long"
"""The queue of tasks that take minutes. Behind them, the others would wait."""

MODULES = ("shop.orders.tasks", "shop.reports.tasks")

log = structlog.stdlib.get_logger(__name__)


def create_celery(settings: Settings) -> Celery:
    """Make an app that sends tasks and, in a worker, runs them."""
    broker = settings.celery_broker_url.get_secret_value()
    celery = Celery("shop", broker=broker, include=MODULES, set_as_current=False)
    celery.conf.update(
        accept_content=["json"],
        beat_schedule=SCHEDULE,
        broker_connection_retry_on_startup=True,
        broker_pool_limit=settings.threads,
        broker_transport_options=PATIENCE,
        redbeat_redis_url=broker,
        task_ignore_result=True,
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0},
        task_routes={"shop.reports.*": {"queue": LONG}},
        task_serializer="json",
        timezone="UTC",
    )
    celery.conf.update(settings.celery_settings)
    return celery


SCHEDULE: dict[str, dict[str, Any]] = {
    # One that a beat sent, and no worker took before the next, is not worth catching up on.
    "sweep": {"task": SWEEP, "schedule": 60.0, "options": {"expires": 60}},
    "report": {"task": REPORT, "schedule": crontab(hour="2", minute="15")},
}

PATIENCE = {"socket_connect_timeout": 2, "socket_timeout": 5, "socket_keepalive": True}
"""A request that sends a task does not wait for a broker that is away."""


class Queue:
    """Sends tasks."""

    def __init__(self, celery: Celery) -> None:
        self.celery = celery

    def send(self, task: str, *args: str) -> bool:
        """Send a task, and tell whether the broker took it.

        Call it once the task's data is committed: a worker may be quicker than a commit.
        """
        try:
            self.celery.send_task(task, args=args)
        except OperationalError as error:
            log.warning("task not sent", task=task, args=args, error=repr(error))
            return False
        return True

    def close(self) -> None:
        """Close every connection."""
        self.celery.close()


@before_task_publish.connect
def _label(headers: dict[str, Any], **_: Any) -> None:
    # Plinth's metric of how long the oldest task waits is made of this.
    headers["enqueued_at"] = time.time()
    headers["request_id"] = structlog.contextvars.get_contextvars().get("request_id")
