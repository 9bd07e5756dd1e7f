"""The release step: real processes that compete before a real PostgreSQL."""

import ast
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pulumi
import pulumi_aws as aws
import pytest

from balancers import Balancer
from booted import systemd_words, user_data_files, written_files
from parts import BROKER, NETWORK, NEXT_IMAGE, PARTS
from parts import IMAGE as IMAGE_OF_PARTS
from plinth import CeleryWorkers, WebTier
from plinth._fleet.boot import boot_document
from plinth._fleet.files import release as program
from plinth._fleet.release import PROGRAM, Release
from plinth._fleet.units import Process, Secret, Stop, process_unit
from plinth.testing import Deployment, deploy
from real_postgres import postgres_server

IMAGE = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop@sha256:{'0' * 64}"
PROCESS = Process(
    name="web",
    image=IMAGE,
    log_group="web-1a2b3c4",
    stop=Stop(seconds=40),
    secrets={"DATABASE_URL": Secret(arn="arn:aws:s:db", template="{url}")},
    release=Release(command=("alembic", "upgrade", "head"), seconds=60, name="shop/dev"),
)
TIERS = {"web": PARTS["WebTier"], "celery": PARTS["CeleryWorkers"]}
STEP = {"release_command": ("alembic", "upgrade", "head"), "release_seconds": 600}
PATIENCE = 20
"""Seconds until a test gives up on something; a busy machine needs many."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """Run one PostgreSQL for all tests."""
    with postgres_server(tmp_path_factory.mktemp("postgres")) as url:
        yield url


class Site:
    """A database, and the processes that release to it."""

    def __init__(self, url: str, root: Path) -> None:
        self.url = url
        self.notes = root / "notes"
        self.notes.touch()
        self._root = root
        self._started: list[subprocess.Popen[bytes]] = []

    def release(
        self, script: str, *, image: str = IMAGE, name: str = "shop/dev", seconds: float = 30
    ) -> subprocess.Popen[bytes]:
        """Start a release whose command is a shell script; it can write to ``$NOTES``."""
        options = ["--image", image, "--name", name, "--seconds", str(seconds)]
        with (self._root / f"log{len(self._started)}").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, PROGRAM, *options, "--", "sh", "-c", script],
                env={**os.environ, "DATABASE_URL": self.url, "NOTES": str(self.notes)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._started.append(process)
        return process

    def log(self, process: subprocess.Popen[bytes]) -> str:
        """Read what a release and its command said."""
        return (self._root / f"log{self._started.index(process)}").read_text()

    def noted(self) -> list[str]:
        """Read what commands noted."""
        return self.notes.read_text().split()

    def until(self, what: Callable[[], object]) -> None:
        """Wait for something to be true; if it never is, show all that was logged."""
        end = time.monotonic() + PATIENCE
        while not what():
            assert time.monotonic() < end, "\n".join(map(self.log, self._started))
            time.sleep(0.02)

    def ends(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for a release to end, and return its exit code."""
        self.until(lambda: process.poll() is not None)
        return process.wait()

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(sql.encode()).fetchall()

    def recorded(self) -> list[str]:
        """List the images that are recorded as released."""
        if self.ask("SELECT to_regclass('plinth.releases')::text") == [(None,)]:
            return []
        return [image for (image,) in self.ask("SELECT image FROM plinth.releases")]

    def holders(self) -> list[int]:
        """List the server processes of those who hold a lock."""
        return [pid for (pid,) in self.ask("SELECT pid FROM pg_locks WHERE locktype = 'advisory'")]

    def end(self) -> None:
        """Kill what still runs."""
        for process in self._started:
            process.kill()
            process.wait()


@pytest.fixture
def site(server: str, tmp_path: Path) -> Generator[Site]:
    """Give a test a database in which nothing was released, and end what it started there."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS plinth CASCADE")
        made = Site(server, tmp_path)
        yield made
        made.end()
        connection.execute(OTHERS_END)


OTHERS_END = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'
"""

WAITING = (
    "SELECT count(*)::int FROM pg_stat_activity WHERE query LIKE '%pg_try%' AND state = 'idle'"
)
"""Those who asked for the lock and, since they have no transaction, wait outside of the server."""


@contextmanager
def releases(url: str, name: str = "shop/dev") -> Generator[program.Releases]:
    """Connect as a release does."""
    with closing(program.Releases(program.connect(url), name)) as connected:
        yield connected


def released(url: str, image: str, *command: str, seconds: float = 5) -> None:
    """Release in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        program.release(image, "shop/dev", seconds, list(command))


def alive(pid: str) -> bool:
    """Tell whether a process still runs; a zombie does not, though nobody may have noticed yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_two_that_compete_release_once(site: Site) -> None:
    """One runs the command while the other waits, and then finds it done."""
    script = "echo begun >>$NOTES; sleep 0.7; echo ended >>$NOTES"
    both = [site.release(script), site.release(script)]

    assert [site.ends(each) for each in both] == [0, 0]
    assert site.noted() == ["begun", "ended"]
    assert site.recorded() == [IMAGE]
    assert sorted("begins" in site.log(each) for each in both) == [False, True]


def test_who_waits_tries_what_failed(site: Site) -> None:
    """A failure is nobody's but the one's that had it: nothing is recorded, the lock is free."""
    script = "echo run >>$NOTES; sleep 0.5; test $(grep -c run $NOTES) -gt 1"
    both = [site.release(script), site.release(script)]

    assert sorted(site.ends(each) for each in both) == [0, 1]
    assert site.noted() == ["run", "run"]
    assert site.recorded() == [IMAGE]
    assert any("release: sh ended with 1" in site.log(each) for each in both)


def test_lost_lock_ends_the_release(site: Site) -> None:
    """Without its connection nobody else is kept out: the command is stopped, and not recorded."""
    process = site.release("echo $$ >>$NOTES; sleep 60")
    site.until(site.noted)

    assert site.ask(f"SELECT pg_terminate_backend({site.holders()[0]})") == [(True,)]
    assert site.ends(process) == 1
    assert site.recorded() == []
    assert "release: the lock was lost while sh ran" in site.log(process)
    assert not alive(site.noted()[0])


def test_time_limit_ends_a_command_and_its_children(site: Site) -> None:
    """What hangs is stopped, and what it started in the background with it."""
    process = site.release("sleep 60 & echo $! >>$NOTES; wait", seconds=1)

    assert site.ends(process) == 1
    assert site.recorded() == []
    assert "release: sh took more than 1 seconds" in site.log(process)
    assert not alive(site.noted()[0])


def test_whoever_stops_the_release_stops_its_command(site: Site) -> None:
    """Docker's SIGTERM reaches the command, and the lock is free for the next."""
    process = site.release("echo $$ >>$NOTES; sleep 60")
    site.until(site.noted)

    process.terminate()
    assert site.ends(process) == 1
    assert not alive(site.noted()[0])
    site.until(lambda: not site.holders())


def test_index_is_built_concurrently_while_another_waits(site: Site) -> None:
    """It waits for every open snapshot; whoever waits for the lock must not have one."""
    with releases(site.url) as holder, psycopg.connect(site.url, autocommit=True) as connection:
        assert holder.take()
        connection.execute("CREATE TABLE things (id int)")
        waiting = site.release("true")
        site.until(lambda: site.ask(WAITING) == [(1,)])
        connection.execute("SET statement_timeout = '10s'")
        connection.execute("CREATE INDEX CONCURRENTLY ON things (id)")
        connection.execute("DROP TABLE things")
        assert waiting.poll() is None


def test_older_image_starts_while_a_newer_one_is_released(site: Site) -> None:
    """Scaling out, and going back, must not wait for the migration that is under way."""
    older, newer = IMAGE, IMAGE.replace("sha256:0", "sha256:1")
    command = ("sh", "-c", f"echo run >>{site.notes}")
    released(site.url, older, *command)
    with releases(site.url) as holder:
        assert holder.take()

        released(site.url, older, *command)
        assert site.noted() == ["run"]
        with pytest.raises(SystemExit, match=r"has not ended within 0\.1 seconds"):
            released(site.url, newer, *command, seconds=0.1)


def test_tag_is_released_every_time(site: Site) -> None:
    """The image behind it may be another one; only what is pinned is recorded."""
    for _ in range(2):
        released(site.url, "shop:latest", "sh", "-c", f"echo run >>{site.notes}")

    assert site.noted() == ["run", "run"]
    assert site.recorded() == []


def test_each_command_of_an_image_is_released(site: Site) -> None:
    """A tier whose command is another's is not told that all is done."""
    for word in ("one", "two", "one"):
        released(site.url, IMAGE, "sh", "-c", f"echo {word} >>{site.notes}")

    assert site.noted() == ["one", "two"]


def test_names_do_not_wait_for_one_another(site: Site) -> None:
    """Two stacks can share a database; a lock that was not taken is not held."""
    with releases(site.url, "shop/dev") as one, releases(site.url, "blog/dev") as other:
        assert (one.take(), one.held(), other.held()) == (True, True, False)
        assert other.take()
        with releases(site.url, "shop/dev") as third:
            assert not third.take()


def test_record_stays_out_of_the_apps_tables(site: Site) -> None:
    """A tool that compares the app's models with its schema would drop what it does not know."""
    released(site.url, IMAGE, "true")

    tables = "SELECT schemaname, tablename FROM pg_tables WHERE tablename ~ 'release'"
    assert site.ask(tables) == [("plinth", "releases")]


@pytest.mark.parametrize("driver", list(program.DRIVERS))
def test_any_driver_will_do(driver: str, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step speaks through whichever the image has, and takes SQLAlchemy's form of the URL."""
    pytest.importorskip(driver)
    monkeypatch.setattr(program, "DRIVERS", {driver: program.DRIVERS[driver]})
    url = site.url.replace("postgresql", f"postgresql+{driver}")

    released(url, IMAGE, "true")
    assert site.recorded() == [IMAGE]
    with releases(url) as one, releases(url) as other:
        assert one.done(IMAGE, "true")
        assert one.take()
        assert one.held()
        assert not other.take()


def test_image_without_a_driver_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason is in the log, with what to do about it."""
    monkeypatch.setattr(program, "DRIVERS", {"no_such_driver": program.with_libpq})

    with pytest.raises(SystemExit, match=r"none of no_such_driver: install one, such as psycopg"):
        program.connect("postgresql://db/app")


@pytest.mark.parametrize("url", ["", "sqlite:///app.db", "mysql://db/app"])
def test_other_databases_are_refused(url: str) -> None:
    """The lock is PostgreSQL's."""
    with pytest.raises(SystemExit, match="DATABASE_URL names no PostgreSQL database"):
        program.connect(url)


def test_command_that_does_not_listen_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM first, SIGKILL a little later, to everything it started."""
    monkeypatch.setattr(program, "MERCY", 0.1)
    monkeypatch.setattr(program, "EVERY", 0.05)

    with pytest.raises(SystemExit, match="took more than"):
        program.run(["sh", "-c", "trap '' TERM; while :; do sleep 0.01; done"], 0.1, lambda: True)


def test_program_suits_an_older_python() -> None:
    """It runs in the app's image, whose Python is the app's choice."""
    ast.parse(PROGRAM.read_text(), feature_version=(3, 9))


def test_instance_releases_before_it_starts_the_app() -> None:
    """The step is the image's own container with the app's variables, and the app's start waits."""
    unit = process_unit(PROCESS)

    words = systemd_words(unit, "ExecStartPre", "release.sh")
    assert words[words.index("--entrypoint") + 1] == "python3"
    assert words[words.index(IMAGE) + 1 :] == [
        *("/plinth/release.py", "--image", IMAGE, "--name", "shop/dev", "--seconds", "60"),
        *("--", "alembic", "upgrade", "head"),
    ]
    assert {"/etc/plinth/web.env", "/run/plinth/web/secrets.env"} < {*words}
    assert "awslogs-stream=web-release/${INSTANCE_ID}" in words
    assert "/usr/local/lib/plinth/release.py:/plinth/release.py:ro" in words
    order = ["resolve_secrets.py", "release.sh", "ExecStart=", "docker stop -t 20 web-release"]
    assert sorted(order, key=unit.index) == order


def test_instance_brings_the_step_with_it() -> None:
    """Whoever has no release ships no program for one, and keeps the unit it had."""
    programs = {"/usr/local/lib/plinth/release.py", "/usr/local/lib/plinth/release.sh"}

    assert programs <= written_files(boot_document([PROCESS])).keys()
    assert "release" not in boot_document([replace(PROCESS, release=None)])


def test_instance_releases_once_in_its_life(tmp_path: Path) -> None:
    """What failed is tried again after a pause; what succeeded is not repeated at a restart."""
    done, notes = tmp_path / "done", tmp_path / "notes"
    step = f"echo run >>{notes}; test $(grep -c run {notes}) -gt 1"
    script = PROGRAM.with_suffix(".sh")

    def attempt() -> int:
        command = ["sh", script, done, "0", "sh", "-c", step]
        return subprocess.run(command, check=False).returncode  # noqa: S603

    assert [attempt(), attempt(), attempt()] == [1, 0, 0]
    assert notes.read_text().split() == ["run", "run"]


@pytest.fixture(scope="module")
def tiers() -> Deployment:
    """Deploy the tiers that release, once for all tests."""
    return deploy(lambda: [part.build(name, **STEP) for name, part in TIERS.items()] and None)


def test_tiers_of_a_stack_release_under_one_name(tiers: Deployment) -> None:
    """Whichever of them starts first releases for all, since the command and the image are one."""
    units = [
        content
        for template in tiers.all(aws.ec2.LaunchTemplate)
        for path, content in user_data_files(template.inputs).items()
        if path.endswith(".service") and "release.sh" in content
    ]
    steps = [systemd_words(unit, "ExecStartPre", "release.sh") for unit in units]
    blue, green, *pools = [words[words.index("--image") :] for words in steps]
    assert {tuple(pool) for pool in pools} == {tuple(blue)}
    assert green == [word.replace(IMAGE_OF_PARTS, NEXT_IMAGE) for word in blue]
    assert blue[2:4] == ["--name", "project/stack"]


def test_new_instances_are_given_time_to_release(tiers: Deployment) -> None:
    """The balancer's word counts later, a worker may answer later, and deployments wait longer."""
    web = tiers.one(aws.autoscaling.Group, "web").inputs
    assert web["healthCheckGracePeriod"] == 300 + 600
    assert web["waitForCapacityTimeout"] == "20m"
    pool = tiers.one(aws.autoscaling.Group, "celery-default").inputs
    assert pool["waitForCapacityTimeout"] == "25m"
    hook = tiers.one(aws.autoscaling.LifecycleHook, "celery-default-answered").inputs
    assert (hook["heartbeatTimeout"], hook["defaultResult"]) == (600 + 600, "ABANDON")


@pytest.mark.parametrize("kind", ["WebTier", "CeleryWorkers"])
def test_release_without_a_database_is_refused(kind: str) -> None:
    """The lock and the record are the database's: without its URL nothing is registered."""
    made: list[str] = []

    def note(args: pulumi.ResourceTransformationArgs) -> None:
        made.append(args.name)

    settings = PARTS[kind].settings.model_validate(STEP)
    tier: Any = {"WebTier": WebTier, "CeleryWorkers": CeleryWorkers}[kind]
    wired = {"balancer": Balancer()} if kind == "WebTier" else {"broker": BROKER}
    opts = pulumi.ResourceOptions(transformations=[note])
    with pytest.raises(ValueError, match="nothing in uses brings DATABASE_URL: add the database"):
        deploy(
            lambda: tier("web", settings, image=IMAGE, network=NETWORK, opts=opts, **wired) and None
        )
    assert made == []
