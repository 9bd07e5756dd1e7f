"""How orders are stored."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, DateTime, Enum, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shop.database import Base


class OrderState(StrEnum):
    """How far an order is."""

    PLACED = "placed"
    """Taken, and not yet looked at."""
    CONFIRMED = "confirmed"
    """Its things are set aside."""
    REJECTED = "rejected"
    """Something was sold out."""


def _values(states: type[OrderState]) -> list[str]:
    return [state.value for state in states]


class Order(Base):
    """What a visitor wants to buy. Whoever knows its id may see it."""

    __tablename__ = "orders"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    state: Mapped[OrderState] = mapped_column(
        # Text: a new state then needs no ALTER TYPE, and no lock.
        Enum(OrderState, native_enum=False, length=16, values_callable=_values),
        default=OrderState.PLACED,
    )
    currency: Mapped[str] = mapped_column(server_default="EUR")
    placed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    lines: Mapped[list["OrderLine"]] = relationship(
        order_by="OrderLine.product_id", lazy="selectin"
    )

    __table_args__ = (
        # Small: an order is in it for as long as a task takes.
        Index("ix_orders_waiting", placed_at, postgresql_where=text("state = 'placed'")),
    )


class OrderLine(Base):
    """One product of an order, at the price of that moment."""

    __tablename__ = "order_lines"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"),)

    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True)
    quantity: Mapped[int]
    price_cents: Mapped[int]
