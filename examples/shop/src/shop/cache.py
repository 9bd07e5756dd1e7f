"""Reads that are worth keeping for a while, and done without where the cache is away."""

import random
from collections.abc import Callable
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from shop.store import Store, StoreUnavailableError

JITTER = 0.1
"""Values that were cached together expire apart, lest all be read anew at once."""

T = TypeVar("T")


class Cache:
    """Cache-aside: asked first, filled by whoever missed, never the only place of anything."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def remember(self, key: str, kind: TypeAdapter[T], seconds: int, load: Callable[[], T]) -> T:
        """Return what is cached, or load it and cache that.

        Args:
            key: Names the value.
            kind: Writes and reads the value as JSON.
            seconds: How long it may be stale, give or take a tenth.
            load: Reads the value from where it really is.
        """
        try:
            if found := self._store.get(key):
                return kind.validate_json(found)
        except StoreUnavailableError:
            return load()
        except ValidationError:
            pass  # another release wrote it, in a shape of its own
        value = load()
        self._fill(key, kind.dump_json(value), seconds)
        return value

    def forget(self, key: str) -> None:
        """Have the next reader load it; where that fails, time will tell."""
        try:
            self._store.drop(key)
        except StoreUnavailableError:
            return

    def _fill(self, key: str, value: bytes, seconds: int) -> None:
        spread = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - nobody gains by guessing it
        try:
            self._store.put(key, value, max(1, round(seconds * spread)))
        except StoreUnavailableError:
            return
