"""Pools of Celery workers as pods of a cluster, by the settings of ``plinth.celery``."""

from collections.abc import Mapping, Sequence

import pulumi

from plinth._alarms import make_alarms
from plinth._celery.alarms import PODS, queue_alarms
from plinth._celery.command import worker_settings
from plinth._celery.counted import UNACKED, QueueMetricsSettings
from plinth._celery.joins import check_broker, each_once, environment, metrics_of
from plinth._celery.publishing import broker_url
from plinth._celery.settings import CeleryWorkersSettings
from plinth._fleet.environment import gather
from plinth._fleet.release import plan_release
from plinth._fleet.user_data import pinned
from plinth.names import check_name, stack_label
from plinth.queue_metrics import QueueMetrics
from plinth.wiring import BrokerLike, ClusterLike, NetworkLike, Service, TopicLike

from ._celery.delivery import check_url, deliver
from ._celery.keda import own_keys
from ._celery.pool import Placement, make_pool
from ._celery.settings import Autoscaler, CeleryPodSettings, check_pools
from ._parts.namespace import after
from ._parts.release import make_release
from ._parts.secrets import check_delivery
from ._parts.site import make_site
from ._parts.variables import make_variables

__all__ = ["Autoscaler", "CeleryPodSettings", "KubernetesCeleryWorkers"]


class KubernetesCeleryWorkers(pulumi.ComponentResource):
    """Pools of Celery workers, each a Deployment, behind one broker.

    A pod stands for an instance: it has a pool's ``slots``, and ``min_size`` and ``max_size``
    count pods. A pool grows and shrinks with its load, which KEDA reads from the broker. A pod
    counts once its worker answers. One that must go lets its tasks finish, and has what is left
    put back in its queue.

    Args:
        name: Names the component and its children, a pool's as ``{name}-{pool}``.
        settings: Which pools there are, as on EC2. Nodes and what they log are the cluster's:
            ``root_volume_gib`` has no meaning here, and ``log_days`` only for the log of what
            counts the queues. A share of ``spot`` is a preference.
        pods: How the pods are run and scaled.
        image: The app's container image; Celery is started in it by its command line.
        cluster: Where the pods run.
        network: The cluster's, where what they use is. With alarms it needs private subnets.
        broker: Where the tasks are. It must be one that never drops a key to make room.
        uses: Services the tasks use: each lets the cluster in and gives pods its variables.
        alarms: What is told when tasks wait or are lost; without it, nobody is.
        tags: Added to every child in AWS, over the provider's default tags.
        opts: Reaches every child. ``providers`` names the cluster's: see :func:`cluster_provider`.
    """

    namespace: pulumi.Output[str]
    """Where its objects are in the cluster."""

    deployment_names: pulumi.Output[dict[str, str]]
    """The ``Deployment`` of each pool."""

    role_arn: pulumi.Output[str | None]
    """The pods' role in AWS; None without pod identity."""

    role_name: pulumi.Output[str | None]
    """The same by name, to attach policies to."""

    def __init__(
        self,
        name: str,
        settings: CeleryWorkersSettings = CeleryWorkersSettings(),
        *,
        pods: CeleryPodSettings = CeleryPodSettings(),
        image: pulumi.Input[str],
        cluster: ClusterLike,
        network: NetworkLike,
        broker: BrokerLike,
        uses: Sequence[Service] = (),
        alarms: TopicLike | None = None,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check_name("celery", name)
        check_broker("celery", name, broker)
        check_pools(name, settings, pods)
        _check_alarms(name, network, alarms)
        services = each_once(broker, uses)
        check_delivery("celery", name, pods, services)
        url = broker_url("celery", name, broker)
        if pods.autoscaler is Autoscaler.KEDA:
            check_url(name, url, pods)
        image = pinned("celery", name, image, allow_tags=settings.allow_tags)
        names = {pool: f"{name}-{pool}" for pool in settings.pools}
        told = {
            pool: worker_settings(settings, plan, own_keys(names[pool]))
            for pool, plan in settings.pools.items()
        }
        environments = {
            pool: environment("celery", name, settings, celery, services)
            for pool, celery in told.items()
        }
        app = {"settings.environment": settings.environment}
        common = gather("celery", name, app, services)
        stack = stack_label(pulumi.get_project(), pulumi.get_stack())
        release = plan_release(f"celery {name!r}", settings, stack=stack, variables=common.names)

        state = {**settings.model_dump(mode="json"), "pods": pods.model_dump(mode="json")}
        super().__init__("plinth:index:KubernetesCeleryWorkers", name, state, opts)
        tags = {"Name": name, **(tags or {})}
        site = make_site(
            name, pods, cluster=cluster, network=network, uses=services, parent=self, tags=tags
        )
        by_load = pods.autoscaler is Autoscaler.KEDA and any(
            plan.max_size for plan in settings.pools.values()
        )
        delivery = deliver(site, common.secrets, url if by_load else None)
        released: list[pulumi.Resource] = []
        if release is not None:
            job = make_release(
                site,
                release,
                image=image,
                instance_type=next(iter(settings.pools.values())).instance_types[0],
                variables=make_variables(site, name, common.variables),
                secrets=delivery.app,
            )
            released.append(job)
        deployments = {
            pool: make_pool(
                called,
                settings,
                pool,
                Placement(
                    site=site,
                    image=image,
                    variables=make_variables(site, called, environments[pool].variables, part=pool),
                    delivery=delivery,
                    released=released,
                ),
            )
            for pool, called in names.items()
        }
        if alarms is not None:
            self._watch(names, settings, network=network, broker=broker, alarms=alarms, tags=tags)

        self.namespace = site.namespace
        self.deployment_names = pulumi.Output.all(
            **{pool: after(made, names[pool]) for pool, made in deployments.items()}
        )
        self.role_arn = site.role_arn
        self.role_name = site.role_name
        self.register_outputs(
            {
                "namespace": self.namespace,
                "deployment_names": self.deployment_names,
                "role_arn": self.role_arn,
                "role_name": self.role_name,
            }
        )

    def _watch(
        self,
        names: Mapping[str, str],
        settings: CeleryWorkersSettings,
        *,
        network: NetworkLike,
        broker: BrokerLike,
        alarms: TopicLike,
        tags: Mapping[str, str],
    ) -> None:
        """Count the queues for CloudWatch too, and tell who is on duty what that shows."""
        name = self.pulumi_resource_name
        keys = (UNACKED, *(own_keys(called)["unacked_key"] for called in names.values()))
        counted = {**metrics_of(name, settings).model_dump(), "unacked_keys": keys}
        QueueMetrics(
            f"{name}-metrics",
            QueueMetricsSettings.model_validate(counted),
            network=network,
            broker=broker,
            alarms=alarms,
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        stack = stack_label(pulumi.get_project(), pulumi.get_stack())
        for pool, called in names.items():
            watched = queue_alarms(called, settings.pools[pool], stack=stack, words=PODS)
            make_alarms(called, watched, topic=alarms, parent=self, tags=tags)


def _check_alarms(name: str, network: NetworkLike, alarms: TopicLike | None) -> None:
    if alarms is not None and not network.private_subnet_ids:
        msg = (
            f"celery {name!r} has alarms, which need private subnets to count the queues from, and "
            "its network has none: add some, or drop alarms"
        )
        raise ValueError(msg)
