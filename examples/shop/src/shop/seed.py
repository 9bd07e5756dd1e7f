"""``python -m shop.seed`` puts a few products into the shop; again, it changes nothing."""

from sqlalchemy import Connection, create_engine
from sqlalchemy.dialects.postgresql import insert

from shop.catalog.models import Product
from shop.database import driven
from shop.settings import DatabaseSettings

PRODUCTS = (
    ("kettle", "Kettle", "Boils a litre in three minutes.", 3900, 120),
    ("lamp", "Lamp", "Warm light, a long arm and a heavy foot.", 6450, 40),
    ("mug", "Mug", "Stoneware; it survives the dishwasher.", 1200, 1000),
    ("notebook", "Notebook", "192 blank pages that lie flat.", 950, 400),
)


def seed(connection: Connection) -> None:
    """Add those that are missing, and leave the others as they have become."""
    columns = ("slug", "name", "description", "price_cents", "stock")
    rows = [dict(zip(columns, product, strict=True)) for product in PRODUCTS]
    connection.execute(insert(Product).values(rows).on_conflict_do_nothing())


def main() -> None:
    """Seed the database that the environment names."""
    engine = create_engine(driven(DatabaseSettings.from_environment().database_url))
    with engine.begin() as connection:
        seed(connection)
    engine.dispose()


if __name__ == "__main__":
    main()
