"""What a platform on one machine can be told, checked before anything is registered."""

import re
from collections.abc import Iterator, Mapping
from typing import Self

from pydantic import Field, field_validator, model_validator

from plinth._celery.settings import CeleryBeatSettings, CeleryWorkersSettings
from plinth._web.settings import WebSettings
from plinth.settings import Settings

IDENTIFIER = r"^[a-z][a-z0-9_]{0,62}$"
IMAGE = r"^[^\s$]+$"

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


class LocalPostgresSettings(Settings, frozen=True):
    """The one Postgres, which is written to and read from."""

    image: str = Field(default="postgres:17", pattern=IMAGE)
    """Image, of the major version that the cloud has. Another one finds the data of the former
    unreadable: dump them first, or drop the volume."""

    database: str = Field(default="app", pattern=IDENTIFIER)
    """Name of the database, made with the volume and only then."""

    username: str = Field(default="app", pattern=IDENTIFIER)
    """Its owner, likewise."""

    port: int | None = Field(default=5432, ge=1, le=65535)
    """Port of this machine to reach it at, as psql does; ``null`` for none."""


class LocalBrokerSettings(Settings, frozen=True):
    """The Redis that Celery queues in: it never evicts, and keeps its tasks over a restart."""

    image: str = Field(default="redis:7", pattern=IMAGE)
    """Image of Redis or Valkey, from 7.0 on."""

    memory_mib: int = Field(default=128, ge=16)
    """MiB of keys; past them, sending a task fails, as it does in the cloud."""

    port: int | None = Field(default=6379, ge=1, le=65535)
    """Port of this machine to reach it at; ``null`` for none."""


class LocalCacheSettings(Settings, frozen=True):
    """The Redis that may forget: it evicts, and a restart empties it."""

    image: str = Field(default="redis:7", pattern=IMAGE)
    """Image of Redis or Valkey, from 7.0 on."""

    memory_mib: int = Field(default=64, ge=16)
    """MiB of keys; past them, it forgets."""

    eviction: str = Field(default="allkeys-lru", pattern=r"^allkeys-(lru|lfu)$")
    """What goes first, as ``RedisCacheSettings`` has it."""

    port: int | None = Field(default=6380, ge=1, le=65535)
    """Port of this machine to reach it at; ``null`` for none."""


class LocalNginxSettings(Settings, frozen=True):
    """The way in, in place of balancer and CDN."""

    image: str = Field(default="nginx:1.28", pattern=IMAGE)
    """Image, one that has ``curl`` as nginx's own do."""

    port: int = Field(default=8080, ge=1, le=65535)
    """Port of this machine to browse to."""


class LocalPlatformSettings(Settings, frozen=True):
    """What runs on this machine, by the blocks that say what runs in the cloud.

    ``web``, ``workers`` and ``beat`` are the cloud's own models, so that a block can be copied
    from its stack: processes, commands, queues and times follow from them as they do there. What
    sizes and scales instances, or concerns a balancer's rule, has nothing to change here.
    """

    postgres: LocalPostgresSettings = LocalPostgresSettings()
    """Postgres, in a volume that outlives its container."""

    broker: LocalBrokerSettings = LocalBrokerSettings()
    """The Redis that Celery queues in, in such a volume too."""

    cache: LocalCacheSettings = LocalCacheSettings()
    """The Redis that may forget, in memory."""

    nginx: LocalNginxSettings = LocalNginxSettings()
    """The way in."""

    web: WebSettings = WebSettings()
    """The web server: one container. ``instance_type`` still tells how many processes it has,
    unless ``workers`` does. Its ``release_command`` has a container of its own, which ends before
    any other of the app starts."""

    workers: CeleryWorkersSettings = CeleryWorkersSettings()
    """The pools of workers: one container each."""

    beat: CeleryBeatSettings | None = CeleryBeatSettings()
    """The scheduler of periodic tasks; ``null`` where the app has none."""

    secrets: tuple[str, ...] = ("SECRET_KEY",)
    """Variables that ``AppSecrets`` sets in the cloud. Here each is a fixed text that anybody may
    know; a real one, such as a key to a payment service's sandbox, goes into ``environment``."""

    environment: dict[str, str] = Field(default_factory=dict[str, str])
    """Variables for every container of the app. They win over all others, and so are the place
    for whatever must differ on a laptop."""

    media_dir: str | None = Field(default=None, pattern=r"^/\S+$")
    """Directory in the app's image that it keeps uploads in while it has no ``MEDIA_BUCKET``: a
    volume that nginx serves at ``MEDIA_URL``. It must be in the image and belong to its user."""

    source: dict[str, str] = Field(default_factory=dict[str, str])
    """Directories of the project to show to the app's containers, by the path there:
    ``{"/app/src": "src"}``. With ``PYTHONPATH`` in ``environment`` and a ``web.command`` that
    reloads, an edit is served at once."""

    context: str | None = None
    """Directory of the project with the app's Dockerfile, for ``docker compose build``. Pulumi
    takes the image as it is built."""

    @field_validator("secrets")
    @classmethod
    def _are_variables(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not _VARIABLE.fullmatch(name):
                msg = f"{name!r} needs capital letters, digits and underscores, a letter first"
                raise ValueError(msg)
        return names

    @field_validator("source")
    @classmethod
    def _go_to_absolute_paths(cls, source: Mapping[str, str]) -> Mapping[str, str]:
        for there in source:
            if not there.startswith("/"):
                msg = f"{there!r} is where a container sees it, and needs to begin with '/'"
                raise ValueError(msg)
        return source

    @model_validator(mode="after")
    def _one_release(self) -> Self:
        theirs = self.workers.release_command
        if theirs and theirs != self.web.release_command:
            msg = (
                f"workers.release_command={list(theirs)} is not web's, and an image is released "
                "once: give web the same, or drop the workers'"
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        taken: dict[int, str] = {}
        for setting, port in self._ports():
            if port in taken:
                msg = f"{setting}.port={port} is {taken[port]}'s too: give one of them another"
                raise ValueError(msg)
            taken[port] = setting
        return self

    def _ports(self) -> Iterator[tuple[str, int]]:
        parts = {
            "nginx": self.nginx,
            "postgres": self.postgres,
            "broker": self.broker,
            "cache": self.cache,
        }
        yield from ((name, part.port) for name, part in parts.items() if part.port is not None)
