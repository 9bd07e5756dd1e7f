"""The function as Lambda runs it: what it prints, what it reads, and how it fails."""

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from pulumi import StringAsset

from plinth._celery import publishing
from plinth._celery.counted import QueueMetricsSettings
from plinth._celery.metrics import NAMESPACE, Metric, dimensions
from plinth._celery.publisher import secret, store
from plinth._celery.publisher.handler import handler, known_secrets
from plinth._celery.publisher.secret import authorization
from plinth._celery.publisher.store import RedisError, connected
from plinth._celery.publishing import HANDLER, code
from plinth._celery.settings import Queues
from plinth.redis import BROKER_ACCESS
from redis_server import Server, free_port, redis_server

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:queue-AbCdEf"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalr/K7MDENG+bPxRfiCY"}
SETTINGS = QueueMetricsSettings(
    pools={"celery-default": Queues(), "celery-mail": Queues(queues=("mail",))}
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """Run a broker with one task, and its user for counting."""
    user = ("--user", "metrics", *BROKER_ACCESS["metrics"].split(), ">right/+")
    with redis_server(tmp_path_factory.mktemp("redis"), *user) as running:
        with connected(running.url()) as redis:
            redis.ask("LPUSH", "celery", '{"headers": {}}')
        yield running


@pytest.fixture(autouse=True)
def lambda_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what Lambda sets, and forget what an earlier turn has read."""
    known_secrets.clear()
    for name, value in {**KEYS, "PLAN": SETTINGS.plan("shop/prod")}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_SESSION_TOKEN", "BROKER_SECRET"):
        monkeypatch.delenv(name, raising=False)


class Vault:
    """Stands in for Secrets Manager, and notes what it is asked."""

    def __init__(self, *passwords: str) -> None:
        self.passwords = list(passwords)
        self.asked: list[dict[str, Any]] = []


@contextmanager
def secrets_manager(vault: Vault) -> Generator[str]:
    """Serve a vault's passwords, one for each call."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            vault.asked.append({**body, "headers": dict(self.headers.items())})
            held = {"username": "metrics", "password": vault.passwords.pop(0)}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"SecretString": json.dumps(held)}).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Keep quiet."""

    with HTTPServer(("127.0.0.1", 0), Answer) as web:
        threading.Thread(target=web.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{web.server_port}"
        web.shutdown()


@pytest.fixture
def template(server: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the function a URL with holes in it, and the secret that fills them."""
    holes = server.url("{username:url}:{password:url}@")
    monkeypatch.setenv("BROKER_URL", holes)
    monkeypatch.setenv("BROKER_SECRET", ARN)
    return holes


def turns(times: int, *passwords: str, monkeypatch: pytest.MonkeyPatch) -> Vault:
    """Run the function some times, one after the other, while the secret changes."""
    vault = Vault(*passwords)
    with secrets_manager(vault) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", url)
        for _ in range(times):
            handler()
    return vault


def published(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Read what the function has printed."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_metrics_are_lines_that_cloudwatch_understands(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each pool has a line, with a value for all that it declares and nothing else."""
    monkeypatch.setenv("BROKER_URL", server.url())
    handler({"source": "aws.events"}, object())

    lines = published(capsys)
    assert [line["Pool"] for line in lines] == ["celery-default", "celery-mail"]
    for line in lines:
        about = dimensions("shop/prod", line["Pool"])
        assert line.items() >= about.items()
        assert line["_aws"]["Timestamp"] > 1_700_000_000_000
        [declared] = line["_aws"]["CloudWatchMetrics"]
        assert declared["Namespace"] == NAMESPACE
        assert declared["Dimensions"] == [list(about)]
        names = {metric["Name"] for metric in declared["Metrics"]}
        assert names == set(line) - {"_aws"} - set(about)
        assert all(isinstance(line[name], int | float) for name in names)
    assert lines[0][Metric.QUEUE_DEPTH] == 1
    assert Metric.OLDEST_TASK_AGE not in lines[0]
    assert lines[1]["_aws"]["CloudWatchMetrics"][0]["Metrics"][-1] == {
        "Name": "OldestTaskAge",
        "Unit": "Seconds",
    }


@pytest.mark.usefixtures("template")
def test_the_secret_is_read_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A way out that breaks later does not stop the metrics."""
    monkeypatch.setenv("AWS_SESSION_TOKEN", "session")
    vault = turns(3, "right/+", monkeypatch=monkeypatch)

    assert len(published(capsys)) == 6
    [asked] = vault.asked
    assert asked["SecretId"] == ARN
    headers = {name.lower(): value for name, value in asked["headers"].items()}
    assert headers["x-amz-target"] == "secretsmanager.GetSecretValue"
    assert headers["x-amz-security-token"] == "session"
    assert "/eu-west-1/secretsmanager/aws4_request, " in headers["authorization"]


@pytest.mark.usefixtures("template")
def test_a_password_may_change(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Redis refuses the one of before, and the secret is read again in the same turn."""
    vault = turns(2, "before", "right/+", monkeypatch=monkeypatch)

    assert len(vault.asked) == 2
    assert len(published(capsys)) == 4


@pytest.mark.usefixtures("template")
def test_a_wrong_password_fails_and_publishes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is an error that Lambda counts, and no password is in what it says."""
    with pytest.raises(RedisError, match="WRONGPASS") as failed:
        turns(1, "wrong", "wrong", monkeypatch=monkeypatch)
    assert "wrong" not in str(failed.value).replace("WRONGPASS", "")
    assert capsys.readouterr().out == ""


def test_a_dead_redis_fails_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is published: no value at all freezes a pool, a wrong one would shrink it."""
    monkeypatch.setenv("BROKER_URL", f"redis://127.0.0.1:{free_port()}/0")
    with pytest.raises(ConnectionRefusedError):
        handler()
    assert capsys.readouterr().out == ""


def test_a_silent_redis_fails_in_time() -> None:
    """One that takes the connection and never answers must not use up the function's time."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"redis://127.0.0.1:{deaf.getsockname()[1]}/0"
        with pytest.raises(TimeoutError), connected(url, seconds=0.1) as redis:
            redis.ask("LLEN", "celery")
    assert secret.SECONDS + 3 * store.SECONDS < publishing.SECONDS < 60


def test_a_redis_that_goes_away_is_an_error() -> None:
    """A connection that ends in the middle is no empty queue."""
    with socket.create_server(("127.0.0.1", 0)) as short:

        def hang_up() -> None:
            short.accept()[0].close()

        threading.Thread(target=hang_up, daemon=True).start()
        url = f"redis://127.0.0.1:{short.getsockname()[1]}/0"
        with pytest.raises(ConnectionError), connected(url) as redis:
            redis.ask("LLEN", "celery")


def test_tls_is_checked(tmp_path: Path) -> None:
    """A server is believed by its certificate only, whatever the URL says about checking."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    named = "-keyout key.pem -out cert.pem -subj /CN=queue -addext subjectAltName=IP:127.0.0.1"
    command = [*made.split(), *named.split()]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)  # noqa: S603
    options = ("--tls-cert-file", "cert.pem", "--tls-key-file", "key.pem")
    with redis_server(tmp_path, *options, "--tls-auth-clients", "no", tls=True) as server:
        trusted = server.url(scheme="rediss", query=f"?ssl_ca_certs={tmp_path / 'cert.pem'}")
        with connected(trusted) as redis:
            assert redis.ask("LLEN", "celery") == 0
        stranger = server.url(scheme="rediss", query="?ssl_cert_reqs=none")
        with pytest.raises(ssl.SSLCertVerificationError), connected(stranger):
            pass


def test_signature_is_the_one_of_awss_own_library() -> None:
    """Signed with botocore 1.44 for the same moment, key and body."""
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "host": "secretsmanager.eu-west-1.amazonaws.com",
        "x-amz-date": "20260102T030405Z",
        "x-amz-security-token": "token",
        "x-amz-target": "secretsmanager.GetSecretValue",
    }
    body = json.dumps({"SecretId": ARN}).encode()
    key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

    assert authorization(headers, body, "eu-west-1", key_id="AKIDEXAMPLE", key=key) == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-west-1/secretsmanager/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "
        "Signature=ba6c4ab4a3c1194edea0efd5b9402fe58a93c79956127b43f0d60d681ff0a7ee"
    )


def test_what_is_sent_to_lambda_needs_nothing_else(server: Server, tmp_path: Path) -> None:
    """The modules in the archive run by themselves, without any installed package."""
    for name, asset in code().assets.items():
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        assert isinstance(asset, StringAsset)
        target.write_text(asset.text)
    module, _, called = HANDLER.rpartition(".")
    program = (
        f"import sys, importlib; sys.path.insert(0, {str(tmp_path)!r}); "
        f"importlib.import_module({module!r}).{called}({{}}, None)"
    )
    variables = {
        **os.environ,
        "PLAN": SETTINGS.plan("shop/prod"),
        "BROKER_URL": server.url("metrics:right%2F%2B@"),
    }
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-I", "-S", "-c", program],
        env=variables,
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(ran.stdout.splitlines()) == 2
