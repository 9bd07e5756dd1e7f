"""A recorded stack as ``terraform show -json`` writes a plan, for scanners that read nothing else.

pulumi-aws is made from Terraform's provider, so that types and names go back by rule: camel case to
snake case, ``aws:s3/bucket:Bucket`` to ``aws_s3_bucket``. What only the cloud can compute is left
out and becomes a reference, as in a real plan.

https://developer.hashicorp.com/terraform/internals/json-format
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from plinth.preview.export import Document, ResourceRecord

_PLACEHOLDER = re.compile(r"\$\{([^{}]+)\}")
_PREFIX = {"ec2": "", "lb": "lb", "alb": "lb", "rds": "db", "vpc": "vpc"}
"""Modules that Terraform calls otherwise; all others keep their names."""
_TYPES = {
    "aws:lb/loadBalancer:LoadBalancer": "aws_lb",
    "aws:alb/loadBalancer:LoadBalancer": "aws_lb",
    "aws:rds/cluster:Cluster": "aws_rds_cluster",
    "aws:rds/clusterInstance:ClusterInstance": "aws_rds_cluster_instance",
    "aws:s3/bucketV2:BucketV2": "aws_s3_bucket",
    "aws:ec2/vpcEndpoint:VpcEndpoint": "aws_vpc_endpoint",
}
_SINGULAR = {
    "actions": "action",
    "conditions": "condition",
    "customHeaders": "custom_header",
    "defaultActions": "default_action",
    "ebsBlockDevices": "ebs_block_device",
    "initialLifecycleHooks": "initial_lifecycle_hook",
    "logDeliveryConfigurations": "log_delivery_configuration",
    "metricQueries": "metric_query",
    "orderedCacheBehaviors": "ordered_cache_behavior",
    "origins": "origin",
    "overrides": "override",
    "parameters": "parameter",
    "rules": "rule",
    "stepAdjustments": "step_adjustment",
    "transitions": "transition",
    "vpcZoneIdentifiers": "vpc_zone_identifier",
    "weightedRoutingPolicies": "weighted_routing_policy",
}
"""Repeated blocks, which Pulumi names in the plural and Terraform does not."""
_MAPS = frozenset({"tags", "variables", "triggers", "volumeTags"})
"""Inputs whose keys are the user's: they stay as they are."""
_PROVIDER = "registry.terraform.io/hashicorp/aws"


@dataclass(frozen=True)
class _Names:
    """What the stack's resources are called in Terraform, by label."""

    addresses: Mapping[str, str]

    def references(self, text: str) -> Iterator[str]:
        """Yield what the placeholders in a text refer to, each also without its attribute."""
        for inner in _PLACEHOLDER.findall(text):
            label, attribute = inner, ""
            while label not in self.addresses and "." in label:
                label, _, last = label.rpartition(".")
                attribute = f".{last}{attribute}"
            if label in self.addresses:
                yield f"{self.addresses[label]}{snake(attribute)}"
                yield self.addresses[label]


def plan_text(document: Document) -> str:
    """Return the plan of a stack, the same to the byte for the same stack."""
    return json.dumps(plan(document), indent=1, sort_keys=True) + "\n"


def plan(document: Document) -> dict[str, Any]:
    """Return the plan of a stack: all of AWS that it would create."""
    resources = [
        r
        for r in document["resources"]
        if r["kind"] == "custom" and r["type"].startswith("aws:") and not _is_provider(r)
    ]
    names = _addresses(resources)
    known = _Names(names)
    planned = [_planned(r, names[r["label"]], known) for r in resources]
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": [p.planned for p in planned]}},
        "resource_changes": [p.change for p in planned],
        "configuration": {
            "provider_config": {"aws": {"name": "aws", "full_name": _PROVIDER}},
            "root_module": {"resources": [p.configured for p in planned]},
        },
    }


def terraform_type(token: str) -> str:
    """Return Terraform's name of a type of pulumi-aws."""
    if token in _TYPES:
        return _TYPES[token]
    _, path, _ = token.split(":")
    module, _, leaf = path.partition("/")
    parts = ["aws", _PREFIX.get(module, snake(module)), snake(leaf)]
    return "_".join(part for part in parts if part)


def snake(name: str) -> str:
    """Return a name of Pulumi's wire as Terraform spells it."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


@dataclass(frozen=True, kw_only=True)
class _Planned:
    planned: dict[str, Any]
    change: dict[str, Any]
    configured: dict[str, Any]


def _planned(resource: ResourceRecord, address: str, names: _Names) -> _Planned:
    kind, _, name = address.partition(".")
    values, expressions = _block(resource["inputs"], names, resource["type"])
    head = {"address": address, "mode": "managed", "type": kind, "name": name}
    unknown = {key: True for key in expressions if key not in values}
    change = {"actions": ["create"], "before": None, "after": values, "after_unknown": unknown}
    return _Planned(
        planned={**head, "provider_name": _PROVIDER, "values": values},
        change={**head, "provider_name": _PROVIDER, "change": change},
        configured={**head, "provider_config_key": "aws", "expressions": expressions},
    )


def _block(
    inputs: Mapping[str, Any], names: _Names, token: str = ""
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the values of a block, and what in it refers to other resources."""
    values: dict[str, Any] = {}
    expressions: dict[str, Any] = {}
    for key, value in inputs.items():
        name = _name(key, token)
        if key in _MAPS and isinstance(value, dict):
            values[name] = value
        elif blocks := _nested(value):
            pairs = [_block(block, names) for block in blocks]
            values[name] = [pair[0] for pair in pairs]
            expressions[name] = [pair[1] for pair in pairs]
        else:
            _attribute(name, value, names, values, expressions)
    return values, expressions


def _attribute(
    name: str, value: Any, names: _Names, values: dict[str, Any], expressions: dict[str, Any]
) -> None:
    parts = cast("list[Any]", value) if isinstance(value, list) else [value]
    texts = [part for part in parts if isinstance(part, str)]
    references = [reference for text in texts for reference in names.references(text)]
    if references:
        expressions[name] = {"references": list(dict.fromkeys(references))}
    if not any(_PLACEHOLDER.fullmatch(text) for text in texts):
        values[name] = value


def _name(key: str, token: str) -> str:
    if key == "tags" and token == "aws:autoscaling/group:Group":  # noqa: S105
        return "tag"
    return _SINGULAR.get(key) or snake(key)


def _nested(value: Any) -> list[dict[str, Any]]:
    """Return the blocks in a value, of which Terraform always has a list; none in an attribute."""
    found = cast("list[Any]", value) if isinstance(value, list) else [value]
    return [cast("dict[str, Any]", item) for item in found if isinstance(item, dict)]


def _addresses(resources: list[ResourceRecord]) -> dict[str, str]:
    """Return the address of each resource by its label; two never have the same."""
    addresses: dict[str, str] = {}
    for resource in resources:
        name = re.sub(r"\W", "_", resource["label"].partition("/")[2] or resource["name"])
        name = name if re.match(r"[A-Za-z_]", name) else f"_{name}"
        address = f"{terraform_type(resource['type'])}.{name}"
        while address in addresses.values():
            address += "_"
        addresses[resource["label"]] = address
    return addresses


def _is_provider(resource: ResourceRecord) -> bool:
    return resource["type"].startswith("pulumi:")
