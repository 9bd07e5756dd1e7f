"""What an estimate is made of."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

ZERO = Decimal(0)


class Range(NamedTuple):
    """A least and a most."""

    min: Decimal
    """With every fleet and every disk at its smallest."""
    max: Decimal
    """With each as large as it may grow by itself."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that is charged for one resource."""

    urn: str
    component: str
    """Type and name of the component that the resource is in, such as ``Postgres db``; empty for
    none."""
    type: str
    name: str
    what: str
    """What is charged: ``m7g.large, on demand``."""
    unit: str
    """Of the quantity: ``hour``, ``GB-month``."""
    quantity_min: Decimal
    """Units a month."""
    quantity_max: Decimal
    unit_price: Decimal
    """US dollars for one unit."""
    unit_price_max: Decimal
    """Of the dearest alternative, where AWS picks one of several; else the same."""
    note: str = ""
    """What limits or explains the price."""
    source: str = ""
    """Address of the price."""
    as_of: str = ""
    """Date of the price."""

    @property
    def monthly_min(self) -> Decimal:
        """Return dollars a month, exactly."""
        return self.quantity_min * self.unit_price

    @property
    def monthly_max(self) -> Decimal:
        """Return dollars a month, exactly."""
        return self.quantity_max * self.unit_price_max


@dataclass(frozen=True, kw_only=True)
class NotPriced:
    """Something that may be charged, and that no price was found for."""

    urn: str
    component: str
    type: str
    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a stack costs in a month: US dollars, list prices, no free tier, no tax.

    Sums are exact; whoever prints them rounds.
    """

    project: str = ""
    stack: str = ""
    region: str = ""
    """The stack's own; empty where nothing needed one."""
    lines: list[Line] = field(default_factory=list[Line])
    """In the order of the program."""
    not_priced: list[NotPriced] = field(default_factory=list[NotPriced])
    free: Mapping[str, str] = field(default_factory=dict[str, str])
    """Types in the stack that AWS charges nothing for, each with the reason."""
    assumptions: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    """What of the usage went into it, by the name of the setting."""

    @property
    def monthly_min(self) -> Decimal:
        """Return the sum of all lines, exactly."""
        return self.min

    @property
    def monthly_max(self) -> Decimal:
        """Return the sum of all lines, exactly."""
        return self.max

    @property
    def min(self) -> Decimal:
        """Return dollars a month with every fleet and disk at its smallest."""
        return sum((line.monthly_min for line in self.lines), ZERO)

    @property
    def max(self) -> Decimal:
        """Return dollars a month with each as large as it may grow by itself."""
        return sum((line.monthly_max for line in self.lines), ZERO)

    @property
    def as_of(self) -> str:
        """Return the date of the oldest price in it, such as ``2026-09-11``; empty for none."""
        return min((line.as_of for line in self.lines), default="")

    @property
    def components(self) -> dict[str, Range]:
        """Return what each component costs, in the order of the program."""
        return _sums(self.lines, lambda line: line.component)

    @property
    def resources(self) -> dict[str, Range]:
        """Return what each resource costs, by URN, in the order of the program."""
        return _sums(self.lines, lambda line: line.urn)


def _sums(lines: Iterable[Line], key: Callable[[Line], str]) -> dict[str, Range]:
    found: dict[str, Range] = {}
    for line in lines:
        low, high = found.get(key(line), (ZERO, ZERO))
        found[key(line)] = Range(low + line.monthly_min, high + line.monthly_max)
    return found
