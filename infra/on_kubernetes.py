"""The app's processes as pods of a cluster, by the same settings as on instances."""

from typing import Self

import pulumi
from pydantic import Field, model_validator

from app import App
from plinth import ClusterLike, ExistingCluster
from plinth.configuration import read
from plinth.kubernetes import (
    CeleryPodSettings,
    KubernetesCeleryBeat,
    KubernetesCeleryWorkers,
    KubernetesWebTier,
    PodSettings,
    WebPodSettings,
    cluster_provider,
)
from plinth.settings import Settings
from stack import Stack


class KnownCluster(Settings, frozen=True):
    """A cluster that no stack tells about; ``aws eks describe-cluster`` does."""

    name: str
    """Its name in EKS."""

    arn: str = Field(pattern=r"^arn:aws[\w-]*:eks:[a-z0-9-]+:\d{12}:cluster/.+$")
    """Its ARN, by which its region is known."""

    endpoint: str
    """URL of its API."""

    certificate_authority: str
    """In base64."""

    security_group_id: str
    """Its ``clusterSecurityGroupId``, in this stack's network or one that it reaches."""


class Kubernetes(Settings, frozen=True):
    """What ``plinth:kubernetes`` may say; all of it is optional."""

    stack: str | None = None
    """The stack that exports the cluster, as ``examples/cluster`` does; unless given, the one of
    this stack's name in the project ``cluster``."""

    cluster: KnownCluster | None = None
    """The cluster itself, in place of a stack that exports it."""

    web: WebPodSettings = WebPodSettings()
    """How the web servers' pods are run."""

    workers: CeleryPodSettings = CeleryPodSettings()
    """How the workers' pods are run and scaled."""

    beat: PodSettings = PodSettings()
    """How beat's pod is run."""

    @model_validator(mode="after")
    def _one_cluster(self) -> Self:
        if self.stack and self.cluster:
            msg = f"stack={self.stack!r} exports a cluster, and cluster names one: drop one of them"
            raise ValueError(msg)
        return self


def on_kubernetes(stack: Stack, app: App) -> None:
    """Run the web servers, the workers and beat, each as pods of a namespace of its own."""
    if app.green_image is not None:
        msg = (
            f"greenImage={app.green_image!r} is for web servers that are released blue/green, and "
            "pods are not: take it out, and give the new image as image"
        )
        raise ValueError(msg)
    config = pulumi.Config()
    settings = read(Kubernetes, "kubernetes") if config.get("kubernetes") else Kubernetes()
    cluster = _cluster(settings)
    opts = pulumi.ResourceOptions(providers=[cluster_provider("cluster", cluster)])
    KubernetesWebTier(
        "web",
        stack.web,
        pods=settings.web,
        image=app.image,
        cluster=cluster,
        network=app.network,
        balancer=app.balancer,
        uses=[*app.stores, app.broker, app.cdn],
        alarms=app.alarms,
        opts=opts,
    )
    KubernetesCeleryWorkers(
        "celery",
        stack.workers,
        pods=settings.workers,
        image=app.image,
        cluster=cluster,
        network=app.network,
        broker=app.broker,
        uses=[*app.stores, app.cdn],
        alarms=app.alarms,
        opts=opts,
    )
    if stack.beat is not None:
        KubernetesCeleryBeat(
            "beat",
            stack.beat,
            pods=settings.beat,
            image=app.image,
            cluster=cluster,
            network=app.network,
            broker=app.broker,
            uses=app.stores,
            opts=opts,
        )


def _cluster(settings: Kubernetes) -> ClusterLike:
    if known := settings.cluster:
        return ExistingCluster(
            pulumi_resource_name="cluster",
            cluster_name=known.name,
            cluster_arn=known.arn,
            endpoint=known.endpoint,
            certificate_authority=known.certificate_authority,
            security_group_id=known.security_group_id,
        )
    there = pulumi.StackReference(settings.stack or f"organization/cluster/{pulumi.get_stack()}")
    return ExistingCluster(
        pulumi_resource_name="cluster",
        cluster_name=there.require_output("cluster_name"),
        cluster_arn=there.require_output("cluster_arn"),
        endpoint=there.require_output("endpoint"),
        certificate_authority=there.require_output("certificate_authority"),
        security_group_id=there.require_output("security_group_id"),
    )
