"""Redis on ElastiCache, twice: a broker that never forgets, and a cache that does."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Literal

import pulumi
from pydantic import Field

from ._alarms import make_alarms
from ._redis.alarms import broker_alarms
from ._redis.engines import Engine
from ._redis.settings import StoreSettings
from ._redis.store import PORT, Role, allow, check_zones, make_store
from ._redis.users import APP, METRICS
from .environment import Variable
from .names import check_name
from .wiring import Grant, NetworkLike, Peer, SecretText, TopicLike

__all__ = [
    "VARIABLES",
    "Engine",
    "Eviction",
    "RedisBroker",
    "RedisBrokerSettings",
    "RedisCache",
    "RedisCacheSettings",
]

VARIABLES = (
    Variable(
        name="CELERY_BROKER_URL",
        meaning="URL of the broker's database 0, over TLS, for Celery and kombu.",
        secret=True,
    ),
    Variable(
        name="REDIS_URL",
        meaning="URL of the cache's database 0, over TLS, for redis-py and what builds on it.",
        secret=True,
    ),
    Variable(
        name="CACHE_URL",
        meaning="The same as REDIS_URL, under the name that Django's URL parsers look for.",
        secret=True,
    ),
)

BROKER_ACCESS = {
    APP: "on ~* &* +@all -@dangerous",
    METRICS: "on ~* -@all +llen +lindex +hlen +hscan +select +ping +type +eval",
}
"""What each user of a broker may do. ``&*`` is every channel, and without it a worker ends as it
starts: its remote control listens on two. Whoever counts the queues changes nothing: QueueMetrics
by plain commands, KEDA in a script of ``TYPE`` and ``LLEN`` or ``HLEN``, which may do no more
than its user."""

CACHE_ACCESS = {APP: "on ~* &* +@all -@dangerous +flushdb +info +keys"}
"""What each user of a cache may do. Clearing Django's cache and django-redis's is FLUSHDB; clearing
fastapi-cache's, and deleting by a pattern elsewhere, is KEYS; INFO is what health pages show."""


class Eviction(StrEnum):
    """Which keys a cache drops once its memory is full."""

    LEAST_RECENT = "allkeys-lru"
    LEAST_FREQUENT = "allkeys-lfu"


class RedisBrokerSettings(StoreSettings, frozen=True):
    """How big a broker is, and how it is kept."""

    snapshot_days: int = Field(default=7, ge=0, le=35)
    """Days to keep each daily snapshot; 0 takes none. A snapshot brings back a lost queue."""

    protected: bool = True
    """Whether Pulumi refuses to delete it, and it leaves a final snapshot if it is deleted all the
    same. That snapshot has a fixed name: a second one needs the first to be deleted."""


class RedisCacheSettings(StoreSettings, frozen=True):
    """How big a cache is, and what it forgets first."""

    replicas: int = Field(default=0, ge=0, le=5)
    """Read replicas. None, because a cache can be filled again; with one or more, ElastiCache
    fails over across zones by itself."""

    eviction: Eviction = Eviction.LEAST_RECENT
    """What goes first. ``allkeys-lfu`` is better where a few keys are wanted again and again and
    sweeps over all the others must not push them out."""


class RedisBroker(pulumi.ComponentResource):
    """A Redis store that Celery queues in: full, it refuses a task sooner than lose one.

    It is encrypted at rest and in transit, and nothing reaches it until :meth:`allow_from` says
    who may. Cluster mode and ElastiCache Serverless are not offered: kombu works with neither,
    because its commands span hash slots.

    Args:
        name: Names the component and its children.
        settings: How big it is; the defaults suit a small production queue.
        network: Where it goes. Replicas need data subnets in two zones.
        alarms: What is told when memory runs out, and what else goes wrong; without it, nobody is.
        tags: Added to every child, over the provider's default tags.
        opts: Reaches every child; ``transforms`` is the escape hatch.
    """

    endpoint: pulumi.Output[str]
    """Host name of the primary node; it survives a failover."""

    reader_endpoint: pulumi.Output[str]
    """Host name that spreads connections over the replicas; the primary where there are none."""

    security_group_id: pulumi.Output[str]
    """The group that guards the store."""

    secret_arn: pulumi.Output[str]
    """ARN of the secret with the app's ``username`` and ``password``."""

    def __init__(
        self,
        name: str,
        settings: RedisBrokerSettings = RedisBrokerSettings(),
        *,
        network: NetworkLike,
        alarms: TopicLike | None = None,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check_name("redis broker", name)
        check_zones("broker", name, settings, network)
        super().__init__("plinth:index:RedisBroker", name, settings.model_dump(mode="json"), opts)
        self._store = store = make_store(
            self,
            Role(
                kind="broker",
                eviction="noeviction",
                access=BROKER_ACCESS,
                protected=settings.protected,
            ),
            settings,
            network=network,
            tags=tags,
        )
        if alarms is not None:
            watched = broker_alarms(store.node_ids)
            make_alarms(name, watched, topic=alarms, parent=self, tags=store.tags)
        self.endpoint = store.endpoint
        self.reader_endpoint = store.reader_endpoint
        self.security_group_id = store.security_group_id
        self.secret_arn = store.secret_arn
        self.register_outputs(store.outputs)

    @property
    def never_evicts(self) -> Literal[True]:
        """The promise that lets workers take it for a broker."""
        return True

    @property
    def environment(self) -> Mapping[str, pulumi.Input[str]]:
        """Nothing: its only variable holds a password."""
        return {}

    @property
    def secrets(self) -> Mapping[str, SecretText]:
        """``CELERY_BROKER_URL``."""
        return {"CELERY_BROKER_URL": self._store.url()}

    @property
    def metrics_url(self) -> SecretText:
        """For a user of its own, who may count tasks and no more."""
        return self._store.url(METRICS)

    @property
    def grants(self) -> Sequence[Grant]:
        """Nothing: reading the secret is all it takes."""
        return ()

    @property
    def ports(self) -> Sequence[int]:
        """Redis's own."""
        return (PORT,)

    def allow_from(self, peer: Peer) -> None:
        """Let a peer connect. The rule belongs to the broker and goes when it goes.

        To ask for the same peer again, as each tier on a cluster does, changes nothing.
        """
        allow(self, self._store, peer)


class RedisCache(pulumi.ComponentResource):
    """A Redis store that drops old keys to make room for new ones.

    It is guarded and encrypted as a broker is, and no broker: Celery would lose tasks in it, so it
    lacks the promise that ``CeleryWorkers`` asks for. Cluster mode and ElastiCache Serverless are
    not offered: they need another client than the plain one that Django and redis-py open.

    Args:
        name: Names the component and its children.
        settings: How big it is; the defaults suit a small application.
        network: Where it goes. Replicas need data subnets in two zones.
        tags: Added to every child, over the provider's default tags.
        opts: Reaches every child; ``transforms`` is the escape hatch.
    """

    endpoint: pulumi.Output[str]
    """Host name of the primary node; it survives a failover."""

    reader_endpoint: pulumi.Output[str]
    """Host name that spreads connections over the replicas; the primary where there are none."""

    security_group_id: pulumi.Output[str]
    """The group that guards the store."""

    secret_arn: pulumi.Output[str]
    """ARN of the secret with the app's ``username`` and ``password``."""

    def __init__(
        self,
        name: str,
        settings: RedisCacheSettings = RedisCacheSettings(),
        *,
        network: NetworkLike,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check_name("redis cache", name)
        check_zones("cache", name, settings, network)
        super().__init__("plinth:index:RedisCache", name, settings.model_dump(mode="json"), opts)
        self._store = store = make_store(
            self,
            Role(kind="cache", eviction=settings.eviction, access=CACHE_ACCESS),
            settings,
            network=network,
            tags=tags,
        )
        self.endpoint = store.endpoint
        self.reader_endpoint = store.reader_endpoint
        self.security_group_id = store.security_group_id
        self.secret_arn = store.secret_arn
        self.register_outputs(store.outputs)

    @property
    def environment(self) -> Mapping[str, pulumi.Input[str]]:
        """Nothing: its variables hold a password."""
        return {}

    @property
    def secrets(self) -> Mapping[str, SecretText]:
        """``REDIS_URL`` and ``CACHE_URL``, which are the same."""
        return dict.fromkeys(("REDIS_URL", "CACHE_URL"), self._store.url())

    @property
    def grants(self) -> Sequence[Grant]:
        """Nothing: reading the secret is all it takes."""
        return ()

    @property
    def ports(self) -> Sequence[int]:
        """Redis's own."""
        return (PORT,)

    def allow_from(self, peer: Peer) -> None:
        """Let a peer connect. The rule belongs to the cache and goes when it goes.

        To ask for the same peer again, as each tier on a cluster does, changes nothing.
        """
        allow(self, self._store, peer)
