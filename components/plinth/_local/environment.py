"""The environment contract on one machine: the cloud's names, with the values that hold here."""

from .settings import LocalPlatformSettings

PASSWORD = "development"  # noqa: S105 - it guards what only this machine can reach
"""Of Postgres and both Redis: a fixed word, known to everybody, that nobody outside can try."""

SECRET = "for-development-only-and-therefore-known-to-everybody"  # noqa: S105
"""Begins each variable that ``AppSecrets`` makes up in the cloud, and is long enough for Django."""

ABSENT = ("AWS_DEFAULT_REGION", "INSTANCE_ID", "MEDIA_BUCKET", "STATIC_BUCKET")
"""What of the contract is not set, since there is no AWS here: an app has a way without it, or is
given it by ``LocalPlatformSettings.environment``."""


def for_all(settings: LocalPlatformSettings) -> dict[str, str]:
    """Gather what every container of the app finds."""
    return {**_stores(settings), **_files(), **_secrets(settings)}


def _stores(settings: LocalPlatformSettings) -> dict[str, str]:
    """Say what ``uses=[database, broker, cache]`` brings in the cloud."""
    postgres = settings.postgres
    database = f"postgresql://{postgres.username}:{PASSWORD}@postgres:5432/{postgres.database}"
    cache = f"redis://:{PASSWORD}@cache:6379/0"
    return {
        "DATABASE_URL": database,
        # The primary's, as in the cloud while there is no replica.
        "DATABASE_REPLICA_URL": database,
        "CELERY_BROKER_URL": f"redis://:{PASSWORD}@broker:6379/0",
        "REDIS_URL": cache,
        "CACHE_URL": cache,
    }


def _files() -> dict[str, str]:
    """Say what ``uses=[cdn]`` brings, on the host that the visitor came to."""
    return {"STATIC_URL": "/static/", "MEDIA_URL": "/media/"}


def _secrets(settings: LocalPlatformSettings) -> dict[str, str]:
    """Make up what ``uses=[secrets]`` brings: each its own text, and the same at every start."""
    return {name: f"{SECRET}-{name}" for name in settings.secrets}
