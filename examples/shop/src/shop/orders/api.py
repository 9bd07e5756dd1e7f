"""Orders as JSON."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from shop.dependencies import Shop
from shop.orders import service
from shop.orders.models import OrderState

router = APIRouter(prefix="/api/orders", tags=["orders"])


class LineIn(BaseModel):
    """How many of what."""

    product_id: int
    quantity: Annotated[int, Field(ge=1, le=100)]


class OrderIn(BaseModel):
    """What somebody wants to buy."""

    lines: Annotated[list[LineIn], Field(min_length=1, max_length=50)]


class LineOut(BaseModel):
    """One product of an order."""

    model_config = ConfigDict(from_attributes=True)

    product_id: int
    quantity: int
    price_cents: int


class OrderOut(BaseModel):
    """An order, as far as it is."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    state: OrderState
    lines: list[LineOut]


@router.post("", status_code=202)
def place_order(shop: Shop, wanted: OrderIn) -> OrderOut:
    """Take an order; a task decides on it."""
    quantities: dict[int, int] = {}
    for line in wanted.lines:
        quantities[line.product_id] = quantities.get(line.product_id, 0) + line.quantity
    return OrderOut.model_validate(service.take(shop.database, shop.queue, quantities))


@router.get("/{order_id}")
def show_order(shop: Shop, order_id: UUID) -> OrderOut:
    """Show an order."""
    with shop.database.write() as session:
        return OrderOut.model_validate(service.find(session, order_id))
