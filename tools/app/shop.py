"""The app's own processes, told what the tiers on AWS would tell them."""

import os
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from plinth._celery.command import (
    beat_command,
    beat_settings,
    settings_text,
    worker_command,
    worker_settings,
)
from plinth._celery.drain import QUIT_WAIT, plan_drain
from plinth._celery.settings import CeleryBeatSettings, CeleryWorkersSettings, Pool
from plinth._web.server import server_variables
from plinth._web.settings import WebSettings, WorkerModel

from .programs import POLITELY, Program, Ready, Stop, at_once, find
from .stores import database_url, redis_url

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "examples" / "shop"

TEMPLATE = SHOP / "nginx.conf.template"
RELEASE = ROOT / "components" / "plinth" / "_fleet" / "files" / "release.py"

MAIN = """
daemon off;
pid nginx.pid;
error_log stderr;
events {}
http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log access.log;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include site.conf;
}
"""
"""What nginx's own image has around the template."""

IDLE_TIMEOUT = 60
"""Seconds after which nginx closes a quiet connection, as a balancer does."""

WEB = WebSettings(
    worker_model=WorkerModel.ASYNC, worker_class="uvicorn_worker.UvicornWorker", workers=2
)
WORKERS = CeleryWorkersSettings(
    app="shop",
    pools={
        "default": Pool(queues=("celery",), concurrency=2),
        "long": Pool(queues=("long",), concurrency=1),
    },
)
BEAT = CeleryBeatSettings(app="shop")


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Where everything listens, on 127.0.0.1 alone."""

    http: int = 8080
    """nginx, where a browser goes."""
    web: int = 8000
    database: int = 5433
    broker: int = 6380
    cache: int = 6381


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """What nobody else on the machine should know, drawn once for each state directory."""

    password: str
    secret_key: str
    staff_token: str


def environment(ports: Ports, secrets: Secrets, media: Path) -> Mapping[str, str]:
    """Give the app what ``uses=[…]`` gives it, and its own two variables."""
    database = database_url(ports.database, secrets.password)
    cache = redis_url(ports.cache, secrets.password)
    return {
        "DATABASE_URL": database,
        "DATABASE_REPLICA_URL": database,
        "CELERY_BROKER_URL": redis_url(ports.broker, secrets.password),
        "REDIS_URL": cache,
        "CACHE_URL": cache,
        "SECRET_KEY": secrets.secret_key,
        "STATIC_URL": "/static/",
        "MEDIA_URL": "/media/",
        "MEDIA_DIR": str(media),
        "STAFF_TOKEN": secrets.staff_token,
    }


def once(name: str, module: Sequence[str | Path], told: Mapping[str, str]) -> Program:
    """Describe what comes to an end: ``python -m …``."""
    return _of_python(name, [sys.executable, "-m", *module], told)


def release(told: Mapping[str, str], image: str, instance: int) -> Program:
    """Describe a release, as an instance with a new image starts it."""
    step = ("--image", image, "--name", "shop", "--", "alembic", "upgrade", "head")
    return _of_python(f"release-{instance}", [sys.executable, RELEASE, *step], told)


def web(ports: Ports, told: Mapping[str, str], settings: WebSettings) -> Program:
    """Describe the web server: the image's command, but on loopback."""
    listening = settings.model_copy(update={"port": ports.web})
    return _of_python(
        "web",
        [_beside("gunicorn"), "shop.main:app", f"--bind=127.0.0.1:{ports.web}"],
        {**told, **server_variables(listening, IDLE_TIMEOUT)},
        ready=lambda _: healthy(ports.web),
        stop=((signal.SIGTERM, settings.request_seconds + 5.0),),
    )


def worker(name: str, told: Mapping[str, str], settings: CeleryWorkersSettings) -> Program:
    """Describe a worker, stopped as its unit would: a drain, then tasks put back."""
    pool = settings.pools[name]
    drain = plan_drain(pool.max_task).drain
    return _of_python(
        f"worker-{name}",
        _celery(worker_command(settings, name, pool)),
        {**told, "CELERY_SETTINGS": settings_text(worker_settings(settings, pool))},
        ready=lambda log: " ready." in log.read_text(),
        stop=((signal.SIGTERM, drain), (signal.SIGQUIT, QUIT_WAIT)),
    )


def beat(told: Mapping[str, str], settings: CeleryBeatSettings) -> Program:
    """Describe what sends tasks on schedule."""
    return _of_python(
        "beat",
        _celery(beat_command(settings)),
        {**told, "CELERY_SETTINGS": settings_text(beat_settings(settings))},
        ready=lambda log: "beat: Starting" in log.read_text(),
    )


def nginx(ports: Ports, home: Path, static: Path, media: Path) -> Program:
    """Configure nginx as its own image would, and describe it."""
    home.mkdir(exist_ok=True)
    filled = {
        "NGINX_LISTEN": f"127.0.0.1:{ports.http}",
        "NGINX_UPSTREAM": f"127.0.0.1:{ports.web}",
        "NGINX_STATIC": str(static),
        "NGINX_MEDIA": str(media),
    }
    (home / "site.conf").write_text(fill(TEMPLATE.read_text(), filled))
    (home / "nginx.conf").write_text(MAIN)
    return Program(
        name="nginx",
        command=[find("nginx"), "-p", home, "-c", home / "nginx.conf", "-e", "stderr"],
        directory=home,
        ready=lambda _: healthy(ports.http),
        # SIGQUIT: answer what was asked.
        stop=((signal.SIGQUIT, 30.0),),
    )


def fill(template: str, values: Mapping[str, str]) -> str:
    """Fill in what nginx's own image fills in: the variables that there are, and no others."""
    names = "|".join(values)
    return re.sub(rf"\$\{{({names})\}}", lambda found: values[found[1]], template)


def healthy(port: int) -> bool:
    """Tell whether the app says there that it and all that it needs work."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    with closing(connection), suppress(OSError, HTTPException):
        connection.request("GET", "/readyz")
        return connection.getresponse().status == HTTPStatus.OK
    return False


def _of_python(
    name: str,
    command: Sequence[str | Path],
    told: Mapping[str, str],
    ready: Ready = at_once,
    stop: Stop = POLITELY,
) -> Program:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return Program(
        name=name,
        command=command,
        directory=SHOP,
        environment={**told, "PATH": path},
        ready=ready,
        stop=stop,
    )


def _celery(command: Sequence[str]) -> Sequence[str | Path]:
    return [_beside(command[0]), *command[1:]]


def _beside(script: str) -> Path:
    """Find a script of the environment that we run in."""
    return find(script, Path(sys.executable).parent)
