"""``plinth compose``: the same platform as Pulumi's, as a file that compose takes."""

import argparse
from pathlib import Path
from typing import Any, cast

import jsonschema
import pulumi
import pulumi_docker as docker
import pytest
import yaml
from check_jsonschema.builtin_schemas import (  # pyright: ignore[reportMissingTypeStubs]
    get_builtin_schema,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plinth._local.command import compose, find_platform
from plinth._local.compose import Platform, as_yaml, compose_text
from plinth.cli import main
from plinth.local import LocalPlatform, LocalPlatformSettings
from plinth.preview.manifest import find_project
from plinth.testing import Deployment, deploy
from stacks import ROOT, deployed_stack

PROJECT = find_project(ROOT)


def unescaped(value: Any) -> Any:
    """Read a value as compose would, where no variable is to be put in."""
    if isinstance(value, str):
        return value.replace("$$", "$")
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        return {key: unescaped(item) for key, item in fields.items()}
    if isinstance(value, list):
        return [unescaped(item) for item in cast("list[Any]", value)]
    return value


def written(platform: Platform, directory: Path = ROOT) -> dict[str, Any]:
    """Write a platform's file, and read it as compose would."""
    return unescaped(yaml.safe_load(compose_text(platform, directory)))


def platform_of(deployed: Deployment) -> Platform:
    """Find the platform in a deployment."""
    return find_platform(deployed.graph, PROJECT)


@pytest.fixture(scope="module")
def local() -> dict[str, Any]:
    """Write the file of this repository's own stack."""
    return written(platform_of(deployed_stack("local")))


def made(image: pulumi.Input[str] = "shop:local", **values: Any) -> Platform:
    """Find the platform that some settings make."""
    chosen = LocalPlatformSettings.model_validate(values)
    return platform_of(deploy(lambda: LocalPlatform("shop", chosen, image=image) and None))


def test_the_file_is_what_compose_takes() -> None:
    """The schema of the compose specification accepts the whole of it."""
    text = compose_text(platform_of(deployed_stack("local")), ROOT)

    jsonschema.validate(yaml.safe_load(text), get_builtin_schema("vendor.compose-spec"))


def test_it_starts_what_pulumi_starts(local: dict[str, Any]) -> None:
    """One model, written twice: no service, command, variable or check differs."""
    deployed = deployed_stack("local")
    containers = {c.inputs["hostname"]: c.inputs for c in deployed.all(docker.Container)}

    assert list(local["services"]) == list(containers)
    for name, service in local["services"].items():
        inputs = containers[name]
        variables = [f"{key}={value}" for key, value in service.get("environment", {}).items()]
        assert variables == inputs.get("envs", []), name
        assert service.get("command") == inputs.get("command")
        assert service["restart"] == inputs["restart"]
        assert service["hostname"] == name
        tests = service["healthcheck"].get("test", ["NONE"])
        assert tests == inputs["healthcheck"]["tests"]
        files = [local["configs"][c["source"]]["content"] for c in service.get("configs", [])]
        assert files == [upload["content"] for upload in inputs.get("uploads", [])]


def test_ports_are_open_to_this_machine_alone(local: dict[str, Any]) -> None:
    """As with Pulumi."""
    ports = [port for service in local["services"].values() for port in service.get("ports", [])]

    assert len(ports) == 4
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_services_wait_for_what_they_need(local: dict[str, Any]) -> None:
    """The release for the stores, the app for a good end of the release, nginx for the app."""
    needs = {name: service.get("depends_on", {}) for name, service in local["services"].items()}

    healthy, done = "service_healthy", "service_completed_successfully"
    stores = {name: {"condition": healthy} for name in ("postgres", "broker", "cache")}
    assert needs["release"] == stores
    for name in ("web", "worker-default", "worker-long", "beat"):
        assert needs[name] == {**stores, "release": {"condition": done}}
    assert needs["nginx"] == {"web": {"condition": healthy}}
    for needed in needs.values():
        for name, wanted in needed.items():
            tested = "test" in local["services"][name]["healthcheck"]
            assert tested == (wanted["condition"] == healthy)


def test_what_outlives_a_container_is_declared(local: dict[str, Any]) -> None:
    """Compose refuses a volume that the file does not name."""
    mounts = [m for service in local["services"].values() for m in service.get("volumes", [])]

    assert {mount.split(":")[0] for mount in mounts} == set(local["volumes"])
    assert "media:/srv/media:ro" in mounts


def test_the_apps_image_is_built(local: dict[str, Any]) -> None:
    """By the service that starts first, for all: two builds of one name would fail."""
    ours = {n: s for n, s in local["services"].items() if s["image"] == "shop:local"}

    assert list(ours) == ["release", "web", "worker-default", "worker-long", "beat"]
    assert ours.pop("release")["build"] == "./examples/shop"
    assert (ROOT / "examples" / "shop" / "Dockerfile").is_file()
    for service in ours.values():
        assert "build" not in service
        assert service["pull_policy"] == "never"


def test_nothing_is_taken_from_the_shell() -> None:
    """Compose would put a variable of this machine where a dollar sign stands."""
    text = compose_text(made(environment={"PRICE": "$HOME ${x} $$"}), ROOT)

    assert "PRICE: $$HOME $${x} $$$$" in text
    assert "proxy_pass http://$$app;" in text


@settings(max_examples=30, deadline=None)
@example("yes")
@example("1e3 ")
@example("a: b\n  c\n")
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t")))
def test_values_arrive_as_they_are(value: str) -> None:
    """Whatever YAML would make of them: yes, 1e3, a space at the end, a line break."""
    document = {"short": [value], "long": [value] * 9, "one": {"x": value}, "x": {"y": [value]}}

    assert unescaped(yaml.safe_load(as_yaml(document))) == document


def test_paths_begin_where_the_file_is() -> None:
    """A file written elsewhere finds the project's directories all the same."""
    platform = made(context="examples/shop", source={"/app/src": "examples/shop/src"})

    here, beside = (written(platform, d)["services"]["web"] for d in (ROOT, ROOT / "docs"))

    assert (here["build"], here["volumes"]) == (
        "./examples/shop",
        ["./examples/shop/src:/app/src"],
    )
    assert (beside["build"], beside["volumes"]) == (
        "../examples/shop",
        ["../examples/shop/src:/app/src"],
    )


def test_what_is_left_out_stays_out() -> None:
    """Pulumi carries no null at the top: a platform without beat must not get one."""
    services = written(made(beat=None, postgres={"port": None}))["services"]

    assert list(services) == ["postgres", "broker", "cache", "web", "worker-default", "nginx"]
    assert "ports" not in services["postgres"]
    assert "build" not in services["web"]


def built() -> pulumi.Output[str]:
    """Make an image that is known only once it is built."""
    return docker.RemoteImage("built", name="shop").repo_digest


def test_an_image_to_be_built_needs_no_name() -> None:
    """It gets one, by which all its services share what the first of them builds."""
    chosen = LocalPlatformSettings(context="app")
    deployed = deploy(lambda: LocalPlatform("shop", chosen, image=built()) and None)

    services = written(platform_of(deployed))["services"]
    assert (services["web"]["image"], services["web"]["build"]) == ("shop-app", "./app")
    assert (services["beat"]["image"], services["beat"].get("build")) == ("shop-app", None)


def test_an_image_unknown_and_not_built_is_refused() -> None:
    """With what would help."""
    deployed = deploy(lambda: LocalPlatform("shop", image=built()) and None)

    with pytest.raises(ValueError, match="give it a tag, or set context"):
        compose_text(platform_of(deployed), ROOT)


def test_only_one_platform_fits_a_file() -> None:
    """Two would want each other's names and ports."""
    deployed = deploy(lambda: [LocalPlatform(name, image="shop") for name in ("a", "b")])

    with pytest.raises(LookupError, match=r"2 LocalPlatforms \(a, b\)"):
        platform_of(deployed)


def test_the_command_prints_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    """Results to stdout, for the stack called local unless told otherwise."""
    assert main(["compose", "--cwd", str(ROOT)]) == 0

    out, err = capsys.readouterr()
    assert yaml.safe_load(out)["name"] == "shop"
    assert "docker compose up --build --detach" in out
    assert err == ""


def test_the_command_writes_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And says so, beside the results."""
    file = tmp_path / "compose.yaml"
    assert main(["compose", "local", "--cwd", str(ROOT), "--output", str(file)]) == 0

    assert yaml.safe_load(file.read_text())["services"]
    assert capsys.readouterr() == ("", f"wrote {file}\n")


def run(root: Path, stack: str = "local") -> int:
    """Run the command in a project."""
    return compose(argparse.Namespace(cwd=root, stack=stack, stand_in=[], output=None))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Write a project with a stack, and a program to be filled in."""
    (tmp_path / "Pulumi.yaml").write_text("name: empty\nruntime: python\n")
    (tmp_path / "Pulumi.local.yaml").write_text("")
    (tmp_path / "__main__.py").write_text("")
    return tmp_path


def test_a_stack_without_a_platform_is_told(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is nothing to write."""
    assert run(project) == 2

    assert "stack 'local' has no LocalPlatform" in capsys.readouterr().err


def test_an_unknown_stack_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With those that there are."""
    assert run(project, "laptop") == 2

    assert "there is no stack 'laptop'" in capsys.readouterr().err


def test_a_program_that_fails_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And which command shows more."""
    (project / "__main__.py").write_text("raise RuntimeError('no')")

    assert run(project) == 1

    assert "as plinth preview local shows" in capsys.readouterr().err
