#!/usr/bin/env python3
"""Run a release command once for an image, however many instances of it start at the same time.

usage: python3 release.py --image IMAGE --name NAME --seconds 900 -- alembic upgrade head

It runs in the app's own container, with the app's variables and whichever PostgreSQL driver the
app has, before the app itself. DATABASE_URL names the database: the primary, where the app's
tables are. What has been released is recorded there, in plinth.releases.

IMAGE is the image's full reference. One that is pinned by a digest is released once; one named by
a tag can change under its name, and is released at every start. Releases of one NAME wait for one
another, by an advisory lock of the database. A release may take the seconds given, and waits for
others as long.

It ends with 0 when the image is released, by whomever; otherwise with 1, and the reason in the
log. Then nothing is recorded, and whoever starts it tries again.
Python 3.9 and one of the drivers below are all there is.
"""

import argparse
import asyncio
import hashlib
import importlib
import os
import re
import shlex
import signal
import ssl
import subprocess
import sys
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY = 0.5
"""Seconds between looks at a lock that another holds, and at our own while the command runs."""

SILENCE = 30
"""Seconds without an answer after which the database is taken for gone."""

MERCY = 10
"""Seconds that a command has to stop in, before it is killed."""


class Connection(NamedTuple):
    """A connection, whatever its driver."""

    execute: "Callable[..., list[tuple[Any, ...]]]"
    """Runs a statement with ``%s`` for its values, outside of any transaction."""
    close: "Callable[[], None]"


def fail(reason: str) -> NoReturn:
    """End, and say why."""
    sys.exit(f"release: {reason}")


def say(what: str) -> None:
    """Tell the log."""
    print(f"release: {what}", file=sys.stderr, flush=True)  # noqa: T201


def with_libpq(module: Any, url: str) -> Connection:
    """Connect by psycopg or psycopg2."""
    connection = module.connect(
        url,
        application_name="plinth-release",
        connect_timeout=10,
        keepalives_idle=SILENCE // 2,
        keepalives_interval=5,
        keepalives_count=3,
        tcp_user_timeout=SILENCE * 1000,
    )
    connection.autocommit = True

    def execute(sql: str, *values: Any) -> "list[tuple[Any, ...]]":
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    return Connection(execute, connection.close)


def with_pg8000(module: Any, url: str) -> Connection:
    """Connect by pg8000, which reads no URL."""
    parts = urlsplit(url)
    mode = parse_qs(parts.query).get("sslmode", ["prefer"])[0]
    context = ssl.create_default_context()
    context.check_hostname = mode == "verify-full"
    context.verify_mode = ssl.CERT_REQUIRED if mode.startswith("verify") else ssl.CERT_NONE
    connection = importlib.import_module(f"{module.__name__}.dbapi").connect(
        user=unquote(parts.username or "postgres"),
        password=unquote(parts.password or "") or None,
        host=parts.hostname,
        port=parts.port or 5432,
        database=unquote(parts.path[1:]) or None,
        ssl_context=None if mode in ("disable", "allow", "prefer") else context,
        timeout=SILENCE,
        application_name="plinth-release",
    )
    connection.autocommit = True

    def execute(sql: str, *values: Any) -> "list[tuple[Any, ...]]":
        cursor = connection.cursor()
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []

    return Connection(execute, connection.close)


def with_asyncpg(module: Any, url: str) -> Connection:
    """Connect by asyncpg, which numbers its values."""
    loop = asyncio.new_event_loop()
    opening = module.connect(url, timeout=10, command_timeout=SILENCE, statement_cache_size=0)
    connection = loop.run_until_complete(opening)

    def execute(sql: str, *values: Any) -> "list[tuple[Any, ...]]":
        head, *rest = sql.split("%s")
        numbered = head + "".join(f"${n}{text}" for n, text in enumerate(rest, start=1))
        return [tuple(row) for row in loop.run_until_complete(connection.fetch(numbered, *values))]

    def close() -> None:
        loop.run_until_complete(connection.close())
        loop.close()

    return Connection(execute, close)


DRIVERS = {
    "psycopg": with_libpq,
    "psycopg2": with_libpq,
    "pg8000": with_pg8000,
    "asyncpg": with_asyncpg,
}
"""The drivers that will do, the first that is there before the others."""


def connect(url: str) -> Connection:
    """Connect by the driver that the image has."""
    plain, found = re.subn(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url)
    if not found:
        fail("DATABASE_URL names no PostgreSQL database: set it to postgresql://...")
    for name, opened_by in DRIVERS.items():
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        return opened_by(module, plain)
    fail(f"the image has none of {', '.join(DRIVERS)}: install one, such as psycopg[binary]")


class Releases:
    """What has been released, and the lock of whoever releases."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._execute, self._close = connection
        digest = hashlib.sha256(f"plinth release {name}".encode()).digest()
        # Two keys of 31 bits, so that pg_locks shows them as they are.
        self._keys = [int.from_bytes(digest[at : at + 4], "big") >> 1 for at in (0, 4)]
        # The server's side of a connection that vanished must not hold the lock for two hours.
        for setting, value in (("idle", SILENCE // 2), ("interval", 5), ("count", 3)):
            self._execute(f"SET tcp_keepalives_{setting} = {value}")

    def done(self, image: str, command: str) -> bool:
        """Tell whether an image is released; one named by a tag never is for good."""
        if not pinned(image) or not self._there():
            return False
        sql = "SELECT 1 FROM plinth.releases WHERE image = %s AND command = %s"
        return bool(self._execute(sql, image, command))

    def take(self) -> bool:
        """Take the lock, if nobody has it.

        To wait inside a statement would keep a snapshot open, for which CREATE INDEX CONCURRENTLY
        in the release that holds the lock would wait in turn.
        """
        taken = self._execute("SELECT pg_try_advisory_lock(%s::int, %s::int)", *self._keys)
        return bool(taken[0][0])

    def held(self) -> bool:
        """Tell whether the lock is still ours: the connection lives, and is the same one."""
        sql = (
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
            " AND classid = %s::bigint::oid AND objid = %s::bigint::oid AND granted"
        )
        try:
            return bool(self._execute(sql, *self._keys))
        except Exception as error:  # noqa: BLE001 - a driver's own, of which there are several
            say(f"{type(error).__name__}: {error}")
            return False

    def record(self, image: str, command: str) -> None:
        """Note that an image is released."""
        if not pinned(image):
            return
        if not self._there():
            # A schema of its own, where no tool that compares the app's tables looks.
            self._execute("CREATE SCHEMA IF NOT EXISTS plinth")
            self._execute(
                "CREATE TABLE IF NOT EXISTS plinth.releases (image text, command text,"
                " released_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (image, command))"
            )
        sql = "INSERT INTO plinth.releases (image, command) VALUES (%s, %s) ON CONFLICT DO NOTHING"
        self._execute(sql, image, command)

    def close(self) -> None:
        """Give the lock up, and go; a connection that is lost has gone already."""
        with suppress(Exception):
            self._close()

    def _there(self) -> bool:
        return self._execute("SELECT to_regclass('plinth.releases')::text")[0][0] is not None


def pinned(image: str) -> bool:
    """Tell whether a reference always means the same image."""
    return "@sha256:" in image


def stop(child: "subprocess.Popen[bytes]") -> None:
    """End a command, and then whatever of it is left."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        child.wait(MERCY)
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def run(command: "list[str]", seconds: float, held: "Callable[[], bool]") -> None:
    """Run a command to its end, within its time and as long as the lock is held."""
    end = time.monotonic() + seconds
    child = subprocess.Popen(command, start_new_session=True)  # noqa: S603
    try:
        while child.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                child.wait(EVERY)
            if not held():
                fail(f"the lock was lost while {command[0]} ran")
            if child.poll() is None and time.monotonic() > end:
                fail(f"{command[0]} took more than {seconds:g} seconds")
    finally:
        if child.poll() is None:
            stop(child)
    if child.returncode:
        fail(f"{command[0]} ended with {child.returncode}")


def wait(releases: Releases, seconds: float) -> None:
    """Wait for the lock, but not for ever."""
    end = time.monotonic() + seconds
    while not releases.take():
        if time.monotonic() > end:
            fail(f"another release has not ended within {seconds:g} seconds")
        time.sleep(EVERY)


def release(image: str, name: str, seconds: float, command: "list[str]") -> None:
    """Release an image, unless that is done, or wait until another has."""
    text = shlex.join(command)
    with closing(Releases(connect(os.environ.get("DATABASE_URL", "")), name)) as releases:
        # Asked before the lock, so that an older image can start while a newer one is released.
        if not releases.done(image, text):
            wait(releases, seconds)
            if not releases.done(image, text):
                say(f"begins {text}")
                run(command, seconds, releases.held)
                releases.record(image, text)
    say(f"done {text}")


def stopped(_number: int, _frame: object) -> NoReturn:
    """End, as asked."""
    fail("stopped")


def main() -> None:
    """Read the command line, and release."""
    reader = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    reader.add_argument("--image", required=True)
    reader.add_argument("--name", required=True)
    reader.add_argument("--seconds", type=float, default=900)
    reader.add_argument("command", nargs="+")
    given = reader.parse_args()
    # Whoever stops the container stops the command too.
    signal.signal(signal.SIGTERM, stopped)
    try:
        release(given.image, given.name, given.seconds, given.command)
    except Exception as error:  # noqa: BLE001 - a driver's own, of which there are several
        fail(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
