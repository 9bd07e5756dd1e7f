"""Tests of the price book: dated, sourced, and no price by guesswork."""

import datetime as dt
from decimal import Decimal

import pytest

from plinth.cost.book import GLOBAL, Book, NoPriceError, Price, Unit, book, regions

BOOKS = [GLOBAL, *regions()]
KINDS = [
    "ec2",
    "rds.postgres",
    "rds.postgres.multi_az",
    "elasticache.redis",
    "elasticache.valkey",
]
US = book("us-east-1")


def listed(prices: Book) -> dict[str, Price]:
    """Return every price of a book, those of instances too."""
    kinds = KINDS if prices.region != GLOBAL else []
    instances = {f"{k} {t}": prices.instance(k, t) for k in kinds for t in prices.types(k)}
    return {**prices.prices, **instances}


@pytest.mark.parametrize("name", BOOKS)
def test_every_price_is_more_than_nothing_and_has_a_unit(name: str) -> None:
    """What costs nothing has no price but a reason."""
    for key, price in listed(book(name)).items():
        assert price.amount > 0, key
        assert price.unit in Unit, key


@pytest.mark.parametrize("name", BOOKS)
def test_every_source_says_where_and_when(name: str) -> None:
    """A price that nobody can check again is worth nothing."""
    for source in book(name).sources.values():
        assert source.title
        assert source.url.startswith("https://")
        assert dt.date(2026, 1, 1) <= dt.date.fromisoformat(source.as_of) <= dt.date(2100, 1, 1)


@pytest.mark.parametrize("name", BOOKS)
def test_every_source_is_used(name: str) -> None:
    """Renewing a price leaves no old source behind."""
    used = {price.source for price in listed(book(name)).values()}
    derived = {US.instance("ec2", f"{t}.4xlarge").source for t in ("m7g", "m8g", "c8g")}
    other = {US.instance("rds.postgres.multi_az", "db.t4g.micro").source}

    assert set(book(name).sources.values()) - used - derived - other == set()


@pytest.mark.parametrize("kind", KINDS)
def test_a_family_that_has_a_rule_keeps_it(kind: str) -> None:
    """Twice the size costs twice as much, to the tenth of a cent to which AWS rounds."""
    for name in US.types(kind):
        family, _, size = name.rpartition(".")
        doubled = {"large": "xlarge", "xlarge": "2xlarge", "2xlarge": "4xlarge"}.get(size)
        bigger = f"{family}.{doubled}"
        if bigger in US.types(kind):
            ratio = US.instance(kind, bigger).amount / US.instance(kind, name).amount
            assert abs(ratio - 2) < Decimal("0.02"), name


def test_a_size_that_is_not_listed_follows_its_family() -> None:
    """The book states the rule for the family, and the price says that it is derived."""
    found = US.instance("ec2", "m7g.8xlarge")

    assert "m7g.8xlarge" not in US.types("ec2")
    assert found.amount == Decimal("0.0816") * 16
    assert found.note == "derived: 16 x m7g.large"


def test_a_family_without_a_rule_is_not_guessed() -> None:
    """Prices of machines with GPUs, for one, do not follow their size."""
    with pytest.raises(NoPriceError, match=r"no price for g5\.xlarge \(ec2\) in us-east-1"):
        US.instance("ec2", "g5.xlarge")
    with pytest.raises(NoPriceError, match=r"m7g\.nano"):
        US.instance("ec2", "m7g.nano")


def test_a_standby_costs_as_much_again() -> None:
    """Where the list was not read for a class, the book's rule for a standby applies."""
    assert US.instance("rds.postgres.multi_az", "db.t4g.medium").amount == Decimal("0.129")
    assert US.instance("rds.postgres.multi_az", "db.r7g.large").amount == Decimal("0.478")


def test_valkey_costs_four_fifths_of_redis() -> None:
    """As AWS announced: a price that breaks this was misread."""
    for name in set(US.types("elasticache.redis")) & set(US.types("elasticache.valkey")):
        redis, valkey = (US.instance(f"elasticache.{e}", name).amount for e in ("redis", "valkey"))
        assert valkey == redis * Decimal("0.8"), name


def test_a_region_without_a_book_is_refused() -> None:
    """The message says which regions there are, and what to add."""
    with pytest.raises(NoPriceError, match=r"no prices for eu-west-3: .* us-east-1; add eu-west-3"):
        book("eu-west-3")
    with pytest.raises(NoPriceError):
        book("../prices/us-east-1")
