"""Tests of what fleets, databases and Redis cost, in figures that can be checked by hand."""

from typing import Any

import pytest

from bills import NOTHING, dollars, fleet, line, priced, record
from parts import PARTS
from plinth.cost import Estimate
from plinth.testing import deploy, monthly_cost

POLICY = "aws:autoscaling/policy:Policy"
DATABASE = "aws:rds/instance:Instance"
REDIS = "aws:elasticache/replicationGroup:ReplicationGroup"


def database(**inputs: Any) -> Estimate:
    """Price a small Postgres."""
    small = {
        "engine": "postgres",
        "instanceClass": "db.t4g.small",
        "allocatedStorage": 20,
        "storageType": "gp3",
    }
    return priced(record(DATABASE, "db", **{**small, **inputs}))


def test_a_fleet_costs_between_its_least_and_its_most() -> None:
    """Three to twelve m7g.large at 0.0816 an hour, each with 20 GiB at 0.08."""
    found = priced(*fleet(least=3, most=12))

    assert line(found, "m7g.large").monthly_min == 3 * 730 * dollars("0.0816")
    assert line(found, "m7g.large").monthly_max == 12 * 730 * dollars("0.0816")
    assert line(found, "gp3 disks").monthly_max == 12 * 20 * dollars("0.08")
    assert found.max == dollars("714.816") + dollars("19.2")


def test_a_fleet_that_nothing_scales_has_the_size_it_wants() -> None:
    """Beat has room from 0 to 1, only so that it can be replaced."""
    alone = fleet(least=0, most=1, desiredCapacity=1)
    policy = record(POLICY, "grow", autoscalingGroupName=alone[1]["id"])

    assert priced(*alone).min == priced(*alone).max
    assert priced(*alone, policy).min == 0


def test_spot_costs_a_share_of_the_dearest_and_cheapest_type() -> None:
    """AWS picks one of the types; which, nobody knows before."""
    mixed = {
        "instancesDistribution": {
            "onDemandBaseCapacity": 1,
            "onDemandPercentageAboveBaseCapacity": 50,
        },
        "launchTemplate": {
            "launchTemplateSpecification": {"launchTemplateId": "${ec2.LaunchTemplate/web.id}"},
            "overrides": [{"instanceType": "t4g.medium"}, {"instanceType": "r7g.medium"}],
        },
    }
    template, group = fleet(least=1, most=4, mixedInstancesPolicy=mixed)
    usage = NOTHING.model_copy(update={"spot_price_ratio": 0.5})
    found = priced(template, group, usage=usage)

    steady, spot = line(found, "t4g.medium, on demand"), line(found, "t4g.medium to r7g.medium")
    assert (steady.quantity_min, steady.quantity_max) == (730, 3 * 730)  # 1 + half of 3, up
    assert (spot.quantity_min, spot.quantity_max) == (0, 730)
    assert spot.monthly_max == 730 * dollars("0.0536") / 2
    assert "spot_price_ratio" in found.assumptions


def test_a_type_that_the_book_lacks_is_listed_and_not_guessed() -> None:
    """Its disks still are priced."""
    found = priced(*fleet(instance="g5.xlarge"))

    (missing,) = found.not_priced
    assert "no price for g5.xlarge" in missing.reason
    assert found.max == 20 * dollars("0.08")


def test_a_fleet_of_unknown_size_is_listed() -> None:
    """Its maximum is an output, say."""
    template, group = fleet()
    group["inputs"]["maxSize"] = "<computed>"

    assert priced(template, group).lines == []
    assert "known only after" in priced(template, group).not_priced[0].reason


def test_target_tracking_pays_for_its_alarms() -> None:
    """One to grow by and one to shrink by, for each metric that they look at."""
    cpu = {"predefinedMetricSpecification": {"predefinedMetricType": "ASGAverageCPUUtilization"}}
    both: dict[str, Any] = {
        "metrics": [{"metricStat": {}}, {"metricStat": {}}, {"expression": "a/b"}]
    }
    tracking = {"customizedMetricSpecification": both}

    assert priced(record(POLICY, targetTrackingConfiguration=cpu)).max == dollars("0.2")
    assert priced(record(POLICY, targetTrackingConfiguration=tracking)).max == dollars("0.4")
    assert priced(record(POLICY, stepAdjustments=[{}])).max == 0


def test_an_instance_reads_its_launch_template() -> None:
    """The NAT instance has its disk there; its size is the image's."""
    template = record("aws:ec2/launchTemplate:LaunchTemplate", "nat", imageId="resolve:ssm:x")
    launched = {"instanceType": "t4g.nano", "launchTemplate": {"id": template["id"]}}
    usage = NOTHING.model_copy(update={"image_gib": 8})
    found = priced(template, record("aws:ec2/instance:Instance", "nat", **launched), usage=usage)

    assert found.max == 730 * dollars("0.0042") + 8 * dollars("0.08")


def test_a_database_grows_by_itself_up_to_its_limit() -> None:
    """Storage autoscaling never shrinks again, so its limit is part of the most."""
    found = database(maxAllocatedStorage=100)

    assert found.min == 730 * dollars("0.032") + 20 * dollars("0.115")
    assert found.max == 730 * dollars("0.032") + 100 * dollars("0.115")


def test_a_standby_doubles_instance_and_storage() -> None:
    """The list rounds 0.064 to 0.065."""
    assert database(multiAz=True).max == 730 * dollars("0.065") + 20 * dollars("0.23")


def test_only_performance_beyond_the_baseline_is_paid() -> None:
    """From 400 GiB a gp3 volume has 12,000 IOPS and 500 MiB/s."""
    big = database(allocatedStorage=400, iops=16000, storageThroughput=600)

    assert line(big, "storage IOPS").monthly_max == 4000 * dollars("0.02")
    assert line(big, "storage throughput").monthly_max == 100 * dollars("0.08")


def test_a_replica_has_the_storage_of_what_it_copies() -> None:
    """Its own inputs do not say how large it is."""
    source = {
        "engine": "postgres",
        "identifier": "shop-db",
        "instanceClass": "db.t4g.small",
        "allocatedStorage": 50,
        "storageType": "gp3",
        "multiAz": True,
    }
    copy = {"replicateSourceDb": "shop-db", "instanceClass": "db.t4g.small", "storageType": "gp3"}
    found = priced(record(DATABASE, "db", **source), record(DATABASE, "copy", **copy))

    own = [each for each in found.lines if each.name == "copy"]
    assert [each.monthly_max for each in own] == [730 * dollars("0.032"), 50 * dollars("0.115")]


def test_extras_of_a_database_are_paid() -> None:
    """Advanced insights by the processor, a managed password as a secret."""
    found = database(databaseInsightsMode="advanced", manageMasterUserPassword=True)

    assert line(found, "Database Insights").monthly_max == 2 * 730 * dollars("0.0125")
    assert line(found, "managed password").monthly_max == dollars("0.4")
    paid = database(performanceInsightsRetentionPeriod=731)
    assert "7 days" in paid.not_priced[0].reason


def test_another_engine_is_not_priced_as_postgres() -> None:
    """The book has Postgres only."""
    assert "no prices of rds.mysql" in database(engine="mysql").not_priced[0].reason


def test_a_proxy_is_paid_by_the_processors_behind_it() -> None:
    """Postgres with a proxy of t4g.small: two vCPU."""
    deployed = deploy(lambda: PARTS["Postgres"].build() and None)
    found = monthly_cost(deployed, NOTHING, region="us-east-1")

    assert line(found, "RDS Proxy").monthly_max == 2 * 730 * dollars("0.015")


@pytest.mark.parametrize(("engine", "price"), [("redis", "0.158"), ("valkey", "0.1264")])
def test_each_node_of_a_store_is_paid(engine: str, price: str) -> None:
    """A primary and two replicas."""
    store = {"engine": engine, "nodeType": "cache.m7g.large", "numCacheClusters": 3}

    assert priced(record(REDIS, **store)).max == 3 * 730 * dollars(price)


def test_snapshots_are_kept_as_long_as_asked() -> None:
    """Seven of one GB each."""
    usage = NOTHING.model_copy(update={"snapshot_gb": 1})
    store = {"nodeType": "cache.t4g.micro", "numCacheClusters": 1, "snapshotRetentionLimit": 7}

    found = priced(record(REDIS, **store), usage=usage)
    assert line(found, "snapshots").monthly_max == 7 * dollars("0.085")
