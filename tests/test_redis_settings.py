"""A broker and a cache: what their settings change, and refuse."""

from typing import Any

import pulumi_aws as aws
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from plinth._redis.engines import VERSIONS, Engine, family, reserved_percent
from plinth._redis.settings import DAYS, minutes
from plinth.redis import Eviction, RedisBrokerSettings, RedisCache, RedisCacheSettings
from plinth.testing import deploy
from stores import TWO_ZONES, broker, cache, group_of, parameters_of

MODELS = [RedisBrokerSettings, RedisCacheSettings]


@pytest.mark.parametrize(
    ("given", "version", "parameters"),
    [
        ({}, "7.1", "redis7"),
        ({"engine_version": "7.0"}, "7.0", "redis7"),
        ({"engine": "valkey"}, "8.2", "valkey8"),
        ({"engine": "valkey", "engine_version": "7.2"}, "7.2", "valkey7"),
    ],
)
def test_the_family_follows_the_version(
    given: dict[str, Any], version: str, parameters: str
) -> None:
    """A parameter group of another family would be refused."""
    deployed = broker(**given)

    assert group_of(deployed)["engineVersion"] == version
    assert group_of(deployed)["engine"] == given.get("engine", "redis")
    assert deployed.one(aws.elasticache.ParameterGroup).inputs["family"] == parameters


@pytest.mark.parametrize(
    ("node_type", "percent"),
    [("cache.t4g.micro", 50), ("cache.t4g.small", 30), ("cache.t4g.medium", 25)],
)
def test_small_nodes_keep_more_memory_free(node_type: str, percent: int) -> None:
    """They swap while they replicate otherwise."""
    deployed = broker(node_type=node_type)

    assert parameters_of(deployed)["reserved-memory-percent"] == str(percent)


@pytest.mark.parametrize(
    ("setting", "value", "wired"),
    [
        ("maintenance_window", "sun:03:00-sun:04:00", "maintenanceWindow"),
        ("apply_immediately", True, "applyImmediately"),
        ("node_type", "cache.r7g.large", "nodeType"),
        ("snapshot_days", 35, "snapshotRetentionLimit"),
    ],
)
def test_settings_reach_the_group(setting: str, value: object, wired: str) -> None:
    """As they are."""
    assert group_of(broker(**{setting: value}))[wired] == value


def test_the_log_is_kept_as_long_as_asked() -> None:
    """Days, from the setting."""
    assert cache(log_days=7).one(aws.cloudwatch.LogGroup).inputs["retentionInDays"] == 7


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"replicas": 6}, "less than or equal to 5"),
        ({"node_type": "t4g.small"}, "match pattern"),
        ({"node_type": "cache.r6gd.xlarge"}, "take 'cache.r7g.xlarge'"),
        ({"engine_version": "7.2"}, "engine=redis has no .* take one of 7.0, 7.1"),
        ({"engine_version": ""}, "take one of 7.0, 7.1"),
        ({"engine": "valkey", "engine_version": "8"}, "take one of 7.2, 8.0, 8.1, 8.2"),
        ({"engine": "valkey", "engine_version": "8.2.1"}, "take one of"),
        ({"engine": "memcached"}, "redis' or 'valkey"),
        ({"snapshot_days": 36}, "less than or equal to 35"),
        ({"log_days": 0}, "use 1"),
        ({"log_days": 31}, "use 30"),
        ({"maintenance_window": "sun:03:00-sun:03:59"}, "an hour or longer"),
        ({"maintenance_window": "Sun 3am"}, "such as 'sun:03:00-sun:04:00'"),
        ({"maintenance_window": "sun:24:00-mon:02:00"}, "such as"),
        ({"node": 1}, "Extra inputs"),
        ({"num_node_groups": 2}, "Extra inputs"),
    ],
)
def test_settings_refuse(
    model: type[RedisBrokerSettings | RedisCacheSettings], wrong: dict[str, object], message: str
) -> None:
    """What AWS or its clients would refuse fails before a preview, with what to change."""
    with pytest.raises(ValidationError, match=message):
        model.model_validate(wrong)


def test_a_cache_cannot_be_told_to_refuse_writes() -> None:
    """Nor a broker to forget: the setting is the cache's alone."""
    with pytest.raises(ValidationError, match="allkeys-lru"):
        RedisCacheSettings.model_validate({"eviction": "noeviction"})
    with pytest.raises(ValidationError, match="Extra inputs"):
        RedisBrokerSettings.model_validate({"eviction": "allkeys-lru"})


@given(
    day=st.sampled_from(DAYS),
    start=st.integers(0, 24 * 60 - 1),
    length=st.integers(1, 7 * 24 * 60 - 1),
)
def test_a_window_is_as_long_as_it_reads(day: str, start: int, length: int) -> None:
    """Across midnight and across the week's end alike."""
    later, end = divmod(start + length, 24 * 60)
    last = DAYS[(DAYS.index(day) + later) % 7]
    window = f"{day}:{start // 60:02}:{start % 60:02}-{last}:{end // 60:02}:{end % 60:02}"

    assert minutes(window) == length


@st.composite
def stores(draw: st.DrawFn) -> RedisCacheSettings:
    """Draw valid settings."""
    engine = draw(st.sampled_from(Engine))
    return RedisCacheSettings(
        engine=engine,
        engine_version=draw(st.none() | st.sampled_from(VERSIONS[engine])),
        node_type=draw(
            st.sampled_from(["cache.t4g.micro", "cache.m7g.large", "cache.r7g.2xlarge"])
        ),
        replicas=draw(st.integers(0, 5)),
        eviction=draw(st.sampled_from(Eviction)),
        snapshot_days=draw(st.integers(0, 35)),
    )


@settings(max_examples=10, deadline=None)
@given(chosen=stores())
def test_valid_settings_deploy_consistently(chosen: RedisCacheSettings) -> None:
    """Nodes, failover, family and memory follow from them, whichever they are."""
    deployed = deploy(lambda: RedisCache("cache", chosen, network=TWO_ZONES))

    group = group_of(deployed)
    assert group["numCacheClusters"] == chosen.replicas + 1
    assert group["automaticFailoverEnabled"] is group["multiAzEnabled"] is (chosen.replicas > 0)
    assert group["engineVersion"] in VERSIONS[chosen.engine]
    parameters = deployed.one(aws.elasticache.ParameterGroup).inputs
    assert parameters["family"] == family(chosen.engine, group["engineVersion"])
    assert 25 <= reserved_percent(chosen.node_type) <= 50
