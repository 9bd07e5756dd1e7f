"""What may be done with products. No HTTP here: a task or a command may do it too."""

from pydantic import BaseModel, ConfigDict, TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.cache import Cache
from shop.catalog.models import Product
from shop.database import Database

LISTING = "shop:catalog:listing"
SECONDS = 60


class UnknownProductError(LookupError):
    """A product that the shop does not have."""


class ProductView(BaseModel):
    """What a visitor sees of a product."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    description: str
    price_cents: int
    stock: int
    picture: str | None


VIEWS = TypeAdapter(list[ProductView])


def listing(database: Database, cache: Cache) -> list[ProductView]:
    """List all products as they were at most a minute ago."""
    return cache.remember(LISTING, VIEWS, SECONDS, lambda: _listed(database))


def product(session: Session, product_id: int) -> ProductView:
    """Look up a product as it is now."""
    found = session.get(Product, product_id)
    if found is None:
        raise UnknownProductError(product_id)
    return ProductView.model_validate(found)


def set_picture(session: Session, product_id: int, name: str) -> ProductView:
    """Show a product by an upload."""
    found = session.get(Product, product_id, with_for_update=True)
    if found is None:
        raise UnknownProductError(product_id)
    found.picture = name
    return ProductView.model_validate(found)


def changed(cache: Cache) -> None:
    """Have the listing read anew, after the change is committed.

    A reader that lags may put the old one back, for a minute and no longer.
    """
    cache.forget(LISTING)


def _listed(database: Database) -> list[ProductView]:
    with database.read() as session:
        return VIEWS.validate_python(
            session.scalars(select(Product).order_by(Product.name)).all(), from_attributes=True
        )
