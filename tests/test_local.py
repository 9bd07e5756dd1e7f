"""The platform on one machine: what Docker is asked for, and whether it works as it says."""

import http.client
import importlib
import itertools
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pulumi_docker as docker
import pytest
from pydantic import ValidationError

import shop.settings
from documents import document, resource
from plinth import app_secrets, cdn, celery, postgres, redis, web
from plinth._celery.command import beat_command, worker_command
from plinth._celery.drain import plan_drain
from plinth._celery.settings import CeleryBeatSettings, CeleryWorkersSettings
from plinth._fleet import environment as instance
from plinth._local import app, environment
from plinth._local.model import LOOPBACK
from plinth._local.nginx import IDLE_TIMEOUT, configuration
from plinth._local.services import services
from plinth._web import fleet
from plinth._web.server import server_variables
from plinth._web.settings import WebSettings
from plinth.diff.classify import Severity, classify
from plinth.diff.compare import compare
from plinth.local import LocalPlatform, LocalPlatformSettings
from plinth.picture.components import components
from plinth.preview.export import to_document
from plinth.preview.failures import ProgramFailed
from plinth.preview.session import record
from plinth.settings import Settings
from plinth.testing import Deployment, Requested, deploy, monthly_cost
from redis_server import free_port, redis_server
from settings_paths import changed, leaves
from stacks import deployed_stack

SETTINGS = LocalPlatformSettings.model_validate(
    {
        "media_dir": "/app/media",
        "source": {"/app/src": "src"},
        "web": {
            "release_command": ["alembic", "upgrade", "head"],
            "environment": {"LANG": "C", "COLOUR": "web"},
            "request_seconds": 20,
        },
        "workers": {"app": "shop", "pools": {"default": {}, "long": {"max_task": 900}}},
        "beat": {"app": "shop"},
        "environment": {"COLOUR": "all"},
    }
)
POOLS = SETTINGS.workers.pools
LASTING = ["postgres", "broker", "cache", "web", "worker-default", "worker-long", "beat", "nginx"]
TESTED = [name for name in LASTING if name != "beat"]
OURS = ["release", "web", "worker-default", "worker-long", "beat"]
CONTRACT = {
    each.name
    for module in (app_secrets, cdn, postgres, redis, instance)
    for each in module.VARIABLES
}
"""What services and instances bring to a tier in the cloud."""


CLOUD_ONLY = {
    "web": {
        *("release_seconds", "min_size", "max_size", "requests_per_target", "cpu_target"),
        *("allow_tags", "hosts", "paths", "priority", "health_check_grace", "max_error_percent"),
        *("abort_on_alarm", "blue_green.green_percent", "blue_green.standby"),
        *("blue_green.sticky_seconds", "deregistration_delay", "slow_start", "max_age_days"),
        *("root_volume_gib", "log_days"),
    },
    "workers": {
        *("release_command", "release_seconds", "allow_tags", "log_days", "pools.*.max_wait"),
        *("pools.*.min_size", "pools.*.max_size", "pools.*.spot", "pools.*.root_volume_gib"),
    },
    "beat": {"allow_tags", "log_days", "instance_type", "root_volume_gib"},
}
"""What a laptop has nothing of, in the blocks that it shares with the cloud."""

OTHERS: dict[str, dict[str, Any]] = {
    "web": {
        "release_command": ["migrate"],
        "instance_type": "m7i.2xlarge",
        "worker_model": "async",
        "workers": 2,
        "threads": 8,
        "worker_class": "gevent",
        "command": ["gunicorn", "shop.wsgi"],
        "port": 9000,
        "environment": {"LANG": "C"},
        "health_check_path": "/ping",
        "request_seconds": 10,
    },
    "workers": {
        "app": "other",
        "environment": {"LANG": "C"},
        "pools.*.queues": ["celery", "more"],
        "pools.*.avg_task": 50.0,
        "pools.*.work": "io",
        "pools.*.concurrency": 7,
        "pools.*.max_task": 700,
        "pools.*.instance_types": ["m7g.2xlarge"],
        "max_countdown": 86400,
        "key_prefix": "shop:",
        "priority_steps": [0, 5],
    },
    "beat": {
        "app": "other",
        "environment": {"LANG": "C"},
        "scheduler": "django_celery_beat.schedulers:DatabaseScheduler",
        "takeover": 120,
    },
}
"""Another value of every other setting in them."""


def platform(settings: LocalPlatformSettings = SETTINGS, image: str = "shop:local") -> None:
    """Make a platform called shop."""
    LocalPlatform("shop", settings, image=image, tags={"team": "core"})


@pytest.fixture(scope="module")
def deployed() -> Deployment:
    """Deploy a platform with all that it can have."""
    return deploy(platform)


def container(deployed: Deployment, service: str) -> Requested:
    """Find the container of a service."""
    return deployed.one(docker.Container, f"shop-{service}")


def variables(inputs: Mapping[str, Any]) -> dict[str, str]:
    """Read a container's variables."""
    return dict(each.split("=", 1) for each in inputs["envs"])


def test_ports_are_open_to_this_machine_alone(deployed: Deployment) -> None:
    """Docker would publish them on every address, past the firewall."""
    ports = [port for c in deployed.all(docker.Container) for port in c.inputs.get("ports", [])]

    assert [(port["external"], port["internal"]) for port in ports] == [
        (5432, 5432),
        (6379, 6379),
        (6380, 6379),
        (8080, 80),
    ]
    assert {port["ip"] for port in ports} == {"127.0.0.1"}


def test_stores_need_no_port_of_the_machine() -> None:
    """Where another Postgres has 5432 already, this one can go without."""
    nothing: Any = {"port": None}
    settings = LocalPlatformSettings(postgres=nothing, broker=nothing, cache=nothing)
    made = deploy(lambda: platform(settings))

    published = [c.name for c in made.all(docker.Container) if c.inputs.get("ports")]
    assert published == ["shop-nginx"]


def test_containers_are_replaced_one_after_the_other(deployed: Deployment) -> None:
    """A second one of the same name and ports could not start beside the first."""
    for service in LASTING:
        each = container(deployed, service)
        assert each.inputs["name"] == f"shop-{service}"
        assert each.node.options["deleteBeforeReplace"]
        # The provider takes these for changes in place, and leaves the container as it is.
        assert each.node.options["replaceOnChanges"] == ["healthcheck", "init", "tmpfs"]
    assert deployed.one(docker.Network).node.options["deleteBeforeReplace"]


def test_a_new_release_runs_beside_the_old_app(deployed: Deployment) -> None:
    """Deleted before it is replaced, it would take along all whose image depends on its end."""
    release, server = (container(deployed, name) for name in ("release", "web"))

    assert release.urn in server.node.property_dependencies["image"]
    assert not release.node.options.get("deleteBeforeReplace")
    assert "name" not in release.inputs


def test_images_are_named_by_their_id(deployed: Deployment) -> None:
    """By a tag, a container would be replaced each time; and no registry is asked in a preview."""
    image = deployed.one(docker.RemoteImage, "shop-app")

    assert image.inputs == {"name": "shop:local", "keepLocally": True}
    for service in OURS:
        assert container(deployed, service).inputs["image"] == image.output("imageId")
    for service in set(LASTING) - set(OURS):
        theirs = deployed.one(docker.RemoteImage, f"shop-{service}")
        assert container(deployed, service).inputs["image"] == theirs.output("imageId")
    assert deployed.graph.invokes == []


def test_waiting_is_for_those_that_can_be_tested(deployed: Deployment) -> None:
    """To wait for a container without a health check is an error; an image's own is not ours."""
    for each in deployed.all(docker.Container):
        tests = each.inputs["healthcheck"]["tests"]
        tested = each.name.removeprefix("shop-") in TESTED
        assert each.inputs.get("wait", False) is tested, each.name
        assert tests[0] == "CMD" if tested else tests == ["NONE"]


def test_health_checks_read_back_as_they_were_written() -> None:
    """Docker tells a minute as 1m0s, which would be a change at every refresh."""
    checks = [each.health for each in services(SETTINGS) if each.health]

    assert len(checks) == len(TESTED)
    assert all(0 < time < 60 for check in checks for time in (check.interval, check.timeout))


def test_containers_are_given_time_to_stop(deployed: Deployment) -> None:
    """Without, the provider kills whatever it replaces: Postgres, and the tasks of a worker."""
    for service in LASTING:
        inputs = container(deployed, service).inputs
        assert inputs["destroyGraceSeconds"] == inputs["stopTimeout"] >= 10
        assert inputs["restart"] == "unless-stopped"
    for name, pool in POOLS.items():
        drain = plan_drain(pool.max_task).drain
        assert container(deployed, f"worker-{name}").inputs["destroyGraceSeconds"] == drain
    assert container(deployed, "web").inputs["destroyGraceSeconds"] == 20 + fleet.STOP_MARGIN


def test_a_release_runs_once_before_the_app(deployed: Deployment) -> None:
    """The provider waits for its end, and everything of the app waits for it."""
    release = container(deployed, "release")

    assert release.inputs["command"] == ["alembic", "upgrade", "head"]
    once = {key: release.inputs[key] for key in ("mustRun", "attach", "logs", "restart")}
    assert once == {"mustRun": False, "attach": True, "logs": True, "restart": "no"}
    stores = {container(deployed, name).urn for name in ("postgres", "broker", "cache")}
    assert stores <= set(release.depends_on)
    for service in set(OURS) - {"release"}:
        assert release.urn in container(deployed, service).depends_on


def asked_for(exit_code: int) -> tuple[list[str], str]:
    """Deploy with a release that ends so; return the containers asked for, and the failure."""
    computed: Any = {docker.Container: {"exitCode": exit_code}}
    try:
        graph, told = record(platform, computed=computed), ""
    except ProgramFailed as failed:
        graph, told = failed.graph, str(failed)
    wanted = "docker:index/container:Container"
    return [node.name for node in graph.nodes.values() if node.type == wanted], told


def test_a_failed_release_starts_nothing() -> None:
    """The provider takes any end for a good one: the deployment itself must stop there."""
    made, told = asked_for(1)

    assert "shop-release" in made
    assert not any(f"shop-{service}" in made for service in OURS[1:])
    assert "ended with exit code 1, so nothing of its image was started" in told
    assert "see 'docker logs ${docker.Container/shop-release.name}'" in told
    assert "pulumi up --replace urn:pulumi:" in told


def test_a_good_release_starts_everything() -> None:
    """And is nothing that anybody reads about."""
    made, told = asked_for(0)

    assert len(made) == 9
    assert told == ""


def test_the_web_server_finds_what_it_finds_in_the_cloud(deployed: Deployment) -> None:
    """Each name of the contract is there, but for those that stand for AWS, and no other."""
    names = CONTRACT | {each.name for each in web.VARIABLES}
    own = {"LANG", "COLOUR"}

    found = variables(container(deployed, "web").inputs)

    assert set(found) - own == names - set(environment.ABSENT)
    assert set(environment.ABSENT) <= names


def test_workers_find_what_they_find_in_the_cloud(deployed: Deployment) -> None:
    """Likewise, beat and every pool."""
    names = CONTRACT | {each.name for each in celery.VARIABLES}

    for service in ("worker-default", "worker-long", "beat"):
        found = variables(container(deployed, service).inputs)
        assert set(found) - {"COLOUR"} == names - set(environment.ABSENT), service


def test_a_release_finds_the_stores(deployed: Deployment) -> None:
    """It runs in the web server's environment, short of what concerns a server."""
    found = variables(container(deployed, "release").inputs)

    assert {"LANG", *CONTRACT} - set(environment.ABSENT) <= set(found)


def test_urls_lead_to_the_containers(deployed: Deployment) -> None:
    """A store's host name is its service's."""
    found = variables(container(deployed, "web").inputs)

    assert found["DATABASE_URL"] == "postgresql://app:development@postgres:5432/app"
    assert found["DATABASE_REPLICA_URL"] == found["DATABASE_URL"]
    assert found["CELERY_BROKER_URL"] == "redis://:development@broker:6379/0"
    assert found["REDIS_URL"] == found["CACHE_URL"] == "redis://:development@cache:6379/0"
    for service in LASTING:
        inputs = container(deployed, service).inputs
        [network] = inputs["networksAdvanced"]
        assert network == {"name": "shop", "aliases": [service]}


def test_variables_given_here_win(deployed: Deployment) -> None:
    """``environment`` is the place for whatever must differ on a laptop."""
    assert variables(container(deployed, "web").inputs)["COLOUR"] == "all"


def test_made_up_secrets_are_long_enough() -> None:
    """Django warns of a SECRET_KEY below 50 characters; two of them differ."""
    settings = LocalPlatformSettings(secrets=("A", "SECRET_KEY"))

    made = environment.for_all(settings)

    assert len(made["A"]) >= 50
    assert made["A"] != made["SECRET_KEY"]


def test_processes_are_started_as_in_the_cloud(deployed: Deployment) -> None:
    """The same functions write variables and commands; celery is run by itself, in no shell."""
    found = variables(container(deployed, "web").inputs)
    expected = server_variables(SETTINGS.web, IDLE_TIMEOUT)
    assert {name: found[name] for name in expected} == expected
    for name, pool in POOLS.items():
        inputs = container(deployed, f"worker-{name}").inputs
        assert inputs["command"] == worker_command(SETTINGS.workers, name, pool)
    assert SETTINGS.beat
    assert container(deployed, "beat").inputs["command"] == beat_command(SETTINGS.beat)
    assert app.STOP_MARGIN == fleet.STOP_MARGIN


def test_a_worker_is_asked_by_its_own_name(deployed: Deployment) -> None:
    """``-n long@%h`` ends in the container's host name."""
    inputs = container(deployed, "worker-long").inputs

    assert inputs["hostname"] == "worker-long"
    assert "long@%h" in inputs["command"]
    assert inputs["healthcheck"]["tests"][-2:] == ["-d", "long@worker-long"]


def test_volumes_outlive_everything(deployed: Deployment) -> None:
    """``pulumi destroy`` leaves data alone, and no label can make a volume be replaced."""
    volumes = {each.name: each for each in deployed.all(docker.Volume)}

    assert sorted(volumes) == ["shop-broker", "shop-media", "shop-postgres"]
    for name, volume in volumes.items():
        assert volume.retain_on_delete
        assert volume.inputs == {"name": name}


def test_stores_keep_or_forget(deployed: Deployment) -> None:
    """Tasks survive a restart and are never evicted; a cache is memory alone."""
    queue, cache = (container(deployed, name).inputs for name in ("broker", "cache"))

    assert {"noeviction", "--appendonly"} <= set(queue["command"])
    assert [v["volumeName"] for v in queue["volumes"]] == ["shop-broker"]
    assert "allkeys-lru" in cache["command"]
    assert cache["tmpfs"] == {"/data": ""}
    assert "volumes" not in cache
    # The provider refuses a word without a letter, as in --save "".
    assert all(w for c in deployed.all(docker.Container) for w in c.inputs.get("command", []))


def test_uploads_are_shared_with_nginx(deployed: Deployment) -> None:
    """The app writes them, and nginx may only read."""
    [ours, source] = container(deployed, "web").inputs["volumes"]
    [theirs] = container(deployed, "nginx").inputs["volumes"]

    assert ours["volumeName"] == theirs["volumeName"] == "shop-media"
    assert (ours["containerPath"], ours["readOnly"]) == ("/app/media", False)
    assert theirs["readOnly"]
    assert source == {"containerPath": "/app/src", "hostPath": str(Path("src").absolute())}


def test_labels_tell_whose_it_is(deployed: Deployment) -> None:
    """Tags reach what can be replaced without a loss."""
    labels = [{"label": "Name", "value": "shop"}, {"label": "team", "value": "core"}]

    labelled = [*deployed.all(docker.Container), deployed.one(docker.Network)]
    assert all(each.inputs["labels"] == labels for each in labelled)


@pytest.mark.parametrize(
    ("block", "model"),
    [("web", WebSettings), ("workers", CeleryWorkersSettings), ("beat", CeleryBeatSettings)],
)
def test_settings_shared_with_the_cloud_mean_the_same(block: str, model: type[Settings]) -> None:
    """Each one changes a container, unless it is about instances and balancers."""
    assert set(leaves(model)) == CLOUD_ONLY[block] | set(OTHERS[block])
    base: dict[str, Any] = {"workers": {"pools": {"default": {}}}}
    plain = services(LocalPlatformSettings.model_validate(base))
    for path, value in OTHERS[block].items():
        other = changed({"beat": {}, **base}, f"{block}.{path}", value)
        assert services(LocalPlatformSettings.model_validate(other)) != plain, path


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"workers": {"release_command": ["migrate"]}},
            r"workers.release_command=\['migrate'\] is not web's",
        ),
        ({"postgres": {"port": 8080}}, "postgres.port=8080 is nginx's too: give one of them"),
        ({"source": {"src": "src"}}, "'src' is where a container sees it"),
        ({"secrets": ["secret key"]}, "'secret key' needs capital letters"),
        ({"cache": {"eviction": "noeviction"}}, "allkeys"),
    ],
)
def test_mistakes_are_refused(settings: dict[str, Any], words: str) -> None:
    """What cannot work is told before Docker is."""
    with pytest.raises(ValidationError, match=words):
        LocalPlatformSettings.model_validate(settings)


@pytest.mark.parametrize("image", ["", "shop local"])
def test_an_image_must_have_a_name(image: str) -> None:
    """And the message says where it comes from."""
    with pytest.raises(ValueError, match="give it the tag that 'docker build --tag' gave"):
        deploy(lambda: platform(image=image))


@pytest.fixture
def _without_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have pulumi_docker not installed, and nothing imported that could need it."""
    for module in list(sys.modules):
        if module == "plinth.local" or module.startswith("plinth._local"):
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "pulumi_docker", None)


@pytest.mark.usefixtures("_without_docker")
def test_the_extra_is_named_where_it_is_missing() -> None:
    """Whoever has not installed pulumi_docker learns how to."""
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'plinth-iac\[docker\]'"):
        importlib.import_module("plinth.local")


@pytest.mark.usefixtures("_without_docker")
def test_the_model_of_containers_needs_no_docker() -> None:
    """Only Pulumi's way to start them does."""
    assert importlib.import_module("plinth._local.command")


def test_the_shop_can_read_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stack of this repository gives its own app all that it insists on."""
    inputs = container(deployed_stack("local"), "web").inputs
    for name, value in variables(inputs).items():
        monkeypatch.setenv(name, value)

    found = shop.settings.Settings()  # pyright: ignore[reportCallIssue] - read from the environment

    assert found.database_url.get_secret_value() == "postgresql://app:development@postgres:5432/app"
    assert found.staff_token
    uploads = inputs["volumes"][0]["containerPath"]
    assert uploads == str(Path("/app") / found.media_dir)


def test_it_costs_nothing(deployed: Deployment) -> None:
    """And says so, instead of listing containers that it has no price for."""
    cost = monthly_cost(deployed, region="us-east-1")

    assert cost.max == 0
    assert cost.not_priced == []


def test_a_picture_counts_it(deployed: Deployment) -> None:
    """One box, which says what is in it."""
    [box] = components(to_document(deployed.graph)).boxes

    assert box.kind == "LocalPlatform"
    assert box.facts == ("9 containers", "3 volumes")


def test_a_lost_volume_is_told() -> None:
    """A preview of a change knows what replaces a volume, and that data was in it."""
    before, after = (
        document(resource("docker:index/volume:Volume", name=name)) for name in ("a", "b")
    )

    [finding] = classify(compare(before, after), before, after)

    assert finding.severity is Severity.DATA_LOSS
    assert "its data lost" in finding.sentence


def test_redis_is_well_only_with_its_password(tmp_path: Path) -> None:
    """The options start a real server, and the health check tells one that refuses its client."""
    [queue] = [each for each in services(SETTINGS) if each.name == "broker"]
    assert queue.health
    with redis_server(tmp_path, *queue.command) as server:
        ping = [*queue.health.test, "-p", str(server.port)]
        ping = [ping[0], *ping[-2:], *ping[1:-2]]

        known = subprocess.run(ping, env={**os.environ, **queue.environment}, check=False)  # noqa: S603
        stranger = subprocess.run(ping, check=False, capture_output=True)  # noqa: S603

    assert known.returncode == 0
    assert stranger.returncode != 0


class _App(BaseHTTPRequestHandler):
    """Answers by the headers that it got, and is ill below /ill."""

    def do_GET(self) -> None:
        names = ("Host", "X-Forwarded-For", "X-Forwarded-Proto")
        body = "|".join(self.headers.get(name, "") for name in names).encode()
        self.send_response(503 if self.path.startswith("/ill") else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""


@pytest.fixture(scope="module")
def app_port() -> Generator[int]:
    """Run an app on loopback."""
    with ThreadingHTTPServer((LOOPBACK, 0), _App) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize(("path", "code"), [("/healthz", 0), ("/ill", 1)])
def test_the_web_servers_health_is_asked_in_python(app_port: int, path: str, code: int) -> None:
    """An image need have no other client; what is not 200 is not well."""
    settings = LocalPlatformSettings.model_validate(
        {"web": {"port": app_port, "health_check_path": path}}
    )
    health = app.web(settings).health
    assert health

    asked = subprocess.run([sys.executable, *health.test[1:]], check=False)  # noqa: S603

    assert asked.returncode == code


@contextmanager
def nginx(directory: Path, site: str) -> Generator[None]:
    """Run a real nginx with a site; skip where there is none."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    main = "daemon off; master_process off; pid nginx.pid; error_log stderr; events {} "
    (directory / "nginx.conf").write_text(f"{main} http {{ access_log off; {site} }}")
    command = [program, "-p", str(directory), "-c", "nginx.conf"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        try:
            yield
        finally:
            process.terminate()


def answer(port: int, path: str) -> tuple[bytes, Mapping[str, str]]:
    """Ask nginx, once it is there, and return body and headers."""
    for attempt in itertools.count():
        with closing(http.client.HTTPConnection(LOOPBACK, port, timeout=5)) as connection:
            try:
                connection.request("GET", path, headers={"Host": "shop.test:8080"})
            except ConnectionRefusedError:
                assert attempt < 200, "nginx does not answer"
                time.sleep(0.02)
                continue
            response = connection.getresponse()
            return response.read(), dict(response.headers)
    raise AssertionError


def test_nginx_hands_on_and_serves_uploads(tmp_path: Path, app_port: int) -> None:
    """The app learns who asks whom and how; uploads are shown, and never run."""
    port = free_port()
    (tmp_path / "a.svg").write_text("<svg/>")
    site = configuration(8000, media=True)
    for ours, here in {
        "listen 80;": f"listen {LOOPBACK}:{port};",
        "web:8000": f"{LOOPBACK}:{app_port}",
        "/srv/media/": f"{tmp_path}/",
    }.items():
        assert ours in site
        site = site.replace(ours, here)

    with nginx(tmp_path, site):
        page, _ = answer(port, "/orders")
        upload, headers = answer(port, "/media/a.svg")

    assert page == b"shop.test:8080|127.0.0.1|http"
    assert upload == b"<svg/>"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_nginx_finds_a_container_that_is_new() -> None:
    """A name in a variable is looked up again and again; one in an upstream block once."""
    site = configuration(8000, media=False)

    assert "resolver 127.0.0.11" in site
    assert "proxy_pass http://$app;" in site
    assert "/media/" not in site
