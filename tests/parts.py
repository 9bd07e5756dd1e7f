"""One of each component, with every child it can have, and another value for every setting."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
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
    ContainerImage,
    ContainerImageSettings,
    EksCluster,
    EksClusterSettings,
    ExistingBroker,
    ExistingCluster,
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
from plinth.kubernetes import KubernetesCeleryBeat, KubernetesCeleryWorkers, KubernetesWebTier
from plinth.local import LocalPlatform, LocalPlatformSettings
from plinth.settings import Settings
from settings_paths import leaves

IMAGE = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/shop@sha256:{'0a' * 32}"
NEXT_IMAGE = IMAGE.replace("0a", "0b")
CONTEXT = Path(__file__).parent / "image"
TAGS = {"team": "core"}
NETWORK = ExistingNetwork(
    vpc_id="vpc-1",
    cidr_block="10.0.0.0/16",
    public_subnet_ids=["subnet-public-a", "subnet-public-b"],
    private_subnet_ids=["subnet-private-a", "subnet-private-b"],
    data_subnet_ids=["subnet-data-a", "subnet-data-b"],
    availability_zones={"a": "us-east-1a", "b": "us-east-1b"},
)
CLUSTER = ExistingCluster(
    pulumi_resource_name="cluster",
    cluster_name="main",
    cluster_arn="arn:aws:eks:us-east-1:123456789012:cluster/main",
    endpoint="https://0A1B2C.gr7.us-east-1.eks.amazonaws.com",
    certificate_authority="Q0E=",
    security_group_id="sg-cluster",
)
ZONE = ExistingZone(zone_id="Z1")
TOPIC = ExistingTopic(topic_arn="arn:aws:sns:us-east-1:123456789012:alarms")
PEER = ExistingPeer(pulumi_resource_name="app", security_group_id="sg-app")
STORE = ExistingService(
    pulumi_resource_name="search",
    environment={"SEARCH_HOST": "search.internal"},
    secrets={
        "SEARCH_KEY": SecretText(secret_arn="arn:aws:s:search", template="{key}"),
        "DATABASE_URL": SecretText(secret_arn="arn:aws:s:db", template="{url}"),
    },
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
        name,
        settings,
        image=IMAGE,
        green_image=NEXT_IMAGE if settings.blue_green else None,
        network=NETWORK,
        balancer=front,
        uses=[STORE],
        alarms=TOPIC,
        tags=TAGS,
    )


def kubernetes_web(name: str, settings: WebSettings) -> KubernetesWebTier:
    """Make a web tier of pods behind a balancer of its own."""
    front = LoadBalancer(f"{name}-edge"[:24], network=NETWORK, tags=TAGS)
    return KubernetesWebTier(
        name,
        settings,
        image=IMAGE,
        cluster=CLUSTER,
        network=NETWORK,
        balancer=front,
        uses=[STORE],
        alarms=TOPIC,
        tags=TAGS,
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


def kubernetes_workers(name: str, settings: CeleryWorkersSettings) -> KubernetesCeleryWorkers:
    """Make workers of pods on a broker made elsewhere."""
    return KubernetesCeleryWorkers(
        name,
        settings,
        image=IMAGE,
        cluster=CLUSTER,
        network=NETWORK,
        broker=BROKER,
        uses=[STORE],
        alarms=TOPIC,
        tags=TAGS,
    )


def kubernetes_beat(name: str, settings: CeleryBeatSettings) -> KubernetesCeleryBeat:
    """Make beat as a pod on a broker made elsewhere."""
    return KubernetesCeleryBeat(
        name,
        settings,
        image=IMAGE,
        cluster=CLUSTER,
        network=NETWORK,
        broker=BROKER,
        uses=[STORE],
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


def container_image(name: str, settings: ContainerImageSettings) -> ContainerImage:
    """Make a repository, and an image in it if there is something to build."""
    return ContainerImage(name, settings, tags=TAGS)


def cluster(name: str, settings: EksClusterSettings) -> EksCluster:
    """Make a cluster."""
    return EksCluster(name, settings, network=NETWORK, tags=TAGS)


def github(name: str, settings: GithubDeployRoleSettings) -> GithubDeployRole:
    """Make the roles of a repository whose state is in a bucket."""
    bucket, key = "arn:aws:s3:::state", "arn:aws:kms:us-east-1:123456789012:key/1"
    return GithubDeployRole(name, settings, state_bucket_arn=bucket, state_key_arn=key, tags=TAGS)


def local(name: str, settings: LocalPlatformSettings) -> LocalPlatform:
    """Make a platform on one machine."""
    return LocalPlatform(name, settings, image="shop:local", tags=TAGS)


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
RELEASE = {"release_command": ["alembic", "upgrade", "head"]}
RELEASE_OTHERS = {
    "release_command": ["python", "manage.py", "migrate"],
    "release_seconds": Versus(RELEASE, {**RELEASE, "release_seconds": 60}),
}
FLEET_OTHERS = {
    "app": "shop",
    "environment": {"LANG": "C"},
    "log_days": 7,
}
WORKERS: Mapping[str, Any] = {"pools": {"default": {"min_size": 0}}}
WORKERS_OTHERS = {
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
    "max_countdown": 86400,
    "key_prefix": "shop:",
    "priority_steps": [0, 5],
    **RELEASE_OTHERS,
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
        full={"replicas": {"one": {"zone": "a"}}, "proxy": {}},
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
        full={"blue_green": {}},
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
            "max_error_percent": 2.0,
            "abort_on_alarm": False,
            "blue_green.green_percent": 50,
            "blue_green.standby": False,
            "blue_green.sticky_seconds": 60,
            **RELEASE_OTHERS,
            "request_seconds": 20,
            "deregistration_delay": 60,
            "slow_start": 0,
            "max_age_days": 0,
            "root_volume_gib": 30,
            "log_days": 7,
        },
    ),
    "KubernetesWebTier": Part(
        settings=WebSettings,
        make=kubernetes_web,
        full=RELEASE,
        others={
            "instance_type": "m7i.large",
            "min_size": 3,
            "max_size": 9,
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
            "max_error_percent": 2.0,
            **RELEASE_OTHERS,
            "request_seconds": 20,
            "deregistration_delay": 60,
            "slow_start": 0,
        },
        # Those after the first are about instances.
        gates=frozenset(
            {
                "allow_tags",
                "requests_per_target",
                "abort_on_alarm",
                "blue_green.green_percent",
                "blue_green.standby",
                "blue_green.sticky_seconds",
                "max_age_days",
                "root_volume_gib",
                "log_days",
            }
        ),
    ),
    "CeleryWorkers": Part(
        settings=CeleryWorkersSettings,
        make=workers,
        gates=frozenset({"allow_tags"}),
        full=WORKERS,
        others={**WORKERS_OTHERS, "pools.*.root_volume_gib": 30},
    ),
    "KubernetesCeleryWorkers": Part(
        settings=CeleryWorkersSettings,
        make=kubernetes_workers,
        # Nodes and their disks are the cluster's.
        gates=frozenset({"allow_tags", "pools.*.root_volume_gib"}),
        full=WORKERS,
        others={**WORKERS_OTHERS, "pools.*.instance_types": ["m7i.large"]},
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
            "unacked_keys": ["unacked-mail"],
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
    "KubernetesCeleryBeat": Part(
        settings=CeleryBeatSettings,
        make=kubernetes_beat,
        # Nodes, their disks and their logs are the cluster's.
        gates=frozenset({"allow_tags", "root_volume_gib", "log_days"}),
        others={
            "app": "shop",
            "environment": {"LANG": "C"},
            "scheduler": "django_celery_beat.schedulers:DatabaseScheduler",
            "takeover": 120,
            "instance_type": "t3.small",
        },
    ),
    "ContainerImage": Part(
        settings=ContainerImageSettings,
        make=container_image,
        full={
            "build": {"context": str(CONTEXT), "tag": "git-1"},
            "pull_accounts": ["123456789012"],
        },
        others={
            "build.context": str(CONTEXT.parent.parent / "examples" / "shop"),
            "build.tag": "git-2",
            "build.dockerfile": str(CONTEXT / "other.Dockerfile"),
            "build.target": "runtime",
            "build.instance_types": ["m7i.large"],
            "build.cache": False,
            "build.args": {"PYTHON": "3.13"},
            "build.on_preview": True,
            "tag_prefix": "g",
            "keep": 20,
            "pull_accounts": ["210987654321"],
            "protected": False,
        },
    ),
    "EksCluster": Part(
        settings=EksClusterSettings,
        make=cluster,
        full={
            "admins": {"ops": "arn:aws:iam::123456789012:role/ops"},
            "endpoint": "public",
            "public_access_cidrs": ["203.0.113.7/32"],
        },
        others={
            "admins": {"deploy": "arn:aws:iam::123456789012:role/deploy"},
            "version": "1.37",
            "support": "EXTENDED",
            "endpoint": Versus({}, {"endpoint": "private", "public_access_cidrs": []}),
            "public_access_cidrs": ["203.0.113.8/32"],
            "log_types": ["audit"],
            "log_days": 7,
            "key_days": 7,
            "metrics_server": False,
            "protected": False,
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
    "LocalPlatform": Part(
        settings=LocalPlatformSettings,
        make=local,
        full={"media_dir": "/app/media", "web": {"release_command": ["migrate"]}},
        # test_local.py compares what the cloud's own models come to: containers as plain data.
        gates=frozenset(
            path
            for path in leaves(LocalPlatformSettings)
            if path.startswith(("web.", "workers.", "beat.")) or path == "context"
        ),
        others={
            "postgres.image": "postgres:16",
            "postgres.database": "shop",
            "postgres.username": "shop",
            "postgres.port": None,
            "broker.image": "valkey/valkey:8",
            "broker.memory_mib": 64,
            "broker.port": None,
            "cache.image": "valkey/valkey:8",
            "cache.memory_mib": 32,
            "cache.eviction": "allkeys-lfu",
            "cache.port": None,
            "nginx.image": "nginx:1.29",
            "nginx.port": 8000,
            "secrets": ["SECRET_KEY", "SALT"],
            "environment": {"LANG": "C"},
            "media_dir": "/srv/uploads",
            "source": {"/app/src": "src"},
        },
    ),
}
