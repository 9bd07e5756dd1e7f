"""The read replicas of a Postgres, and the one name to read from."""

import pulumi_aws as aws
import pytest

from databases import NETWORK, READER, THREE, database, options_of, records
from plinth.postgres import Postgres, PostgresSettings, ReplicaSettings
from plinth.testing import deploy


def test_replicas_repeat_what_they_do_not_inherit() -> None:
    """What is left out of a replica is off, or replaces it at the next deployment."""
    deployed = database(replicas=THREE)

    source = deployed.one(aws.rds.Instance, "db").inputs
    for key in THREE:
        replica = deployed.one(aws.rds.Instance, f"db-replica-{key}").inputs
        for setting in (
            "storageEncrypted",
            "storageType",
            "maxAllocatedStorage",
            "publiclyAccessible",
            "vpcSecurityGroupIds",
            "parameterGroupName",
            "caCertIdentifier",
            "enabledCloudwatchLogsExports",
            "performanceInsightsEnabled",
            "monitoringInterval",
            "monitoringRoleArn",
            "copyTagsToSnapshot",
            "maintenanceWindow",
        ):
            assert replica[setting] == source[setting]


def test_replicas_are_told_nothing_that_rds_refuses() -> None:
    """The user, the password, the database and the engine are the source's."""
    deployed = database(replicas=THREE)

    for key in THREE:
        replica = deployed.one(aws.rds.Instance, f"db-replica-{key}").inputs
        assert replica["skipFinalSnapshot"]
        assert not {
            "username",
            "password",
            "manageMasterUserPassword",
            "dbName",
            "engine",
            "engineVersion",
            "allocatedStorage",
            "dbSubnetGroupName",
            "finalSnapshotIdentifier",
            "snapshotIdentifier",
            "multiAz",
        } & set(replica)


def test_replicas_follow_the_primary() -> None:
    """A replica names its source, and is replaced with it: a running one cannot change over."""
    deployed = database(replicas=THREE)

    source = deployed.one(aws.rds.Instance, "db").inputs["identifier"]
    options = options_of(aws.rds.Instance, replicas=THREE)
    for key in THREE:
        name = f"db-replica-{key}"
        assert deployed.one(aws.rds.Instance, name).inputs["replicateSourceDb"] == source
        assert options[name].replace_on_changes == ["replicate_source_db"]


def test_replicas_sit_where_they_are_told() -> None:
    """Each has its zone and its class, the primary's unless it says so."""
    deployed = database(replicas=THREE, instance_class="db.m7g.large")

    found = {
        r.name: (r.inputs.get("availabilityZone"), r.inputs["instanceClass"])
        for r in deployed.all(aws.rds.Instance)
    }
    assert found == {
        "db": (None, "db.m7g.large"),
        "db-replica-b": ("eu-west-1b", "db.m7g.large"),
        "db-replica-c": ("eu-west-1c", "db.m7g.large"),
        "db-replica-reports": ("eu-west-1a", "db.r7g.large"),
    }


def test_a_replica_that_moves_is_a_new_one() -> None:
    """Its zone cannot change in place, so its name changes with the zone."""

    def identifier(zone: str) -> str:
        deployed = database(replicas={"b": ReplicaSettings(zone=zone)})
        return str(deployed.one(aws.rds.Instance, "db-replica-b").inputs["identifier"])

    assert identifier("b") != identifier("c")


@pytest.mark.parametrize("replicas", [{}, {"b": THREE["b"]}, THREE])
def test_the_reader_endpoint_is_one_name(replicas: dict[str, ReplicaSettings]) -> None:
    """Each replica answers to it, the primary only where none else does: weight 0."""
    deployed = database(replicas=replicas)

    found = records(deployed)
    assert set(found) == {"primary", *replicas}
    assert {r.inputs["name"] for r in found.values()} == {READER}
    assert found["primary"].inputs["weightedRoutingPolicies"] == [{"weight": 0}]
    address = deployed.one(aws.rds.Instance, "db").output("address")
    assert found["primary"].inputs["records"] == [address]
    for key in replicas:
        address = deployed.one(aws.rds.Instance, f"db-replica-{key}").output("address")
        assert found[key].inputs["records"] == [address]
        assert found[key].inputs["weightedRoutingPolicies"] == [{"weight": 1}]


def test_the_primarys_record_outlives_every_change_of_replicas() -> None:
    """A record of another kind under the same name could not be made beside it."""
    none, three = records(database())["primary"], records(database(replicas=THREE))["primary"]

    assert (none.name, none.inputs) == (three.name, three.inputs)


def test_the_reader_zone_is_private() -> None:
    """Only the database's VPC knows the name."""
    zone = database().one(aws.route53.Zone)

    assert zone.inputs["vpcs"] == [{"vpcId": "vpc-1"}]
    assert READER.endswith(f".{zone.inputs['name']}")


def test_a_replica_that_falls_behind_is_left_out() -> None:
    """Its health is its own alarm on its own lag; silence counts as ill."""
    deployed = database(replicas=THREE, replica_lag_seconds=900)

    for key in THREE:
        alarm = deployed.one(aws.cloudwatch.MetricAlarm, f"db-reader-{key}")
        replica = deployed.one(aws.rds.Instance, f"db-replica-{key}")
        dimensions = {"DBInstanceIdentifier": replica.inputs["identifier"]}
        assert alarm.inputs["dimensions"] == dimensions
        assert alarm.inputs["metricName"] == "ReplicaLag"
        assert alarm.inputs["threshold"] == 900
        assert alarm.inputs["treatMissingData"] == "breaching"
        check = deployed.one(aws.route53.HealthCheck, f"db-reader-{key}")
        assert check.inputs["cloudwatchAlarmName"] == alarm.output("name")
        assert check.inputs["cloudwatchAlarmRegion"] == alarm.output("region")
        assert check.inputs["insufficientDataHealthStatus"] == "Unhealthy"
        assert check.inputs["triggers"] == {"threshold": "900"}
        assert records(deployed)[key].inputs["healthCheckId"] == check.id
    assert "healthCheckId" not in records(deployed)["primary"].inputs


def test_a_zone_that_the_network_has_not_is_refused() -> None:
    """A replica's letter must be one of the network's."""
    far = PostgresSettings(replicas={"far": ReplicaSettings(zone="f")})

    with pytest.raises(ValueError, match=r"'far' in zone 'f', and its network knows a, b, c"):
        deploy(lambda: Postgres("db", far, network=NETWORK))
