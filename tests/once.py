"""Deploy what is alike only once: a deployment is looked at, and never changed."""

import functools
from collections.abc import Callable
from typing import Any

from plinth.testing import Deployment


def once(make: Callable[..., Deployment]) -> Callable[..., Deployment]:
    """Keep what a function deploys, by what it is given."""
    kept: dict[str, Deployment] = {}

    @functools.wraps(make)
    def remembered(*args: Any, **given: Any) -> Deployment:
        key = repr((args, sorted(given.items())))
        if key not in kept:
            kept[key] = make(*args, **given)
        return kept[key]

    return remembered
