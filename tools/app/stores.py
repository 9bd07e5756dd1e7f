"""PostgreSQL and the two kinds of Redis, as the app would find them on AWS."""

import signal
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path

import psycopg

from .programs import Program, Programs, answers, find, give_away, write_secret

DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian keeps each version's programs, off the path."""

OWNER = "shop"
"""The database, and who owns it and everything else in there."""

QUICK = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
"""What a PostgreSQL may do whose data can be lost."""

BROKER = {"maxmemory-policy": "noeviction", "appendonly": "yes", "appendfsync": "everysec"}
"""It never drops a task, and has them all after a restart."""

CACHE = {"maxmemory-policy": "allkeys-lru", "maxmemory": "64mb", "appendonly": "no"}
"""It may forget anything at any time."""


def database_url(port: int, password: str, name: str = OWNER) -> str:
    """Spell a database's address."""
    return f"postgresql://{OWNER}:{password}@127.0.0.1:{port}/{name}"


def redis_url(port: int, password: str) -> str:
    """Spell a Redis' address."""
    return f"redis://:{password}@127.0.0.1:{port}/0"


def postgres(programs: Programs, home: Path, port: int, password: str) -> Program:
    """Make a database cluster unless there is one, and describe the server that serves it."""
    if not (home / "data" / "PG_VERSION").exists():
        _create_cluster(programs, home, password)
    settings = (f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *QUICK)

    def ready(_: Path) -> bool:
        with suppress(psycopg.OperationalError):
            psycopg.connect(database_url(port, password, "postgres"), connect_timeout=2).close()
            return True
        return False

    return Program(
        name="postgres",
        command=[
            _of_postgres("postgres"),
            *("-D", home / "data"),
            *(word for each in settings for word in ("-c", each)),
        ],
        directory=home,
        ready=ready,
        privileged=False,
        # SIGINT: end the sessions that are left, write all down, and leave.
        stop=((signal.SIGINT, 20.0),),
    )


def create_database(port: int, password: str) -> None:
    """Make the app's database unless there is one."""
    address = database_url(port, password, "postgres")
    with (
        closing(psycopg.connect(address, autocommit=True)) as connection,
        suppress(psycopg.errors.DuplicateDatabase),
    ):
        connection.execute(f"CREATE DATABASE {OWNER}")


def redis(name: str, home: Path, port: int, password: str, settings: Mapping[str, str]) -> Program:
    """Configure a Redis, and describe it."""
    home.mkdir(exist_ok=True)
    configuration = home / "redis.conf"
    fixed = {"bind": "127.0.0.1", "port": port, "requirepass": password, "save": '""'}
    lines = [f"{key} {value}\n" for key, value in {**fixed, **settings}.items()]
    write_secret(configuration, "".join(lines))
    give_away(home, configuration)
    return Program(
        name=name,
        command=[find("redis-server"), configuration],
        directory=home,
        ready=lambda _: answers(port),
        privileged=False,
    )


def _create_cluster(programs: Programs, home: Path, password: str) -> None:
    home.mkdir(exist_ok=True)
    given = home / "password"
    write_secret(given, password)
    give_away(home, given)
    command = [
        *(_of_postgres("initdb"), "-D", home / "data", "--no-sync"),
        *(f"--username={OWNER}", f"--pwfile={given}", "--auth=scram-sha-256"),
        *("--encoding=UTF8", "--locale=C.UTF-8"),
    ]
    programs.run(Program(name="initdb", command=command, directory=home, privileged=False))
    given.unlink()


def _of_postgres(program: str) -> Path:
    versions = sorted(DEBIAN.glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    return find(program, *versions)
