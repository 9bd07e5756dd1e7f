"""Short tasks, on Celery's own queue."""
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUntypedFunctionDecorator=false

from datetime import UTC, datetime
from uuid import UUID

import structlog
from sqlalchemy.exc import OperationalError

from shop.catalog import service as catalog
from shop.celery import app, context
from shop.orders import service
from shop.queue import CONFIRM, SWEEP

log = structlog.stdlib.get_logger(__name__)


@app.task(name=CONFIRM, autoretry_for=(OperationalError,), retry_backoff=True, max_retries=5)
def confirm(order_id: str) -> None:
    """Decide on an order. Delivered twice, it does so once."""
    shop = context()
    with shop.database.write() as session:
        state = service.decide(session, UUID(order_id))
    catalog.changed(shop.cache)
    log.info("order decided", order=order_id, state=state)


@app.task(name=SWEEP)
def sweep() -> None:
    """Send the tasks of orders that have none: the broker was away when they were placed."""
    shop = context()
    with shop.database.write() as session:
        orders = service.forgotten(session, datetime.now(UTC))
    for order in orders:
        shop.queue.send(CONFIRM, str(order))
    log.info("swept", orders=len(orders))
