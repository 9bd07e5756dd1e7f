"""A real PostgreSQL for a test, on loopback, whose data nobody needs to outlive the test."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

PATIENCE = 20.0
"""Seconds that a server may take to answer."""

DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian keeps each version's programs, off the path."""

SPEED = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "autovacuum=off")
"""What a server may do whose data can be lost."""


@contextmanager
def postgres_server(directory: Path, *options: str) -> Generator[str]:
    """Run a server until the block ends; skip the test where there is none to run.

    Args:
        directory: Where its log goes, as ``postgres.log``.
        options: Its settings beside those for speed, such as ``max_connections=20``.

    Yields:
        The URL of its database, as a superuser who needs no password:
        ``postgresql://postgres@127.0.0.1:PORT/postgres``. ``CREATE DATABASE`` makes room for more.
    """
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="plinth-postgres-") as home:
        port = _free_port()
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        settings = (f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=")
        chosen = [word for each in (*settings, *SPEED, *options) for word in ("-c", each)]
        as_owner = _give_away(home)
        new = ("--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
        subprocess.run(  # noqa: S603
            [*as_owner, programs / "initdb", "-D", f"{home}/data", *new],
            cwd=home,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        log = directory / "postgres.log"
        with (
            log.open("wb") as output,
            subprocess.Popen(  # noqa: S603
                [*as_owner, programs / "postgres", "-D", f"{home}/data", *chosen],
                cwd=home,
                stdout=output,
                stderr=output,
            ) as process,
        ):
            try:
                _await(url, process, log)
                yield url
            finally:
                # At once, without a checkpoint: what it holds is thrown away.
                process.send_signal(signal.SIGQUIT)


def _programs() -> Path | None:
    installed = sorted(DEBIAN.glob("*/bin"), key=lambda path: int(path.parent.name))
    found = shutil.which("postgres", path=os.pathsep.join(map(str, [*installed[::-1]])))
    found = found or shutil.which("postgres")
    return Path(found).resolve().parent if found else None


def _give_away(home: str) -> Sequence[str]:
    """Let an ordinary user own the data where we are root, whom PostgreSQL refuses to serve."""
    if os.geteuid() != 0:
        return ()
    shutil.chown(home, "nobody", "nogroup")
    return ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        with suppress(psycopg.OperationalError), psycopg.connect(url):
            return
        time.sleep(0.02)
    pytest.fail(f"PostgreSQL does not answer: {log.read_text()}")
