"""What the app's own exceptions mean to somebody who speaks HTTP."""

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shop.catalog.service import UnknownProductError
from shop.media.service import LIMIT, TooLargeError, UnwantedError
from shop.orders.service import EmptyOrderError, UnknownOrderError
from shop.store import StoreUnavailableError

log = structlog.stdlib.get_logger(__name__)

ANSWERS: dict[type[Exception], tuple[int, str]] = {
    EmptyOrderError: (422, "an order needs something in it"),
    OperationalError: (503, "the database is away, try again"),
    PoolTimeoutError: (503, "the database is busy, try again"),
    StoreUnavailableError: (503, "your session cannot be kept, try again"),
    TooLargeError: (413, f"a picture has at most {LIMIT} bytes"),
    UnknownOrderError: (404, "no such order"),
    UnknownProductError: (404, "no such product"),
    UnwantedError: (415, "a picture is a PNG, JPEG or WebP file"),
}


def handle_errors(app: FastAPI) -> None:
    """Answer each with a status and a sentence."""
    for kind in ANSWERS:
        app.add_exception_handler(kind, _answer)


async def _answer(_: Request, error: Exception) -> JSONResponse:
    status, detail = next(ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS)
    if status != 503:
        return JSONResponse({"detail": detail}, status)
    log.warning("cannot serve", error=repr(error))
    return JSONResponse({"detail": detail}, status, {"Retry-After": "5"})
