"""Long tasks, on a queue of their own."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUntypedFunctionDecorator=false

from datetime import date

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from sqlalchemy.exc import OperationalError

from shop.celery import app, context
from shop.queue import REPORT
from shop.reports import service

log = structlog.stdlib.get_logger(__name__)


@app.task(name=REPORT, autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def nightly(day: str | None = None) -> None:
    """Report on a day, yesterday unless told otherwise.

    Cut off by its time limit, or by an instance that goes, it goes on from its last checkpoint.
    """
    shop = context()
    chosen = date.fromisoformat(day) if day else service.yesterday()
    try:
        while service.advance(shop.database, chosen):
            pass
    except SoftTimeLimitExceeded:
        shop.queue.send(REPORT, chosen.isoformat())
        log.warning("report to be continued", day=chosen.isoformat())
        return
    log.info("report done", day=chosen.isoformat())
