"""Two pools of connections: one to the primary, which is written to, one to its readers."""

from contextlib import AbstractContextManager

import psycopg
from pydantic import SecretStr
from sqlalchemy import URL, Engine, ExceptionContext, MetaData, create_engine, event, make_url, text
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

from shop.settings import Settings

RECYCLE = 900
"""Seconds after which a connection is opened anew, so that a reader that was added gets its share.
Less than the 1800 after which RDS Proxy closes a quiet one."""

NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}
"""Every constraint has a name that a migration can drop it by, the same on every database."""


class Base(DeclarativeBase):
    """What all models are made from."""

    metadata = MetaData(naming_convention=NAMES)


class Database:
    """The primary and its readers. Nothing is connected to until somebody asks."""

    def __init__(self, settings: Settings) -> None:
        primary = make_engine(settings.database_url, settings)
        reader = make_engine(settings.database_replica_url, settings).execution_options(
            # Where the URL is the primary's, for want of replicas, this refuses a write too.
            postgresql_readonly=True
        )
        self._engines = (primary, reader)
        self._writing = sessionmaker(primary, expire_on_commit=False)
        self._reading = sessionmaker(reader, expire_on_commit=False)

    def write(self) -> AbstractContextManager[Session]:
        """Begin a transaction on the primary, which is committed unless the block raises."""
        return self._writing.begin()

    def read(self) -> AbstractContextManager[Session]:
        """Begin a transaction on a reader, which may lag by a moment."""
        return self._reading()

    def check(self) -> None:
        """Ask the primary for a sign of life."""
        with self._engines[0].connect() as connection:
            connection.execute(text("SELECT 1"))

    def dispose(self) -> None:
        """Close what is open and not in use."""
        for engine in self._engines:
            engine.dispose()


def driven(url: SecretStr) -> URL:
    """Name the driver: the contract's URL does not, since libpq would not know it."""
    return make_url(url.get_secret_value()).set(drivername="postgresql+psycopg")


def make_engine(url: SecretStr, settings: Settings) -> Engine:
    """Make a pool of as many connections as the process has threads, to wait for none."""
    engine = create_engine(
        driven(url),
        pool_size=settings.database_pool,
        max_overflow=settings.database_overflow,
        pool_timeout=5,
        pool_pre_ping=True,
        pool_recycle=RECYCLE,
        connect_args={
            "connect_timeout": 3,
            # A primary that vanished without a word is given up after ten seconds.
            "keepalives_idle": 30,
            "tcp_user_timeout": 10_000,
            # Prepared statements pin a connection of RDS Proxy to one client.
            "prepare_threshold": None,
        },
    )
    event.listen(engine, "handle_error", _give_up)
    return engine


def _give_up(context: ExceptionContext) -> None:
    """Drop a connection whose query was cut off from outside, as Celery's time limits do.

    The server still works on it: a rollback would fail, and hide what cut it off.
    """
    if not isinstance(context.original_exception, psycopg.Error):
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False
