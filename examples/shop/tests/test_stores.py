"""A Redis that is away costs little."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import pytest
from pydantic import TypeAdapter
from redis.exceptions import TimeoutError as RedisTimeoutError

from shop.cache import Cache
from shop.sessions import Session, Sessions
from shop.store import PAUSE, Store, StoreUnavailableError

if TYPE_CHECKING:
    from redis import Redis

NUMBERS = TypeAdapter(list[int])


class FakeRedis:
    """Keeps what it is given, unless it hangs."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[bytes, int]] = {}
        self.hangs = False
        self.asked = 0

    def get(self, name: Any) -> Any:
        """Look up a key."""
        self._answer()
        return self.kept[name][0] if name in self.kept else None

    def set(self, name: Any, value: Any, *, ex: Any = None, **_: Any) -> Any:
        """Keep a value."""
        self._answer()
        self.kept[name] = value, ex

    def delete(self, *names: Any) -> Any:
        """Forget a value."""
        self._answer()
        for name in names:
            self.kept.pop(name, None)

    def _answer(self) -> None:
        self.asked += 1
        if self.hangs:
            raise RedisTimeoutError


def store(redis: FakeRedis, clock: Callable[[], float] = time.monotonic) -> Store:
    """Pass it off as a real one."""
    return Store(cast("Redis", redis), clock)


@pytest.fixture
def redis() -> FakeRedis:
    """Make a Redis."""
    return FakeRedis()


class Clock:
    """A time that is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Tell it."""
        return self.now


def loader() -> tuple[Callable[[], list[int]], list[int]]:
    """Make something slow to read, and a note of how often it was."""
    reads: list[int] = []

    def load() -> list[int]:
        reads.append(1)
        return [len(reads)]

    return load, reads


def test_a_value_is_loaded_once(redis: FakeRedis) -> None:
    """Until it is forgotten."""
    cache, (load, _) = Cache(store(redis)), loader()
    assert [cache.remember("n", NUMBERS, 60, load) for _ in range(3)] == [[1]] * 3
    cache.forget("n")
    assert cache.remember("n", NUMBERS, 60, load) == [2]


def test_values_expire_apart(redis: FakeRedis) -> None:
    """Cached at once for 100 seconds, they are gone within 90 to 110."""
    cache, (load, _) = Cache(store(redis)), loader()
    for key in range(50):
        cache.remember(str(key), NUMBERS, 100, load)
    seconds = {seconds for _, seconds in redis.kept.values()}
    assert min(seconds) >= 90
    assert max(seconds) <= 110
    assert len(seconds) > 5


def test_another_releases_value_is_a_miss(redis: FakeRedis) -> None:
    """A value of a shape that this one does not know is replaced."""
    redis.kept["n"] = b'{"shape": "new"}', 60
    cache, (load, _) = Cache(store(redis)), loader()
    assert cache.remember("n", NUMBERS, 60, load) == [1]
    assert redis.kept["n"][0] == b"[1]"


def test_a_redis_that_hangs_is_left_alone(redis: FakeRedis) -> None:
    """One request waits for it, and the next five seconds' do not."""
    clock = Clock()
    cache, (load, reads) = Cache(store(redis, clock)), loader()
    redis.hangs = True
    for _ in range(10):
        cache.remember("n", NUMBERS, 60, load)
    assert (redis.asked, len(reads)) == (1, 10)

    clock.now, redis.hangs = PAUSE, False
    cache.remember("n", NUMBERS, 60, load)
    cache.remember("n", NUMBERS, 60, load)
    assert len(reads) == 11


def test_a_session_is_kept_whole(redis: FakeRedis) -> None:
    """By a cookie that holds none of it."""
    sessions = Sessions(store(redis), "secret")
    cookie = sessions.save(Session(cart={7: 2}))
    assert sessions.load(cookie).cart == {7: 2}
    assert Sessions(store(redis), "another").load(cookie).cart == {}


def test_a_session_that_cannot_be_kept_says_so(redis: FakeRedis) -> None:
    """Where one that cannot be read is an empty one."""
    sessions = Sessions(store(redis), "secret")
    cookie = sessions.save(Session(cart={7: 2}))
    redis.hangs = True
    assert sessions.load(cookie).cart == {}
    with pytest.raises(StoreUnavailableError):
        sessions.save(Session())
