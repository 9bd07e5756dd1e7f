"""A real redis-server for a test, on loopback and in memory alone."""

import shutil
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

PATIENCE = 10.0
"""Seconds that a server may take to answer."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that answers."""

    port: int
    process: subprocess.Popen[bytes]

    def url(self, credentials: str = "", scheme: str = "redis", query: str = "") -> str:
        """Spell its address, with ``user:password@`` where there is one."""
        return f"{scheme}://{credentials}127.0.0.1:{self.port}/0{query}"


def free_port() -> int:
    """Find a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def redis_server(directory: Path, *options: str, tls: bool = False) -> Generator[Server]:
    """Run a server until the test is over; skip where there is none to run.

    Args:
        directory: Where it may write.
        options: More of its command line.
        tls: Whether its port takes TLS, and nothing else.
    """
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    port = free_port()
    ports = ("--port", "0", "--tls-port") if tls else ("--port",)
    command = [program, *ports, str(port), "--bind", "127.0.0.1", "--save", "", *options]
    with subprocess.Popen(  # noqa: S603
        command, cwd=directory, stdout=subprocess.DEVNULL
    ) as process:
        try:
            _await(port)
            yield Server(port=port, process=process)
        finally:
            process.kill()


def _await(port: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    pytest.fail(f"redis-server does not answer on port {port}")
