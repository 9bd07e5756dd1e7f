"""Adding up a day's sales, a batch of products at a time."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from shop.database import Database
from shop.orders.models import Order, OrderLine, OrderState
from shop.reports.models import ProductSales, ReportRun


def advance(database: Database, day: date, batch: int = 100) -> bool:
    """Add up the next batch of products, and tell whether more are left.

    A batch and the checkpoint behind it are committed together. The run is locked meanwhile, so
    that two tasks of one day share its batches, and neither does one twice.
    """
    with database.write() as session:
        run = _locked_run(session, day)
        if run.finished_at is not None:
            return False
        with database.read() as reader:
            sales = _sold(reader, day, run.last_product_id, batch)
        if sales:
            _store(session, sales)
            run.last_product_id = sales[-1]["product_id"]
        else:
            run.finished_at = datetime.now(UTC)
        return bool(sales)


def yesterday() -> date:
    """Return the last day that is over."""
    return datetime.now(UTC).date() - timedelta(days=1)


def _locked_run(session: Session, day: date) -> ReportRun:
    session.execute(insert(ReportRun).values(day=day).on_conflict_do_nothing())
    return session.get_one(ReportRun, day, with_for_update=True)


def _sold(reader: Session, day: date, after: int, batch: int) -> Sequence[Mapping[str, Any]]:
    begin = datetime.combine(day, time(), UTC)
    quantity = func.sum(OrderLine.quantity)
    revenue = func.sum(OrderLine.quantity * OrderLine.price_cents)
    sums = (
        select(OrderLine.product_id, quantity.label("quantity"), revenue.label("revenue_cents"))
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.state == OrderState.CONFIRMED, OrderLine.product_id > after)
        .where(Order.decided_at >= begin, Order.decided_at < begin + timedelta(days=1))
        .group_by(OrderLine.product_id)
        .order_by(OrderLine.product_id)
        .limit(batch)
    )
    return [{"day": day, **row} for row in reader.execute(sums).mappings()]


def _store(session: Session, sales: Sequence[Mapping[str, Any]]) -> None:
    new = insert(ProductSales).values(sales)
    session.execute(
        new.on_conflict_do_update(
            index_elements=["day", "product_id"],
            set_={name: new.excluded[name] for name in ("quantity", "revenue_cents")},
        )
    )
