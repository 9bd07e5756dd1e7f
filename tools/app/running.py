"""The whole of it, in the order in which it starts."""

import json
import secrets as random
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from shlex import quote

from plinth._celery.settings import CeleryBeatSettings, CeleryWorkersSettings
from plinth._web.settings import WebSettings

from . import shop, stores
from .programs import Programs, need_port, write_secret
from .shop import Ports, Secrets


@dataclass(frozen=True, kw_only=True)
class Tiers:
    """What the app runs as."""

    web: WebSettings = shop.WEB
    workers: CeleryWorkersSettings = shop.WORKERS
    beat: CeleryBeatSettings | None = shop.BEAT
    """Sends tasks on schedule; None sends none."""
    image: str = "shop:here"
    """What is released; an image that is not pinned by its digest is so at every start, as code
    that changes under its name must be."""
    instances: int = 1
    """How many would release the image, all at the same time."""


@dataclass(frozen=True, kw_only=True)
class App:
    """The app, answering."""

    url: str
    programs: Programs
    environment: Mapping[str, str]
    """What all of its processes are told."""
    ports: Ports
    secrets: Secrets


@contextmanager
def running(
    state: Path, ports: Ports, tell: Callable[[str], None], tiers: Tiers | None = None
) -> Generator[App]:
    """Run the app until the block ends.

    Args:
        state: A directory for data, logs and secrets, which the next run finds again.
        ports: Where to listen.
        tell: Says what is going on.
        tiers: What to run, if not all of it.
    """
    for purpose, port in asdict(ports).items():
        need_port(purpose, port)
    for name in ("logs", "media"):
        (state / name).mkdir(parents=True, exist_ok=True)
    drawn = _secrets(state / "secrets.json")
    told = shop.environment(ports, drawn, state / "media")
    exports = [f"export {name}={quote(value)}\n" for name, value in told.items()]
    write_secret(state / "environment", "".join(exports))
    app = App(
        url=f"http://127.0.0.1:{ports.http}",
        programs=Programs(state / "logs"),
        environment=told,
        ports=ports,
        secrets=drawn,
    )
    try:
        tell("starting PostgreSQL and Redis")
        _start_stores(app, state)
        _start_app(app, state, tiers or Tiers(), tell)
        yield app
    finally:
        app.programs.stop_all(tell)


def _start_stores(app: App, state: Path) -> None:
    ports, password = app.ports, app.secrets.password
    app.programs.start(
        stores.postgres(app.programs, state / "postgres", ports.database, password),
        stores.redis("broker", state / "broker", ports.broker, password, stores.BROKER),
        stores.redis("cache", state / "cache", ports.cache, password, stores.CACHE),
    )
    app.programs.wait()
    stores.create_database(ports.database, password)


def _start_app(app: App, state: Path, tiers: Tiers, tell: Callable[[str], None]) -> None:
    programs, told, static = app.programs, app.environment, state / "static"
    tell("releasing")
    programs.run(
        *(shop.release(told, tiers.image, each) for each in range(tiers.instances)),
        shop.once("static", ["shop.static", static], told),
    )
    programs.run(shop.once("seed", ["shop.seed"], told))
    tell("starting the app")
    workers = [shop.worker(name, told, tiers.workers) for name in tiers.workers.pools]
    beat = [shop.beat(told, tiers.beat)] if tiers.beat else []
    programs.start(*workers, *beat)
    programs.start(shop.web(app.ports, told, tiers.web))
    programs.start(shop.nginx(app.ports, state / "nginx", static, state / "media"))
    programs.wait()


def _secrets(file: Path) -> Secrets:
    if not file.exists():
        drawn = Secrets(**{each.name: random.token_urlsafe(32) for each in fields(Secrets)})
        write_secret(file, json.dumps(asdict(drawn)))
    return Secrets(**json.loads(file.read_text()))
