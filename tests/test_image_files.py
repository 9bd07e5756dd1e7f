"""What the sample app's image is built from, and the configuration of its servers."""

import json
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import gunicorn.config
import pytest
from gunicorn.app.wsgiapp import WSGIApplication
from tools.app import shop

from plinth._web.server import server_variables
from plinth._web.settings import WebSettings
from plinth.load_balancer import LoadBalancerSettings
from shop.media.service import LIMIT
from stacks import ROOT

SHOP = ROOT / "examples" / "shop"
INSTRUCTION = re.compile(r"^([A-Z]+)\s+((?:.*\\\n)*.*)$", re.MULTILINE)
INSTRUCTIONS = INSTRUCTION.findall((SHOP / "Dockerfile").read_text())
NGINX = shop.TEMPLATE.read_text()


def last(instruction: str) -> str:
    """Return what an instruction says in the image that is run."""
    return [said for name, said in INSTRUCTIONS if name == instruction][-1]


def reaches_the_builder(path: str) -> bool:
    """Tell whether ``.dockerignore`` lets a path through: its last line that fits decides."""
    verdict = True
    for line in (SHOP / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!").removeprefix("**/")
        parts = path.split("/")
        names = ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
        names += parts if "**/" in line else []
        if line and not line.startswith("#") and any(fnmatch(each, pattern) for each in names):
            verdict = line.startswith("!")
    return verdict


def test_images_are_pinned() -> None:
    """All that is pulled is named by its digest, and by a tag that people can read."""
    stages = {said.split(" AS ")[1] for _, said in INSTRUCTIONS if " AS " in said}
    bases = {said.split()[0] for name, said in INSTRUCTIONS if name == "FROM"} - stages

    assert len(bases) == 2
    assert all(re.fullmatch(r"[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}", base) for base in bases)


def test_the_app_is_not_root() -> None:
    """By number, since Kubernetes' runAsNonRoot cannot look up a name."""
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last("USER"))
    assert "--chown" not in str(INSTRUCTIONS)


def test_what_is_written_goes_to_memory() -> None:
    """The root file system may be read-only, and Celery's pool still finds a place."""
    assert "TMPDIR=/dev/shm" in last("ENV").split()


def test_signals_reach_the_server() -> None:
    """No shell stands between, and gunicorn is asked to finish what it began."""
    assert json.loads(last("CMD")) == ["gunicorn", "shop.main:app"]
    assert last("STOPSIGNAL") == "SIGTERM"


def test_health_is_asked_without_a_shell() -> None:
    """By Python, which compiles it: a slim image has no curl."""
    program, option, code = json.loads(last("HEALTHCHECK").partition("CMD ")[2])

    assert (program, option) == ("python", "-c")
    assert "/healthz" in code
    compile(code, "HEALTHCHECK", "exec")


@pytest.mark.parametrize("path", ["src/shop/main.py", "alembic.ini", "gunicorn.conf.py", "uv.lock"])
def test_the_builder_gets_what_it_copies(path: str) -> None:
    """And the files exist."""
    assert reaches_the_builder(path)
    assert (SHOP / path).exists()


@pytest.mark.parametrize(
    "path",
    [".git/config", ".venv/bin/python", ".env", "tests/test_x.py", "src/shop/__pycache__/a.pyc"],
)
def test_the_builder_gets_no_more(path: str) -> None:
    """Neither secrets, nor what makes a layer stale, nor what no image needs."""
    assert not reaches_the_builder(path)


def test_dependencies_are_locked() -> None:
    """As pyproject.toml asks for them, and from nowhere else than PyPI."""
    command = [Path(sys.executable).parent / "uv", "lock", "--check", "--offline"]
    checked = subprocess.run(command, cwd=SHOP, capture_output=True, text=True, check=False)  # noqa: S603

    assert checked.returncode == 0, checked.stderr
    hosts = set(re.findall(r"https?://([^/\"]+)", (SHOP / "uv.lock").read_text()))
    assert hosts == {"pypi.org", "files.pythonhosted.org"}


def test_the_base_has_a_python_that_will_do() -> None:
    """The interpreter of the image is of those that the app declares."""
    project = tomllib.loads((SHOP / "pyproject.toml").read_text())["project"]
    oldest = project["requires-python"].removeprefix(">=")
    found = re.search(r"python:(\d+)\.(\d+)", str(INSTRUCTIONS))

    assert found is not None
    assert (int(found[1]), int(found[2])) >= tuple(map(int, oldest.split(".")))


def test_the_tier_wins_over_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """The image's file fills in what the tier does not say, and writes to no disk."""
    settings = WebSettings(port=9000, request_seconds=20)
    for name, value in server_variables(settings, 60).items():
        monkeypatch.setenv(name, value)
    # Where it looks for its file is settled when it is imported.
    monkeypatch.setattr(gunicorn.config.Chdir, "default", str(SHOP))
    monkeypatch.chdir(SHOP)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "argv", json.loads(last("CMD")))

    told = WSGIApplication("%(prog)s").cfg

    assert told.address == [("0.0.0.0", 9000)]  # noqa: S104 - inside a container
    assert (told.keepalive, told.graceful_timeout) == (65, 20)
    assert told.worker_class_str == "uvicorn_worker.UvicornWorker"
    assert told.control_socket_disable
    assert told.worker_tmp_dir == "/dev/shm"  # noqa: S108 - memory


def test_nginx_agrees_with_the_rest() -> None:
    """It takes the app's largest upload, and closes connections before the app does."""
    filled = shop.fill(NGINX, dict.fromkeys(re.findall(r"\$\{(\w+)\}", NGINX), "x"))
    idle = LoadBalancerSettings().idle_timeout

    assert f"client_max_body_size {LIMIT // 2**20}m;" in filled
    assert set(re.findall(r"keepalive_timeout (\d+)s;", filled)) == {str(idle)}
    assert idle == shop.IDLE_TIMEOUT
    assert re.findall(r"proxy_read_timeout (\d+)s;", filled) == [str(idle)]
    assert "${" not in filled


def test_only_what_is_known_is_filled_in() -> None:
    """Nginx's own variables stay, as nginx's image leaves them."""
    assert shop.fill("${A} $host ${uri} $A", {"A": "x"}) == "x $host ${uri} $A"
