"""The price book: what AWS asks for one unit, from when, and who says so.

Prices are data, in ``prices/<region>.json``. Another region is another file, and no code.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

HOURS = Decimal(730)
"""In a month, as AWS counts them: 365 days of 24 hours, by 12."""

GLOBAL = "global"
"""The book of services that have one price in all regions."""


class Unit(StrEnum):
    """What a price is for."""

    HOUR = "hour"
    LCU_HOUR = "LCU-hour"
    VCPU_HOUR = "vCPU-hour"
    GB = "GB"
    GB_MONTH = "GB-month"
    GB_SECOND = "GB-second"
    IOPS_MONTH = "IOPS-month"
    THROUGHPUT_MONTH = "MiB/s-month"
    ALARM_MONTH = "alarm-month"
    CHECK_MONTH = "check-month"
    DASHBOARD_MONTH = "dashboard-month"
    KEY_MONTH = "key-month"
    METRIC_MONTH = "metric-month"
    SECRET_MONTH = "secret-month"  # noqa: S105 - a unit
    ZONE_MONTH = "zone-month"
    THOUSAND_REQUESTS = "thousand requests"
    TEN_THOUSAND_REQUESTS = "10,000 requests"
    MILLION_REQUESTS = "million requests"
    MILLION_QUERIES = "million queries"


class NoPriceError(LookupError):
    """The book has no such price; the message says which, and what would help."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a price was read."""

    title: str
    url: str
    as_of: str
    """Date of the evidence, such as ``2026-10-06``."""
    verified: bool = True
    """Whether it was read in AWS's own list, or only known to be so."""


@dataclass(frozen=True, kw_only=True)
class Price:
    """What one unit costs."""

    amount: Decimal
    """US dollars."""
    unit: Unit
    source: Source
    note: str = ""
    """What it is limited to, or how it was derived."""


class Book:
    """The prices of one region."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.region: str = data["region"]
        self._data = data
        self.sources = {name: Source(**source) for name, source in data["sources"].items()}

    @property
    def prices(self) -> dict[str, Price]:
        """Return every price that is not for an instance, by its key."""
        return {key: self.price(key) for key in self._data["prices"]}

    def price(self, key: str) -> Price:
        """Look a price up.

        Raises:
            NoPriceError: The book has none.
        """
        if key not in self._data["prices"]:
            msg = f"no price for {key!r} in {self.region}"
            raise NoPriceError(msg)
        return self._made(self._data["prices"][key])

    def types(self, kind: str) -> list[str]:
        """Return the instance types of a kind that the book states itself."""
        return list(self._table(kind)["types"])

    def instance(self, kind: str, name: str) -> Price:
        """Look an hour of an instance up, or derive it by a rule that the book states.

        Args:
            kind: Such as ``ec2``, ``rds.postgres`` or ``elasticache.redis``.
            name: Such as ``m7g.large``.

        Raises:
            NoPriceError: The book has neither the type nor a rule for it.
        """
        table = self._table(kind)
        if name in table["types"]:
            return self._made({"unit": table["unit"], **table["types"][name]})
        family, _, size = name.rpartition(".")
        rule = table.get("families", {}).get(family)
        if rule and size in rule["sizes"]:
            return self._by_size(kind, rule, size)
        if other := table.get("otherwise"):
            return self._by_factor(name, other)
        msg = f"no price for {name} ({kind}) in {self.region}"
        raise NoPriceError(msg)

    def vcpus(self, name: str) -> Decimal:
        """Return how many virtual processors a database class has.

        Raises:
            NoPriceError: The book does not say.
        """
        size = name.rpartition(".")[2]
        if size not in self._data["vcpus"]:
            msg = f"no number of processors for {name}"
            raise NoPriceError(msg)
        return Decimal(self._data["vcpus"][size])

    def _table(self, kind: str) -> Mapping[str, Any]:
        if kind not in self._data["instances"]:
            msg = f"no prices of {kind} in {self.region}"
            raise NoPriceError(msg)
        return self._data["instances"][kind]

    def _by_size(self, kind: str, rule: Mapping[str, Any], size: str) -> Price:
        base = rule["from"]
        sizes = self._data["sizes"]
        times = Decimal(sizes[size]) / Decimal(sizes[base.rpartition(".")[2]])
        return self._derived(self.instance(kind, base), times, base, rule)

    def _by_factor(self, name: str, rule: Mapping[str, Any]) -> Price:
        return self._derived(self.instance(rule["of"], name), Decimal(rule["times"]), name, rule)

    def _derived(self, base: Price, times: Decimal, name: str, rule: Mapping[str, Any]) -> Price:
        detail = f"; {rule['note']}" if "note" in rule else ""
        return Price(
            amount=base.amount * times,
            unit=base.unit,
            source=self.sources[rule["source"]],
            note=f"derived: {times.normalize():f} x {name}{detail}",
        )

    def _made(self, entry: Mapping[str, Any]) -> Price:
        return Price(
            amount=Decimal(entry["price"]),
            unit=Unit(entry["unit"]),
            source=self.sources[entry["source"]],
            note=entry.get("note", ""),
        )


@cache
def book(region: str) -> Book:
    """Return the book of a region, or of :data:`GLOBAL`.

    Raises:
        NoPriceError: There is none.
    """
    file = _folder() / f"{region}.json"
    if region not in (GLOBAL, *regions()):
        known = ", ".join(regions())
        msg = (
            f"no prices for {region}: there are prices for {known}; add {region}.json beside "
            f"{known}.json in plinth/cost/prices, in its form (docs/cost.md)"
        )
        raise NoPriceError(msg)
    return Book(json.loads(file.read_text(encoding="utf-8")))


def regions() -> list[str]:
    """Return the regions that have a book."""
    names = (entry.name.removesuffix(".json") for entry in _folder().iterdir())
    return sorted(name for name in names if name != GLOBAL)


def _folder() -> Any:
    return resources.files(__package__ or "") / "prices"
