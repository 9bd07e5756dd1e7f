"""Programs that run side by side: started together, awaited, stopped in the opposite order."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 60.0
"""Seconds that a program may take to be ready; a busy machine needs many."""

UNPRIVILEGED = "nobody"
"""Whom PostgreSQL and Redis belong to where root starts them, since PostgreSQL refuses root."""

PACKAGES = {"initdb": "postgresql", "postgres": "postgresql", "setpriv": "util-linux"}
"""Debian's packages that are not called as the program is."""


Ready = Callable[[Path], bool]
"""Looks at a program, or at its log, and tells whether it does its work by now."""

Stop = Sequence[tuple[signal.Signals, float]]
"""Signals, each with the seconds until the next, and in the end SIGKILL."""

POLITELY: Stop = ((signal.SIGTERM, 30.0),)


def at_once(_: Path) -> bool:
    """Wait for nothing."""
    return True


class UnusableError(Exception):
    """Why the app cannot run, in one line."""


class MissingError(UnusableError):
    """A program that has to be installed first."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """A program, and how to tell what it is up to."""

    name: str
    command: Sequence[str | Path]
    directory: Path
    ready: Ready = at_once
    """Whether it does its work by now."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    privileged: bool = True
    """Whether it stays with the user who starts it, even if that is root."""
    stop: Stop = POLITELY
    """How it is asked to go."""


Started = tuple[Program, "subprocess.Popen[bytes]"]


class Programs:
    """What is under way."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self._started: dict[str, Started] = {}
        self._groups: list[list[str]] = []

    def start(self, *programs: Program) -> None:
        """Start programs, each in a session of its own: ctrl-C is for us alone.

        What is started together is stopped together.
        """
        self._groups.append([program.name for program in programs])
        for program in programs:
            self._started[program.name] = (program, self._launch(program))

    def run(self, *programs: Program) -> None:
        """Run programs side by side to their ends; raise an error unless all end well."""
        running = [(program.name, self._launch(program)) for program in programs]
        for name, process in running:
            with process:
                code = process.wait()
            if code != 0:
                raise self._failed(name, code)

    def log(self, name: str) -> Path:
        """Tell where a program writes to."""
        return self.logs / f"{name}.log"

    def pid(self, name: str) -> int:
        """Tell a program's process."""
        return self._started[name][1].pid

    def wait(self) -> None:
        """Wait until all that was started is ready."""
        until = time.monotonic() + PATIENCE
        waiting = [program for program, _ in self._started.values()]
        while waiting:
            self.check()
            waiting = [each for each in waiting if not each.ready(self.log(each.name))]
            if waiting and time.monotonic() > until:
                msg = f"{waiting[0].name} is not ready after {PATIENCE:.0f} s: "
                raise UnusableError(msg + self._last_words(waiting[0].name))
            time.sleep(0.05)

    def check(self) -> None:
        """Raise an error if anything has ended by itself."""
        for name, (_, process) in self._started.items():
            if (code := process.poll()) is not None:
                raise self._failed(name, code)

    def stop(self, *names: str) -> None:
        """Ask programs to go, all at once; insist, and in the end make them."""
        going = [self._started.pop(name) for name in names]
        with ThreadPoolExecutor(len(going)) as threads:
            try:
                list(threads.map(_ask, going))
            finally:
                # What did not listen, and all of it after another ctrl-C.
                for _, process in going:
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGKILL)
                    process.wait()

    def stop_all(self, tell: Callable[[str], None]) -> None:
        """Stop what was started last first: nothing loses what it depends on.

        Another ctrl-C ends the wait for what is being stopped, and the next is asked.
        """
        for group in reversed(self._groups):
            if names := [name for name in group if name in self._started]:
                tell(f"stopping {', '.join(names)}")
                with suppress(KeyboardInterrupt):
                    self.stop(*names)

    def _launch(self, program: Program) -> "subprocess.Popen[bytes]":
        with self.log(program.name).open("wb") as output:
            return subprocess.Popen(  # noqa: S603
                [*_wrapper(privileged=program.privileged), *program.command],
                cwd=program.directory,
                env={"LANG": "C.UTF-8", "PATH": os.environ["PATH"], **program.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _failed(self, name: str, code: int) -> UnusableError:
        return UnusableError(f"{name} ended with {code}: {self._last_words(name)}")

    def _last_words(self, name: str) -> str:
        lines = self.log(name).read_text(errors="replace").strip().splitlines()
        return f"{lines[-1] if lines else 'it said nothing'} (see {self.log(name)})"


def _ask(started: Started) -> None:
    program, process = started
    for how, patience in program.stop:
        process.send_signal(how)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
            return


def _wrapper(*, privileged: bool) -> Sequence[str | Path]:
    """Let a program die with us, however we do, and have no more rights than it needs."""
    wrapper = [find("setpriv"), "--pdeathsig", "TERM"]
    if os.geteuid() == 0 and not privileged:
        wrapper += [f"--reuid={UNPRIVILEGED}", "--regid=nogroup", "--clear-groups"]
    return wrapper


def find(program: str, *directories: Path) -> Path:
    """Find a program, or say which package has it."""
    path = os.pathsep.join([*map(str, directories), os.environ["PATH"], "/usr/sbin"])
    found = shutil.which(program, path=path)
    if found is None:
        package = PACKAGES.get(program, program)
        msg = f"{program} is not installed: apt-get install {package}"
        raise MissingError(msg)
    return Path(found)


def need_port(purpose: str, port: int) -> None:
    """Make sure that nothing listens on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            msg = f"port {port} is taken: stop what listens there, or give --{purpose}-port another"
            raise UnusableError(msg) from error


def free_port() -> int:
    """Find a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Tell whether something listens on a port."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def write_secret(path: Path, text: str) -> None:
    """Write what nobody else may read."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)


def give_away(*paths: Path) -> None:
    """Let the unprivileged own some files where we are root."""
    if os.geteuid() == 0:
        for path in paths:
            shutil.chown(path, UNPRIVILEGED, "nogroup")
