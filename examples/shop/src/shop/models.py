"""Every model, for whoever needs all of them: migrations, which compare them to a database."""

from shop.catalog.models import Product
from shop.database import Base
from shop.orders.models import Order, OrderLine
from shop.reports.models import ProductSales, ReportRun

__all__ = ["Base", "Order", "OrderLine", "Product", "ProductSales", "ReportRun"]
