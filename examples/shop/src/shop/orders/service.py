"""What may be done with orders."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shop.catalog.models import Product
from shop.catalog.service import UnknownProductError
from shop.database import Database
from shop.orders.models import Order, OrderLine, OrderState
from shop.queue import CONFIRM, Queue


class UnknownOrderError(LookupError):
    """An order that nobody placed."""


class EmptyOrderError(ValueError):
    """An order of nothing."""


def take(database: Database, queue: Queue, quantities: Mapping[int, int]) -> Order:
    """Take an order, and have a task decide on it.

    The task is sent once the order is committed. Where it is not sent, the sweep will find out.
    """
    with database.write() as session:
        order = place(session, quantities)
    queue.send(CONFIRM, str(order.id))
    return order


def place(session: Session, quantities: Mapping[int, int]) -> Order:
    """Take an order at today's prices. Whether there is enough of it all is decided later.

    Args:
        session: A transaction on the primary.
        quantities: How many of which product.
    """
    if not quantities:
        raise EmptyOrderError
    wanted = session.scalars(select(Product).where(Product.id.in_(quantities)))
    prices = {product.id: product.price_cents for product in wanted}
    if unknown := quantities.keys() - prices:
        raise UnknownProductError(min(unknown))
    lines = [
        OrderLine(product_id=product, quantity=quantity, price_cents=prices[product])
        for product, quantity in sorted(quantities.items())
    ]
    order = Order(lines=lines)
    session.add(order)
    session.flush()
    return order


def find(session: Session, order_id: UUID) -> Order:
    """Look up an order.

    Args:
        session: On the primary: who has just ordered may be ahead of a reader.
        order_id: Which.
    """
    order = session.get(Order, order_id)
    if order is None:
        raise UnknownOrderError(order_id)
    return order


def decide(session: Session, order_id: UUID) -> OrderState:
    """Set an order's things aside, or reject it. A second time changes nothing.

    Rows are locked, and those of products in the order of their ids: two orders of the same
    things wait for each other, and never both for the other.
    """
    order = session.get(Order, order_id, with_for_update=True)
    if order is None:
        raise UnknownOrderError(order_id)
    if order.state is not OrderState.PLACED:
        return order.state
    wanted = {line.product_id: line.quantity for line in order.lines}
    locked = select(Product).where(Product.id.in_(wanted)).order_by(Product.id).with_for_update()
    products = session.scalars(locked).all()
    enough = all(product.stock >= wanted[product.id] for product in products)
    if enough:
        for product in products:
            product.stock -= wanted[product.id]
    order.state = OrderState.CONFIRMED if enough else OrderState.REJECTED
    order.decided_at = session.scalar(select(func.now()))
    return order.state


def forgotten(session: Session, now: datetime, limit: int = 500) -> Sequence[UUID]:
    """Find orders whose task was never sent, or got lost: those that wait for a minute."""
    waiting = Order.state == OrderState.PLACED
    since = Order.placed_at < now - timedelta(minutes=1)
    oldest = select(Order.id).where(waiting, since).order_by(Order.placed_at).limit(limit)
    return session.scalars(oldest).all()
