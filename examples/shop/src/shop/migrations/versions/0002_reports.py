"""Reports, and pictures of products."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Expand: new tables, and a column that may be NULL, which the release before never fills."""
    op.create_table(
        "report_runs",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("last_product_id", sa.Integer, nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "product_sales",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("product_id", sa.Integer, sa.ForeignKey("products.id"), primary_key=True),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("revenue_cents", sa.Integer, nullable=False),
    )
    op.add_column("products", sa.Column("picture", sa.String))


def downgrade() -> None:
    """Forget reports and pictures."""
    op.drop_column("products", "picture")
    op.drop_table("product_sales")
    op.drop_table("report_runs")
