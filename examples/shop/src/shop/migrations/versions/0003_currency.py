"""The currency of an order, and an index of those that wait."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Expand, without holding up those who order meanwhile.

    The column's default is the database's: the release before, which still takes orders, knows of
    no such column. PostgreSQL keeps a constant default aside, so that no row is rewritten. Once
    every release sets a currency, a migration of its own may drop the default (contract).
    """
    op.add_column("orders", sa.Column("currency", sa.String, nullable=False, server_default="EUR"))
    # Built beside the writes, which is not possible in a transaction. A build that fails leaves
    # an invalid index behind: hence the first line.
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_orders_waiting")
        op.create_index(
            "ix_orders_waiting",
            "orders",
            ["placed_at"],
            postgresql_where=sa.text("state = 'placed'"),
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    """Forget currencies."""
    op.drop_index("ix_orders_waiting")
    op.drop_column("orders", "currency")
