"""Products as JSON."""

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool

from shop.catalog import service
from shop.catalog.service import ProductView
from shop.context import Context
from shop.dependencies import Shop, require_staff
from shop.media.service import LIMIT, TooLargeError, recognise, store_upload

router = APIRouter(prefix="/api/products", tags=["catalog"])


@router.get("")
def list_products(shop: Shop) -> list[ProductView]:
    """List all products."""
    return service.listing(shop.database, shop.cache)


@router.get("/{product_id}")
def show_product(shop: Shop, product_id: int) -> ProductView:
    """Show a product."""
    with shop.database.read() as session:
        return service.product(session, product_id)


@router.put("/{product_id}/picture", dependencies=[Depends(require_staff)])
async def upload_picture(shop: Shop, product_id: int, request: Request) -> ProductView:
    """Take a picture as the request's body: ``curl -T lamp.png``."""
    content = await _read(request)
    return await run_in_threadpool(_picture, shop, product_id, content)


def _picture(shop: Context, product_id: int, content: bytes) -> ProductView:
    kind = recognise(content)
    with shop.database.read() as session:
        service.product(session, product_id)
    name = store_upload(shop.storage, content, kind)
    with shop.database.write() as session:
        shown = service.set_picture(session, product_id, name)
    service.changed(shop.cache)
    return shown


async def _read(request: Request) -> bytes:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > LIMIT:
            raise TooLargeError
    return bytes(content)
