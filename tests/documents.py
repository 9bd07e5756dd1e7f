"""Previews written by hand, for tests of what is read from them."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from plinth.preview.export import Document, ResourceRecord
from plinth.preview.graph import SCHEMA, STACK_TYPE, make_urn
from plinth.preview.readable import short_type

DATABASE = "aws:rds/instance:Instance"
STORE = "aws:elasticache/replicationGroup:ReplicationGroup"
BUCKET = "aws:s3/bucket:Bucket"
LOGS = "aws:cloudwatch/logGroup:LogGroup"
GROUP = "aws:autoscaling/group:Group"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
VPC = "aws:ec2/vpc:Vpc"
SUBNET = "aws:ec2/subnet:Subnet"
POLICY = "aws:iam/rolePolicy:RolePolicy"
COMPONENT = "shop:index:Store"


def resource(
    token: str,
    name: str = "thing",
    /,
    *,
    parent: ResourceRecord | None = None,
    options: Mapping[str, Any] | None = None,
    refers: Mapping[str, ResourceRecord] | None = None,
    secrets: Mapping[str, str | None] | None = None,
    **inputs: Any,
) -> ResourceRecord:
    """Make a resource of the stack ``shop/dev``; ``refers`` are inputs that hold another's id."""
    above = parent["urn"] if parent else make_urn("dev", "shop", "", STACK_TYPE, "shop-dev")
    links = dict(refers or {})
    return {
        "urn": make_urn("dev", "shop", above, token, name),
        "type": token,
        "name": name,
        "kind": "component" if token == COMPONENT else "custom",
        "parent": above,
        "label": f"{short_type(token)}/{name}",
        "id": "",
        "provider": "",
        "providers": {},
        "inputs": {**inputs, **{k: f"${{{to['label']}.id}}" for k, to in links.items()}},
        "secrets": dict(secrets or {}),
        "unknown": [],
        "dependencies": sorted(to["urn"] for to in links.values()),
        "propertyDependencies": {key: [to["urn"]] for key, to in links.items()},
        "options": dict(options or {}),
        "outputs": {},
        "source": "",
    }


def document(*resources: ResourceRecord, stack: str = "dev") -> Document:
    """Make a preview of some resources."""
    top = resource(STACK_TYPE, "shop-dev")
    top |= {
        "kind": "stack",
        "parent": "",
        "urn": make_urn("dev", "shop", "", STACK_TYPE, "shop-dev"),
    }
    return {
        "plinth": {"schema": SCHEMA},
        "project": "shop",
        "stack": stack,
        "mode": "symbolic",
        "region": "us-east-1",
        "resources": [cast("ResourceRecord", top), *resources],
        "exports": {},
        "invokes": [],
        "problems": [],
        "logs": [],
    }


def names(found: Sequence[Any], field: str) -> list[Any]:
    """Return one field of each."""
    return [getattr(item, field) for item in found]
