"""What kombu keeps in Redis, counted: tasks that wait, run, or are held until their time."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plinth._celery.load import demand
from plinth._celery.metrics import Metric

from .store import Redis

SEPARATOR = "\x06\x16"
"""Between a queue's name and a priority, in kombu's keys; the first priority has neither."""

EXAMINED = 5000
"""Unacknowledged messages that are looked into. Of more, their parts are taken to be the same
in the rest: a hash is read in no order that the messages have to do with."""

PART = 500
"""Messages read at a time: a millisecond of Redis's."""


@dataclass(frozen=True, kw_only=True)
class Pool:
    """What the function must know of a pool."""

    queues: Sequence[str]
    avg_task: float
    max_wait: float


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How kombu names its keys."""

    prefix: str = ""
    steps: Sequence[int] = (0, 3, 6, 9)
    unacked: Sequence[str] = ("unacked",)
    """The hashes in which workers note what they hold."""

    def lists(self, queue: str) -> list[str]:
        """Name the lists of a queue, one for each step of its priorities."""
        names = [f"{queue}{SEPARATOR}{step}" if step else queue for step in self.steps]
        return [self.prefix + name for name in names]


@dataclass(kw_only=True)
class Queue:
    """One queue, at one moment."""

    depth: int = 0
    oldest: float = 0.0
    """Seconds that its oldest task waits."""
    dated: bool = True
    """Whether every task that waits first in a list says when it was sent."""


def measure(
    redis: Redis, pools: Mapping[str, Pool], layout: Layout, now: float
) -> dict[str, dict[Metric, float]]:
    """Measure every pool once."""
    names = sorted({queue for pool in pools.values() for queue in pool.queues})
    queues = waiting(redis, names, layout, now)
    taken = unacknowledged(redis, layout, now)
    takers = Counter(queue for pool in pools.values() for queue in pool.queues)
    return {name: _of_pool(pool, queues, taken, takers) for name, pool in pools.items()}


def waiting(redis: Redis, names: Sequence[str], layout: Layout, now: float) -> dict[str, Queue]:
    """Count the tasks that wait, and see how long the oldest has."""
    keys = [(name, key) for name in names for key in layout.lists(name)]
    lengths = redis.ask_all([("LLEN", key) for _, key in keys])
    # Workers take from the end, so that the last is the oldest.
    firsts = redis.ask_all([("LINDEX", key, "-1") for _, key in keys])
    queues = {name: Queue() for name in names}
    for (name, _), length, first in zip(keys, lengths, firsts, strict=True):
        queue = queues[name]
        queue.depth += length
        if first is not None:
            sent = _headers(_parsed(first)).get("enqueued_at")
            if isinstance(sent, int | float):
                queue.oldest = max(queue.oldest, now - sent)
            else:
                queue.dated = False
    return queues


def unacknowledged(
    redis: Redis, layout: Layout, now: float
) -> Mapping[Metric, Mapping[str, float]]:
    """Count what workers have taken, by the queue it came from."""
    taken: dict[Metric, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for key in layout.unacked:
        for kind, counts in _held(redis, layout.prefix + key, now).items():
            for queue, count in counts.items():
                taken[kind][queue] += count
    return taken


def _held(redis: Redis, key: str, now: float) -> Mapping[Metric, Mapping[str, float]]:
    total: int = redis.ask("HLEN", key)
    taken: defaultdict[Metric, Counter[str]] = defaultdict(Counter)
    seen = 0
    for part in redis.scan(key, PART):
        seen += len(part)
        for raw in part:
            queue, kinds = _kinds(raw, now)
            for kind in kinds:
                taken[kind][queue] += 1
        if seen >= EXAMINED:
            break
    share = max(1.0, total / seen) if seen >= EXAMINED else 1.0
    return {kind: {q: n * share for q, n in counts.items()} for kind, counts in taken.items()}


def _of_pool(
    pool: Pool,
    queues: Mapping[str, Queue],
    taken: Mapping[Metric, Mapping[str, float]],
    takers: Mapping[str, int],
) -> dict[Metric, float]:
    def share(counts: Mapping[str, float]) -> float:
        return sum(counts.get(queue, 0) / takers[queue] for queue in pool.queues)

    depth = share({name: queue.depth for name, queue in queues.items()})
    running = share(taken.get(Metric.IN_FLIGHT, {}))
    measured = {
        Metric.QUEUE_DEPTH: depth,
        Metric.IN_FLIGHT: running,
        Metric.ETA_HELD: share(taken.get(Metric.ETA_HELD, {})),
        Metric.REDELIVERED: share(taken.get(Metric.REDELIVERED, {})),
        Metric.DEMAND: demand(running, depth, pool.avg_task, pool.max_wait),
    }
    own = [queues[name] for name in pool.queues]
    oldest = max(queue.oldest for queue in own)
    if oldest or all(queue.dated for queue in own):
        measured[Metric.OLDEST_TASK_AGE] = oldest
    return {metric: round(value, 3) for metric, value in measured.items()}


def _kinds(raw: bytes, now: float) -> tuple[str, Iterable[Metric]]:
    """Tell which queue an unacknowledged message came from, and as what it counts."""
    message, queue = _taken(_parsed(raw))
    headers = _headers(message)
    if _is_later(headers.get("eta"), now):
        return queue, (Metric.ETA_HELD,)
    if headers.get("redelivered"):
        return queue, (Metric.IN_FLIGHT, Metric.REDELIVERED)
    return queue, (Metric.IN_FLIGHT,)


def _is_later(eta: object, now: float) -> bool:
    if not isinstance(eta, str):
        return False
    try:
        return datetime.fromisoformat(eta).timestamp() > now
    except ValueError:
        return False


def _parsed(raw: bytes) -> Any:
    """Parse a message; whatever else is in a list or a hash counts, and says nothing."""
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _taken(entry: Any) -> tuple[Any, str]:
    """Take a message and its routing key, the queue's name, from kombu's entry."""
    try:
        message, _, queue = entry
    except (TypeError, ValueError):
        return None, ""
    return message, str(queue)


def _headers(message: Any) -> dict[str, Any]:
    try:
        return dict(message["headers"])
    except (KeyError, TypeError, ValueError):
        return {}
