"""The stop script and the drain agent, against real processes and stubs on loopback."""

import ast
import sys
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from subprocess import PIPE, Popen, run

import pytest

from plinth._celery.files import celery_stop, drain_agent

FILES = Path(celery_stop.__file__).parent

WORKER = """
import os, signal, sys, time
def say(word):
    with open(sys.argv[1], "a") as log:
        log.write(word + "\\n")
def on(word, how):
    def handle(*_):
        say(word)
        if how == "leave":
            os._exit(0)
    return handle
signal.signal(signal.SIGTERM, on("main TERM", sys.argv[2]))
signal.signal(signal.SIGQUIT, on("main QUIT", sys.argv[3]))
if os.fork() == 0:
    signal.signal(signal.SIGTERM, on("child TERM", "stay"))
    signal.signal(signal.SIGQUIT, on("child QUIT", "stay"))
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.02)
    os._exit(0)
print("ready", flush=True)
while True:
    time.sleep(1)
"""
"""Stands in for Celery: a main process and a child, which write down the signals they get."""


class Machine:
    """An instance: stub commands first on its path, and what was asked of them."""

    def __init__(self, root: Path) -> None:
        self.bin = root / "bin"
        self.bin.mkdir()
        self.log = root / "log"
        self.log.touch()
        self.deadline = root / "deadline"

    def command(self, name: str, script: str) -> None:
        """Install a stub that notes its arguments, and then runs a script."""
        stub = self.bin / name
        stub.write_text(f'#!/bin/sh\necho "{name} $*" >>{self.log}\n{script}\n')
        stub.chmod(0o755)

    @property
    def asked(self) -> list[str]:
        """What happened so far, oldest first."""
        return self.log.read_text().splitlines()

    def calls(self, action: str) -> list[str]:
        """List the calls of an ``aws autoscaling`` action."""
        return [line for line in self.asked if f" {action} " in line]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Make an instance whose group is known, and whose units stop at once."""
    made = Machine(tmp_path)
    monkeypatch.setenv("PATH", str(made.bin), prepend=":")
    made.command("aws", '[ "$2" != describe-auto-scaling-instances ] || echo workers-1a2b3c4')
    made.command("systemctl", "exit 0")
    return made


@contextmanager
def worker(machine: Machine, term: str = "leave", quit_: str = "leave") -> Generator[Popen[bytes]]:
    """Run a stand-in for Celery as the container's first process."""
    log = machine.bin.parent / "signals"
    log.touch()
    command = [sys.executable, "-c", WORKER, str(log), term, quit_]
    with Popen(command, stdout=PIPE) as process:  # noqa: S603
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        machine.command("docker", f"echo {process.pid}")
        yield process
        process.kill()


def signals(machine: Machine) -> list[str]:
    """Tell which signals the stand-in got."""
    return (machine.bin.parent / "signals").read_text().splitlines()


def stop(machine: Machine, seconds: float) -> int:
    """Run the stop script."""
    return celery_stop.main(["celery", str(seconds), "--deadline", str(machine.deadline)])


@pytest.mark.parametrize("program", ["celery_stop.py", "drain_agent.py"])
def test_programs_run_on_amazon_linux(program: str) -> None:
    """They use the syntax of Python 3.9 and import nothing but its library."""
    tree = ast.parse((FILES / program).read_text(), feature_version=(3, 9))
    nodes = list(ast.walk(tree))
    modules = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    modules |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}

    assert {module.partition(".")[0] for module in modules} <= sys.stdlib_module_names
    assert run([sys.executable, FILES / program, "--help"], check=True, capture_output=True).stdout  # noqa: S603


def test_a_worker_that_finishes_is_left_alone(machine: Machine) -> None:
    """SIGTERM goes to the first process only, for it tells its children, and SIGQUIT to nobody."""
    with worker(machine):
        assert stop(machine, 60) == 0
        assert signals(machine) == ["main TERM"]
    assert machine.asked == ["docker inspect --format {{.State.Pid}} celery"]


def test_a_long_task_is_put_back(machine: Machine) -> None:
    """Past its time the worker gets SIGQUIT, upon which Celery puts back what it runs."""
    with worker(machine, term="stay"):
        started = time.monotonic()
        assert stop(machine, 0.3) == 0
        assert time.monotonic() - started >= 0.3
        assert signals(machine) == ["main TERM", "main QUIT"]


def test_a_deaf_worker_is_left_to_systemd(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script says so, and systemd kills what neither signal moves."""
    monkeypatch.setattr(celery_stop, "QUIT_WAIT", 0.2)
    with worker(machine, term="stay", quit_="stay"):
        assert stop(machine, 0.1) == 1


def test_a_container_that_is_gone_needs_no_stop(machine: Machine) -> None:
    """Docker knows no such container, or one that has no process any more."""
    machine.command("docker", "exit 1")
    assert stop(machine, 60) == 0
    machine.command("docker", "echo 0")
    assert stop(machine, 60) == 0


def test_a_spot_notice_shortens_a_stop_that_has_begun(machine: Machine) -> None:
    """What the agent writes counts at once, and only if it is sooner."""
    with worker(machine, term="stay"):
        later = threading.Timer(0.2, machine.deadline.write_text, [str(time.time() + 0.4)])
        later.start()
        started = time.monotonic()
        assert stop(machine, 600) == 0
        later.join()
        assert time.monotonic() - started < 10
    assert celery_stop.deadline(1.0, machine.deadline) == 1.0


class Metadata(ThreadingHTTPServer):
    """The instance metadata service: version 2, so that no token means no answer."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.token = "first"  # noqa: S105
        self.values = {
            "instance-id": "i-0123456789abcdef0",
            "placement/region": "eu-west-1",
            "autoscaling/target-lifecycle-state": "InService",
        }

    @property
    def url(self) -> str:
        """Where the agent finds it."""
        return f"http://127.0.0.1:{self.server_port}/latest"

    def target(self, state: str) -> None:
        """Have Auto Scaling want the instance in a state."""
        self.values["autoscaling/target-lifecycle-state"] = state

    def interrupt(self) -> None:
        """Give notice."""
        self.values["spot/instance-action"] = '{"action": "terminate"}'


class Answer(BaseHTTPRequestHandler):
    """One request to the metadata service."""

    server: Metadata  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_PUT(self) -> None:
        """Give out a token."""
        assert self.path == "/latest/api/token"
        self._reply(200, self.server.token)

    def do_GET(self) -> None:
        """Answer whoever shows it."""
        value = self.server.values.get(self.path.removeprefix("/latest/meta-data/"))
        if self.headers["X-aws-ec2-metadata-token"] != self.server.token:
            self._reply(401, "")
        else:
            self._reply(404 if value is None else 200, value or "")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""

    def _reply(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


@pytest.fixture
def metadata() -> Iterator[Metadata]:
    """Serve metadata on loopback."""
    with Metadata() as server:
        serving = threading.Thread(target=server.serve_forever, args=[0.01])
        serving.start()
        yield server
        server.shutdown()
        serving.join()


@pytest.fixture
def agent(machine: Machine, metadata: Metadata) -> drain_agent.Agent:
    """Make an agent that looks when it is told to."""
    return drain_agent.Agent(
        metadata=drain_agent.Metadata(metadata.url),
        unit="plinth-celery.service",
        hook="drain",
        spot_seconds=80,
        deadline=machine.deadline,
        beat=60,
    )


def look_until(agent: drain_agent.Agent, *, finished: bool) -> None:
    """Have the agent look until it knows that the unit has stopped."""
    done = False
    while agent.stopping is None or agent.stopping.poll() is None:
        done = drain_agent.finished(agent)
        time.sleep(0.01)
    assert (done or drain_agent.finished(agent)) is finished


@pytest.mark.parametrize("state", ["InService", "Warmed:Stopped", "Warmed:Terminated", None])
def test_a_wanted_instance_is_left_alone(
    agent: drain_agent.Agent, machine: Machine, metadata: Metadata, state: str | None
) -> None:
    """Nothing is stopped and nobody called, in service, in a warm pool or outside any group."""
    if state is None:
        del metadata.values["autoscaling/target-lifecycle-state"]
    else:
        metadata.target(state)

    assert not drain_agent.finished(agent)
    assert machine.asked == []


def test_scale_in_stops_the_unit_and_lets_the_instance_go(
    machine: Machine, metadata: Metadata
) -> None:
    """The hook is completed after the unit has stopped, with everything Auto Scaling asks for."""
    machine.command("systemctl", f"sleep 0.2; echo stopped >>{machine.log}")
    metadata.target("Terminated")
    options = ["--unit", "plinth-celery.service", "--hook", "drain", "--spot-seconds", "80"]
    loopback = ["--metadata", metadata.url, "--every", "0.01", "--deadline", str(machine.deadline)]

    assert drain_agent.main([*options, *loopback]) == 0

    about = "--instance-id i-0123456789abcdef0 --auto-scaling-group-name workers-1a2b3c4"
    assert machine.asked[:2] == ["systemctl stop plinth-celery.service", "stopped"]
    assert machine.asked[-1] == (
        "aws autoscaling complete-lifecycle-action --region eu-west-1 "
        f"{about} --lifecycle-hook-name drain --lifecycle-action-result CONTINUE"
    )
    assert not machine.deadline.exists()
    assert not machine.calls("record-lifecycle-action-heartbeat")


def test_a_long_drain_sends_heartbeats(
    agent: drain_agent.Agent, machine: Machine, metadata: Metadata
) -> None:
    """Auto Scaling hears from an instance whose tasks take longer than its hook."""
    machine.command("systemctl", "sleep 0.5")
    metadata.target("Terminated")
    agent.beat = 0.1

    look_until(agent, finished=True)

    assert machine.calls("record-lifecycle-action-heartbeat")
    assert machine.calls("complete-lifecycle-action") == machine.asked[-1:]


def test_a_spot_notice_stops_the_unit_in_time(
    agent: drain_agent.Agent, machine: Machine, metadata: Metadata
) -> None:
    """The stop script is left a deadline; there is no hook to complete unless the group says so."""
    metadata.interrupt()
    before = time.time()

    look_until(agent, finished=False)

    assert before + 80 <= float(machine.deadline.read_text()) <= time.time() + 80
    assert machine.asked == ["systemctl stop plinth-celery.service"]
    metadata.target("Terminated")
    assert drain_agent.finished(agent)
    assert machine.asked.count("systemctl stop plinth-celery.service") == 1


def test_a_spot_notice_during_a_drain_shortens_it(
    agent: drain_agent.Agent, machine: Machine, metadata: Metadata
) -> None:
    """The unit is stopped once, and its stop script learns of the deadline."""
    metadata.target("Terminated")
    machine.command("systemctl", "sleep 0.3")
    assert not drain_agent.finished(agent)
    assert not machine.deadline.exists()

    metadata.interrupt()
    look_until(agent, finished=True)

    assert machine.deadline.exists()
    assert machine.asked.count("systemctl stop plinth-celery.service") == 1


def test_a_refused_call_is_made_again(
    agent: drain_agent.Agent, machine: Machine, metadata: Metadata
) -> None:
    """An instance that could not say it is done says so at the next look."""
    machine.command("aws", "exit 1")
    metadata.target("Terminated")
    look_until(agent, finished=False)

    machine.command("aws", "echo workers-1a2b3c4")
    assert drain_agent.finished(agent)


def test_metadata_that_fails_is_asked_again(agent: drain_agent.Agent, metadata: Metadata) -> None:
    """Neither an expired token nor a silent service ends the agent."""
    assert not drain_agent.finished(agent)
    metadata.token = "second"  # noqa: S105
    assert not drain_agent.finished(agent)
    assert agent.metadata.get("meta-data/instance-id") == "i-0123456789abcdef0"

    agent.metadata.base = "http://127.0.0.1:1/latest"
    assert not drain_agent.finished(agent)


def test_agent_and_stop_script_together(
    agent: drain_agent.Agent, machine: Machine, metadata: Metadata
) -> None:
    """A spot notice ends a worker in the middle of a task, by SIGQUIT and before the deadline."""
    script = f"{sys.executable} {FILES / 'celery_stop.py'} celery 600"
    machine.command("systemctl", f"exec {script} --deadline {machine.deadline}")
    agent.spot_seconds = 0.5
    metadata.interrupt()
    with worker(machine, term="stay") as process:
        look_until(agent, finished=False)
        assert process.wait(1) == 0
    assert signals(machine) == ["main TERM", "main QUIT"]
