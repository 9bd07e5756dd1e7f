"""Stop the Celery worker of this container so that no task is lost: ``PID SECONDS WAIT``.

SIGTERM lets running tasks finish. Those that have not after SECONDS are cut off by SIGQUIT, which
puts them back in their queues because they are acknowledged late. Only the container's first
process is signalled: a signal to the children would lose their tasks. Once it is gone, so is
everything else in the container, this program included.
"""

import os
import signal
import sys
import time
from pathlib import Path


def main() -> None:
    """Ask the process to go, then insist for WAIT seconds."""
    pid, seconds, wait = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    until = time.monotonic() + seconds
    # The first process of a container does not get a signal before it listens to it.
    while not listens(pid, signal.SIGTERM) and left(pid, until):
        pass
    for how in (signal.SIGTERM, signal.SIGQUIT):
        if not ask(pid, how):
            return
        while left(pid, until):
            pass
        until = time.monotonic() + wait


def left(pid: int, until: float) -> bool:
    """Wait a moment, and tell whether there is anything left to wait for, and time to."""
    time.sleep(0.2)
    return ask(pid, 0) and time.monotonic() < until


def ask(pid: int, how: int) -> bool:
    """Send a signal, or 0 to see whether there is anybody to send one to."""
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        return False
    return True


def listens(pid: int, how: int) -> bool:
    """Tell whether a process catches a signal, or blocks it to fetch it by itself."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return True
    masks = dict(line.split(":", 1) for line in lines)
    return any(int(masks[mask], 16) >> (how - 1) & 1 for mask in ("SigCgt", "SigBlk"))


if __name__ == "__main__":
    main()
