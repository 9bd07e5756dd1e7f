"""``python -m tools.app``: run the sample app on loopback until ctrl-C."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from plinth.console import FAILED, OK, tell

from .programs import UnusableError
from .running import App, running
from .shop import ROOT, Ports

ELSEWHERE = Path("/var/tmp/plinth-app")  # noqa: S108 - made for root alone, and kept
"""Where root keeps the data of a checkout that nobody else can enter."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; exit 0 after ctrl-C, 1 when something is missing or ends by itself."""
    options = _parse(arguments)
    # By SIGTERM too, and even where a script that started us has SIGINT ignored.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.default_int_handler)
    ports = Ports(**{name: getattr(options, f"{name}_port") for name in asdict(Ports())})
    try:
        with running(options.state.resolve(), ports, tell) as app:
            _introduce(app)
            while True:
                app.programs.check()
                time.sleep(1)
    except (UnusableError, OSError) as error:
        tell(f"app: {error}")
        return FAILED
    except KeyboardInterrupt:
        return OK


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.app", description=__doc__)
    parser.add_argument("--state", type=Path, default=_default_state(), help="keeps the data")
    for name, port in asdict(Ports()).items():
        parser.add_argument(f"--{name}-port", type=int, default=port, metavar="N")
    return parser.parse_args(arguments)


def _default_state() -> Path:
    """Choose a directory that PostgreSQL can enter, which refuses to run as root."""
    barred = any(not parent.stat().st_mode & 0o001 for parent in (ROOT, *ROOT.parents))
    return ELSEWHERE if os.geteuid() == 0 and barred else ROOT / ".app"


def _introduce(app: App) -> None:
    sys.stdout.write(f"{app.url}/\n")
    sys.stdout.flush()
    state = app.programs.logs.parent
    tell(f"{state}/environment has the app's variables, and {state}/logs what it logs")
    tell("ctrl-C stops all of it")


if __name__ == "__main__":
    raise SystemExit(main())
