"""A new instance counts once its worker answers: the script, against stubs of its commands."""

import shutil
import subprocess
from pathlib import Path

import pulumi_aws as aws
import pytest

from booted import systemd_words, user_data_files
from parts import BROKER, IMAGE, NETWORK
from plinth import CeleryWorkers, CeleryWorkersSettings
from plinth._celery.files import celery_stop
from plinth.testing import deploy

SCRIPT = Path(celery_stop.__file__).parent / "celery_answers.sh"
GROUP = "describe-auto-scaling-instances"
COMPLETED = (
    "aws autoscaling complete-lifecycle-action --instance-id i-1 --auto-scaling-group-name "
    "shop-1a2b3c4 --lifecycle-hook-name answered --lifecycle-action-result CONTINUE"
)
PING = (
    "docker exec celery celery -A shop.tasks inspect ping --timeout 5 --destination default@c0ffee"
)


def run(tmp_path: Path, docker: str, aws_command: str) -> list[str]:
    """Run the script with stubs, and list what was asked of them."""
    log = tmp_path / "log"
    for name, script in (("docker", docker), ("aws", aws_command)):
        stub = tmp_path / name
        stub.write_text(f'#!/bin/sh\necho "{name} $*" >>{log}\nn=$(wc -l <{log})\n{script}\n')
        stub.chmod(0o755)
    subprocess.run(  # noqa: S603
        ["/bin/sh", SCRIPT, "celery", "shop.tasks", "default", "answered"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "INSTANCE_ID": "i-1", "EVERY": "0.01"},
        check=True,
        timeout=20,
        capture_output=True,
    )
    return log.read_text().splitlines()


UP = "case $1 in inspect) echo c0ffee ;; esac"
KNOWN = f"case $2 in {GROUP}) echo shop-1a2b3c4 ;; esac"


def test_an_answer_completes_the_hook(tmp_path: Path) -> None:
    """The worker is asked by the name that it has inside its container."""
    asked = run(tmp_path, UP, KNOWN)

    assert asked[1] == PING
    assert asked[-1] == COMPLETED
    assert len(asked) == 4


def test_it_waits_for_the_container_and_for_the_worker(tmp_path: Path) -> None:
    """First there is no container, then a worker that does not answer."""
    late = '[ "$n" -gt 2 ] || exit 1\ncase $1 in inspect) echo c0ffee ;; *) [ "$n" -gt 5 ] ;; esac'
    asked = run(tmp_path, late, KNOWN)

    assert asked[:3] == ["docker inspect --format {{.Config.Hostname}} celery"] * 3
    assert asked.count(PING) == 2
    assert asked[-1] == COMPLETED


def test_it_tries_again_when_aws_fails(tmp_path: Path) -> None:
    """A throttled call must not cost an instance that works."""
    asked = run(tmp_path, UP, f'[ "$n" -gt 4 ] || exit 254\n{KNOWN}')

    assert asked.count(COMPLETED) == 1
    assert sum(GROUP in line for line in asked) == 3


def test_it_is_content_where_nothing_waits(tmp_path: Path) -> None:
    """After a reboot the hook is long over."""
    over = "echo No active Lifecycle Action found >&2; exit 254"

    asked = run(tmp_path, UP, f"{KNOWN}\ncase $2 in {GROUP}) ;; *) {over} ;; esac")
    assert asked.count(COMPLETED) == 1


def test_script_is_portable_shell() -> None:
    """It runs under the shell of the image, which need not be bash."""
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed")
    checked = subprocess.run(  # noqa: S603
        ["shellcheck", SCRIPT],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_instances_start_it_with_the_names_that_are_used() -> None:
    """App, worker and hook are those of the command line and the group."""
    settings = CeleryWorkersSettings(app="shop.tasks:app")
    deployed = deploy(
        lambda: CeleryWorkers("celery", settings, image=IMAGE, network=NETWORK, broker=BROKER)
    )

    written = user_data_files(deployed.one(aws.ec2.LaunchTemplate).inputs)
    unit = written["/etc/systemd/system/plinth-answers.service"]
    words = systemd_words(unit, "ExecStart")
    assert words[:2] == ["/bin/sh", "/usr/local/lib/plinth/celery_answers.sh"]
    assert written[words[1]] == SCRIPT.read_text()
    container, app, node, hook = words[2:]
    worker = systemd_words(written["/etc/systemd/system/plinth-celery.service"], "ExecStart")
    assert worker[worker.index("--name") + 1] == container
    assert worker[worker.index("-A") + 1] == app
    assert worker[worker.index("-n") + 1] == f"{node}@%h"
    hooks = deployed.one(aws.autoscaling.Group).inputs["initialLifecycleHooks"]
    assert hook in {each["name"] for each in hooks}
