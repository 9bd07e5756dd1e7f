"""What is sent, where to, and what is noted on it."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from running_shop import take
from shop.queue import CONFIRM, LONG, REPORT, SCHEDULE, SWEEP, Queue, create_celery
from shop.settings import Settings

NEEDED = {
    "database_url": "postgresql://db/shop",
    "database_replica_url": "postgresql://reader/shop",
    "celery_broker_url": "memory://",
    "redis_url": "redis://cache",
    "secret_key": "k" * 64,
}


@pytest.fixture
def celery(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Make an app with a broker in memory."""
    # Celery itself would prefer it to what it is told.
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
    with create_celery(Settings.model_validate(NEEDED)) as made:
        yield made


@pytest.mark.parametrize(
    ("task", "queue"), [(CONFIRM, "celery"), (SWEEP, "celery"), (REPORT, LONG)]
)
def test_long_tasks_hold_up_none(celery: Any, task: str, queue: str) -> None:
    """They have a queue of their own; its name is the routing key, which Plinth's metrics need."""
    assert Queue(celery).send(task, "argument")
    message = take(celery, queue)
    assert message.headers["task"] == task
    assert message.payload[0] == ["argument"]
    assert message.delivery_info["routing_key"] == queue


def test_a_task_is_dated(celery: Any) -> None:
    """And bears the name of the request that sent it."""
    begin = time.time()
    with structlog.contextvars.bound_contextvars(request_id="a-request"):
        Queue(celery).send(CONFIRM)
    headers = take(celery, "celery").headers
    assert begin <= headers["enqueued_at"] <= time.time()
    assert headers["request_id"] == "a-request"


def test_what_a_pool_is_told_wins() -> None:
    """Where infrastructure and app disagree, the one that knows the instance is right."""
    told = {**NEEDED, "celery_settings": {"broker_pool_limit": 3, "task_acks_late": True}}
    celery: Any = create_celery(Settings.model_validate(told))
    assert celery.conf.broker_pool_limit == 3
    assert celery.conf.task_acks_late


def test_what_is_scheduled_exists() -> None:
    """By its name, which nothing else would check before the night."""
    assert {entry["task"] for entry in SCHEDULE.values()} <= {CONFIRM, SWEEP, REPORT}
