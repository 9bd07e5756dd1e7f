"""A name for each request, and a line about it in the log."""

import logging
import re
import time
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = ("x-request-id", "x-amzn-trace-id")
"""Where a proxy or the balancer names a request, the first preferred."""

QUIET = ("/healthz", "/readyz")
"""Asked for several times a minute by the balancer, and worth a line only where lines are cheap."""

_SANE = re.compile(r"[\w.:;=@/-]{1,128}")

log = structlog.stdlib.get_logger(__name__)


class RequestLog:
    """Everything logged during a request bears its name, down to the tasks that it sends."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id, begin, status = request_name(Headers(scope=scope)), time.perf_counter(), 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, answer)
            finally:
                log.log(
                    logging.DEBUG if scope["path"] in QUIET else logging.INFO,
                    "request",
                    method=scope["method"],
                    path=scope["path"],
                    status=status,
                    milliseconds=round((time.perf_counter() - begin) * 1000, 1),
                )


def request_name(headers: Headers) -> str:
    """Take the name that a request has already, unless it would spoil the log."""
    given = (headers.get(name, "") for name in HEADERS)
    return next((name for name in given if _SANE.fullmatch(name)), None) or uuid4().hex
