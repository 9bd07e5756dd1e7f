"""What the resources of a preview cost in a month."""

from plinth.preview.export import Document, ResourceRecord

from .bill import Bill, Stack
from .book import NoPriceError, book
from .lines import Estimate
from .rules import RULES
from .rules.free import why_free
from .usage import Usage

_OPAQUE = "a component that a plugin builds: what is in it cannot be seen offline"
_UNKNOWN = "plinth has no rule for this type"
_FOREIGN = "plinth prices AWS only"


def estimate(document: Document, usage: Usage = Usage(), *, region: str = "") -> Estimate:
    """Price a stack's preview.

    Args:
        document: A symbolic preview, from :mod:`plinth.preview.export`.
        usage: What a month is taken to be like.
        region: For resources that do not say theirs; the configuration's by default.

    Raises:
        NoPriceError: No region is known, or there are no prices for the stack's own.
    """
    if region:
        document = {**document, "region": region}
    if own := document.get("region", ""):
        book(own)  # raises for the whole stack; for a single resource elsewhere it is noted
    stack = Stack(document, usage)
    bills = [_bill(stack, resource) for resource in document["resources"]]
    return Estimate(
        project=document["project"],
        stack=document["stack"],
        region=own,
        lines=[line for bill in bills for line in bill.lines],
        not_priced=[entry for bill in bills for entry in bill.not_priced],
        free=_free(document),
        assumptions={n: stack.used[n] for n in Usage.model_fields if n in stack.used},
    )


def _bill(stack: Stack, resource: ResourceRecord) -> Bill:
    bill = Bill(stack, resource)
    rule = RULES.get(resource["type"])
    if resource["kind"] == "remote":
        bill.skip(_OPAQUE)
    elif resource["kind"] != "custom":
        return bill
    elif rule:
        _apply(bill)
    elif not why_free(resource["type"]):
        bill.skip(_UNKNOWN if resource["type"].startswith("aws:") else _FOREIGN)
    return bill


def _apply(bill: Bill) -> None:
    """Write a bill; a resource in a region without prices is noted, the stack's own is known."""
    elsewhere = bill.stack.region(bill.resource)
    try:
        RULES[bill.resource["type"]](bill)
    except NoPriceError as error:
        if not elsewhere or elsewhere == bill.stack.document.get("region"):
            raise
        bill.lines.clear()
        bill.skip(str(error))


def _free(document: Document) -> dict[str, str]:
    types = {r["type"] for r in document["resources"] if r["kind"] == "custom"} - RULES.keys()
    return {token: why for token in sorted(types) if (why := why_free(token))}
