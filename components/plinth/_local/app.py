"""The containers of the app itself: one image, started in several ways as its fleets do."""

from collections.abc import Mapping
from dataclasses import replace

from plinth._celery.boot import BEAT_STOP
from plinth._celery.command import (
    beat_command,
    beat_settings,
    settings_text,
    worker_command,
    worker_settings,
)
from plinth._celery.drain import plan_drain
from plinth._celery.settings import CeleryBeatSettings, Pool
from plinth._web.server import server_variables

from .environment import for_all
from .model import Health, Ready, Service, Volume
from .nginx import IDLE_TIMEOUT
from .settings import LocalPlatformSettings

STOP_MARGIN = 10
"""Seconds that the server has beyond its longest request to stop in, as a fleet's have."""

RELEASE = "release"

_STORES: Mapping[str, Ready] = {
    "postgres": Ready.HEALTHY,
    "broker": Ready.HEALTHY,
    "cache": Ready.HEALTHY,
}

_ASK = """\
import http.client
connection = http.client.HTTPConnection("127.0.0.1", {port}, timeout=2)
connection.request("GET", {path!r})
raise SystemExit(connection.getresponse().status != 200)
"""
"""In Python, since the app's image need have no other client."""


def release(settings: LocalPlatformSettings) -> Service:
    """Describe what runs once for each image, before anything else of it."""
    return _ours(
        settings,
        Service(
            name=RELEASE,
            command=settings.web.release_command,
            environment=settings.web.environment,
            needs=_STORES,
            once=True,
        ),
    )


def web(settings: LocalPlatformSettings) -> Service:
    """Describe the web server."""
    given = settings.web
    ask = _ASK.format(port=given.port, path=given.health_check_path)
    return _ours(
        settings,
        Service(
            name="web",
            command=given.command,
            environment={**server_variables(given, IDLE_TIMEOUT), **given.environment},
            health=Health(test=("python", "-c", ask)),
            needs=_before(settings),
            stop_seconds=given.request_seconds + STOP_MARGIN,
        ),
    )


def worker(settings: LocalPlatformSettings, name: str, pool: Pool) -> Service:
    """Describe a pool's one container of workers."""
    given, called = settings.workers, f"worker-{name}"
    celery = settings_text(worker_settings(given, pool))
    ping = ("celery", "-A", given.app, "inspect", "ping", "-t", "5", "-d", f"{name}@{called}")
    return _ours(
        settings,
        Service(
            name=called,
            command=worker_command(given, name, pool),
            environment={"CELERY_SETTINGS": celery, **given.environment},
            # Each test starts a Python that imports the app.
            health=Health(test=ping, interval=15, timeout=12, retries=4),
            needs=_before(settings),
            stop_seconds=plan_drain(pool.max_task).drain,
        ),
    )


def beat(settings: LocalPlatformSettings, given: CeleryBeatSettings) -> Service:
    """Describe beat, which answers nobody and so is not tested."""
    celery = settings_text(beat_settings(given))
    return _ours(
        settings,
        Service(
            name="beat",
            command=beat_command(given),
            environment={"CELERY_SETTINGS": celery, **given.environment},
            needs=_before(settings),
            stop_seconds=BEAT_STOP,
        ),
    )


def _before(settings: LocalPlatformSettings) -> Mapping[str, Ready]:
    return {**_STORES, **({RELEASE: Ready.DONE} if settings.web.release_command else {})}


def _ours(settings: LocalPlatformSettings, service: Service) -> Service:
    """Add what all containers of the app have."""
    uploads = settings.media_dir
    return replace(
        service,
        environment={**for_all(settings), **service.environment, **settings.environment},
        volumes=[Volume(name="media", path=uploads)] if uploads else [],
        source=settings.source,
    )
