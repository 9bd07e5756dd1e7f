"""Stop a Celery worker so that no task is lost: ``celery_stop.py CONTAINER SECONDS``.

SIGTERM lets running tasks finish. Those that have not after SECONDS are cut off by SIGQUIT, which
puts them back in their queues because they are acknowledged late. Only the container's first
process is signalled: a signal to the children would lose their tasks.
"""

from __future__ import annotations

import argparse
import logging
import os
import select
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DEADLINE = "/run/plinth-drain-deadline"
"""The drain agent leaves a time here, in seconds since the epoch, when the instance must go sooner
than SECONDS say. It is read again all the time: the notice may come during a drain."""

QUIT_WAIT = 30.0

LOG = logging.getLogger("celery-stop")


def main(arguments: Sequence[str] | None = None) -> int:
    """Stop the worker; exit 0 once it is gone, 1 if systemd must kill it."""
    options = parse(arguments)
    pid = first_process(options.container)
    if pid is None:
        LOG.info("%s is not running", options.container)
        return 0
    started = time.time()
    gone = stop(pid, lambda: deadline(started + options.seconds, options.deadline))
    state = "stopped" if gone else "STILL RUNNING"
    LOG.info("%s %s after %.1f s", options.container, state, time.time() - started)
    return 0 if gone else 1


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("container")
    parser.add_argument("seconds", type=float)
    parser.add_argument("--deadline", type=Path, default=Path(DEADLINE))
    return parser.parse_args(arguments)


def first_process(container: str) -> int | None:
    """Ask docker for the container's first process, by its number on the host."""
    command = ["docker", "inspect", "--format", "{{.State.Pid}}", container]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if asked.returncode != 0:
        return None
    return int(asked.stdout) or None


def stop(pid: int, until: Callable[[], float]) -> bool:
    """Ask a process to go, then insist; tell whether it went."""
    try:
        # A descriptor, unlike a number, can never come to mean another process.
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    with os.fdopen(process):
        return ask(process, signal.SIGTERM, until) or insist(process)


def insist(process: int) -> bool:
    """Have running tasks put back."""
    until = time.time() + QUIT_WAIT
    return ask(process, signal.SIGQUIT, lambda: until)


def ask(process: int, how: signal.Signals, until: Callable[[], float]) -> bool:
    """Send a signal and wait; tell whether the process ended."""
    try:
        signal.pidfd_send_signal(process, how)
    except ProcessLookupError:
        return True
    LOG.info("sent %s, waiting %.0f s", how.name, max(0.0, until() - time.time()))
    while True:
        left = max(0.0, until() - time.time())
        if select.select([process], [], [], min(left, 1.0))[0]:
            return True
        if not left:
            return False


def deadline(planned: float, file: Path) -> float:
    """Tell when to stop waiting: as planned, or as soon as the agent has written."""
    try:
        return min(planned, float(file.read_text()))
    except (OSError, ValueError):
        return planned


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="celery-stop: %(message)s")
    raise SystemExit(main())
