"""Previews made by hand, for tests of what things cost."""

from decimal import Decimal
from typing import Any

from plinth.cost import Estimate, Line, Usage, estimate
from plinth.preview.export import Document, ResourceRecord

GROUP = "aws:autoscaling/group:Group"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
NOTHING = Usage.model_validate(dict.fromkeys(set(Usage.model_fields) - {"spot_price_ratio"}, 0))
"""A month in which nobody uses anything."""


def record(token: str, name: str = "one", /, **inputs: Any) -> ResourceRecord:
    """Make a resource, as a preview records it."""
    module, _, kind = token.removeprefix("aws:").partition("/")
    label = f"{module}.{kind.partition(':')[2]}/{name}"
    return {
        "urn": f"urn:pulumi:dev::shop::{token}::{name}",
        "type": token,
        "name": name,
        "kind": "custom" if token.count(":") == 2 and "index" not in token else "component",
        "parent": "",
        "label": label,
        "id": f"${{{label}.id}}",
        "provider": "",
        "providers": {},
        "inputs": inputs,
        "secrets": {},
        "unknown": [],
        "dependencies": [],
        "propertyDependencies": {},
        "options": {},
        "outputs": {},
        "source": "",
    }


def document(*resources: ResourceRecord, region: str = "us-east-1") -> Document:
    """Make a preview of resources."""
    return {
        "plinth": {"schema": 1},
        "project": "shop",
        "stack": "dev",
        "mode": "symbolic",
        "region": region,
        "resources": list(resources),
        "exports": {},
        "invokes": [],
        "problems": [],
        "logs": [],
    }


def priced(*resources: ResourceRecord, usage: Usage = NOTHING) -> Estimate:
    """Price resources in us-east-1."""
    return estimate(document(*resources), usage)


def fleet(
    name: str = "web", *, least: int = 1, most: int = 1, instance: str = "m7g.large", **inputs: Any
) -> tuple[ResourceRecord, ResourceRecord]:
    """Make a fleet and its launch template, with disks of 20 GiB."""
    disks = [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": 20, "volumeType": "gp3"}}]
    template = record(TEMPLATE, name, instanceType=instance, blockDeviceMappings=disks)
    named = {"launchTemplate": {"id": template["id"], "version": "0"}, **inputs}
    return template, record(GROUP, name, minSize=least, maxSize=most, **named)


def line(found: Estimate, what: str) -> Line:
    """Return the only line whose text starts so."""
    (only,) = [each for each in found.lines if each.what.startswith(what)]
    return only


def dollars(text: str) -> Decimal:
    """Return an exact amount."""
    return Decimal(text)
