"""The cart and the orders."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from shop.catalog import service as catalog
from shop.dependencies import Shop, Visitor, save_session
from shop.orders import service
from shop.pages import render

router = APIRouter(include_in_schema=False)


@router.post("/cart")
def add_to_cart(
    request: Request, visitor: Visitor, product_id: Annotated[int, Form()]
) -> RedirectResponse:
    """Put one more of a product into the cart."""
    visitor.cart[product_id] = visitor.cart.get(product_id, 0) + 1
    response = RedirectResponse("/cart", 303)
    save_session(request, response, visitor)
    return response


@router.get("/cart")
def show_cart(request: Request, shop: Shop, visitor: Visitor) -> HTMLResponse:
    """Show what is in the cart."""
    products = catalog.listing(shop.database, shop.cache)
    lines = [(each, visitor.cart[each.id]) for each in products if each.id in visitor.cart]
    total = sum(product.price_cents * quantity for product, quantity in lines)
    return render(request, "cart.html", visitor, lines=lines, total=total)


@router.post("/orders")
def order_cart(request: Request, shop: Shop, visitor: Visitor) -> RedirectResponse:
    """Order what is in the cart, and empty it."""
    order = service.take(shop.database, shop.queue, visitor.cart)
    visitor.cart.clear()
    response = RedirectResponse(f"/orders/{order.id}", 303)
    save_session(request, response, visitor)
    return response


@router.get("/orders/{order_id}")
def show_order(request: Request, shop: Shop, visitor: Visitor, order_id: UUID) -> HTMLResponse:
    """Show an order; the page asks again until it is decided."""
    with shop.database.write() as session:
        order = service.find(session, order_id)
    names = {each.id: each.name for each in catalog.listing(shop.database, shop.cache)}
    return render(request, "order.html", visitor, order=order, names=names)
