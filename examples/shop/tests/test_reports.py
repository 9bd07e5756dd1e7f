"""A day's sales, in batches, however often the task is cut off."""
# pyright: reportMissingTypeStubs=false

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from sqlalchemy import select, text

from running_shop import Services, take
from shop.context import Context
from shop.database import Database
from shop.orders import service as orders
from shop.queue import LONG, REPORT
from shop.reports import service
from shop.reports.models import ProductSales, ReportRun

DAY = date(2026, 3, 1)


@pytest.fixture
def sold(context: Context, stocked: Services) -> None:
    """Have sold on a day, and on the next."""
    for decided_at in ("2026-03-01T00:00Z", "2026-03-01T23:59:59Z", "2026-03-02T00:00Z"):
        order = _confirmed(context, {1: 1, 2: 2, 4: 3})
        with stocked.owner.begin() as connection:
            connection.execute(
                text("UPDATE orders SET decided_at = :at WHERE id = :id"),
                {"at": decided_at, "id": order},
            )


def report(context: Context) -> dict[int, tuple[int, int]]:
    """Read the day's quantity and revenue by product."""
    with context.database.read() as session:
        lines = session.scalars(select(ProductSales).where(ProductSales.day == DAY))
        return {line.product_id: (line.quantity, line.revenue_cents) for line in lines}


WHOLE = {1: (2, 7800), 2: (4, 25800), 4: (6, 5700)}


@pytest.mark.usefixtures("sold")
def test_a_report_goes_on_from_its_checkpoint(context: Context) -> None:
    """Each batch is there once it is done, and a finished report stays as it is."""
    assert service.advance(context.database, DAY, batch=2)
    assert report(context).keys() == {1, 2}
    assert service.advance(context.database, DAY, batch=2)
    assert not service.advance(context.database, DAY, batch=2)
    assert report(context) == WHOLE
    assert not service.advance(context.database, DAY, batch=2)
    with context.database.read() as session:
        assert session.get_one(ReportRun, DAY).finished_at is not None


@pytest.mark.usefixtures("sold")
def test_a_batch_is_cut_off_whole(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its lines nor its checkpoint are there, and the next task does it."""

    def cut_off(*_: object) -> None:
        raise SoftTimeLimitExceeded

    with monkeypatch.context() as patch:
        patch.setattr(service, "_store", cut_off)
        with pytest.raises(SoftTimeLimitExceeded):
            service.advance(context.database, DAY)
    assert report(context) == {}
    while service.advance(context.database, DAY):
        pass
    assert report(context) == WHOLE


@pytest.mark.usefixtures("sold")
def test_a_task_that_is_cut_off_sends_another(
    worker: Any, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps what it has done, and the other does the rest."""
    advance, batches = service.advance, iter([True])

    def limited(database: Database, day: date) -> bool:
        if not next(batches, False):
            raise SoftTimeLimitExceeded
        return advance(database, day, batch=1)

    with monkeypatch.context() as patch:
        patch.setattr(service, "advance", limited)
        worker.tasks[REPORT](DAY.isoformat())
    assert report(context).keys() == {1}
    worker.tasks[REPORT](*take(worker, LONG).payload[0])
    assert report(context) == WHOLE


def _confirmed(context: Context, quantities: dict[int, int]) -> UUID:
    with context.database.write() as session:
        order = orders.place(session, quantities)
        orders.decide(session, order.id)
        return order.id
