"""An estimate as a table for the terminal, and as JSON."""

import itertools
import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from plinth.preview.readable import short_type
from plinth.preview.rows import cut

from .lines import Estimate, Line

WIDTH = 100
"""Columns of all that is printed."""

SCHEMA = 1
"""Version of the JSON's form; it rises when a field changes its meaning or goes."""

_NAME, _MONEY = 28, 12
_WHAT, _PAID = 34, 20
_ALONE = "outside of components"
_BOLD, _DIM, _WARNING = "1", "2", "33"


def money(amount: Decimal) -> str:
    """Write dollars to the cent, rounded half up: ``1,906.58``."""
    return f"{amount.quantize(Decimal('0.01'), ROUND_HALF_UP):,}"


@dataclass(frozen=True)
class _Paint:
    on: bool

    def __call__(self, style: str, text: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.on and text else text


def table(estimate: Estimate, *, detail: bool = False, colour: bool = False) -> str:
    """Draw an estimate.

    Args:
        estimate: Of one stack.
        detail: Whether to show every charge, with its quantity and its price.
        colour: Whether to use the terminal's colours.
    """
    paint = _Paint(colour)
    name = f"{estimate.project}/{estimate.stack}"
    total = _span(f"${money(estimate.min)}", f"${money(estimate.max)}")
    parts = [f"{paint(_BOLD, name)}: {total} a month", ""]
    parts += _summary(estimate, paint)
    parts += _charges(estimate, paint) if detail else []
    parts += ["", *_terms(estimate)]
    parts += _assumed(estimate)
    parts += _missing(estimate, paint)
    return "\n".join(parts) + "\n"


def to_text(estimates: Sequence[Estimate], failures: Iterable[dict[str, str]] = ()) -> str:
    """Write estimates as JSON, with amounts as exact decimal texts."""
    whole = {
        "plinth": {"schema": SCHEMA},
        "stacks": [_plain(estimate) for estimate in estimates],
        "failures": list(failures),
    }
    return json.dumps(whole, indent=2) + "\n"


def _summary(estimate: Estimate, paint: _Paint) -> Iterator[str]:
    yield _row("", "at least", "at most", "largest part")
    for component, (low, high) in estimate.components.items():
        own = [line for line in estimate.lines if line.component == component]
        largest = max(own, key=lambda line: (line.monthly_max, line.monthly_min))
        part = f"{largest.what} ({largest.name})"
        yield _row(component or _ALONE, money(low), money(high), part)
    yield paint(_BOLD, _row("Total", money(estimate.min), money(estimate.max), ""))


def _row(name: str, low: str, high: str, last: str) -> str:
    start = f"{cut(name, _NAME):<{_NAME}}{low:>{_MONEY}}{high:>{_MONEY}}"
    return f"{start}  {cut(last, WIDTH - len(start) - 2)}".rstrip()


def _charges(estimate: Estimate, paint: _Paint) -> Iterator[str]:
    """Draw every charge below its resource, and what there is to know of the prices."""
    notes: dict[str, int] = {}
    for component in estimate.components:
        yield from ("", paint(_BOLD, component or _ALONE))
        own = (line for line in estimate.lines if line.component == component)
        for _, lines in itertools.groupby(own, key=lambda line: line.urn):
            charges = list(lines)
            yield f"  {short_type(charges[0].type)}/{charges[0].name}"
            yield from (_charge(line, notes, paint) for line in charges)
    if notes:
        yield ""
    for note, mark in notes.items():
        yield from _wrapped(f"[{mark}]", note, 5)


def _charge(line: Line, notes: dict[str, int], paint: _Paint) -> str:
    mark = f" [{notes.setdefault(line.note, len(notes) + 1)}]" if line.note else ""
    what = cut(line.what, _WHAT - len(mark))
    paid = _span(money(line.monthly_min), money(line.monthly_max))
    gap = " " * (_WHAT - len(what) - len(mark))
    start = f"    {what}{paint(_DIM, mark)}{gap}{paid:>{_PAID}}"
    return f"{start}  {paint(_DIM, cut(_how(line), WIDTH - 4 - _WHAT - _PAID - 2))}"


def _how(line: Line) -> str:
    """Write how an amount came about: ``2,190 to 8,760 x $0.0816/hour``."""
    quantity = _span(_amount(line.quantity_min), _amount(line.quantity_max))
    price = _span(f"{line.unit_price.normalize():f}", f"{line.unit_price_max.normalize():f}")
    return f"{quantity} x ${price}/{line.unit}"


def _span(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _amount(quantity: Decimal) -> str:
    rounded = quantity.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{rounded:,.2f}".rstrip("0").rstrip(".")


def _terms(estimate: Estimate) -> Iterator[str]:
    prices = f"prices of {estimate.as_of} and later" if estimate.as_of else "no prices"
    place = f"{estimate.region}: " if estimate.region else ""
    yield from textwrap.wrap(
        f"{place}AWS's list {prices}, in US dollars, for a month of 730 hours, without free "
        "tiers, discounts and taxes. At least: every fleet and every disk at its smallest. At "
        "most: as large as each may grow by itself.",
        WIDTH,
    )


def _assumed(estimate: Estimate) -> Iterator[str]:
    if not estimate.assumptions:
        return
    texts = (f"{name}={value.normalize():f}" for name, value in estimate.assumptions.items())
    yield ""
    yield "Assumed (--usage NAME=NUMBER, or a file of such, says otherwise)"
    yield from textwrap.wrap(
        "  ".join(texts), WIDTH, initial_indent="  ", subsequent_indent="  ",
        break_on_hyphens=False, break_long_words=False,
    )  # fmt: skip


def _missing(estimate: Estimate, paint: _Paint) -> Iterator[str]:
    if not estimate.not_priced:
        return
    yield from ("", "Not priced")
    for entry in estimate.not_priced:
        mark = paint(_WARNING, "!")
        yield from _wrapped(f"  {mark}", f"{entry.type} {entry.name}: {entry.reason}", 4)


def _wrapped(mark: str, text: str, indent: int) -> Iterator[str]:
    found = textwrap.wrap(text, WIDTH - indent, break_on_hyphens=False)
    for number, line in enumerate(found):
        yield f"{mark} {line}" if number == 0 else " " * indent + line


def _plain(estimate: Estimate) -> dict[str, Any]:
    return {
        "project": estimate.project,
        "stack": estimate.stack,
        "region": estimate.region,
        "currency": "USD",
        "asOf": estimate.as_of,
        "monthly": _range(estimate.min, estimate.max),
        "components": {name: _range(*both) for name, both in estimate.components.items()},
        "lines": [_plain_line(line) for line in estimate.lines],
        "notPriced": [vars(entry) for entry in estimate.not_priced],
        "free": dict(estimate.free),
        "assumptions": {name: str(value) for name, value in estimate.assumptions.items()},
    }


def _plain_line(line: Line) -> dict[str, Any]:
    return {
        **{name: getattr(line, name) for name in ("urn", "component", "type", "name", "what")},
        "unit": line.unit,
        "quantity": _range(line.quantity_min, line.quantity_max),
        "unitPrice": _range(line.unit_price, line.unit_price_max),
        "monthly": _range(line.monthly_min, line.monthly_max),
        "note": line.note,
        "source": line.source,
        "asOf": line.as_of,
    }


def _range(low: Decimal, high: Decimal) -> dict[str, str]:
    return {"min": f"{low.normalize():f}", "max": f"{high.normalize():f}"}
