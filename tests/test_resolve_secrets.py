"""The program that reads secrets at boot, run for real against a stub of the aws command."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

import pytest

from booted import docker_variables
from plinth._fleet.boot import PROGRAMS

PROGRAM = PROGRAMS / "resolve_secrets.py"
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-1a2b3c"
PASSWORD = "p@ss/w:rd %$\"'é"  # noqa: S105 - nobody's


class Instance:
    """A place to run the program in, with an aws command that knows some secrets."""

    def __init__(self, folder: Path, secrets: Mapping[str, object]) -> None:
        self.folder = folder
        self.output = folder / "secrets.env"
        (folder / "known.json").write_text(
            json.dumps({arn: {"SecretString": json.dumps(value)} for arn, value in secrets.items()})
        )
        stub = folder / "aws"
        stub.write_text(
            f"#!{sys.executable}\n"
            "import json, sys\n"
            f"open('{folder}/calls', 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
            f"known = json.load(open('{folder}/known.json'))\n"
            "arn = sys.argv[sys.argv.index('--secret-id') + 1]\n"
            "sys.exit('AccessDenied') if arn not in known else print(json.dumps(known[arn]))\n"
        )
        stub.chmod(0o755)

    def resolve(self, **wanted: tuple[str, str]) -> subprocess.CompletedProcess[str]:
        """Run the program on a recipe of variables, each a secret's ARN and a template."""
        recipe = {n: {"secret": arn, "template": text} for n, (arn, text) in wanted.items()}
        (self.folder / "recipe.json").write_text(json.dumps(recipe))
        command = [sys.executable, str(PROGRAM), str(self.folder / "recipe.json"), str(self.output)]
        path = f"{self.folder}:{os.environ['PATH']}"
        return subprocess.run(  # noqa: S603
            command, env={"PATH": path}, capture_output=True, text=True, check=False
        )

    @property
    def calls(self) -> list[str]:
        """What the aws command was asked."""
        return (self.folder / "calls").read_text().splitlines()


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    """Make an instance that knows one secret."""
    return Instance(tmp_path, {ARN: {"username": "app", "password": PASSWORD, "port": 5432}})


def test_templates_are_filled(instance: Instance) -> None:
    """A field goes in as it is, or percent-encoded so that it can be part of a URL."""
    done = instance.resolve(
        DATABASE_URL=(ARN, "postgresql://{username:url}:{password:url}@db:{port}/app?sslmode=on"),
        DATABASE_PASSWORD=(ARN, "{password}"),
    )

    assert done.returncode == 0, done.stderr
    found = docker_variables(instance.output.read_text())
    assert found["DATABASE_PASSWORD"] == PASSWORD
    user, _, rest = found["DATABASE_URL"].removeprefix("postgresql://").partition(":")
    password, at, host = rest.partition("@")
    assert (user, unquote(password), at + host) == ("app", PASSWORD, "@db:5432/app?sslmode=on")


def test_file_is_roots_alone(instance: Instance) -> None:
    """No moment comes at which another user could read it; a restart replaces it."""
    instance.output.write_text("OLD=1\n")
    instance.resolve(KEY=(ARN, "{password}"))

    assert instance.output.stat().st_mode & 0o777 == 0o600
    assert not list(instance.folder.glob("*.part"))
    assert "OLD" not in instance.output.read_text()


def test_each_secret_is_read_once_in_its_region(instance: Instance) -> None:
    """Many variables of one secret cost one call, and the region is the one its ARN names."""
    instance.resolve(A=(ARN, "{username}"), B=(ARN, "{password}"))

    assert instance.calls == [
        f"secretsmanager get-secret-value --secret-id {ARN} --output json --region eu-west-1"
    ]


@pytest.mark.parametrize(
    ("template", "reason"),
    [("{passwort}", "KEY: its secret has no field 'passwort'"), ("{key}", "KEY: a line break")],
)
def test_what_cannot_be_filled_is_said(tmp_path: Path, template: str, reason: str) -> None:
    """The variable and the field are named; systemd tries again, and no half file is left."""
    instance = Instance(tmp_path, {ARN: {"password": PASSWORD, "key": f"{PASSWORD}\nmore"}})
    failed = instance.resolve(KEY=(ARN, template))

    assert failed.returncode != 0
    assert reason in failed.stderr
    assert not instance.output.exists()


def test_values_are_never_printed(tmp_path: Path) -> None:
    """Neither success nor any failure writes a value to the journal."""
    instance = Instance(
        tmp_path, {ARN: {"password": PASSWORD, "key": f"{PASSWORD}\n"}, "b": "text"}
    )
    runs = [
        instance.resolve(KEY=(ARN, "{password}")),
        instance.resolve(KEY=(ARN, "{key}")),
        instance.resolve(KEY=(ARN, "{password}{none}")),
        instance.resolve(KEY=("b", "{password}")),
    ]

    assert not any(PASSWORD in run.stdout + run.stderr for run in runs)


def test_secret_that_cannot_be_read_fails(instance: Instance) -> None:
    """Without permission yet, it fails with AWS's words, so that systemd tries again."""
    failed = instance.resolve(KEY=("arn:aws:secretsmanager:eu-west-1:1:secret:other", "{a}"))

    assert failed.returncode != 0
    assert "AccessDenied" in failed.stderr


def test_program_is_for_the_instances_python() -> None:
    """Amazon Linux 2023 has Python 3.9, and nothing is installed beside it."""
    tree = ast.parse(PROGRAM.read_text(), feature_version=(3, 9))

    names = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    froms = {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names | froms} <= sys.stdlib_module_names
