"""A Redis that may be away."""
# pyright: reportUnknownMemberType=false

import time
from collections.abc import Callable
from typing import TypeVar, cast

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

PAUSE = 5.0
"""Seconds for which a Redis that failed is not asked again: one that hangs would otherwise cost
each request the timeout of each question."""

log = structlog.stdlib.get_logger(__name__)
T = TypeVar("T")


class StoreUnavailableError(Exception):
    """Redis did not answer, and is left alone for a while."""


def connect(url: str, timeout: float = 0.5) -> Redis:
    """Make a client that gives up soon, and tries once more if its connection was closed."""
    return Redis.from_url(
        url,
        socket_connect_timeout=timeout,
        socket_timeout=timeout,
        socket_keepalive=True,
        health_check_interval=25,
        retry=Retry(NoBackoff(), 1),
    )


class Store:
    """Bytes by key, each for a time."""

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._clock = clock
        self._resume = 0.0

    def get(self, key: str) -> bytes | None:
        """Look up a key."""
        return self._ask(lambda redis: cast("bytes | None", redis.get(key)))

    def put(self, key: str, value: bytes, seconds: int) -> None:
        """Keep a value for some time."""
        self._ask(lambda redis: redis.set(key, value, ex=seconds))

    def drop(self, key: str) -> None:
        """Forget a key."""
        self._ask(lambda redis: redis.delete(key))

    def check(self) -> None:
        """Ask for a sign of life, however it went before."""
        self._redis.ping()

    def close(self) -> None:
        """Close every connection."""
        self._redis.close()

    def _ask(self, question: Callable[[Redis], T]) -> T:
        if self._clock() < self._resume:
            raise StoreUnavailableError
        try:
            return question(self._redis)
        except RedisError as error:
            self._resume = self._clock() + PAUSE
            log.warning("redis does not answer", error=repr(error), pause=PAUSE)
            raise StoreUnavailableError from error
