"""Postgres, deployed to nowhere."""

from typing import Any, cast

import pulumi_aws as aws
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databases import NETWORK, THREE, database, options_of, primary, records
from plinth.existing import ExistingNetwork
from plinth.postgres import (
    PointInTimeRestore,
    Postgres,
    PostgresSettings,
    ProxySettings,
    ReplicaSettings,
    SnapshotRestore,
)
from plinth.testing import Requested, deploy


def test_defaults_are_safe() -> None:
    """Unconfigured, a database is encrypted, closed, backed up, and hard to lose."""
    asked = primary()

    assert asked["storageEncrypted"]
    assert not asked["publiclyAccessible"]
    assert asked["backupRetentionPeriod"] == 7
    assert asked["deletionProtection"]
    assert not asked["skipFinalSnapshot"]
    assert not asked["deleteAutomatedBackups"]
    assert asked["copyTagsToSnapshot"]
    assert asked["storageType"] == "gp3"
    assert asked["maxAllocatedStorage"] == 100
    assert asked["caCertIdentifier"] == "rds-ca-rsa2048-g1"


def test_the_major_version_alone_is_named() -> None:
    """RDS upgrades minor versions by itself, and none is paid for beyond its support."""
    deployed = database(version=16)

    asked = deployed.one(aws.rds.Instance).inputs
    assert asked["engineVersion"] == "16"
    assert asked["autoMinorVersionUpgrade"]
    assert asked["engineLifecycleSupport"] == "open-source-rds-extended-support-disabled"
    assert deployed.one(aws.rds.ParameterGroup).inputs["family"] == "postgres16"


def test_parts_are_joined() -> None:
    """The instance uses the guard, the subnets and the parameters made for it."""
    deployed = database()

    asked = deployed.one(aws.rds.Instance).inputs
    assert asked["vpcSecurityGroupIds"] == [deployed.one(aws.ec2.SecurityGroup).id]
    assert asked["dbSubnetGroupName"] == deployed.one(aws.rds.SubnetGroup).output("name")
    assert asked["parameterGroupName"] == deployed.one(aws.rds.ParameterGroup).output("name")
    subnets = deployed.one(aws.rds.SubnetGroup).inputs
    assert subnets["subnetIds"] == ["subnet-a", "subnet-b", "subnet-c"]
    assert deployed.one(aws.ec2.SecurityGroup).inputs["vpcId"] == "vpc-1"


def test_iops_are_left_out_unless_asked_for() -> None:
    """RDS refuses them below 400 GiB, at their very default; replicas are told the same."""
    assert not {"iops", "storageThroughput"} & set(primary())
    given = {"storage_gib": 400, "max_storage_gib": None, "iops": 16000, "throughput": 1000}
    for instance in database(**given, replicas=THREE).all(aws.rds.Instance):
        assert instance.inputs["iops"] == 16000
        assert instance.inputs["storageThroughput"] == 1000
        assert instance.inputs["maxAllocatedStorage"] == 0


def test_the_primary_is_protected() -> None:
    """Pulumi refuses to delete it and RDS does too, until a deployment says otherwise."""
    assert options_of(aws.rds.Instance)["db"].protect
    assert not options_of(aws.rds.Instance, protected=False)["db"].protect
    assert not primary(protected=False)["deletionProtection"]
    assert not primary(protected=False)["skipFinalSnapshot"]


def test_a_replacement_comes_before_the_end_of_the_old() -> None:
    """The provider deletes first where an identifier is given; here it must not."""
    for kind in (aws.rds.Instance, aws.cloudwatch.LogGroup):
        options = options_of(kind, replicas=THREE)
        assert options
        assert all(opts.delete_before_replace is False for opts in options.values())


def test_a_replacement_has_names_of_its_own() -> None:
    """Old and new exist side by side, with their logs, their groups and their snapshots."""
    old, new = database(), database(username="owner")

    for kind, names in (
        (aws.rds.Instance, "identifier"),
        (aws.cloudwatch.LogGroup, "name"),
        (aws.rds.ParameterGroup, "description"),
    ):
        before = {r.inputs[names] for r in old.all(kind)}
        assert not before & {r.inputs[names] for r in new.all(kind)}


def test_the_final_snapshot_is_named_after_something_random() -> None:
    """A database that is made, deleted and made again never finds its snapshot's name taken."""
    deployed = database()

    asked = deployed.one(aws.rds.Instance).inputs
    group = deployed.one(aws.rds.ParameterGroup).output("name")
    assert asked["finalSnapshotIdentifier"] == f"{asked['identifier']}-final-{group}"


def test_logs_are_kept_for_a_time() -> None:
    """Each instance finds its groups made, under the names that RDS would choose."""
    deployed = database(replicas=THREE, log_days=90)

    groups = {
        r.inputs["name"]: r.inputs["retentionInDays"] for r in deployed.all(aws.cloudwatch.LogGroup)
    }
    assert groups == {
        f"/aws/rds/instance/{instance.inputs['identifier']}/{log}": 90
        for instance in deployed.all(aws.rds.Instance)
        for log in instance.inputs["enabledCloudwatchLogsExports"]
    }


def test_logs_are_made_before_the_instance() -> None:
    """RDS would otherwise make them itself, and keep them for ever."""
    options = options_of(aws.rds.Instance, replicas=THREE)

    for name, opts in options.items():
        waited_for = cast("list[aws.cloudwatch.LogGroup]", opts.depends_on)
        names = {group.pulumi_resource_name for group in waited_for}
        assert names == {f"{name}-postgresql", f"{name}-upgrade"}


def test_monitoring_has_its_role() -> None:
    """RDS refuses to measure without one, and needs none where it does not measure."""
    deployed = database(monitoring_seconds=15)

    role = deployed.one(aws.iam.Role)
    asked = deployed.one(aws.rds.Instance).inputs
    assert asked["monitoringInterval"] == 15
    assert asked["monitoringRoleArn"] == role.output("arn")
    assert "monitoring.rds.amazonaws.com" in role.inputs["assumeRolePolicy"]
    attached = deployed.one(aws.iam.RolePolicyAttachment).inputs["policyArn"]
    assert attached.endswith("/AmazonRDSEnhancedMonitoringRole")
    assert not database(monitoring_seconds=0).all(aws.iam.Role)
    assert "monitoringRoleArn" not in primary(monitoring_seconds=0)


def test_performance_insights_go_off_whole() -> None:
    """A retention without the feature is refused by RDS."""
    assert primary()["performanceInsightsRetentionPeriod"] == 7
    off = primary(performance_insights_days=0)
    assert not off["performanceInsightsEnabled"]
    assert "performanceInsightsRetentionPeriod" not in off


def test_a_restore_starts_from_a_backup() -> None:
    """User and database come with it, so they are not asked for again."""
    snapshot = primary(restore=SnapshotRestore(snapshot="kept"))
    moment = primary(restore=PointInTimeRestore(source="old"))

    assert snapshot["snapshotIdentifier"] == "kept"
    assert moment["restoreToPointInTime"] == {
        "sourceDbInstanceIdentifier": "old",
        "useLatestRestorableTime": True,
    }
    for asked in (snapshot, moment):
        assert asked["password"]
        assert not {"username", "dbName"} & set(asked)


def test_blue_green_is_off_unless_asked_for() -> None:
    """It is refused with too much to be a default."""
    assert "blueGreenUpdate" not in primary()
    assert primary(blue_green=True)["blueGreenUpdate"] == {"enabled": True}


def test_a_network_of_one_zone_is_refused() -> None:
    """RDS wants two, even of a database that stands in one."""
    lone = ExistingNetwork(vpc_id="vpc-1", cidr_block="10.0.0.0/16", data_subnet_ids=["subnet-a"])

    with pytest.raises(ValueError, match=r"postgres 'db' .* its network has 1: add a zone"):
        deploy(lambda: Postgres("db", network=lone))


def test_tags_reach_every_child_that_takes_some() -> None:
    """A bill can be split by tag."""
    tags = {"team": "core"}
    every = PostgresSettings(replicas=THREE, proxy=ProxySettings())
    deployed = deploy(lambda: Postgres("db", every, network=NETWORK, tags=tags))

    untagged = {r.type.rpartition(":")[2] for r in deployed.resources[1:] if not tagged(r, tags)}
    assert untagged == {
        "ProxyDefaultTargetGroup",
        "ProxyTarget",
        "Record",
        "RolePolicy",
        "RolePolicyAttachment",
        "SecretVersion",
    }


def tagged(child: Requested, tags: dict[str, str]) -> bool:
    """Tell whether a child has some tags, and its component's name."""
    return {"Name": "db", **tags} == child.inputs.get("tags")


REPLICAS = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True),
    st.builds(ReplicaSettings, zone=st.sampled_from("abc")),
    max_size=3,
)
VALID: dict[str, st.SearchStrategy[Any]] = {
    "version": st.integers(14, 18),
    "multi_az": st.booleans(),
    "replicas": REPLICAS.filter(lambda replicas: "primary" not in replicas),
    "backup_days": st.integers(1, 35),
    "protected": st.booleans(),
    "performance_insights_days": st.sampled_from([0, 7, 31, 731]),
    "monitoring_seconds": st.sampled_from([0, 1, 60]),
    "max_storage_gib": st.sampled_from([None, 22, 65536]),
    "proxy": st.sampled_from([None, ProxySettings()]),
    "restore": st.sampled_from([None, SnapshotRestore(snapshot="kept")]),
    "slow_query_ms": st.integers(-1, 10000),
}


@settings(max_examples=10, deadline=None)
@given(given=st.fixed_dictionaries({}, optional=VALID))
def test_valid_settings_always_deploy(given: dict[str, Any]) -> None:
    """What the model takes, the component builds: one instance, record and alarm per replica."""
    deployed = database(**given)

    count = len(given.get("replicas", {}))
    assert len(deployed.all(aws.rds.Instance)) == count + 1
    assert len(records(deployed)) == count + 1
    assert len(deployed.all(aws.cloudwatch.MetricAlarm)) == count
    names = [r.inputs["identifier"] for r in deployed.all(aws.rds.Instance)]
    assert len(set(names)) == len(names)
