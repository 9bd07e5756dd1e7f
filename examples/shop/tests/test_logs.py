"""Lines that a machine can read, and that belong together."""

import json
import subprocess
import sys

import pytest
from starlette.datastructures import Headers

from shop.middleware import request_name

PROGRAM = """
import logging
import structlog
from shop.logs import configure_logging

configure_logging("INFO")
logging.getLogger("celery.worker").info("Task %s succeeded in %.1fs", "a[1]", 0.5)
logging.getLogger("uvicorn.access").info("GET /")
structlog.contextvars.bind_contextvars(request_id="a-request")
structlog.stdlib.get_logger("shop").debug("too much")
try:
    1 / 0
except ZeroDivisionError:
    structlog.stdlib.get_logger("shop").exception("failed", order=7)
"""


def test_every_line_is_json() -> None:
    """Whoever logs it; the app's own lines bear the request, and errors their traceback."""
    run = [sys.executable, "-c", PROGRAM]
    written = subprocess.run(run, capture_output=True, text=True, check=True)  # noqa: S603
    celery, own = (json.loads(line) for line in written.stdout.splitlines())
    assert celery["event"] == "Task a[1] succeeded in 0.5s"
    assert celery["logger"] == "celery.worker"
    assert (own["event"], own["level"], own["order"]) == ("failed", "error", 7)
    assert own["request_id"] == "a-request"
    assert own["exception"].endswith("ZeroDivisionError: division by zero")


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ({"X-Request-ID": "a-1", "X-Amzn-Trace-Id": "Root=1-67891233-abcdef"}, "a-1"),
        ({"X-Amzn-Trace-Id": "Root=1-67891233-abcdef"}, "Root=1-67891233-abcdef"),
        ({"X-Request-ID": "a b", "X-Amzn-Trace-Id": "Self=1"}, "Self=1"),
    ],
)
def test_a_request_keeps_its_name(headers: dict[str, str], name: str) -> None:
    """The one that a proxy gave it, the balancer's else."""
    assert request_name(Headers(headers)) == name


@pytest.mark.parametrize("given", ["", "a\nforged: line", "x" * 129])
def test_a_bad_name_is_replaced(given: str) -> None:
    """By one of 32 characters, which no log will stumble over."""
    assert len(request_name(Headers({"X-Request-ID": given}))) == 32
