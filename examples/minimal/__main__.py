"""A database and a cache beside an app that already runs, in a VPC that already exists."""

import pulumi

from plinth import ExistingNetwork, ExistingPeer, Postgres, RedisCache

config = pulumi.Config()
network = ExistingNetwork(
    vpc_id=config.require("vpcId"),
    cidr_block=config.require("vpcCidr"),
    data_subnet_ids=config.require_object("dataSubnetIds"),
)
app = ExistingPeer(
    pulumi_resource_name="app", security_group_id=config.require("appSecurityGroupId")
)

database = Postgres("db", network=network)
database.allow_from(app)

cache = RedisCache("cache", network=network)
cache.allow_from(app)

pulumi.export("database_host", database.endpoint)
pulumi.export("database_secret", database.secret_arn)
pulumi.export("cache_host", cache.endpoint)
