"""The production platform of a Python web application on AWS, as Pulumi components."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .alarm_topic import AlarmTopic, AlarmTopicSettings
    from .app_secrets import AppSecrets, AppSecretsSettings
    from .cdn import Cdn, CdnSettings, PriceClass
    from .celery import (
        CeleryBeat,
        CeleryBeatSettings,
        CeleryWorkers,
        CeleryWorkersSettings,
        Pool,
        Scheduler,
        Work,
    )
    from .container_image import BuildSettings, ContainerImage, ContainerImageSettings
    from .eks import (
        ClusterEndpoint,
        ClusterLog,
        ClusterSupport,
        EksCluster,
        EksClusterSettings,
    )
    from .existing import (
        ExistingBroker,
        ExistingBucket,
        ExistingCertificate,
        ExistingCluster,
        ExistingNetwork,
        ExistingOrigin,
        ExistingPeer,
        ExistingService,
        ExistingTopic,
        ExistingZone,
    )
    from .github import GithubDeployRole, GithubDeployRoleSettings, GithubRepository
    from .load_balancer import LoadBalancer, LoadBalancerSettings
    from .network import Nat, Network, NetworkSettings
    from .overrides import override
    from .postgres import (
        Password,
        PointInTimeRestore,
        Postgres,
        PostgresSettings,
        ProxySettings,
        ReplicaSettings,
        SnapshotRestore,
    )
    from .queue_metrics import QueueMetrics, QueueMetricsSettings, Queues
    from .redis import (
        Engine,
        Eviction,
        RedisBroker,
        RedisBrokerSettings,
        RedisCache,
        RedisCacheSettings,
    )
    from .web import BlueGreen, WebSettings, WebTier, WorkerModel
    from .wiring import (
        BalancerLike,
        BrokerLike,
        BucketLike,
        CertificateLike,
        ClusterLike,
        Grant,
        NetworkLike,
        OriginLike,
        Peer,
        SecretText,
        Service,
        Share,
        TopicLike,
        ZoneLike,
    )

__all__ = [
    "AlarmTopic",
    "AlarmTopicSettings",
    "AppSecrets",
    "AppSecretsSettings",
    "BalancerLike",
    "BlueGreen",
    "BrokerLike",
    "BucketLike",
    "BuildSettings",
    "Cdn",
    "CdnSettings",
    "CeleryBeat",
    "CeleryBeatSettings",
    "CeleryWorkers",
    "CeleryWorkersSettings",
    "CertificateLike",
    "ClusterEndpoint",
    "ClusterLike",
    "ClusterLog",
    "ClusterSupport",
    "ContainerImage",
    "ContainerImageSettings",
    "EksCluster",
    "EksClusterSettings",
    "Engine",
    "Eviction",
    "ExistingBroker",
    "ExistingBucket",
    "ExistingCertificate",
    "ExistingCluster",
    "ExistingNetwork",
    "ExistingOrigin",
    "ExistingPeer",
    "ExistingService",
    "ExistingTopic",
    "ExistingZone",
    "GithubDeployRole",
    "GithubDeployRoleSettings",
    "GithubRepository",
    "Grant",
    "LoadBalancer",
    "LoadBalancerSettings",
    "Nat",
    "Network",
    "NetworkLike",
    "NetworkSettings",
    "OriginLike",
    "Password",
    "Peer",
    "PointInTimeRestore",
    "Pool",
    "Postgres",
    "PostgresSettings",
    "PriceClass",
    "ProxySettings",
    "QueueMetrics",
    "QueueMetricsSettings",
    "Queues",
    "RedisBroker",
    "RedisBrokerSettings",
    "RedisCache",
    "RedisCacheSettings",
    "ReplicaSettings",
    "Scheduler",
    "SecretText",
    "Service",
    "Share",
    "SnapshotRestore",
    "TopicLike",
    "WebSettings",
    "WebTier",
    "Work",
    "WorkerModel",
    "ZoneLike",
    "override",
]

_HOMES = {
    "alarm_topic": (
        "AlarmTopic",
        "AlarmTopicSettings",
    ),
    "app_secrets": (
        "AppSecrets",
        "AppSecretsSettings",
    ),
    "cdn": (
        "Cdn",
        "CdnSettings",
        "PriceClass",
    ),
    "celery": (
        "CeleryBeat",
        "CeleryBeatSettings",
        "CeleryWorkers",
        "CeleryWorkersSettings",
        "Pool",
        "Scheduler",
        "Work",
    ),
    "container_image": (
        "BuildSettings",
        "ContainerImage",
        "ContainerImageSettings",
    ),
    "eks": (
        "ClusterEndpoint",
        "ClusterLog",
        "ClusterSupport",
        "EksCluster",
        "EksClusterSettings",
    ),
    "existing": (
        "ExistingBroker",
        "ExistingBucket",
        "ExistingCertificate",
        "ExistingCluster",
        "ExistingNetwork",
        "ExistingOrigin",
        "ExistingPeer",
        "ExistingService",
        "ExistingTopic",
        "ExistingZone",
    ),
    "github": (
        "GithubDeployRole",
        "GithubDeployRoleSettings",
        "GithubRepository",
    ),
    "load_balancer": (
        "LoadBalancer",
        "LoadBalancerSettings",
    ),
    "network": (
        "Nat",
        "Network",
        "NetworkSettings",
    ),
    "overrides": ("override",),
    "postgres": (
        "Password",
        "PointInTimeRestore",
        "Postgres",
        "PostgresSettings",
        "ProxySettings",
        "ReplicaSettings",
        "SnapshotRestore",
    ),
    "queue_metrics": (
        "QueueMetrics",
        "QueueMetricsSettings",
        "Queues",
    ),
    "redis": (
        "Engine",
        "Eviction",
        "RedisBroker",
        "RedisBrokerSettings",
        "RedisCache",
        "RedisCacheSettings",
    ),
    "web": (
        "BlueGreen",
        "WebSettings",
        "WebTier",
        "WorkerModel",
    ),
    "wiring": (
        "BalancerLike",
        "BrokerLike",
        "BucketLike",
        "CertificateLike",
        "ClusterLike",
        "Grant",
        "NetworkLike",
        "OriginLike",
        "Peer",
        "SecretText",
        "Service",
        "Share",
        "TopicLike",
        "ZoneLike",
    ),
}


def __getattr__(name: str) -> object:
    """Import a module when something of it is first asked for.

    Each brings a part of ``pulumi_aws`` with it, which takes up to half a second, and the
    ``plinth`` command needs none of them.
    """
    for module, names in _HOMES.items():
        if name in names:
            found: object = getattr(importlib.import_module(f".{module}", __name__), name)
            globals()[name] = found
            return found
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
