"""The sample app behind nginx, with every process that it has on AWS, asked over real HTTP."""

import re
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import psycopg
import pytest
from tools.app import shop
from tools.app.programs import MissingError
from tools.app.running import App, Tiers, running

from plinth._celery.settings import Pool
from redis_server import free_port
from shop.media.service import LIMIT

PNG = b"\x89PNG\r\n\x1a\n"
PATIENCE = 20.0
"""Seconds until a test gives up on a worker; a busy machine needs many."""

TIERS = Tiers(
    web=shop.WEB.model_copy(update={"workers": 1}),
    workers=shop.WORKERS.model_copy(update={"pools": {"default": Pool(concurrency=1)}}),
    beat=None,
    image=f"shop@sha256:{'0' * 64}",
    instances=2,
)
"""The least that shows how all of it works together."""


@pytest.fixture(scope="module")
def app() -> Iterator[App]:
    """Start all of it once, as ``make app`` does."""
    ports = shop.Ports(**{name: free_port() for name in asdict(shop.Ports())})
    with TemporaryDirectory(prefix="plinth-app-") as state:
        # PostgreSQL, which does not run as root, must get in.
        Path(state).chmod(0o755)
        try:
            with running(Path(state), ports, lambda _: None, TIERS) as started:
                yield started
        except MissingError as error:
            pytest.skip(str(error))


@pytest.fixture(scope="module")
def visitor(app: App) -> Iterator[httpx.Client]:
    """Visit it."""
    with httpx.Client(base_url=app.url, timeout=PATIENCE) as client:
        yield client


def test_a_page_and_its_files_are_served(visitor: httpx.Client) -> None:
    """The page comes from the app; what it links to comes from nginx, and may be kept for ever."""
    page = visitor.get("/")
    assert page.status_code == 200
    links = re.findall(r'/static/[^"]+', page.text)
    assert links

    file = visitor.get(links[0])
    assert file.status_code == 200
    assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert file.headers["server"] == "nginx"
    assert visitor.get("/static/manifest.json").headers["cache-control"] == "no-cache"


def test_health_is_told(visitor: httpx.Client) -> None:
    """By the process for itself, and for all that it depends on."""
    assert visitor.get("/healthz").json() == {"status": "alive"}
    assert visitor.get("/readyz").json()["status"] == "ready"


def test_a_worker_confirms_an_order(visitor: httpx.Client) -> None:
    """The request ends before the task: the answer is 202, and the state changes later."""
    product = visitor.get("/api/products").json()[0]["id"]
    lines = [{"product_id": product, "quantity": 1}]

    placed = visitor.post("/api/orders", json={"lines": lines})

    assert placed.status_code == 202
    order = f"/api/orders/{placed.json()['id']}"
    end = time.monotonic() + PATIENCE
    while (state := visitor.get(order).json()["state"]) == "placed":
        assert time.monotonic() < end
        time.sleep(0.05)
    assert state == "confirmed"


def test_an_upload_is_served_back(app: App, visitor: httpx.Client) -> None:
    """By nginx, from where the app put it, and in no way that a browser would run."""
    product = visitor.get("/api/products").json()[0]["id"]
    path = f"/api/products/{product}/picture"
    staff = {"Authorization": f"Bearer {app.secrets.staff_token}"}
    largest = PNG + bytes(LIMIT - len(PNG))

    assert visitor.put(path, content=PNG).status_code == 401
    assert visitor.put(path, content=largest + b"!", headers=staff).status_code == 413
    taken = visitor.put(path, content=largest, headers=staff)

    assert taken.status_code == 200
    picture = visitor.get(f"/media/{taken.json()['picture']}")
    assert picture.content == largest
    assert picture.headers["content-type"] == "image/png"
    assert "sandbox" in picture.headers["content-security-policy"]


def test_competing_releases_migrate_once(app: App) -> None:
    """Two instances started with a new image: one migrated, the other waited or found it done."""
    logs = [app.programs.log(f"release-{instance}").read_text() for instance in (0, 1)]

    assert sorted("begins" in log for log in logs) == [False, True]
    with psycopg.connect(app.environment["DATABASE_URL"]) as connection:
        released = connection.execute("SELECT image FROM plinth.releases").fetchall()
        assert released == [(TIERS.image,)]
        assert connection.execute("SELECT count(*) FROM alembic_version").fetchone() == (1,)
