"""Brokers and caches for the tests of Redis, deployed to nowhere."""

from typing import Any

import pulumi_aws as aws

from once import once
from plinth.existing import ExistingNetwork
from plinth.redis import RedisBroker, RedisBrokerSettings, RedisCache, RedisCacheSettings
from plinth.testing import Deployment, deploy

TWO_ZONES = ExistingNetwork(
    vpc_id="vpc-1", cidr_block="10.0.0.0/16", data_subnet_ids=["subnet-a", "subnet-b"]
)
ONE_ZONE = ExistingNetwork(vpc_id="vpc-1", cidr_block="10.0.0.0/16", data_subnet_ids=["subnet-a"])
NO_DATA = ExistingNetwork(vpc_id="vpc-1", cidr_block="10.0.0.0/16", private_subnet_ids=["subnet-p"])


@once
def broker(**given: Any) -> Deployment:
    """Deploy a broker with some settings."""
    chosen = RedisBrokerSettings.model_validate(given)
    return deploy(lambda: RedisBroker("queue", chosen, network=TWO_ZONES))


@once
def cache(**given: Any) -> Deployment:
    """Deploy a cache with some settings."""
    chosen = RedisCacheSettings.model_validate(given)
    return deploy(lambda: RedisCache("cache", chosen, network=TWO_ZONES))


def group_of(deployed: Deployment) -> dict[str, Any]:
    """Return what the replication group was asked to be."""
    return deployed.one(aws.elasticache.ReplicationGroup).inputs


def parameters_of(deployed: Deployment) -> dict[str, str]:
    """Return the parameter group's parameters by name."""
    listed = deployed.one(aws.elasticache.ParameterGroup).inputs["parameters"]
    return {each["name"]: each["value"] for each in listed}
