"""What the pools make of the contract's URLs, and of a query that is cut off."""

import signal
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.exc import InternalError

from running_shop import Services
from shop.context import Context
from shop.database import Database
from shop.seed import main


class CutOffError(Exception):
    """What a signal raises in the middle of a query, as Celery's soft time limit does."""


@contextmanager
def cut_off(seconds: float) -> Generator[None]:
    """Raise in a moment."""

    def cut(*_: object) -> None:
        raise CutOffError

    before = signal.signal(signal.SIGALRM, cut)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    yield
    signal.signal(signal.SIGALRM, before)


def test_a_query_that_is_cut_off_says_so(context: Context) -> None:
    """What cut it off comes through, and the next transaction has a connection that works."""
    with pytest.raises(CutOffError), context.database.write() as session:  # noqa: PT012
        session.connection()  # however long that takes, it is not what is cut off
        with cut_off(0.1):
            session.execute(text("SELECT pg_sleep(1)"))
    context.database.check()


def test_a_reader_is_not_written_to(services: Services) -> None:
    """Even where its URL is the primary's, for want of replicas."""
    settings = services.settings(database_replica_url=services.variables["DATABASE_URL"])
    database = Database(settings)
    with pytest.raises(InternalError, match="read-only"), database.read() as session:
        session.execute(text("CREATE TABLE forbidden (id int)"))
    database.dispose()


@pytest.mark.usefixtures("services")
def test_migrations_make_what_models_say(alembic_config: Config) -> None:
    """There is nothing that `alembic revision --autogenerate` would add."""
    command.check(alembic_config)


@pytest.mark.usefixtures("services")
def test_migrations_go_back_and_forth(alembic_config: Config) -> None:
    """To the beginning, and to the end again."""
    command.downgrade(alembic_config, "base")
    command.upgrade(alembic_config, "head")


def test_the_release_before_goes_on_taking_orders(stocked: Services) -> None:
    """What it inserts knows nothing of the newest columns."""
    with stocked.owner.begin() as connection:
        connection.execute(
            text("INSERT INTO orders (id, state) VALUES (gen_random_uuid(), 'placed')")
        )


def test_seeding_again_changes_nothing(stocked: Services) -> None:
    """What a product has become it stays."""
    with stocked.owner.begin() as connection:
        connection.execute(text("UPDATE products SET stock = 7 WHERE slug = 'mug'"))
    main()
    with stocked.owner.begin() as connection:
        stocks = connection.execute(text("SELECT stock FROM products ORDER BY slug")).scalars()
        assert list(stocks) == [120, 40, 7, 400]
