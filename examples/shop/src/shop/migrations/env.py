"""How Alembic reaches the database: by ``DATABASE_URL`` alone."""

from alembic import context
from sqlalchemy import NullPool, create_engine, text

from shop.database import driven
from shop.models import Base
from shop.settings import DatabaseSettings

LOCK_SECONDS = 5
"""How long a change may queue for a table: behind it, every request would queue as well."""


def migrate() -> None:
    """Run the migrations, each in a transaction of its own."""
    url = driven(DatabaseSettings.from_environment().database_url)
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(f"SET lock_timeout = '{LOCK_SECONDS}s'"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()


migrate()
