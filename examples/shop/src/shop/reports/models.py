"""How reports are stored."""

from datetime import date, datetime

from sqlalchemy import DateTime, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shop.database import Base


class ReportRun(Base):
    """How far the report on a day is: the checkpoint that a cut-off task goes on from."""

    __tablename__ = "report_runs"

    day: Mapped[date] = mapped_column(primary_key=True)
    last_product_id: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ProductSales(Base):
    """How much of a product was sold on a day."""

    __tablename__ = "product_sales"

    day: Mapped[date] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True)
    quantity: Mapped[int]
    revenue_cents: Mapped[int]
