"""The function that counts tasks, against a real Redis and what Celery really puts there."""

import json
import re
import time
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from plinth._celery.load import demand
from plinth._celery.metrics import Metric
from plinth._celery.publisher.queues import EXAMINED, Layout, Pool, measure
from plinth._celery.publisher.store import RedisError, connected
from plinth.redis import BROKER_ACCESS
from redis_server import Server, redis_server

celery = pytest.importorskip("celery", reason="celery[redis] is not installed")
kombu = pytest.importorskip("kombu", reason="celery[redis] is not installed")

METRICS_USER = ("--user", "metrics", *BROKER_ACCESS["metrics"].split(), ">counting")
ALPHA = {"shop-alpha": Pool(queues=["alpha"], avg_task=5, max_wait=60)}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """Run one server, with the broker's own user for counting."""
    with redis_server(tmp_path_factory.mktemp("redis"), *METRICS_USER) as running:
        yield running


@pytest.fixture
def app(server: Server, monkeypatch: pytest.MonkeyPatch) -> Generator[Any]:
    """Make a Celery app on an empty broker."""
    # The shop, imported by another test, dates the tasks of every app in the process.
    monkeypatch.setattr(celery.signals.before_task_publish, "receivers", [])
    with connected(server.url()) as redis:
        redis.ask("FLUSHALL")
    made = celery.Celery("shop", broker=server.url(), set_as_current=False)
    yield made
    while held:
        held.pop().connection.client.close()
    made.close()


def send(app: Any, queue: str = "alpha", times: int = 1, **options: Any) -> None:
    """Send tasks as an app does."""
    for _ in range(times):
        app.send_task("shop.work", queue=queue, **options)


def take(app: Any, queue: str = "alpha", times: int = 1) -> None:
    """Take tasks as a worker does that acknowledges late, and hold them."""
    channel = app.connection_for_read().default_channel
    held.append(channel)
    wanted = kombu.Queue(queue)(channel)
    assert all(wanted.get() is not None for _ in range(times))


held: list[Any] = []
"""Whoever lets go of a channel puts its tasks back."""


def count(
    server: Server, pools: dict[str, Pool] = ALPHA, **layout: Any
) -> dict[str, dict[Metric, float]]:
    """Count as the function does, signed in as the user that may do nothing else."""
    with connected(server.url("metrics:counting@")) as redis:
        return measure(redis, pools, Layout(**layout), time.time())


def test_every_priority_is_counted(server: Server, app: Any) -> None:
    """Celery keeps a list for each step of priorities, of which LLEN of the queue sees one."""
    for priority in (0, 0, 0, 0, 0, 1, 3, 5, 6, 7, 9, 9):
        send(app, priority=priority)

    with connected(server.url()) as redis:
        assert redis.ask("LLEN", "alpha") == 6
    assert count(server)["shop-alpha"][Metric.QUEUE_DEPTH] == 12


def test_keys_are_found_where_the_app_puts_them(server: Server, app: Any) -> None:
    """With a prefix and other steps all keys have other names, that of what is taken too."""
    app.conf.broker_transport_options = {"global_keyprefix": "shop:", "priority_steps": [0, 5]}
    for priority in (0, 4, 5, 9):
        send(app, priority=priority)
    take(app)

    found = count(server, prefix="shop:", steps=[0, 5])["shop-alpha"]
    assert (found[Metric.QUEUE_DEPTH], found[Metric.IN_FLIGHT]) == (3, 1)
    assert count(server)["shop-alpha"][Metric.QUEUE_DEPTH] == 0


def test_workers_may_note_what_they_hold_in_hashes_of_their_own(server: Server, app: Any) -> None:
    """Pools on a cluster do: kombu calls the hash as it is told, and its index with it."""
    send(app, times=3)
    take(app)
    app.conf.broker_transport_options = {"unacked_key": "unacked-shop-alpha"}
    take(app)

    assert count(server, unacked=["unacked-shop-alpha"])["shop-alpha"][Metric.IN_FLIGHT] == 1
    both = ["unacked", "unacked-shop-alpha"]
    assert count(server, unacked=both)["shop-alpha"][Metric.IN_FLIGHT] == 2


KEDA = """
    local listName = KEYS[1]
    local listType = redis.call('type', listName).ok
    local cmd = {zset = 'zcard', set = 'scard', list = 'llen', hash = 'hlen', none = 'llen'}
    return redis.call(cmd[listType], listName)
"""
"""What KEDA runs: https://github.com/kedacore/keda/blob/v2.17.3/pkg/scalers/redis_scaler.go"""


def test_keda_may_count_and_no_more(server: Server, app: Any) -> None:
    """Its script asks for the type first; what it may not do alone, it may not do in a script."""
    send(app, times=3)
    take(app)

    with connected(server.url("metrics:counting@")) as redis:
        assert redis.ask("PING") == "PONG"
        keys = ("alpha", "unacked", "nothing")
        assert [redis.ask("EVAL", KEDA, "1", key) for key in keys] == [2, 1, 0]
        with pytest.raises(RedisError, match="can't run this command"):
            redis.ask("EVAL", "return redis.call('del', KEYS[1])", "1", "alpha")


def test_what_runs_counts_for_its_own_pool(server: Server, app: Any) -> None:
    """All pools' tasks are in one hash, and only the queue's name tells whose they are."""
    pools = {**ALPHA, "shop-beta": Pool(queues=["beta"], avg_task=60, max_wait=60)}
    send(app, times=5)
    send(app, "beta", times=4)
    take(app, times=2)
    take(app, "beta", times=3)

    found = count(server, pools)
    alpha, beta = found["shop-alpha"], found["shop-beta"]
    assert (alpha[Metric.QUEUE_DEPTH], alpha[Metric.IN_FLIGHT]) == (3, 2)
    assert (beta[Metric.QUEUE_DEPTH], beta[Metric.IN_FLIGHT]) == (1, 3)
    assert alpha[Metric.DEMAND] == demand(2, 3, 5, 60)
    assert beta[Metric.DEMAND] == demand(3, 1, 60, 60)


def test_a_task_held_for_later_does_not_run(server: Server, app: Any) -> None:
    """A worker takes a task with a countdown at once, and no slot is busy until its time."""
    send(app, times=3, countdown=3600)
    send(app, eta=datetime.now(UTC) - timedelta(seconds=1))
    take(app, times=4)

    found = count(server)["shop-alpha"]
    assert (found[Metric.ETA_HELD], found[Metric.IN_FLIGHT]) == (3, 1)


def test_a_task_that_came_back_is_noticed(server: Server, app: Any) -> None:
    """What a worker lost or gave back says so once it is taken again."""
    send(app, times=3)
    take(app, times=1)
    held.pop().connection.client.close()
    take(app, times=2)

    found = count(server)["shop-alpha"]
    assert (found[Metric.IN_FLIGHT], found[Metric.REDELIVERED]) == (2, 1)


def test_age_is_that_of_the_oldest_task(server: Server, app: Any) -> None:
    """Senders date their tasks; the oldest of all lists counts."""
    assert count(server)["shop-alpha"][Metric.OLDEST_TASK_AGE] == 0
    for age, priority in ((50, 0), (200, 9), (10, 0)):
        send(app, priority=priority, headers={"enqueued_at": time.time() - age})

    assert 200 <= count(server)["shop-alpha"][Metric.OLDEST_TASK_AGE] < 205


def test_age_is_not_made_up(server: Server, app: Any) -> None:
    """Where no sender dates its tasks there is no age, rather than one of nought."""
    send(app)

    assert Metric.OLDEST_TASK_AGE not in count(server)["shop-alpha"]


def test_a_shared_queue_counts_once(server: Server, app: Any) -> None:
    """Nobody knows whose worker took a task: pools of one queue share it, and need no more."""
    pools = {name: Pool(queues=["alpha"], avg_task=5, max_wait=60) for name in ("one", "two")}
    send(app, times=6)
    take(app, times=2)

    found = count(server, pools)
    assert found["one"] == found["two"]
    both = sum(each[Metric.DEMAND] for each in found.values())
    assert both == pytest.approx(demand(2, 4, 5, 60), abs=0.01)


def test_ten_thousand_taken_tasks_are_estimated(server: Server, app: Any) -> None:
    """Beyond a limit a part stands for the whole, so that neither Redis nor the minute is lost."""
    send(app, times=2)
    send(app, "beta")
    take(app, times=2)
    take(app, "beta")
    with connected(server.url()) as redis:
        entries = [raw.decode() for part in redis.scan("unacked", 10) for raw in part]
        copies = [("HSET", "unacked", f"{n}", entries[n % 3]) for n in range(10_000)]
        redis.ask_all([*copies, ("DEL", "none")])
        assert redis.ask("HLEN", "unacked") > 2 * EXAMINED

    started = time.monotonic()
    pools = {**ALPHA, "shop-beta": Pool(queues=["beta"], avg_task=5, max_wait=60)}
    found = count(server, pools)
    assert time.monotonic() - started < 2
    running = [found[name][Metric.IN_FLIGHT] for name in ("shop-alpha", "shop-beta")]
    assert sum(running) == pytest.approx(10_003, rel=0.01)
    assert running[0] == pytest.approx(6667, rel=0.1)


def test_what_is_no_task_breaks_nothing(server: Server, app: Any) -> None:
    """Whatever else is in a queue's list waits too, and says nothing."""
    send(app, headers={"enqueued_at": time.time()})
    with connected(server.url()) as redis:
        for value in ("not json", "[]", '{"headers": 3}', '"x"'):
            redis.ask("RPUSH", "alpha", value)
            redis.ask("HSET", "unacked", value, value)

    assert count(server)["shop-alpha"][Metric.QUEUE_DEPTH] == 5


def test_counting_is_all_it_may(server: Server, app: Any) -> None:
    """The user that counts can neither read results nor change anything."""
    send(app)
    with connected(server.url("metrics:counting@")) as redis:
        for command in (("GET", "x"), ("DEL", "alpha"), ("LPOP", "alpha"), ("FLUSHALL",)):
            with pytest.raises(RedisError, match="NOPERM"):
                redis.ask(*command)
        assert redis.ask("LLEN", "alpha") == 1


def test_documented_app_dates_its_tasks(
    server: Server, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the documentation tells an app to do is enough, and short."""
    page = (Path(__file__).parent.parent / "docs" / "celery.md").read_text()
    [snippet] = re.findall(r"```python\n(import json.*?)```", page, re.DOTALL)
    assert len(snippet.splitlines()) <= 20
    settings = {"task_acks_late": True, "visibility_timeout": 3600}
    monkeypatch.setenv("CELERY_BROKER_URL", server.url())
    monkeypatch.setenv("CELERY_SETTINGS", json.dumps(settings))
    names: dict[str, Any] = {}
    exec(snippet, names)  # noqa: S102

    with names["app"] as documented:
        assert documented.conf.task_acks_late is True
        send(documented)
    celery.signals.before_task_publish.disconnect(names["date_task"])
    age = count(server)["shop-alpha"][Metric.OLDEST_TASK_AGE]
    assert 0 < age < 30
    assert app.conf.task_acks_late is False
