"""Celery beat as a pod of a cluster, by the settings of ``plinth.celery``."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_kubernetes as k8s

from plinth._celery.boot import BEAT_STOP
from plinth._celery.command import beat_command, beat_settings
from plinth._celery.joins import check_broker, each_once, environment
from plinth._celery.settings import CeleryBeatSettings
from plinth._fleet.user_data import pinned
from plinth.names import check_name
from plinth.wiring import BrokerLike, ClusterLike, NetworkLike, Service

from ._parts.labels import selector
from ._parts.namespace import after
from ._parts.pod import Container, template
from ._parts.secrets import check_delivery, make_secrets
from ._parts.site import make_site
from ._parts.variables import make_variables
from .settings import PodSettings

__all__ = ["KubernetesCeleryBeat"]

BEAT = "beat"

BEAT_CPU = 0.1
"""vCPUs that beat is promised unless told otherwise: it sleeps, and now and then sends a task."""

BEAT_STEADY = 10
"""Seconds that a new beat must run for before a deployment counts it."""


class KubernetesCeleryBeat(pulumi.ComponentResource):
    """One Celery beat, as the one pod of a Deployment.

    The old one goes before a new one comes, and a pod on a node that is lost may run on for
    minutes beside its successor. Behind RedBeat's lock that does no harm: the second waits until
    the first is gone.

    Args:
        name: Names the component and its children.
        settings: What keeps the schedule, as on EC2; of ``instance_type`` only the processor has
            a meaning here, of ``root_volume_gib`` and ``log_days`` nothing has.
        pods: How the pod is run. Unless told otherwise it is promised a tenth of a vCPU.
        image: The app's container image; beat is started in it by its command line.
        cluster: Where the pod runs.
        network: The cluster's, where what it uses is.
        broker: Where it sends tasks, and where RedBeat keeps the schedule.
        uses: Services the schedule needs, such as the database of ``django_celery_beat``.
        tags: Added to every child in AWS, over the provider's default tags.
        opts: Reaches every child. ``providers`` names the cluster's: see :func:`cluster_provider`.
    """

    namespace: pulumi.Output[str]
    """Where its objects are in the cluster."""

    deployment_name: pulumi.Output[str]
    """The ``Deployment`` that holds the one pod."""

    role_arn: pulumi.Output[str | None]
    """The pod's role in AWS; None without pod identity."""

    role_name: pulumi.Output[str | None]
    """The same by name, to attach policies to."""

    def __init__(
        self,
        name: str,
        settings: CeleryBeatSettings = CeleryBeatSettings(),
        *,
        pods: PodSettings = PodSettings(),
        image: pulumi.Input[str],
        cluster: ClusterLike,
        network: NetworkLike,
        broker: BrokerLike,
        uses: Sequence[Service] = (),
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check_name("celery beat", name)
        check_broker("celery beat", name, broker)
        services = each_once(broker, uses)
        check_delivery("celery beat", name, pods, services)
        image = pinned("celery beat", name, image, allow_tags=settings.allow_tags)
        found = environment("celery beat", name, settings, beat_settings(settings), services)

        state = {**settings.model_dump(mode="json"), "pods": pods.model_dump(mode="json")}
        super().__init__("plinth:index:KubernetesCeleryBeat", name, state, opts)
        tags = {"Name": name, **(tags or {})}
        site = make_site(
            name,
            pods,
            cluster=cluster,
            network=network,
            uses=services,
            parent=self,
            tags=tags,
        )
        secrets = make_secrets(site, found.secrets)
        container = Container(
            part=BEAT,
            image=image,
            instance_type=settings.instance_type,
            variables=make_variables(site, name, found.variables, part=BEAT),
            secrets=secrets,
            args=beat_command(settings),
            cpu=pods.cpu or BEAT_CPU,
            # No probe: beat ends by itself when it loses its lock or Redis, and is started again.
            stop_seconds=2 * BEAT_STOP,
        )
        deployment = k8s.apps.v1.Deployment(
            name,
            metadata=site.metadata(BEAT),
            spec={
                "selector": {"match_labels": selector(name, BEAT)},
                # Nothing scales it: one is what is wanted, and every deployment says so.
                "replicas": 1,
                # The old one goes first. A moment without beat is harmless, two beats may not be.
                "strategy": {"type": "Recreate"},
                "min_ready_seconds": BEAT_STEADY,
                "revision_history_limit": 3,
                "template": template(site, container),
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*site.ready, *secrets.ready]),
        )

        self.namespace = site.namespace
        self.deployment_name = after(deployment, name)
        self.role_arn = site.role_arn
        self.role_name = site.role_name
        self.register_outputs(
            {
                "namespace": self.namespace,
                "deployment_name": self.deployment_name,
                "role_arn": self.role_arn,
                "role_name": self.role_name,
            }
        )
