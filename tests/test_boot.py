"""The boot document, read back by the programs that will read it."""

import os
import random
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from booted import cloud_config, docker_variables, systemd_words, unpacked, written_files
from plinth._fleet.boot import LARGEST, PROGRAMS, BootFile, as_sent, boot_document, env_file
from plinth._fleet.release import Release
from plinth._fleet.units import Process, Secret, Stop, Unit, process_unit

IMAGE = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop@sha256:{'0' * 64}"
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-1a2b3c"
DATABASE = Secret(arn=ARN, template="postgresql://{username:url}:{password:url}@db:5432/app")
WEB = Process(
    name="web",
    image=IMAGE,
    log_group="web-1a2b3c4",
    stop=Stop(seconds=40),
    variables={"DJANGO_SETTINGS_MODULE": "shop.settings"},
    secrets={"DATABASE_URL": DATABASE},
    port=8000,
)
LINE = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0"))


def process(**changed: object) -> Process:
    """Make a process without secrets or port, with some things changed."""
    plain = {"name": "web", "image": IMAGE, "log_group": "logs", "stop": Stop(seconds=40)}
    return Process(**{**plain, **changed})  # type: ignore[arg-type]


def run(tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a checker, where it is installed."""
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    command = [tool, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603


def test_document_is_valid_cloud_config(tmp_path: Path) -> None:
    """cloud-init's own schema knows every key."""
    (tmp_path / "user-data").write_text(boot_document([WEB]))

    checked = run("cloud-init", "schema", "--config-file", str(tmp_path / "user-data"))
    assert checked.returncode == 0, checked.stderr


def test_units_are_valid(tmp_path: Path) -> None:
    """A unit is understood; systemd only misses the programs that an instance has."""
    odd = process(name="odd", command=("sh", "-c", 'echo "$HOME" 50% \\ ;'))
    step = Release(command=("alembic", "upgrade", "head"), seconds=900, name="shop/dev")
    releasing = process(name="releasing", release=step)
    for each in (WEB, odd, releasing):
        (tmp_path / each.unit).write_text(process_unit(each))

    for each in (WEB, odd, releasing):
        checked = run("systemd-analyze", "verify", str(tmp_path / each.unit))
        complaints = checked.stderr.splitlines()
        absent = ("Unit docker.service not found", "/usr/bin/docker is not executable")
        assert [c for c in complaints if not any(a in c for a in absent)] == []


def test_shell_is_sound() -> None:
    """Shellcheck finds nothing in the scripts that boot an instance."""
    checked = run("shellcheck", *map(str, PROGRAMS.glob("*.sh")))
    assert checked.returncode == 0, checked.stdout


def test_first_boot_installs_describes_and_starts(tmp_path: Path) -> None:
    """It tries until the packages are there, writes what the instance is, and waits for nothing."""
    calls = tmp_path / "calls"
    stubs = {
        "dnf": f'echo "dnf $*" >>{calls}; test "$(grep -c dnf {calls})" -gt 2',
        "cloud-init": 'test "$2" = region && echo eu-west-1 || echo i-0123',
        "systemctl": f'echo "systemctl $*" >>{calls}',
        "sleep": f"echo sleep >>{calls}",
    }
    for name, body in stubs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n")
        (tmp_path / name).chmod(0o755)

    about = tmp_path / "instance.env"
    script = str(PROGRAMS / "first_boot.sh")
    path = f"{tmp_path}:{os.environ['PATH']}"
    command = ["sh", script, str(about), "plinth-web.service", "drain.service"]
    subprocess.run(command, env={"PATH": path}, check=True, capture_output=True)  # noqa: S603

    assert about.read_text() == "INSTANCE_ID=i-0123\nAWS_DEFAULT_REGION=eu-west-1\n"
    install = "dnf --assumeyes --quiet install docker amazon-ecr-credential-helper"
    assert calls.read_text().splitlines() == [
        *[install, "sleep", install, "sleep", install],
        "systemctl daemon-reload",
        "systemctl enable --now docker.service",
        "systemctl enable plinth-web.service drain.service",
        "systemctl start --no-block plinth-web.service drain.service",
    ]


def test_document_runs_first_boot_with_every_unit() -> None:
    """The processes' units and the others are started, in their order."""
    drain = Unit(name="drain.service", content="[Unit]\n")
    document = boot_document([WEB, process(name="beat")], units=[drain])

    units = ["plinth-web.service", "plinth-beat.service", "drain.service"]
    assert cloud_config(document)["runcmd"] == [
        ["sh", "/usr/local/lib/plinth/first_boot.sh", "/etc/plinth/instance.env", *units]
    ]
    assert written_files(document).keys() >= {f"/etc/systemd/system/{unit}" for unit in units}


def test_secrets_are_named_and_never_held() -> None:
    """User data has ARNs and templates; the values go to memory, to a file for root alone."""
    files = written_files(boot_document([WEB]))

    unit = files["/etc/systemd/system/plinth-web.service"]
    assert "RuntimeDirectory=plinth/web\nRuntimeDirectoryMode=0700\n" in unit
    assert "--env-file /run/plinth/web/secrets.env" in unit
    resolve = unit.index("resolve_secrets.py /etc/plinth/web.secrets.json /run/plinth/web/")
    assert resolve < unit.index("ExecStart=")
    assert ARN in files["/etc/plinth/web.secrets.json"]
    assert "DATABASE_URL" not in files["/etc/plinth/web.env"]
    assert "/usr/local/lib/plinth/resolve_secrets.py" in files


def test_without_secrets_nothing_resolves_them() -> None:
    """A process that has none ships no program, and starts without one."""
    document = boot_document([process()])

    assert "secrets" not in document


def test_files_are_closed_to_others() -> None:
    """Only units and programs may be read by anyone; root alone changes them."""
    modes = {f["path"]: f["permissions"] for f in cloud_config(boot_document([WEB]))["write_files"]}

    assert {p for p, mode in modes.items() if int(mode, 8) & stat.S_IRWXO} == {
        "/etc/systemd/system/plinth-web.service",
        "/usr/local/lib/plinth/first_boot.sh",
        "/usr/local/lib/plinth/resolve_secrets.py",
    }
    assert not any(int(mode, 8) & (stat.S_IWGRP | stat.S_IWOTH) for mode in modes.values())


def test_only_ecr_gets_the_credential_helper() -> None:
    """For another registry the helper would fail, and with it every pull."""
    config = "/etc/plinth/docker/config.json"

    ecr = written_files(boot_document([WEB]))[config]
    host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    assert ecr == f'{{"credHelpers": {{"{host}": "ecr-login"}}}}\n'
    assert written_files(boot_document([process(image="nginx:1")]))[config] == "{}\n"


def test_process_runs_until_it_is_stopped() -> None:
    """It starts again however it ended, and is killed only after the time it may take to stop."""
    unit = process_unit(WEB)

    assert {"Restart=always", "StartLimitIntervalSec=0", "TimeoutStopSec=55"} <= {*unit.split("\n")}
    assert "ExecStop=-/usr/bin/docker stop -t 40 web\n" in unit
    asked = process_unit(process(stop=Stop(seconds=600, command=("/usr/bin/python3", "stop.py"))))
    assert systemd_words(asked, "ExecStop") == ["/usr/bin/python3", "stop.py"]
    assert "TimeoutStopSec=615\n" in asked


def test_container_logs_to_its_own_stream() -> None:
    """Two instances never share a stream, and a log that cannot be sent holds nothing up."""
    words = systemd_words(process_unit(WEB), "ExecStart")

    options = {words[i + 1] for i, word in enumerate(words) if word == "--log-opt"}
    assert words[words.index("--log-driver") + 1] == "awslogs"
    assert options >= {"awslogs-group=web-1a2b3c4", "awslogs-stream=web/${INSTANCE_ID}"}
    assert "mode=non-blocking" in options
    assert "EnvironmentFile=/etc/plinth/instance.env\n" in process_unit(WEB)


def test_port_is_opened_only_where_one_is_given() -> None:
    """A worker listens to nobody."""
    assert "--publish 8000:8000" in process_unit(WEB)
    assert "--publish" not in process_unit(process())


def test_an_images_own_check_is_left_out() -> None:
    """It asks the web server, which a worker of the same image is not."""
    assert "--no-healthcheck" in process_unit(WEB)


@given(st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True), LINE))
@example({"A": "# =\\ $HOME %h 'quoted' \"twice\" ", "B": ""})
def test_any_variable_survives(variables: dict[str, str]) -> None:
    """Quotes, dollars, percents, backslashes and any script reach the container as they are."""
    files = written_files(boot_document([process(variables=variables)]))

    assert docker_variables(files["/etc/plinth/web.env"]) == variables


@given(st.lists(LINE, min_size=1, max_size=5))
@example(["50%", "%h %%", "$HOME ${HOME} $$", "\\n", "a \"b\" 'c'", ";", "", " "])
def test_any_command_survives(command: list[str]) -> None:
    """Systemd hands each word on whole, without expanding a thing in it."""
    files = written_files(boot_document([process(command=command)]))

    words = systemd_words(files["/etc/systemd/system/plinth-web.service"], "ExecStart")
    assert words[words.index(IMAGE) + 1 :] == command


@given(st.text(st.characters(codec="utf-8")))
@example(" \n\n  indented \n\n")
@example("\n")
@example("\u0085\u2028\n")
def test_any_file_survives(content: str) -> None:
    """YAML spoils no byte of a file, blank lines and spaces at the end included."""
    file = BootFile(path="/etc/thing", content=content)

    assert written_files(boot_document([], [file]))["/etc/thing"] == content


def test_order_of_variables_changes_nothing() -> None:
    """The same variables are the same document, so that no instance is replaced for nothing."""
    one, other = ({"A": "1", "B": "2"}, {"B": "2", "A": "1"})
    assert boot_document([process(variables=one)]) == boot_document([process(variables=other)])


@pytest.mark.parametrize("value", ["a\nb", "a\r", "a\0b"])
def test_line_breaks_are_refused(value: str) -> None:
    """Docker reads one variable from each line, so that no value can hold two."""
    with pytest.raises(ValueError, match="variable KEY has a line break"):
        env_file({"KEY": value})


def test_names_of_processes_are_their_own() -> None:
    """Two containers of one name would fight, and an odd name would break its unit."""
    with pytest.raises(ValueError, match="need a name each"):
        boot_document([WEB, WEB])
    with pytest.raises(ValueError, match="'Web_1' needs a name"):
        process(name="Web_1")


def test_real_case_stays_readable() -> None:
    """With forty variables, eight of them secret, user data is well within what EC2 takes."""
    variables = {f"SOME_SETTING_{n}": "x" * 80 for n in range(32)}
    secrets = {f"SOME_SECRET_{n}": DATABASE for n in range(8)}
    document = boot_document([process(variables=variables, secrets=secrets)])

    assert as_sent(document) == document.encode()
    assert len(document) < LARGEST * 0.75


def test_long_document_is_compressed() -> None:
    """What is too long to be sent as it is goes as cloud-init unpacks it, the same every time."""
    document = boot_document([process(variables={"LONG": "x" * LARGEST})])

    sent = as_sent(document)
    assert len(sent) < LARGEST
    assert unpacked(sent) == document
    assert sent == as_sent(document)


def test_too_large_a_document_is_refused() -> None:
    """EC2 would refuse it at the first launch; here it fails before a deployment."""
    noise = random.Random(1).randbytes(LARGEST).hex()  # noqa: S311 - it only must not compress
    with pytest.raises(ValueError, match="EC2 takes 16384: set fewer or shorter variables"):
        boot_document([process(variables={"LONG": noise})])
