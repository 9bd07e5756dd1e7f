"""What a type checker accepts and refuses; pyright reads this file, nothing runs it.

An ignore that is not needed is an error too, so each of these lines proves a refusal.
"""

from typing import assert_type

import pulumi

from plinth import (
    Cdn,
    CeleryWorkers,
    ExistingBroker,
    ExistingNetwork,
    ExistingOrigin,
    ExistingService,
    LoadBalancer,
    Network,
    NetworkSettings,
    Postgres,
    PostgresSettings,
    RedisBroker,
    RedisCache,
    WebTier,
)
from plinth.wiring import BalancerLike, BrokerLike, NetworkLike, OriginLike, Peer, Service

network: NetworkLike = Network("main")
elsewhere: NetworkLike = ExistingNetwork(vpc_id="vpc-1", cidr_block="10.0.0.0/16")
database = Postgres("db", PostgresSettings(), network=network)
broker = RedisBroker("queue", network=network)
cache = RedisCache("cache", network=elsewhere)
balancer = LoadBalancer("edge", network=network)
cdn = Cdn("cdn", origin=balancer)
web = WebTier("web", image="app", network=network, balancer=balancer, uses=[database, cache, cdn])

services: list[Service] = [database, broker, cache, cdn, ExistingService(pulumi_resource_name="x")]
brokers: list[BrokerLike] = [broker, ExistingBroker(pulumi_resource_name="x")]
peers: list[Peer] = [web]
front: BalancerLike = balancer
origins: list[OriginLike] = [balancer, ExistingOrigin(origin_domain="example.com")]

CeleryWorkers("celery", image="app", network=network, broker=broker, uses=[database])
assert_type(database.endpoint, pulumi.Output[str])

CeleryWorkers("celery", image="app", network=network, broker=cache)  # pyright: ignore[reportArgumentType]
not_brokers: list[BrokerLike] = [cache]  # pyright: ignore[reportAssignmentType]
Postgres("db", network)  # pyright: ignore[reportCallIssue]
Network("main", NetworkSettings(zonez=("a",)))  # pyright: ignore[reportCallIssue]
WebTier("web", image="app", network=network, balancer=network)  # pyright: ignore[reportArgumentType]
