"""What an hour of an instance costs, by the price book of ``plinth cost``."""

from dataclasses import dataclass

from plinth._celery.settings import Pool
from plinth.cost.book import NoPriceError, book
from plinth.cost.usage import Usage


@dataclass(frozen=True, kw_only=True)
class Price:
    """US dollars for an hour of one instance."""

    on_demand: float
    spot: float


def hourly(pool: Pool, region: str) -> Price | None:
    """Look up the price of a pool's preferred instance type; None where the book has none."""
    try:
        listed = book(region).instance("ec2", pool.instance_types[0])
    except NoPriceError:
        return None
    return Price(
        on_demand=float(listed.amount),
        spot=float(listed.amount) * float(Usage().spot_price_ratio),
    )
