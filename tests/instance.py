"""An instance on loopback: a real Redis and real Celery, and stubs of AWS, docker and systemd."""

import base64
import importlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import redis

from plinth._celery.files import drain_agent

FILES = Path(drain_agent.__file__).parent
PATIENCE = 40
"""Seconds until a test gives up on something; a busy machine needs many."""

APP = '''
import os
import time

import redis
from celery import Celery

app = Celery("app", broker=os.environ["CELERY_BROKER_URL"])
app.conf.beat_schedule = {"each second": {"task": "app.work", "schedule": 1.0, "args": [0, 0]}}
store = redis.Redis.from_url(app.conf.broker_url)


@app.task
def work(number, seconds):
    """Take some time, or none once the store says to hurry."""
    store.rpush("begun", number)
    end = time.monotonic() + seconds
    while time.monotonic() < end and not store.exists("hurry"):
        time.sleep(0.02)
    store.rpush("done", number)
'''


class Broker:
    """What Celery keeps in a Redis."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.store: Any = cast("Any", redis.Redis).from_url(url)

    def numbers(self, key: str) -> list[int]:
        """Read a list: the tasks that were ``begun``, or ``done``, in order."""
        return [int(number) for number in self.store.lrange(key, 0, -1)]

    def send(self, count: int, seconds: float) -> list[int]:
        """Send tasks of some length; return their numbers."""
        app = importlib.import_module("celery").Celery(broker=self.url, set_as_current=False)
        with app:
            for number in range(count):
                app.send_task("app.work", [number, seconds])
        return list(range(count))

    @property
    def queued(self) -> list[int]:
        """The tasks in the queue."""
        messages = [json.loads(message) for message in self.store.lrange("celery", 0, -1)]
        return [json.loads(base64.b64decode(each["body"]))[0][0] for each in messages]

    @property
    def waiting(self) -> int:
        """Count the tasks in the queue."""
        return self.store.llen("celery")

    @property
    def in_flight(self) -> int:
        """Count the tasks that a worker holds, or held when it was killed."""
        return self.store.hlen("unacked")


class Instance:
    """A machine with a worker on it; commands that it lacks are stubs, first on its path."""

    def __init__(self, root: Path, broker: Broker) -> None:
        self.root = root
        self.broker = broker
        self.deadline = root / "deadline"
        self.log = root / "asked"
        self.log.touch()
        (root / "app.py").write_text(APP)
        (root / "bin").mkdir()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._logs: list[str] = []

    def stub(self, name: str, script: str) -> None:
        """Install a command that notes its arguments, and then runs a script."""
        path = self.root / "bin" / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >>{self.log}\n{script}\n')
        path.chmod(0o755)

    def asked(self, what: str) -> list[str]:
        """List the stubs' calls that begin so."""
        return [line for line in self.log.read_text().splitlines() if line.startswith(what)]

    def start(self, log: str, *command: str | Path) -> subprocess.Popen[bytes]:
        """Start a program of Python's in a session of its own, as a container has."""
        path = f"{self.root / 'bin'}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "CELERY_BROKER_URL": self.broker.url}
        with (self.root / log).open("wb") as output:
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, *command],
                cwd=self.root,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes.append(process)
        self._logs.append(log)
        return process

    def celery(self, log: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start Celery by a command line of a component's."""
        assert command[0] == "celery"
        return self.start(log, "-m", *command)

    def until(self, what: Callable[[], object]) -> None:
        """Wait for something to be true; if it never is, show all that was logged."""
        end = time.monotonic() + PATIENCE
        while not what():
            assert time.monotonic() < end, "\n".join(map(self.read, ["asked", *self._logs]))
            time.sleep(0.02)

    def ends(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for a program to end, and return its exit code."""
        self.until(lambda: process.poll() is not None)
        return process.wait()

    def says(self, log: str, words: str) -> bool:
        """Tell whether a log has some words."""
        return words in self.read(log)

    def read(self, log: str) -> str:
        """Return a log."""
        return (self.root / log).read_text()

    def end(self) -> None:
        """Kill what still runs, children included."""
        for process in self._processes:
            if process.poll() is None:
                os.killpg(process.pid, 9)
            process.wait()


class Metadata(ThreadingHTTPServer):
    """The instance metadata service, of which the agent needs little."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.values = {
            "instance-id": "i-0123456789abcdef0",
            "placement/region": "eu-west-1",
            "autoscaling/target-lifecycle-state": "InService",
        }
        self.url = f"http://127.0.0.1:{self.server_port}/latest"

    def scale_in(self) -> None:
        """Have Auto Scaling let the instance go."""
        self.values["autoscaling/target-lifecycle-state"] = "Terminated"

    def interrupt(self) -> None:
        """Give a spot instance notice."""
        self.values["spot/instance-action"] = json.dumps({"action": "terminate"})


class _Answer(BaseHTTPRequestHandler):
    server: Metadata  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_PUT(self) -> None:
        """Give out a token."""
        self._reply(200, "token")

    def do_GET(self) -> None:
        """Answer whoever shows it."""
        value = self.server.values.get(self.path.removeprefix("/latest/meta-data/"))
        if self.headers["X-aws-ec2-metadata-token"] != "token":
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


@contextmanager
def metadata() -> Generator[Metadata]:
    """Serve metadata on loopback."""
    with Metadata() as server:
        serving = threading.Thread(target=server.serve_forever, args=[0.01])
        serving.start()
        try:
            yield server
        finally:
            server.shutdown()
            serving.join()
