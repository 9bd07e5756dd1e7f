"""One of each component, with every child it can have, and another value for every setting."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from plinth import (
    AlarmTopic,
    AlarmTopicSettings,
    AppSecrets,
    AppSecretsSettings,
    Cdn,
    CdnSettings,
    CeleryBeat,
    CeleryBeatSettings,
    CeleryWorkers,
    CeleryWorkersSettings,
    ExistingBroker,
    ExistingNetwork,
    ExistingOrigin,
    ExistingPeer,
    ExistingService,
    ExistingTopic,
    ExistingZone,
    GithubDeployRole,
    GithubDeployRoleSettings,
    GithubRepository,
    LoadBalancer,
    LoadBalancerSettings,
    Network,
    NetworkSettings,
    Postgres,
    PostgresSettings,
    QueueMetrics,
    QueueMetricsSettings,
    RedisBroker,
    RedisBrokerSettings,
    RedisCache,
    RedisCacheSettings,
    SecretText,
    WebSettings,
    WebTier,
)
from plinth.settings import Settings

IMAGE = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/shop@sha256:{'0a' * 32}"
TAGS = {"team": "core"}
NETWORK = ExistingNetwork(
    vpc_id="vpc-1",
    cidr_block="10.0.0.0/16",
    public_subnet_ids=["subnet-public-a", "subnet-public-b"],
    private_subnet_ids=["subnet-private-a", "subnet-private-b"],
    data_subnet_ids=["subnet-data-a", "subnet-data-b"],
    availability_zones={"a": "us-east-1a", "b": "us-east-1b"},
)
ZONE = ExistingZone(zone_id="Z1")
TOPIC = ExistingTopic(topic_arn="arn:aws:sns:us-east-1:123456789012:alarms")
PEER = ExistingPeer(pulumi_resource_name="app", security_group_id="sg-app")
STORE = ExistingService(
    pulumi_resource_name="search",
    environment={"SEARCH_HOST": "search.internal"},
    secrets={"SEARCH_KEY": SecretText(secret_arn="arn:aws:s:search", template="{key}")},
)
BROKER = ExistingBroker(
    pulumi_resource_name="queue",
    secrets={
        "CELERY_BROKER_URL": SecretText(
            secret_arn="arn:aws:s:queue",
            template="rediss://app:{password:url}@queue.internal:6379/0?ssl_cert_reqs=required",
        )
    },
)


@dataclass(frozen=True)
class Versus:
    """Two settings to compare where one value alone would not be allowed, or would not show."""

    base: Mapping[str, Any]
    other: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Part:
    """A component, and how the contract makes it."""

    settings: type[Settings]
    make: Callable[..., pulumi.ComponentResource]
    """Takes a name and settings."""
    full: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Settings under which every child is there."""
    others: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """For each setting, by its path, a value unlike the one in ``full``."""
    gates: frozenset[str] = frozenset()
    """Settings that decide what is accepted, and so change no child; tested with the component."""

    def build(self, name: str = "thing", **settings: Any) -> pulumi.ComponentResource:
        """Make one, in full but for what is given."""
        return self.make(name, self.settings.model_validate({**self.full, **settings}))


def network(name: str, settings: NetworkSettings) -> Network:
    """Make a network."""
    return Network(name, settings, tags=TAGS)


def postgres(name: str, settings: PostgresSettings) -> Postgres:
    """Make a Postgres that somebody uses."""
    made = Postgres(name, settings, network=NETWORK, tags=TAGS)
    made.allow_from(PEER)
    return made


def broker(name: str, settings: RedisBrokerSettings) -> RedisBroker:
    """Make a broker that somebody uses."""
    made = RedisBroker(name, settings, network=NETWORK, alarms=TOPIC, tags=TAGS)
    made.allow_from(PEER)
    return made


def cache(name: str, settings: RedisCacheSettings) -> RedisCache:
    """Make a cache that somebody uses."""
    made = RedisCache(name, settings, network=NETWORK, tags=TAGS)
    made.allow_from(PEER)
    return made


def app_secrets(name: str, settings: AppSecretsSettings) -> AppSecrets:
    """Make an app's secrets, with a value for each that is to be given."""
    values: dict[str, pulumi.Input[str]] = dict.fromkeys(settings.given, "given")
    return AppSecrets(name, settings, values=values, tags=TAGS)


def balancer(name: str, settings: LoadBalancerSettings) -> LoadBalancer:
    """Make a balancer with one target."""
    zone = ZONE if settings.domain else None
    made = LoadBalancer(name, settings, network=NETWORK, zone=zone, tags=TAGS)
    made.forward("app", "arn:aws:elasticloadbalancing:::targetgroup/app/1", priority=1)
    return made


def cdn(name: str, settings: CdnSettings) -> Cdn:
    """Make a CDN before a web server made elsewhere."""
    zone = ZONE if settings.domain else None
    origin = ExistingOrigin(origin_domain="origin.example.com", origin_headers={"X-Key": "k"})
    return Cdn(name, settings, origin=origin, zone=zone, tags=TAGS)


def web(name: str, settings: WebSettings) -> WebTier:
    """Make a web tier behind a balancer of its own."""
    front = LoadBalancer(f"{name}-edge"[:24], network=NETWORK, tags=TAGS)
    return WebTier(
        name, settings, image=IMAGE, network=NETWORK, balancer=front, uses=[STORE], tags=TAGS
    )


def workers(name: str, settings: CeleryWorkersSettings) -> CeleryWorkers:
    """Make workers on a broker made elsewhere."""
    return CeleryWorkers(
        name,
        settings,
        image=IMAGE,
        network=NETWORK,
        broker=BROKER,
        uses=[STORE],
        alarms=TOPIC,
        tags=TAGS,
    )


def queue_metrics(name: str, settings: QueueMetricsSettings) -> QueueMetrics:
    """Make metrics of a broker made elsewhere."""
    return QueueMetrics(name, settings, network=NETWORK, broker=BROKER, alarms=TOPIC, tags=TAGS)


def alarm_topic(name: str, settings: AlarmTopicSettings) -> AlarmTopic:
    """Make a topic."""
    return AlarmTopic(name, settings, tags=TAGS)


def beat(name: str, settings: CeleryBeatSettings) -> CeleryBeat:
    """Make beat on a broker made elsewhere."""
    return CeleryBeat(
        name, settings, image=IMAGE, network=NETWORK, broker=BROKER, uses=[STORE], tags=TAGS
    )


def github(name: str, settings: GithubDeployRoleSettings) -> GithubDeployRole:
    """Make the roles of a repository whose state is in a bucket."""
    bucket, key = "arn:aws:s3:::state", "arn:aws:kms:us-east-1:123456789012:key/1"
    return GithubDeployRole(name, settings, state_bucket_arn=bucket, state_key_arn=key, tags=TAGS)


SHOP = GithubRepository(owner="acme", name="shop")
STORE_OTHERS = {
    "node_type": "cache.r7g.large",
    "replicas": 0,
    "engine": Versus({}, {"engine": "valkey"}),
    "engine_version": "7.0",
    "snapshot_days": 3,
    "log_days": 7,
    "maintenance_window": "sun:03:00-sun:04:00",
    "apply_immediately": True,
}
FLEET_OTHERS = {
    "app": "shop",
    "environment": {"LANG": "C"},
    "log_days": 7,
}

PARTS = {
    "AlarmTopic": Part(
        settings=AlarmTopicSettings,
        make=alarm_topic,
        full={"emails": ["oncall@example.com"]},
        others={"emails": ["other@example.com"]},
    ),
    "Network": Part(
        settings=NetworkSettings,
        make=network,
        full={"nat": "instance", "endpoints": ["kms"]},
        others={
            "cidr": "10.9.0.0/16",
            "zones": ["a", "b", "c"],
            "nat": "per_zone",
            "nat_instance_type": "t3.nano",
            "endpoints": ["sts"],
            "flow_log_days": 0,
        },
    ),
    "Postgres": Part(
        settings=PostgresSettings,
        make=postgres,
        full={"replicas": {"one": {"zone": "a"}, "two": {"zone": "b"}}, "proxy": {}},
        others={
            "version": 16,
            "instance_class": "db.m7g.large",
            "multi_az": True,
            "storage_gib": 40,
            "max_storage_gib": None,
            "iops": Versus(
                {"storage_gib": 400, "max_storage_gib": 900},
                {"storage_gib": 400, "max_storage_gib": 900, "iops": 16000},
            ),
            "throughput": Versus(
                {"storage_gib": 400, "max_storage_gib": 900, "iops": 16000},
                {"storage_gib": 400, "max_storage_gib": 900, "iops": 16000, "throughput": 600},
            ),
            "replicas.*.zone": "b",
            "replicas.*.instance_class": "db.m7g.large",
            "replica_lag_seconds": 900,
            "database": "shop",
            "username": "shop",
            "password": Versus({"replicas": {}}, {"replicas": {}, "password": "managed"}),
            "backup_days": 14,
            "backup_window": "01:00-02:00",
            "maintenance_window": "mon:04:30-mon:05:30",
            "protected": False,
            "log_days": 7,
            "performance_insights_days": 0,
            "monitoring_seconds": 0,
            "apply_immediately": True,
            "blue_green": Versus(
                {"replicas": {}, "proxy": None}, {"replicas": {}, "proxy": None, "blue_green": True}
            ),
            "restore.snapshot": Versus({}, {"restore": {"snapshot": "before"}}),
            "restore.source": Versus({}, {"restore": {"source": "other"}}),
            "restore.time": Versus(
                {"restore": {"source": "other"}},
                {"restore": {"source": "other", "time": "2026-01-02T03:04:05Z"}},
            ),
            "proxy.max_connections_percent": 50,
            "proxy.borrow_seconds": 5,
            "proxy.idle_client_seconds": 60,
            "slow_query_ms": 50,
            "parameters": {"work_mem": "65536"},
        },
    ),
    "RedisBroker": Part(
        settings=RedisBrokerSettings, make=broker, others={**STORE_OTHERS, "protected": False}
    ),
    "RedisCache": Part(
        settings=RedisCacheSettings,
        make=cache,
        others={**STORE_OTHERS, "replicas": 1, "eviction": "allkeys-lfu"},
    ),
    "AppSecrets": Part(
        settings=AppSecretsSettings,
        make=app_secrets,
        full={"given": ["SENTRY_DSN"]},
        others={"generated": ["SECRET_KEY", "SALT"], "given": ["STRIPE_KEY"]},
    ),
    "LoadBalancer": Part(
        settings=LoadBalancerSettings,
        make=balancer,
        full={"domain": "origin.example.com", "cloudfront_prefix_list_id": "pl-0123abcd"},
        others={
            "domain": "www.example.com",
            "alternative_names": ["shop.example.com"],
            "idle_timeout": 90,
            "hsts_days": 0,
            "access_log_days": 0,
            "protected": False,
            "cloudfront_prefix_list_id": None,
        },
    ),
    "Cdn": Part(
        settings=CdnSettings,
        make=cdn,
        full={"domain": "shop.example.com"},
        others={
            "domain": "www.example.com",
            "alternative_names": ["www.example.com"],
            "price_class": "PriceClass_All",
            "origin_timeout": 30,
            "version_days": 7,
            "access_log_days": 0,
            "protected": False,
        },
    ),
    "WebTier": Part(
        settings=WebSettings,
        make=web,
        gates=frozenset({"allow_tags"}),
        others={
            "instance_type": "m7i.large",
            "min_size": 3,
            "max_size": 9,
            "requests_per_target": 50,
            "cpu_target": 40,
            "worker_model": "async",
            "workers": 2,
            "threads": 8,
            "worker_class": "gevent",
            "command": ["gunicorn", "shop.wsgi"],
            "port": 9000,
            "environment": {"LANG": "C"},
            "hosts": ["shop.example.com"],
            "paths": ["/shop/*"],
            "priority": 7,
            "health_check_path": "/ping",
            "health_check_grace": 60,
            "request_seconds": 20,
            "deregistration_delay": 60,
            "slow_start": 0,
            "max_age_days": 0,
            "root_volume_gib": 30,
            "log_days": 7,
        },
    ),
    "CeleryWorkers": Part(
        settings=CeleryWorkersSettings,
        make=workers,
        gates=frozenset({"allow_tags"}),
        full={"pools": {"default": {}, "mail": {"queues": ["mail"], "min_size": 0}}},
        others={
            **FLEET_OTHERS,
            "pools.*.queues": ["celery", "more"],
            "pools.*.work": "io",
            "pools.*.concurrency": 7,
            "pools.*.max_task": 700,
            "pools.*.avg_task": 50.0,
            "pools.*.max_wait": 30.0,
            "pools.*.instance_types": ["m7g.large"],
            "pools.*.min_size": 2,
            "pools.*.max_size": 9,
            "pools.*.spot": Versus(
                {"pools": {"default": {"max_task": 60}}},
                {"pools": {"default": {"max_task": 60, "spot": 0.5}}},
            ),
            "pools.*.root_volume_gib": 30,
            "max_countdown": 86400,
            "key_prefix": "shop:",
            "priority_steps": [0, 5],
        },
    ),
    "QueueMetrics": Part(
        settings=QueueMetricsSettings,
        make=queue_metrics,
        full={"pools": {"default": {}, "mail": {"queues": ["mail"]}}},
        others={
            "pools.*.queues": ["celery", "more"],
            "pools.*.avg_task": 50.0,
            "pools.*.max_wait": 30.0,
            "key_prefix": "shop:",
            "priority_steps": [0, 5],
            "log_days": 7,
        },
    ),
    "CeleryBeat": Part(
        settings=CeleryBeatSettings,
        make=beat,
        gates=frozenset({"allow_tags"}),
        others={
            **FLEET_OTHERS,
            "scheduler": "django_celery_beat.schedulers:DatabaseScheduler",
            "takeover": 120,
            "instance_type": "t4g.small",
            "root_volume_gib": 30,
        },
    ),
    "GithubDeployRole": Part(
        settings=GithubDeployRoleSettings,
        make=github,
        full={
            "preview_subjects": [SHOP.pull_requests()],
            "drift_subjects": [SHOP.branch("main")],
            "deploy_subjects": [SHOP.environment("production")],
            "deploy_policies": ["arn:aws:iam::aws:policy/AdministratorAccess"],
        },
        others={
            "preview_subjects": [SHOP.branch("next")],
            "drift_subjects": [SHOP.environment("drift")],
            "deploy_subjects": [SHOP.environment("dev")],
            "deploy_policies": ["arn:aws:iam::aws:policy/PowerUserAccess"],
            "permissions_boundary": "arn:aws:iam::123456789012:policy/boundary",
            "session_minutes": 120,
        },
    ),
}
