"""A shop on a PostgreSQL and a Redis of the test run's own."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from real_postgres import postgres_server
from redis_server import redis_server
from running_shop import Services, opened
from shop.context import Context
from shop.queue import Queue, create_celery
from shop.seed import seed


@pytest.fixture(scope="session", autouse=True)
def _log_to_pytest() -> None:
    structlog.configure(
        processors=[structlog.processors.KeyValueRenderer()],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


@pytest.fixture(scope="session")
def alembic_config() -> Config:
    """Find the migrations as the command does."""
    return Config(Path(__file__).parent.parent / "alembic.ini")


@pytest.fixture(scope="session")
def services(
    tmp_path_factory: pytest.TempPathFactory, alembic_config: Config
) -> Iterator[Services]:
    """Start both servers, and migrate."""
    directory = tmp_path_factory.mktemp("services")
    patch = pytest.MonkeyPatch()
    with postgres_server(directory) as url, redis_server(directory) as redis:
        owner = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        with owner.begin() as connection:
            connection.execute(text("CREATE ROLE reader LOGIN"))
            connection.execute(text("GRANT pg_read_all_data TO reader"))
        variables = {
            "DATABASE_URL": url,
            # Whoever writes where it should only read is refused.
            "DATABASE_REPLICA_URL": url.replace("postgres@", "reader@"),
            "CELERY_BROKER_URL": redis.url(),
            "REDIS_URL": redis.url().replace("/0", "/1"),
            "SECRET_KEY": "k" * 64,
            "STAFF_TOKEN": "t" * 32,
            "MEDIA_DIR": str(directory / "media"),
        }
        # The others would win over what a test makes its settings of: Celery looks for itself.
        patch.setenv("DATABASE_URL", url)
        command.upgrade(alembic_config, "head")
        yield Services(variables, owner)
        patch.undo()
        owner.dispose()


@pytest.fixture
def stocked(services: Services) -> Services:
    """Have the shop as it was when it opened."""
    tables = "products, orders, order_lines, report_runs, product_sales"
    with services.owner.begin() as connection:
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))
        seed(connection)
    services.flush()
    return services


@pytest.fixture(scope="session")
def open_shop(services: Services) -> Iterator[httpx.Client]:
    """Open the shop for all tests that want nothing special of it."""
    with opened(services.settings()) as client:
        yield client


@pytest.fixture
def shop(stocked: Services, open_shop: httpx.Client) -> httpx.Client:  # noqa: ARG001 - it is stocked
    """Visit the shop as somebody new."""
    open_shop.cookies.clear()
    return open_shop


@pytest.fixture
def context(stocked: Services) -> Iterator[Context]:
    """Make what the shop works with."""
    settings = stocked.settings()
    made = Context(settings, Queue(create_celery(settings)))
    yield made
    made.close()


@pytest.fixture
def worker(stocked: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Make what a worker runs tasks of, in this process."""
    for name, value in stocked.variables.items():
        monkeypatch.setenv(name, value)
    entry: Any = importlib.import_module("shop.celery")
    entry.app.loader.import_default_modules()
    yield entry.app
    entry.context().close()
