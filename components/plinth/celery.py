"""Celery on EC2: pools of workers that lose no task on their way down, and exactly one beat."""

from collections.abc import Mapping, Sequence

import pulumi

from ._alarms import make_alarms
from ._celery.alarms import count_ends, pool_alarms
from ._celery.boot import beat_document
from ._celery.command import beat_command, beat_settings, worker_settings
from ._celery.joins import FIND_GROUP, check_wiring, each_once, environment, leave, metrics_of
from ._celery.pool import Placement, make_pool
from ._celery.publishing import broker_url
from ._celery.settings import (
    CeleryBeatSettings,
    CeleryWorkersSettings,
    Pool,
    Scheduler,
    Work,
)
from ._fleet.group import GroupPlan, make_group, make_log_group
from ._fleet.identity import Needs, make_identity
from ._fleet.release import plan_release
from ._fleet.user_data import pinned, user_data
from .environment import Variable
from .names import stack_label
from .queue_metrics import QueueMetrics
from .wiring import BrokerLike, NetworkLike, Service, TopicLike

__all__ = [
    "VARIABLES",
    "CeleryBeat",
    "CeleryBeatSettings",
    "CeleryWorkers",
    "CeleryWorkersSettings",
    "Pool",
    "Scheduler",
    "Work",
]

VARIABLES = (
    Variable(
        name="CELERY_SETTINGS",
        meaning=(
            "A JSON object of the Celery settings that follow from the pool's or beat's own. Their "
            "command line sets them already; another process can ``app.conf.update()`` with it."
        ),
    ),
)


class CeleryWorkers(pulumi.ComponentResource):
    """Pools of Celery workers, each an autoscaling group, behind one broker.

    A pool grows and shrinks with its load, which a ``QueueMetrics`` of its own reads from the
    broker every minute. An instance counts once its worker answers. One that must go, whether for
    scale-in, a deployment or the end of a spot price, lets its tasks finish, and has what is left
    put back in its queue.

    Args:
        name: Names the component and its children, a pool's as ``{name}-{pool}``.
        settings: Which pools there are; unconfigured, one that takes the queue ``celery``.
        image: The app's container image; Celery is started in it by its command line.
        network: Where they go: its private subnets.
        broker: Where the tasks are. It must be one that never drops a key to make room.
        uses: Services the tasks use: each lets the workers in and gives them its variables.
        alarms: What is told when tasks wait, fail or are lost; without it, nobody is.
        tags: Added to every child, over the provider's default tags.
        opts: Reaches every child; ``transforms`` is the escape hatch.
    """

    security_group_id: pulumi.Output[str]
    """The group that every worker is in."""

    role_name: pulumi.Output[str]
    """The role of every worker, for permissions that no service in ``uses`` brings."""

    group_names: pulumi.Output[dict[str, str]]
    """The autoscaling group of each pool."""

    log_group_names: pulumi.Output[dict[str, str]]
    """The log group of each pool."""

    def __init__(
        self,
        name: str,
        settings: CeleryWorkersSettings = CeleryWorkersSettings(),
        *,
        image: pulumi.Input[str],
        network: NetworkLike,
        broker: BrokerLike,
        uses: Sequence[Service] = (),
        alarms: TopicLike | None = None,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check_wiring("celery", name, network=network, broker=broker)
        image = pinned("celery", name, image, allow_tags=settings.allow_tags)
        services = each_once(broker, uses)
        counted = metrics_of(name, settings)
        broker_url("celery", name, broker)
        environments = {
            pool: environment("celery", name, settings, worker_settings(settings, plan), services)
            for pool, plan in settings.pools.items()
        }
        stack = stack_label(pulumi.get_project(), pulumi.get_stack())
        brought = next(iter(environments.values())).names
        release = plan_release(f"celery {name!r}", settings, stack=stack, variables=brought)
        super().__init__("plinth:index:CeleryWorkers", name, settings.model_dump(mode="json"), opts)
        tags = {"Name": name, **(tags or {})}
        names = {pool: f"{name}-{pool}" for pool in settings.pools}
        QueueMetrics(
            f"{name}-metrics",
            counted,
            network=network,
            broker=broker,
            alarms=alarms,
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        logs = {
            pool: make_log_group(called, parent=self, days=settings.log_days, tags=tags)
            for pool, called in names.items()
        }
        identity = make_identity(
            name,
            Needs(
                images=[image],
                log_group_arns=[log.arn for log in logs.values()],
                uses=services,
                grants=[FIND_GROUP, *(leave(names[pool], log.arn) for pool, log in logs.items())],
            ),
            parent=self,
            network=network,
            tags=tags,
        )
        groups = {
            pool: make_pool(
                called,
                settings,
                pool,
                Placement(
                    image=image,
                    network=network,
                    identity=identity,
                    log_group=logs[pool],
                    environment=environments[pool],
                    release=release,
                    stack=stack,
                    tags=tags,
                ),
                parent=self,
            )
            for pool, called in names.items()
        }
        if alarms is not None:
            for pool, called in names.items():
                count_ends(called, logs[pool], stack=stack, parent=self)
                watched = pool_alarms(called, settings.pools[pool], groups[pool], stack=stack)
                make_alarms(called, watched, topic=alarms, parent=self, tags=tags)

        self.security_group_id = identity.security_group.id
        self.role_name = identity.role.name
        self.group_names = pulumi.Output.all(**{pool: g.name for pool, g in groups.items()})
        self.log_group_names = pulumi.Output.all(**{pool: log.name for pool, log in logs.items()})
        for service in services:
            service.allow_from(self)
        self.register_outputs(
            {
                "security_group_id": self.security_group_id,
                "role_name": self.role_name,
                "group_names": self.group_names,
                "log_group_names": self.log_group_names,
            }
        )


class CeleryBeat(pulumi.ComponentResource):
    """One Celery beat, replaced when it fails.

    No group can promise that there is never a second one, such as while an instance is replaced.
    Two do no harm behind RedBeat's lock: the second waits until the first is gone.

    Args:
        name: Names the component and its children.
        settings: What keeps the schedule; the defaults suit any size of platform.
        image: The app's container image; beat is started in it by its command line.
        network: Where it goes: its private subnets.
        broker: Where it sends tasks, and where RedBeat keeps the schedule.
        uses: Services the schedule needs, such as the database of ``django_celery_beat``.
        tags: Added to every child, over the provider's default tags.
        opts: Reaches every child; ``transforms`` is the escape hatch.
    """

    security_group_id: pulumi.Output[str]
    """The group that beat is in."""

    role_name: pulumi.Output[str]
    """The role of beat's instance."""

    group_name: pulumi.Output[str]
    """The autoscaling group that holds the one instance."""

    log_group_name: pulumi.Output[str]
    """Where its log goes."""

    def __init__(
        self,
        name: str,
        settings: CeleryBeatSettings = CeleryBeatSettings(),
        *,
        image: pulumi.Input[str],
        network: NetworkLike,
        broker: BrokerLike,
        uses: Sequence[Service] = (),
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check_wiring("celery beat", name, network=network, broker=broker)
        image = pinned("celery beat", name, image, allow_tags=settings.allow_tags)
        services = each_once(broker, uses)
        variables = environment("celery beat", name, settings, beat_settings(settings), services)
        super().__init__("plinth:index:CeleryBeat", name, settings.model_dump(mode="json"), opts)
        tags = {"Name": name, **(tags or {})}
        log = make_log_group(name, parent=self, days=settings.log_days, tags=tags)
        identity = make_identity(
            name,
            Needs(images=[image], log_group_arns=[log.arn], uses=services),
            parent=self,
            network=network,
            tags=tags,
        )
        document = user_data(
            lambda known: beat_document(known, beat_command(settings)),
            image=image,
            environment=variables,
            log_group=log.name,
        )
        group = make_group(
            name,
            GroupPlan(
                instance_types=[settings.instance_type],
                user_data=document,
                identity=identity,
                subnet_ids=network.private_subnet_ids,
                min_size=0,
                max_size=1,
                # Nothing scales this group: one is what is wanted, and every deployment says so.
                desired=1,
                # The old one goes first. A moment without beat is harmless, two beats may not be.
                healthy=(0, 100),
                suspended=["AZRebalance"],
                root_volume_gib=settings.root_volume_gib,
                tags=tags,
            ),
            parent=self,
        ).group

        self.security_group_id = identity.security_group.id
        self.role_name = identity.role.name
        self.group_name = group.name
        self.log_group_name = log.name
        for service in services:
            service.allow_from(self)
        self.register_outputs(
            {
                "security_group_id": self.security_group_id,
                "role_name": self.role_name,
                "group_name": self.group_name,
                "log_group_name": self.log_group_name,
            }
        )
