"""The Kubernetes cluster: what it is made of, and what is refused."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws
import pytest
from pydantic import ValidationError

from parts import NETWORK
from plinth import EksCluster, EksClusterSettings, ExistingCluster, Postgres
from plinth.preview.project import run_project
from plinth.testing import Deployment, Mode, deploy, deploy_project

if TYPE_CHECKING:
    from plinth.wiring import ClusterLike

OPS = "arn:aws:iam::123456789012:role/ops"
EXAMPLE = Path(__file__).parent.parent / "examples" / "cluster"


def settings(**given: Any) -> EksClusterSettings:
    """Make settings with one administrator."""
    return EksClusterSettings.model_validate({"admins": {"ops": OPS}, **given})


@cache
def deployed() -> Deployment:
    """Deploy a cluster, and export all that it puts out."""

    def program() -> dict[str, pulumi.Output[Any]]:
        made = EksCluster("main", settings(), network=NETWORK)
        return {name: getattr(made, name) for name in EksCluster.__annotations__}

    return deploy(program)


def cluster() -> dict[str, Any]:
    """Return what is asked of EKS."""
    return deployed().one(aws.eks.Cluster).inputs


def test_auto_mode_is_on_in_all_its_parts() -> None:
    """EKS takes compute, balancers and disks together or not at all, and none of what they replace.

    https://docs.aws.amazon.com/eks/latest/userguide/automode.html
    """
    found = cluster()
    node = deployed().one(aws.iam.Role, "main-node")
    assert found["computeConfig"] == {
        "enabled": True,
        "nodePools": ["general-purpose", "system"],
        "nodeRoleArn": node.output("arn"),
    }
    assert found["kubernetesNetworkConfig"] == {"elasticLoadBalancing": {"enabled": True}}
    assert found["storageConfig"] == {"blockStorage": {"enabled": True}}
    assert found["bootstrapSelfManagedAddons"] is False


def test_nobody_gets_in_but_by_an_entry() -> None:
    """Not even who made it; an administrator has an entry, and EKS's policy for all of it."""
    access = cluster()["accessConfig"]
    assert access == {
        "authenticationMode": "API",
        "bootstrapClusterCreatorAdminPermissions": False,
    }
    entry = deployed().one(aws.eks.AccessEntry).inputs
    given = deployed().one(aws.eks.AccessPolicyAssociation).inputs
    assert (entry["principalArn"], given["principalArn"]) == (OPS, OPS)
    assert given["accessScope"] == {"type": "cluster"}
    assert given["policyArn"].endswith("/AmazonEKSClusterAdminPolicy")
    assert entry["clusterName"] == given["clusterName"] == cluster()["name"]


def test_its_api_is_in_the_vpc_unless_addresses_are_named() -> None:
    """Nodes stay in the VPC in either case."""
    inside = cluster()["vpcConfig"]
    assert (inside["endpointPrivateAccess"], inside["endpointPublicAccess"]) == (True, False)
    assert inside["subnetIds"] == list(NETWORK.private_subnet_ids)
    outside = deploy(
        lambda: (
            EksCluster(
                "main",
                settings(endpoint="public", public_access_cidrs=["203.0.113.7/32"]),
                network=NETWORK,
            )
            and None
        )
    ).one(aws.eks.Cluster)
    place = outside.inputs["vpcConfig"]
    assert (place["endpointPrivateAccess"], place["endpointPublicAccess"]) == (True, True)
    assert place["publicAccessCidrs"] == ["203.0.113.7/32"]


def test_its_log_group_is_there_first() -> None:
    """EKS would make one that keeps its lines for ever, under the same name."""
    group = deployed().one(aws.cloudwatch.LogGroup)
    assert group.inputs["name"] == f"/aws/eks/{cluster()['name']}/cluster"
    assert group.inputs["retentionInDays"] == 30
    assert group.urn in deployed().one(aws.eks.Cluster).depends_on


def test_its_secrets_have_a_key_that_is_turned_and_kept() -> None:
    """Without the key the cluster is lost, so both are protected alike."""
    key = deployed().one(aws.kms.Key)
    encryption = cluster()["encryptionConfig"]
    assert encryption == {"provider": {"keyArn": key.output("arn")}, "resources": ["secrets"]}
    assert key.inputs["enableKeyRotation"] is True
    assert key.inputs["deletionWindowInDays"] == 30
    assert key.protect
    assert deployed().one(aws.eks.Cluster).protect
    assert cluster()["deletionProtection"] is True


def test_roles_are_what_auto_mode_asks_for() -> None:
    """The control plane's permissions are there before it, and so go after it.

    https://docs.aws.amazon.com/eks/latest/userguide/auto-learn-iam.html
    """
    whole = deployed()
    trust = {
        role.name: json.loads(role.inputs["assumeRolePolicy"])["Statement"][0]
        for role in whole.all(aws.iam.Role)
    }
    assert trust["main-cluster"]["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert trust["main-node"]["Principal"] == {"Service": "ec2.amazonaws.com"}
    attached = whole.all(aws.iam.RolePolicyAttachment)
    policies = {a.inputs["policyArn"].rpartition("/")[2]: a for a in attached}
    assert set(policies) == {
        "AmazonEKSClusterPolicy",
        "AmazonEKSComputePolicy",
        "AmazonEKSBlockStoragePolicy",
        "AmazonEKSLoadBalancingPolicy",
        "AmazonEKSNetworkingPolicy",
        "AmazonEKSWorkerNodeMinimalPolicy",
        "AmazonEC2ContainerRegistryPullOnly",
    }
    first = whole.one(aws.eks.Cluster).depends_on
    assert {a.urn for a in attached if a.name.startswith("main-cluster")} <= set(first)


def test_pods_are_measured_unless_told_otherwise() -> None:
    """Auto Mode does not bring the metrics server, and scaling on CPU needs it."""
    assert deployed().one(aws.eks.Addon).inputs["addonName"] == "metrics-server"
    without = deploy(
        lambda: EksCluster("main", settings(metrics_server=False), network=NETWORK) and None
    )
    assert without.all(aws.eks.Addon) == []


def test_it_puts_out_what_others_find_it_by() -> None:
    """The names are those of an ExistingCluster's fields, so that a stack can export them."""
    out = deployed().outputs
    assert out == {
        "cluster_name": cluster()["name"],
        "cluster_arn": "${eks.Cluster/main.arn}",
        "endpoint": "${eks.Cluster/main.endpoint}",
        "certificate_authority": "${eks.Cluster/main.certificateAuthority.data}",
        "security_group_id": "${eks.Cluster/main.vpcConfig.clusterSecurityGroupId}",
        "node_role_name": "${iam.Role/main-node.name}",
    }
    fields = set(ExistingCluster.__dataclass_fields__) - {"pulumi_resource_name"}
    assert fields <= set(out)


def test_it_is_a_peer_that_a_store_lets_in() -> None:
    """Pods have the cluster's own group."""

    def program() -> None:
        made: ClusterLike = EksCluster("main", settings(), network=NETWORK)
        Postgres("db", network=NETWORK).allow_from(made)

    rule = deploy(program).one(aws.vpc.SecurityGroupIngressRule, "db-from-main")
    group = rule.inputs["referencedSecurityGroupId"]
    assert group == "${eks.Cluster/main.vpcConfig.clusterSecurityGroupId}"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"admins": {}}, "at least 1"),
        ({"admins": {"Ops": OPS}}, "'Ops' needs to be lower-case"),
        ({"admins": {"ops": "arn:aws:sts::123456789012:assumed-role/ops/me"}}, "knows no sessions"),
        ({"admins": {"ops": OPS, "me": OPS}}, "names somebody twice"),
        ({"endpoint": "public"}, "list who reaches a public endpoint"),
        ({"public_access_cidrs": ["203.0.113.7/32"]}, "nobody for a private one"),
        (
            {"endpoint": "public", "public_access_cidrs": ["0.0.0.0/0"]},
            "a good part of the internet",
        ),
        ({"endpoint": "public", "public_access_cidrs": ["::/0"]}, "a good part of the internet"),
        ({"version": "1.9"}, "version"),
        ({"log_days": 20}, "use 14"),
        ({"key_days": 3}, "greater than or equal to 7"),
    ],
)
def test_what_cannot_work_is_refused(given: dict[str, Any], message: str) -> None:
    """Before anything is asked of AWS, with what to change."""
    with pytest.raises(ValidationError, match=message):
        settings(**given)


def test_a_network_of_one_zone_is_refused() -> None:
    """EKS puts its own interfaces into two."""
    small = replace(NETWORK, private_subnet_ids=["subnet-1"])
    with pytest.raises(Exception, match=r"eks cluster 'main' needs private subnets in two zones"):
        deploy(lambda: EksCluster("main", settings(), network=small) and None)


def test_the_example_exports_what_the_platform_looks_up() -> None:
    """Under the names by which a stack reference asks for them."""
    found = deploy_project(EXAMPLE, "dev").outputs
    assert set(ExistingCluster.__dataclass_fields__) - {"pulumi_resource_name"} <= set(found)
    assert run_project(EXAMPLE, "dev", Mode.UNKNOWN).problems == []
