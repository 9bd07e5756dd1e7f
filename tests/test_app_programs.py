"""How the programs of ``make app`` are started, watched and stopped, on programs that do little."""

import os
import re
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from tools.app.programs import (
    MissingError,
    Program,
    Programs,
    UnusableError,
    answers,
    find,
    need_port,
)
from tools.app.shop import Ports, Secrets, environment

from shop.settings import Settings

DOCUMENT = Path(__file__).parents[1] / "docs" / "environment.md"

STUBBORN = """
trap '' TERM
trap 'echo asked; exit' QUIT
sleep 60 &
echo up
wait
"""


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    """Run none yet."""
    return Programs(tmp_path)


def shell(name: str, script: str, *signals: tuple[signal.Signals, float]) -> Program:
    """Describe a script."""
    return Program(
        name=name,
        command=["sh", "-c", script],
        directory=Path("/"),
        ready=lambda log: log.read_text() != "",
        stop=signals or ((signal.SIGTERM, 10.0),),
    )


def dies(pid: int) -> bool:
    """Wait until a process ends, or only waits for its parent to take note."""
    until = time.monotonic() + 10
    with suppress(FileNotFoundError):
        while Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z":
            if time.monotonic() > until:
                return False
    return True


def test_the_last_to_start_is_the_first_to_stop(programs: Programs) -> None:
    """What is started together is stopped together."""
    told: list[str] = []
    for names in ("a", "bc", "d"):
        programs.start(*(shell(name, "echo up; exec sleep 60") for name in names))
    programs.wait()

    programs.stop_all(told.append)

    assert told == ["stopping d", "stopping b, c", "stopping a"]


def test_who_does_not_go_is_asked_again(programs: Programs) -> None:
    """By the next signal, and it gets the time to end its work."""
    programs.start(shell("worker", STUBBORN, (signal.SIGTERM, 0.1), (signal.SIGQUIT, 10)))
    programs.wait()

    programs.stop("worker")

    assert programs.log("worker").read_text() == "up\nasked\n"


def test_who_never_goes_is_killed(programs: Programs) -> None:
    """With all that it started."""
    programs.start(shell("worker", "trap '' TERM; sleep 60 & echo $!; wait", (signal.SIGTERM, 0.1)))
    programs.wait()
    child = int(programs.log("worker").read_text())

    programs.stop("worker")

    assert dies(child)


def test_an_end_is_told_with_its_reason(programs: Programs) -> None:
    """In one line: who, the exit code, the last words, and where there are more."""
    programs.start(shell("web", "echo one; echo no such database; exit 3"))

    with pytest.raises(UnusableError, match=r"^web ended with 3: no such database \(see .*web.log"):
        programs.wait()
    programs.stop("web")


def test_a_failed_step_is_told(programs: Programs) -> None:
    """What runs to its end must end well."""
    with pytest.raises(UnusableError, match="release ended with 1: it said nothing"):
        programs.run(shell("fine", "true"), shell("release", "false"))


def test_a_program_dies_with_us(programs: Programs, tmp_path: Path) -> None:
    """Even if we are killed, so that no port stays taken."""
    code = f"""
from pathlib import Path
from test_app_programs import shell
from tools.app.programs import Programs
programs = Programs(Path({str(tmp_path)!r}))
programs.start(shell("left", "echo up; exec sleep 60"))
programs.wait()
print(programs.pid("left"))
"""
    path = os.pathsep.join(sys.path)
    us = Program(
        name="us",
        command=[sys.executable, "-c", code],
        directory=Path("/"),
        environment={"PYTHONPATH": path},
    )
    programs.run(us)

    assert dies(int(programs.log("us").read_text()))


def test_a_missing_program_is_told_with_its_package(tmp_path: Path) -> None:
    """As Debian calls it."""
    with pytest.raises(MissingError, match="nothing-such is not installed: apt-get install noth"):
        find("nothing-such", tmp_path)


def test_a_taken_port_is_told_with_its_option() -> None:
    """Before anything starts."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert answers(port)
        with pytest.raises(UnusableError, match=f"port {port} is taken: .* give --web-port"):
            need_port("web", port)
    need_port("web", port)


def test_the_app_is_told_what_it_is_on_aws() -> None:
    """Under the documented names, and two of its own besides."""
    documented = set(re.findall(r"^\| `(\w+)`", DOCUMENT.read_text(), re.MULTILINE))
    secrets = Secrets(password="p", secret_key="k", staff_token="t")

    told = environment(Ports(), secrets, Path("media"))

    assert set(told) - documented == {"MEDIA_DIR", "STAFF_TOKEN"}
    assert {name.lower() for name in told} - {"cache_url"} <= Settings.model_fields.keys()
