"""The export that scanners of Terraform read."""

import json
import re
from functools import cache
from typing import Any

import pytest

from broken import document
from plinth.policies.terraform import plan, plan_text, snake, terraform_type


@cache
def prod() -> dict[str, Any]:
    """Write the plan of the whole production stack."""
    return plan(document())


def _planned(address: str) -> dict[str, Any]:
    resources = prod()["planned_values"]["root_module"]["resources"]
    return next(r["values"] for r in resources if r["address"] == address)


def _expressions(address: str) -> dict[str, Any]:
    resources = prod()["configuration"]["root_module"]["resources"]
    return next(r["expressions"] for r in resources if r["address"] == address)


@pytest.mark.parametrize(
    ("token", "name"),
    [
        ("aws:ec2/vpc:Vpc", "aws_vpc"),
        ("aws:ec2/securityGroup:SecurityGroup", "aws_security_group"),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
         "aws_vpc_security_group_ingress_rule"),
        ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
         "aws_s3_bucket_public_access_block"),
        ("aws:rds/instance:Instance", "aws_db_instance"),
        ("aws:rds/parameterGroup:ParameterGroup", "aws_db_parameter_group"),
        ("aws:lb/loadBalancer:LoadBalancer", "aws_lb"),
        ("aws:lb/listenerRule:ListenerRule", "aws_lb_listener_rule"),
        ("aws:autoscaling/group:Group", "aws_autoscaling_group"),
        ("aws:elasticache/replicationGroup:ReplicationGroup", "aws_elasticache_replication_group"),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws_iam_role_policy_attachment"),
        ("aws:cloudwatch/eventRule:EventRule", "aws_cloudwatch_event_rule"),
    ],
)  # fmt: skip
def test_types_have_their_names_of_terraform(token: str, name: str) -> None:
    """The provider's own names come back."""
    assert terraform_type(token) == name


@pytest.mark.parametrize(
    ("wire", "name"),
    [("cidrIpv4", "cidr_ipv4"), ("multiAz", "multi_az"), ("sseAlgorithm", "sse_algorithm")],
)
def test_inputs_are_in_snake_case(wire: str, name: str) -> None:
    """Terraform spells its arguments so."""
    assert snake(wire) == name


def test_every_resource_of_aws_is_there_once() -> None:
    """Nothing is lost, and no address is given twice."""
    made = [r for r in document()["resources"] if r["kind"] == "custom"]
    addresses = [r["address"] for r in prod()["planned_values"]["root_module"]["resources"]]
    assert len(addresses) == len(set(addresses)) == len(made)
    assert all(re.fullmatch(r"aws_[a-z0-9_]+\.[A-Za-z_]\w*", address) for address in addresses)


def test_what_only_the_cloud_knows_is_a_reference() -> None:
    """A scanner follows it from the block to its bucket, as in a real plan."""
    address = "aws_s3_bucket_public_access_block.edge_logs"
    assert "bucket" not in _planned(address)
    assert _expressions(address)["bucket"] == {
        "references": ["aws_s3_bucket.edge_logs.bucket", "aws_s3_bucket.edge_logs"]
    }


def test_every_reference_leads_to_a_resource() -> None:
    """No reference is to something that is not in the plan."""
    addresses = {r["address"] for r in prod()["planned_values"]["root_module"]["resources"]}
    found = re.findall(
        r'"references": \[([^\]]*)\]', json.dumps(prod()["configuration"]["root_module"])
    )
    references = [name for text in found for name in re.findall(r'"([^"]+)"', text)]
    assert references
    assert {".".join(name.split(".")[:2]) for name in references} <= addresses


def test_blocks_are_lists_under_their_names() -> None:
    """One block is a list of one; repeated ones lose Pulumi's plural; maps stay maps."""
    assert _planned("aws_lb.edge")["access_logs"][0]["enabled"] is True
    parameters = _planned("aws_elasticache_parameter_group.queue")["parameter"]
    assert {"name": "maxmemory-policy", "value": "noeviction"} in parameters
    assert _planned("aws_vpc.main")["tags"] == {"Name": "main"}
    assert _planned("aws_autoscaling_group.web")["tag"][0]["key"] == "Name"


def test_policies_stay_whole() -> None:
    """Placeholders within a policy's text are left, so that its statements can be read."""
    text = _planned("aws_s3_bucket_policy.edge_logs")["policy"]
    assert json.loads(text)["Statement"]


def test_no_secret_is_written() -> None:
    """A plan on a disk tells no password."""
    assert _planned("aws_db_instance.db")["password"] == "[secret]"  # noqa: S105


def test_the_same_stack_gives_the_same_bytes() -> None:
    """Two exports compare."""
    assert plan_text(document()) == plan_text(document())
