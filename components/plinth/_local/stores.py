"""The containers that keep something: Postgres, and a Redis for each of two duties."""

from .environment import PASSWORD
from .model import Health, Port, Service, Volume
from .settings import LocalPlatformSettings

_DATA = "/var/lib/postgresql/data"


def postgres(settings: LocalPlatformSettings) -> Service:
    """Describe Postgres."""
    given = settings.postgres
    # By TCP: the server that only prepares a new volume answers on its socket alone.
    ready = ("pg_isready", "--host=127.0.0.1", "-U", given.username, "-d", given.database)
    return Service(
        name="postgres",
        image=given.image,
        environment={
            "POSTGRES_DB": given.database,
            "POSTGRES_USER": given.username,
            "POSTGRES_PASSWORD": PASSWORD,
            # Said, because images from 18 on would keep their data beside the volume.
            "PGDATA": f"{_DATA}/pgdata",
        },
        health=Health(test=ready),
        ports=_published(given.port, 5432),
        volumes=[Volume(name="postgres", path=_DATA)],
        stop_seconds=30,
    )


def broker(settings: LocalPlatformSettings) -> Service:
    """Describe the Redis that Celery queues in: what it was sent is on disk within a second."""
    given = settings.broker
    return Service(
        name="broker",
        image=given.image,
        command=[*_redis(given.memory_mib, "noeviction"), "--appendonly", "yes"],
        environment=_REDISCLI,
        health=_PING,
        ports=_published(given.port, 6379),
        volumes=[Volume(name="broker", path="/data")],
    )


def cache(settings: LocalPlatformSettings) -> Service:
    """Describe the Redis that may forget: where its image has a volume, it gets memory."""
    given = settings.cache
    return Service(
        name="cache",
        image=given.image,
        command=_redis(given.memory_mib, given.eviction),
        environment=_REDISCLI,
        health=_PING,
        ports=_published(given.port, 6379),
        memory_dirs=["/data"],
    )


_REDISCLI = {"REDISCLI_AUTH": PASSWORD}

_PING = Health(test=("redis-cli", "-e", "ping"))
"""With ``-e`` it fails where Redis answers by an error, such as while it loads its file."""


def _redis(memory_mib: int, policy: str) -> list[str]:
    """Write options only: the image's own start script puts its server, whichever, before them."""
    return [
        *("--requirepass", PASSWORD),
        *("--maxmemory", f"{memory_mib}mb"),
        *("--maxmemory-policy", policy),
    ]


def _published(port: int | None, container: int) -> list[Port]:
    return [] if port is None else [Port(host=port, container=container)]
