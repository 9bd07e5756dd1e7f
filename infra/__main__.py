"""The stack: it reads as the architecture diagram would, top to bottom."""

import pulumi

from plinth import (
    AlarmTopic,
    AppSecrets,
    Cdn,
    CeleryBeat,
    CeleryWorkers,
    ExistingZone,
    LoadBalancer,
    Network,
    Postgres,
    RedisBroker,
    RedisCache,
    WebTier,
)
from plinth.configuration import read
from stack import Stack

config = pulumi.Config()
stack = read(Stack)
image = config.require("image")
zone = ExistingZone(zone_id=stack.zone_id) if stack.zone_id else None

alarms = AlarmTopic("alarms", stack.alarms) if stack.alarms is not None else None
network = Network("main", stack.network)

database = Postgres("db", stack.database, network=network)
broker = RedisBroker("queue", stack.broker, network=network, alarms=alarms)
cache = RedisCache("cache", stack.cache, network=network)
secrets = AppSecrets(
    "app", stack.secrets, values={name: config.require_secret(name) for name in stack.secrets.given}
)

balancer = LoadBalancer("edge", stack.balancer, network=network, zone=zone)
cdn = Cdn("cdn", stack.cdn, origin=balancer, zone=zone)

web = WebTier(
    "web",
    stack.web,
    image=image,
    network=network,
    balancer=balancer,
    uses=[database, broker, cache, secrets, cdn],
)
workers = CeleryWorkers(
    "celery",
    stack.workers,
    image=image,
    network=network,
    broker=broker,
    uses=[database, cache, secrets, cdn],
    alarms=alarms,
)
if stack.beat is not None:
    CeleryBeat(
        "beat",
        stack.beat,
        image=image,
        network=network,
        broker=broker,
        uses=[database, cache, secrets],
    )

pulumi.export("url", cdn.url)
pulumi.export("balancer_url", balancer.url)
