"""The platform in AWS: it reads as the architecture diagram would, top to bottom."""

import pulumi

from app import App
from on_ec2 import on_ec2
from plinth import (
    AlarmTopic,
    AppSecrets,
    Cdn,
    ExistingZone,
    LoadBalancer,
    Network,
    Postgres,
    RedisBroker,
    RedisCache,
)
from plinth.configuration import read
from stack import Compute, Stack


def cloud(config: pulumi.Config) -> None:
    """Compose what ``plinth:stack`` describes."""
    stack = read(Stack)
    zone = ExistingZone(zone_id=stack.zone_id) if stack.zone_id else None

    alarms = AlarmTopic("alarms", stack.alarms) if stack.alarms is not None else None
    network = Network("main", stack.network)

    database = Postgres("db", stack.database, network=network)
    broker = RedisBroker("queue", stack.broker, network=network, alarms=alarms)
    cache = RedisCache("cache", stack.cache, network=network)
    given = {name: config.require_secret(name) for name in stack.secrets.given}
    secrets = AppSecrets("app", stack.secrets, values=given)

    balancer = LoadBalancer("edge", stack.balancer, network=network, zone=zone)
    cdn = Cdn("cdn", stack.cdn, origin=balancer, zone=zone)

    app = App(
        image=config.require("image"),
        green_image=config.get("greenImage"),
        network=network,
        balancer=balancer,
        broker=broker,
        stores=[database, cache, secrets],
        cdn=cdn,
        alarms=alarms,
    )
    if stack.compute is Compute.EC2:
        on_ec2(stack, app)
    elif stack.compute is Compute.KUBERNETES:
        # It takes the extra [kubernetes], which a stack on EC2 does not need.
        from on_kubernetes import on_kubernetes  # noqa: PLC0415

        on_kubernetes(stack, app)

    pulumi.export("url", cdn.url)
    pulumi.export("balancer_url", balancer.url)
    # For the stack of a cluster, which goes into this network.
    pulumi.export(
        "network",
        {
            "vpc_id": network.vpc_id,
            "cidr_block": network.cidr_block,
            "private_subnet_ids": network.private_subnet_ids,
        },
    )
