"""The bill of one resource, as the rules of its type write it."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, cast

from plinth.preview.export import Document, ResourceRecord

from .book import GLOBAL, HOURS, Book, NoPriceError, Price, book
from .lines import Line, NotPriced, Range
from .usage import Usage

_PLACEHOLDER = re.compile(r"^\$\{([^{}]+)\.[^./{}]+\}$")


class Stack:
    """A preview, and what rules ask of it beyond the resource that they are for."""

    def __init__(self, document: Document, usage: Usage) -> None:
        self.document = document
        self.usage = usage
        self.used: dict[str, Decimal] = {}
        """Assumptions that bills rest on, by name."""
        self.by_urn = {resource["urn"]: resource for resource in document["resources"]}
        self._by_label = {r["label"]: r for r in document["resources"] if r["kind"] == "custom"}

    def find(self, reference: Any) -> ResourceRecord | None:
        """Return the resource that a placeholder such as ``${ec2.Eip/nat.id}`` is about."""
        match = _PLACEHOLDER.match(reference) if isinstance(reference, str) else None
        return self._by_label.get(match[1]) if match else None

    def all(self, token: str) -> Iterator[ResourceRecord]:
        """Return the resources of a type that the stack makes."""
        return (r for r in self._by_label.values() if r["type"] == token)

    def component(self, resource: ResourceRecord) -> str:
        """Name the component that a resource is in, such as ``Postgres db``; empty for none."""
        parent = self.by_urn.get(resource["parent"])
        while parent and parent["kind"] not in ("component", "remote"):
            parent = self.by_urn.get(parent["parent"])
        return f"{parent['type'].rpartition(':')[2]} {parent['name']}" if parent else ""

    def region(self, resource: ResourceRecord) -> str:
        """Return where a resource is: by itself, by its provider, or by the configuration."""
        provider = self.by_urn.get(resource["provider"])
        given = (resource["inputs"], provider["inputs"] if provider else {})
        for inputs in given:
            region = inputs.get("region")
            if isinstance(region, str) and not region.startswith(("$", "<")):
                return region
        return self.document.get("region", "")


class Bill:
    """Takes what is charged for one resource.

    Nothing is guessed: what has no price, or is only known after a deployment, is noted instead.
    """

    def __init__(self, stack: Stack, resource: ResourceRecord) -> None:
        self.stack = stack
        self.resource = resource
        self.inputs = resource["inputs"]
        self.lines: list[Line] = []
        self.not_priced: list[NotPriced] = []

    @cached_property
    def book(self) -> Book:
        """Return the prices of the region that the resource is in."""
        region = self.stack.region(self.resource)
        if not region:
            msg = f"no region is known for {self.resource['label']}: set aws:region, or name one"
            raise NoPriceError(msg)
        return book(region)

    def assume(self, name: str) -> Decimal:
        """Return an assumption of the usage, and remember that it was used."""
        self.stack.used[name] = Decimal(str(getattr(self.stack.usage, name)))
        return self.stack.used[name]

    def number(self, name: str, default: int | None = None) -> Decimal | None:
        """Return an input as a number; the default where it is not set, None where unknown."""
        return number(self.inputs.get(name), default)

    def charge(
        self, what: str, key: str, quantity: Decimal | Range | int, *, note: str = ""
    ) -> None:
        """Charge a quantity of what a key of the regional book is for; nothing for none of it."""
        self._at(self.book, what, key, quantity, note)

    def charge_global(
        self, what: str, key: str, quantity: Decimal | Range | int, *, note: str = ""
    ) -> None:
        """Charge what costs the same in all regions."""
        self._at(book(GLOBAL), what, key, quantity, note)

    def hours(self, what: str, key: str, count: Decimal | Range | int = 1) -> None:
        """Charge something for all hours of a month."""
        self.charge(what, key, times(count, HOURS))

    def add(
        self,
        what: str,
        price: Price,
        quantity: Range,
        *,
        dearest: Price | None = None,
        note: str = "",
    ) -> None:
        """Charge a quantity at a price, or between two where AWS picks."""
        if not quantity.max:
            return
        notes = [price.note, note, "" if price.source.verified else "price not read in AWS's list"]
        self.lines.append(
            Line(
                **self._place(),
                what=what,
                unit=price.unit.value,
                quantity_min=quantity.min,
                quantity_max=quantity.max,
                unit_price=price.amount,
                unit_price_max=max(price, dearest or price, key=lambda p: p.amount).amount,
                note="; ".join(filter(None, notes)),
                source=price.source.url,
                as_of=price.source.as_of,
            )
        )

    def skip(self, reason: str) -> None:
        """Note something that has no price."""
        self.not_priced.append(NotPriced(**self._place(), reason=reason))

    def _at(
        self, prices: Book, what: str, key: str, quantity: Decimal | Range | int, note: str
    ) -> None:
        try:
            price = prices.price(key)
        except NoPriceError as error:
            self.skip(f"{what}: {error}")
        else:
            self.add(what, price, times(quantity, Decimal(1)), note=note)

    def _place(self) -> dict[str, str]:
        resource = self.resource
        component = self.stack.component(resource)
        return {
            "urn": resource["urn"],
            "component": component,
            "type": resource["type"],
            "name": resource["name"],
        }


def number(value: Any, default: int | None = None) -> Decimal | None:
    """Return an input as a number; the default where it is not set, None where unknown."""
    if value is None:
        return None if default is None else Decimal(default)
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def truth(value: Any) -> bool:
    """Tell whether an input is true; Pulumi writes some truths as texts."""
    return str(value).lower() == "true"


def section(inputs: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a nested input; an empty one where it is not set or not known."""
    found = inputs.get(name)
    return cast("Mapping[str, Any]", found) if isinstance(found, dict) else {}


def sections(inputs: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return a list of nested inputs; an empty one where it is not set or not known."""
    found = inputs.get(name)
    items = cast("list[Any]", found) if isinstance(found, list) else []
    return [item for item in items if isinstance(item, dict)]


def times(quantity: Decimal | Range | int, factor: Decimal) -> Range:
    """Multiply a quantity, which may be a range."""
    low, high = quantity if isinstance(quantity, Range) else (quantity, quantity)
    return Range(low * factor, high * factor)
