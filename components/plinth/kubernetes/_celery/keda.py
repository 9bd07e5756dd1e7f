"""A pool's load as KEDA counts it, in Redis itself: the arithmetic is that of EC2's policies."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from plinth._celery.counted import UNACKED
from plinth._celery.load import LOW_PERIODS, PERIOD, TARGET
from plinth._celery.publisher.queues import Layout
from plinth._celery.settings import CeleryWorkersSettings, Pool

POLL = 15
"""Seconds between two looks into Redis."""

FAILURES = 4
"""Looks in a row that find no Redis, after which pools are kept at their size."""

QUIET = LOW_PERIODS * PERIOD
"""Seconds for which a pool must have been too large before it shrinks, as on EC2."""

SHRINK_PERCENT = 10
"""Percent of its pods that a pool gives up in a minute, one at least."""

LEAST = 0.01
"""Slots that one waiting task is worth at least. KEDA counts in thousandths, and of a task of a
few milliseconds it would see nothing: an empty pool would not wake up for it."""

BUSY = "busy"
"""KEDA's name for a pool's running tasks."""


@dataclass(frozen=True, kw_only=True)
class Store:
    """The broker's database, in KEDA's words."""

    address: pulumi.Input[str]
    """Host and port."""
    database: pulumi.Input[str]
    tls: pulumi.Input[str]
    """``true`` or ``false``."""
    authentication: pulumi.Input[str]
    """The ``TriggerAuthentication`` to sign in with."""


def own_keys(name: str) -> dict[str, str]:
    """Say where a pool's workers note the tasks that they hold: kombu's transport options.

    KEDA can tell how long a hash is and not what is in it, so that in the one that kombu shares
    by default every pool would be as busy as all of them together.

    Args:
        name: The pool's full name.
    """
    return {
        "unacked_key": f"{UNACKED}-{name}",
        "unacked_index_key": f"{UNACKED}_index-{name}",
        "unacked_mutex_key": f"{UNACKED}_mutex-{name}",
    }


def takers(settings: CeleryWorkersSettings) -> Mapping[str, int]:
    """Count the pools that take from each queue: its tasks count for them in equal parts."""
    return Counter(queue for pool in settings.pools.values() for queue in pool.queues)


def lists(settings: CeleryWorkersSettings, queues: Sequence[str]) -> dict[str, list[str]]:
    """Name the Redis lists of each queue.

    Those of lower priorities are looked at where ``priority_steps`` says that there are any:
    their names hold control characters, which nobody promises KEDA to take.
    """
    layout = Layout(prefix=settings.key_prefix, steps=settings.priority_steps or (0,))
    return {queue: layout.lists(queue) for queue in queues}


def formula(plan: Pool, depths: Mapping[str, Sequence[str]], shared: Mapping[str, int]) -> str:
    """Write :func:`plinth._celery.load.demand`, with a fifth to spare, as KEDA computes it.

    Args:
        plan: The pool.
        depths: What KEDA calls the lengths of each queue's lists.
        shared: How many pools take from each queue.
    """
    every = [name for names in depths.values() for name in names]
    weighed = [
        f"{name} * {_number(plan.avg_task / plan.max_wait / shared[queue])}"
        for queue, names in depths.items()
        for name in names
    ]
    waiting = f"max({' + '.join(weighed)}, min({' + '.join(every)}, {LEAST}))"
    return f"({BUSY} + {waiting}) / {TARGET}"


def scaled_object(
    name: str,
    plan: Pool,
    settings: CeleryWorkersSettings,
    store: Store,
    deployment: pulumi.Input[str],
) -> dict[str, object]:
    """Describe how a pool follows its load: the ``spec`` of a ``ScaledObject``.

    Args:
        name: The pool's full name.
        plan: Its settings.
        settings: All pools'.
        store: Where the tasks are.
        deployment: What is scaled.
    """
    keys = lists(settings, plan.queues)
    numbers = iter(range(1, 1 + sum(map(len, keys.values()))))
    depths = {
        queue: {f"depth{next(numbers)}": key for key in named} for queue, named in keys.items()
    }
    held = settings.key_prefix + own_keys(name)["unacked_key"]
    counted = {BUSY: held, **{n: key for named in depths.values() for n, key in named.items()}}
    return {
        "scaleTargetRef": {"name": deployment},
        "minReplicaCount": plan.min_size,
        "maxReplicaCount": plan.max_size,
        "pollingInterval": POLL,
        "cooldownPeriod": QUIET,
        "fallback": {
            "failureThreshold": FAILURES,
            "replicas": max(1, plan.min_size),
            "behavior": "currentReplicasIfHigher",
        },
        "advanced": {
            "scalingModifiers": {
                "formula": formula(plan, {q: list(n) for q, n in depths.items()}, takers(settings)),
                # A whole number, or KEDA ignores the fallback without a word; and an average, for
                # the same reason.
                "target": str(plan.slots),
                "activationTarget": "0",
                "metricType": "AverageValue",
            },
            "horizontalPodAutoscalerConfig": {"behavior": {"scaleDown": _scale_down()}},
        },
        "triggers": [_trigger(called, key, store) for called, key in counted.items()],
    }


def _scale_down() -> dict[str, object]:
    shrink = {"type": "Percent", "value": SHRINK_PERCENT, "periodSeconds": PERIOD}
    return {"stabilizationWindowSeconds": QUIET, "policies": [shrink]}


def _trigger(name: str, key: str, store: Store) -> dict[str, object]:
    return {
        "type": "redis",
        "name": name,
        "metadata": {
            "address": store.address,
            "databaseIndex": store.database,
            "enableTLS": store.tls,
            "listName": key,
            "listLength": "1",
        },
        "authenticationRef": {"name": store.authentication},
    }


def _number(value: float) -> str:
    """Write a number without an exponent, to twelve digits after the point."""
    return f"{value:.12f}".rstrip("0").rstrip(".")
