"""How a web tier is sized, reached and watched, checked before anything is registered."""

from enum import StrEnum
from typing import Self

from pydantic import Field, field_validator, model_validator

from plinth._fleet.instances import vcpus
from plinth._fleet.release import ReleaseSettings
from plinth.retention import check_retention
from plinth.settings import Settings


class WorkerModel(StrEnum):
    """What one worker process of the server does at a time."""

    SYNC = "sync"
    """WSGI, as Django and Flask speak it: a few requests, in threads; 2n+1 workers on n vCPUs."""

    ASYNC = "async"
    """ASGI, as FastAPI speaks it: many requests in one event loop; n workers on n vCPUs."""


class BlueGreen(Settings, frozen=True):
    """A second fleet beside the tier's own, and which of the requests are for it.

    The tier's own is blue, and runs ``image``; green runs ``green_image``. A balancer knows no
    mercy: requests for a colour whose instances are not there, or not healthy, fail with 503. So
    let a colour start without requests first, and give it some in a deployment of its own.
    """

    green_percent: int = Field(default=0, ge=0, le=100)
    """Percent of the requests that green gets; blue gets the rest."""

    standby: bool = True
    """Whether a colour without requests runs all the same, ready to take them or to take them
    back. False leaves it without instances, and saves what they cost."""

    sticky_seconds: int = Field(default=0, ge=0, le=604_800)
    """Seconds for which a visitor stays with a colour, by a cookie of the balancer; 0 lets each
    request fall to either. Pages whose assets differ between the colours need it."""


class WebSettings(ReleaseSettings, frozen=True):
    """How a web tier is sized, reached and watched."""

    instance_type: str = "t4g.small"
    """EC2 instance type. Types with a ``g`` after the digit need an image built for arm64."""

    min_size: int = Field(default=2, ge=1)
    """Fewest instances. Two survive the loss of a zone."""

    max_size: int = Field(default=4, ge=1)
    """Most instances; half as many again run for a while when all are replaced."""

    requests_per_target: int = Field(default=1000, ge=1)
    """Requests per instance and minute that the tier scales to keep. Measure your own."""

    cpu_target: int = Field(default=60, ge=10, le=95)
    """Percent of CPU that the tier scales to keep, for work that requests do not tell of."""

    worker_model: WorkerModel = WorkerModel.SYNC
    """What the image's server runs; the number of workers follows from it."""

    workers: int | None = Field(default=None, ge=1, le=256)
    """Worker processes on an instance, where memory or database connections allow fewer than
    follow from its vCPUs."""

    threads: int = Field(default=4, ge=2, le=128)
    """Threads of each synchronous worker. More than one makes gunicorn's workers ``gthread``,
    which keep connections open and are not held up by slow clients."""

    worker_class: str | None = Field(default=None, pattern=r"^[A-Za-z_][\w.]*$")
    """gunicorn's ``--worker-class``, such as ``uvicorn_worker.UvicornWorker``, where the image
    has that package and its own command does not name it."""

    command: tuple[str, ...] = ()
    """What to run in the image; empty runs its own command. Its options win over the variables
    that the tier sets for gunicorn and uvicorn."""

    port: int = Field(default=8000, ge=1, le=65535)
    """Port that the server listens on."""

    environment: dict[str, str] = Field(default_factory=dict[str, str])
    """Variables of the app's own, such as ``DJANGO_SETTINGS_MODULE``. No secrets: whoever may
    describe the launch template can read them."""

    allow_tags: bool = False
    """Whether the image may be named by a tag, which can mean another image at each launch."""

    hosts: tuple[str, ...] = ()
    """Host names to serve, wildcards allowed; empty serves every host."""

    paths: tuple[str, ...] = ("/*",)
    """Path patterns to serve."""

    priority: int = Field(default=100, ge=1, le=50000)
    """Place of the balancer's rule among others; the smallest that matches wins."""

    health_check_path: str = Field(default="/healthz", pattern=r"^/\S*$", max_length=1024)
    """Path that answers 200 while the app can serve. The balancer asks by the instance's address,
    over HTTP: answer before any check of the host name and any redirect to HTTPS."""

    health_check_grace: int = Field(default=300, ge=0, le=7200)
    """Seconds in which a new instance may be unhealthy: it installs docker and pulls the image.
    Those of a release come on top."""

    max_error_percent: float = Field(default=5.0, gt=0, le=100)
    """Percent of a minute's requests, when there are 20 or more, that the app may answer with 5xx
    or leave without an answer; more in two minutes of three is an alarm."""

    abort_on_alarm: bool = True
    """Whether that alarm stops a new image from replacing further instances. It also stops the
    image that would mend it, which therefore goes out with ``false``."""

    blue_green: BlueGreen | None = None
    """A second fleet for the next image, instead of replacing the first one's instances; None
    has one fleet."""

    request_seconds: int = Field(default=30, ge=1, le=3600)
    """The longest request. A server that is stopped gets as long to finish what it began."""

    deregistration_delay: int = Field(default=30, ge=0, le=3600)
    """Seconds for which the balancer waits for an instance's last requests."""

    slow_start: int = Field(default=30, ge=0, le=900)
    """Seconds over which a new instance gets its full share of requests; 0 gives it at once."""

    max_age_days: int = Field(default=30, ge=0, le=365)
    """Days after which an instance gives way to one with the newest Amazon Linux; 0 never."""

    root_volume_gib: int = Field(default=20, ge=8, le=16384)
    """GiB of each instance's encrypted volume: Amazon Linux, docker and its images."""

    log_days: int = 30
    """Days to keep what the app logs, of those that CloudWatch offers."""

    @field_validator("instance_type")
    @classmethod
    def _known(cls, instance_type: str) -> str:
        vcpus(instance_type)
        return instance_type

    @field_validator("slow_start")
    @classmethod
    def _long_enough(cls, seconds: int) -> int:
        if 0 < seconds < 30:
            msg = (
                f"{seconds} is shorter than the 30 seconds that a target group can do: use 0 or 30"
            )
            raise ValueError(msg)
        return seconds

    @field_validator("log_days")
    @classmethod
    def _offered(cls, days: int) -> int:
        return check_retention(days)

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.min_size > self.max_size:
            msg = f"min_size={self.min_size} exceeds max_size={self.max_size}: swap or raise them"
            raise ValueError(msg)
        if self.deregistration_delay < self.request_seconds:
            msg = (
                f"deregistration_delay={self.deregistration_delay} would cut off requests of "
                f"request_seconds={self.request_seconds}: make it as long"
            )
            raise ValueError(msg)
        if not 1 <= len(self.hosts) + len(self.paths) <= 5:
            msg = (
                f"{len(self.hosts)} hosts and {len(self.paths)} paths do not make a rule, which "
                "takes 1 to 5 in all: use a wildcard, or a second tier"
            )
            raise ValueError(msg)
        return self
