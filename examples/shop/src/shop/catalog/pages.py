"""The shop window."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from shop.catalog import service
from shop.dependencies import Shop, Visitor
from shop.pages import render

router = APIRouter(include_in_schema=False)


@router.get("/")
def window(request: Request, shop: Shop, visitor: Visitor) -> HTMLResponse:
    """Show all products."""
    products = service.listing(shop.database, shop.cache)
    return render(request, "products.html", visitor, products=products)
