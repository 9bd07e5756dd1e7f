"""A database called db, for tests that look at what it is made of."""

from typing import Any

import pulumi
import pulumi_aws as aws

from once import once
from plinth.existing import ExistingNetwork, ExistingPeer
from plinth.postgres import Postgres, PostgresSettings, ReplicaSettings
from plinth.testing import Deployment, Requested, deploy

NETWORK = ExistingNetwork(
    vpc_id="vpc-1",
    cidr_block="10.0.0.0/16",
    data_subnet_ids=["subnet-a", "subnet-b", "subnet-c"],
    availability_zones={"a": "eu-west-1a", "b": "eu-west-1b", "c": "eu-west-1c"},
)
WEB = ExistingPeer(pulumi_resource_name="web", security_group_id="sg-web")
THREE = {
    "b": ReplicaSettings(zone="b"),
    "c": ReplicaSettings(zone="c"),
    "reports": ReplicaSettings(zone="a", instance_class="db.r7g.large"),
}
READER = "reader.db.stack.project.internal"


@once
def database(**given: Any) -> Deployment:
    """Deploy a database called db, with some settings."""
    return deploy(lambda: Postgres("db", PostgresSettings(**given), network=NETWORK))


def primary(**given: Any) -> dict[str, Any]:
    """Return what the primary of a database called db was asked to be."""
    return database(**given).one(aws.rds.Instance, "db").inputs


def options_of(kind: type[pulumi.Resource], **given: Any) -> dict[str, pulumi.ResourceOptions]:
    """Return the options of every child of a type, by the child's name."""
    found: dict[str, pulumi.ResourceOptions] = {}

    def look(args: pulumi.ResourceTransformationArgs) -> None:
        if args.type_ == pulumi.get_type_token(kind):
            found[args.name] = args.opts

    opts = pulumi.ResourceOptions(transformations=[look])
    deploy(lambda: Postgres("db", PostgresSettings(**given), network=NETWORK, opts=opts))
    return found


def records(deployed: Deployment) -> dict[str, Requested]:
    """Return the records by the identifiers of their sets."""
    return {r.inputs["setIdentifier"]: r for r in deployed.all(aws.route53.Record)}
