"""What Celery workers and beat can be told, checked before anything is registered."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from pydantic import Field, field_validator, model_validator

from plinth._fleet.instances import one_architecture, vcpus
from plinth._fleet.release import ReleaseSettings
from plinth.names import check_name
from plinth.retention import check_retention
from plinth.settings import Settings

from .drain import MAX_TASK, SPOT_DRAIN, SPOT_MAX_TASK, visibility_timeout

LONGEST_POOL = 24
"""Characters of a pool's name: with the component's 24 before it, and Pulumi's suffix after it, no
child's name is too long for AWS."""

APP = r"[A-Za-z_]\w*([.:][A-Za-z_]\w*)*"
"""What ``celery -A`` takes: a module, or a module and an attribute."""

_QUEUE = re.compile(r"[A-Za-z0-9_.:-]+")


class Work(StrEnum):
    """What tasks spend their time on."""

    CPU = "cpu"
    """Computing: one process for each vCPU."""
    IO = "io"
    """Waiting for databases and other services: four processes for each vCPU."""


class Scheduler(StrEnum):
    """What beat keeps its schedule with.

    Celery's own file is not offered: it would be lost with the instance.
    """

    REDBEAT = "redbeat.RedBeatScheduler"
    """In the broker, behind a lock: a second beat waits instead of sending everything twice."""
    DJANGO = "django_celery_beat.schedulers:DatabaseScheduler"
    """In Django's database, without a lock: while an instance is replaced, two may send."""


class Queues(Settings, frozen=True):
    """What some workers take, and how soon they should."""

    queues: tuple[str, ...] = Field(default=("celery",), min_length=1)
    """Queues that tasks are taken from; ``celery`` is where Celery puts a task unless told
    otherwise. A queue may be in several pools. Its tasks must be sent to it by its own name, as
    they are unless the app declares exchanges and routing keys: kombu notes no other."""

    avg_task: float = Field(default=5.0, gt=0)
    """Seconds of a task on average; a guess within a factor of three will do. A process is
    renewed after the tasks of an hour, so that what leaks is given back."""

    max_wait: float = Field(default=60.0, gt=0)
    """Seconds that a task may wait in its queue. A pool grows until what waits is under way
    within that time."""

    @model_validator(mode="after")
    def _queues_are_words(self) -> Self:
        wrong = [queue for queue in self.queues if not _QUEUE.fullmatch(queue)]
        if wrong or len(set(self.queues)) < len(self.queues):
            msg = (
                f"celery pool has queues={list(self.queues)}: need distinct names of letters, "
                "digits and '_.:-', so rename or drop one"
            )
            raise ValueError(msg)
        return self


class Pool(Queues, frozen=True):
    """A group of like instances that take tasks from the same queues."""

    work: Work = Work.CPU
    """What its tasks spend their time on, which decides how many run at once on an instance."""

    concurrency: int | None = Field(default=None, ge=1, le=1000)
    """Tasks that run at once on an instance, in place of what ``work`` and the vCPUs come to."""

    max_task: int = Field(default=600, ge=1, le=MAX_TASK)
    """Seconds of the longest task. One that is still running then gets
    ``SoftTimeLimitExceeded``, and is killed 10 seconds later. How long an instance is given to
    finish its tasks follows from it."""

    instance_types: tuple[str, ...] = Field(default=("t4g.small",), min_length=1)
    """EC2 instance types of one architecture, the preferred first. With spot, give ten or so:
    a type that is short somewhere is then replaced by another."""

    min_size: int = Field(default=1, ge=0)
    """Fewest instances. Two survive the loss of a zone without a pause. With 0 a pool that has
    nothing to do vanishes, and its next task waits some five minutes for an instance."""

    max_size: int = Field(default=4, ge=0)
    """Most instances, and so the most it can cost."""

    spot: float = Field(default=0.0, ge=0, le=1)
    """Share of the instances that are spot: about 60 % cheaper, and gone at two minutes' notice."""

    root_volume_gib: int = Field(default=20, ge=8, le=16384)
    """Size of an instance's encrypted gp3 volume, which holds the image, in GiB."""

    @property
    def slots(self) -> int:
        """Tasks that run at once on an instance."""
        processes = vcpus(self.instance_types[0]) * (4 if self.work is Work.IO else 1)
        return self.concurrency or processes

    @model_validator(mode="after")
    def _sizes_are_in_order(self) -> Self:
        if self.min_size > self.max_size:
            msg = (
                f"celery pool has min_size={self.min_size} and max_size={self.max_size}: "
                f"set max_size={self.min_size} or more"
            )
            raise ValueError(msg)
        if self.avg_task > self.max_task:
            msg = (
                f"celery pool has avg_task={self.avg_task:g} and max_task={self.max_task}, and no "
                "average exceeds the longest: lower avg_task, or raise max_task"
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _types_are_alike(self) -> Self:
        one_architecture(self.instance_types)
        counts = {each: vcpus(each) for each in self.instance_types}
        if self.concurrency is None and len(set(counts.values())) > 1:
            listed = ", ".join(f"{each} has {count}" for each, count in counts.items())
            msg = (
                f"celery pool has instance types of different vCPUs ({listed}), so its load cannot "
                "be counted in instances: use types of one size, or set concurrency"
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _spot_can_finish(self) -> Self:
        if self.spot and self.max_task > SPOT_MAX_TASK:
            msg = (
                f"celery pool has spot={self.spot:g} with max_task={self.max_task}, and a spot "
                f"instance told to go has {SPOT_DRAIN} seconds for its tasks: set "
                f"max_task={SPOT_MAX_TASK} or less, or spot=0, or give long tasks their own pool"
            )
            raise ValueError(msg)
        return self


class TierSettings(Settings, frozen=True):
    """What workers and beat have in common."""

    app: str = Field(default="app", pattern=f"^{APP}$")
    """Where Celery finds the app: ``celery -A``."""

    environment: Mapping[str, str] = Field(default_factory=dict[str, str])
    """Variables of the app's own, such as ``DJANGO_SETTINGS_MODULE``. No secrets: whoever may
    describe the launch template can read them."""

    allow_tags: bool = False
    """Whether the image may be named by a tag, which can mean another image at each launch."""

    log_days: int = 30
    """Days to keep the logs in CloudWatch."""

    @field_validator("log_days")
    @classmethod
    def _offered(cls, days: int) -> int:
        return check_retention(days)


class CeleryWorkersSettings(TierSettings, ReleaseSettings, frozen=True):
    """Which pools of workers there are, and how they use the broker.

    Celery's settings that the infrastructure depends on are given on the worker's command line,
    where they win over the app's: late acknowledgement, prefetching, time limits and
    ``broker_transport_options``.
    """

    pools: Mapping[str, Pool] = Field(default={"default": Pool()}, min_length=1)
    """Pools by name. All share the broker's database, and with it one visibility timeout, so that
    one ``CeleryWorkers`` should hold all the workers of a broker."""

    max_countdown: int = Field(default=0, ge=0)
    """Seconds of the longest ``countdown``, or time until an ``eta``, that tasks are sent with. A
    longer one than the visibility timeout allows for makes a task run several times."""

    key_prefix: str = ""
    """kombu's ``global_keyprefix``, where the app sends its tasks with one."""

    priority_steps: tuple[int, ...] = ()
    """kombu's ``priority_steps``, where the app sends its tasks with other than 0, 3, 6 and 9."""

    @property
    def visibility_timeout(self) -> int:
        """Seconds after which Redis gives an unacknowledged task to another worker."""
        return visibility_timeout((p.max_task for p in self.pools.values()), self.max_countdown)

    @model_validator(mode="after")
    def _pools_can_be_named(self) -> Self:
        for pool in self.pools:
            check_name("celery pool", pool, longest=LONGEST_POOL)
        return self


class CeleryBeatSettings(TierSettings, frozen=True):
    """What beat schedules with, and on what it runs."""

    scheduler: Scheduler = Scheduler.REDBEAT
    """What keeps the schedule. RedBeat 2.5 will want ``redbeat_redis_url`` in the app:
    ``CELERY_BROKER_URL`` is the value for it."""

    takeover: int = Field(default=60, ge=12, le=3600)
    """Seconds after which another beat takes over from one that vanished: RedBeat's
    ``redbeat_lock_timeout``, whose own default comes to 25 minutes. Beat wakes up six times as
    often to renew its lock."""

    instance_type: str = "t4g.micro"
    """EC2 instance type; beat hardly needs any."""

    root_volume_gib: int = Field(default=20, ge=8, le=16384)
    """Size of the instance's encrypted gp3 volume, which holds the image, in GiB."""

    @model_validator(mode="after")
    def _type_is_known(self) -> Self:
        one_architecture([self.instance_type])
        return self
