"""The sample app starts on what the stacks really give it: a variable renamed on one side fails."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pulumi_aws as aws
import pytest

from booted import docker_variables, systemd_words, user_data_files
from plinth._fleet.files.resolve_secrets import fill
from shop.database import driven
from shop.queue import CONFIRM, REPORT, SWEEP, create_celery
from shop.settings import Settings
from shop.store import connect
from stacks import deployed_stack

STACKS = ["dev", "prod"]
TASKS = {CONFIRM, SWEEP, REPORT}

SECRET: dict[str, object] = {"username": "app", "password": "p@ss/w%rd:{}#?&+ " + "x" * 48}
"""What a secret may hold; the shop's own key is a password too."""

OWN = {"DATABASE_POOL", "DATABASE_OVERFLOW", "LOG_LEVEL", "MEDIA_DIR"}
"""The shop's settings that are no part of the contract: each has a default."""


@cache
def processes(stack: str) -> Mapping[str, Mapping[str, str]]:
    """Return what a stack's instances write, by the name of their process and launch template."""
    found: dict[str, Mapping[str, str]] = {}
    for template in deployed_stack(stack).all(aws.ec2.LaunchTemplate):
        files = user_data_files(template.inputs)
        if any(path.endswith(".secrets.json") for path in files):
            found[template.name] = files
    return found


def variables(files: Mapping[str, str]) -> dict[str, str]:
    """Put together what docker gives to the process: plain variables, and secrets filled in."""
    [plain] = [text for path, text in files.items() if re.search(r"plinth/\w+\.env$", path)]
    [recipe] = [text for path, text in files.items() if path.endswith(".secrets.json")]
    given = docker_variables(plain)
    # First: what is not known before a deployment looks as if it were a field of the secret.
    for name, wanted in json.loads(_deployed(recipe)).items():
        given[name] = fill(name, wanted["template"], SECRET)
    return {name: _deployed(value) for name, value in given.items()}


def _deployed(text: str) -> str:
    return re.sub(r"\$\{[^}]*\}", "known.example.net", text)


def commands(stack: str) -> Iterator[list[str]]:
    """List what the stack's instances run in the app's image."""
    for files in processes(stack).values():
        for path, unit in files.items():
            if path.endswith(".service") and "docker run" in unit:
                words = systemd_words(unit, "ExecStart")
                [image] = [i for i, word in enumerate(words) if "@sha256:" in word]
                yield words[image + 1 :]


def queues(stack: str) -> set[str]:
    """List the queues that the stack's workers take tasks from."""
    taken = [words[words.index("-Q") + 1] for words in commands(stack) if "-Q" in words]
    return {queue for each in taken for queue in each.split(",")}


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have nothing in the environment but what is given."""

    def use(given: Mapping[str, str]) -> Settings:
        for name in os.environ:
            monkeypatch.delenv(name)
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        return Settings.from_environment()

    return use


@pytest.mark.parametrize("stack", STACKS)
def test_every_process_starts_on_its_variables(stack: str, only: Any) -> None:
    """Web servers, each pool of workers and beat find all that the shop requires."""
    assert {"web", "beat"} < processes(stack).keys()
    for files in processes(stack).values():
        given = variables(files)
        settings = only(given)
        assert settings.database_url.get_secret_value() == given["DATABASE_URL"]
        assert "sslmode=require" in given["DATABASE_URL"]


def test_every_client_gets_the_password_back(only: Any) -> None:
    """Of characters that mean something in a URL, and over TLS."""
    settings = only(variables(processes("dev")["web"]))
    for url in (driven(settings.database_url), driven(settings.database_replica_url)):
        assert url.password == SECRET["password"]
        assert url.query["sslmode"] == "require"
    for url in (settings.redis_url, settings.celery_broker_url):
        redis: Any = connect(url.get_secret_value())
        assert redis.connection_pool.connection_kwargs["password"] == SECRET["password"]
        assert redis.connection_pool.connection_kwargs["ssl_cert_reqs"] == "required"
    celery: Any = create_celery(settings)
    with celery.connection_for_write() as broker:
        assert broker.password == SECRET["password"]


@pytest.mark.parametrize("stack", STACKS)
def test_web_servers_and_workers_know_the_cdn(stack: str, only: Any) -> None:
    """What has a default in the shop would not be missed, were it called something else."""
    for name, files in processes(stack).items():
        if name != "beat":
            settings = only(variables(files))
            assert settings.behind_cdn
            assert settings.media_url.startswith("https://")
            assert settings.media_bucket == "known.example.net"


@pytest.mark.parametrize("stack", STACKS)
def test_staff_have_a_token(stack: str, only: Any) -> None:
    """Without it the shop would start, and take no picture."""
    assert only(variables(processes(stack)["web"])).staff_token is not None


def test_the_shop_reads_nothing_else() -> None:
    """Each of its settings is in the contract, or its own and not required."""
    fields = {name.upper(): field for name, field in Settings.model_fields.items()}
    contract = {name for files in processes("dev").values() for name in variables(files)}
    assert fields.keys() - contract == OWN
    assert not {name for name in OWN if fields[name].is_required()}


@pytest.mark.parametrize("stack", STACKS)
def test_what_workers_are_told_twice_agrees(stack: str, only: Any) -> None:
    """Celery takes each pool's command line, and it changes nothing that the app read before."""
    pools = [files for files in processes(stack).values() if "CELERY_SETTINGS" in variables(files)]
    told = [words for words in commands(stack) if words[:1] == ["celery"]]
    assert len(pools) == len(told)
    for files, words in zip(pools, told, strict=True):
        celery: Any = create_celery(only(variables(files)))
        directives = words[words.index("--") + 1 :]
        names = [word.partition("=")[0] for word in directives]
        read = {name: celery.conf[name] for name in names}
        celery.config_from_cmdline(directives)
        assert {name: celery.conf[name] for name in names} == read


@pytest.mark.parametrize("stack", STACKS)
def test_somebody_takes_every_task(stack: str, only: Any) -> None:
    """Each queue that the shop sends to is taken from by one of the stack's pools."""
    celery: Any = create_celery(only(variables(processes(stack)["web"])))
    sent = {celery.amqp.router.route({}, task)["queue"].name for task in TASKS}
    assert sent <= queues(stack)
