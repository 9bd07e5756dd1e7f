"""Exceptions: what somebody accepts of a component, why, and until when.

An exception travels as an input of its component. A component is nothing but an entry in Pulumi's
state, so that no exception leaves a trace in AWS, and both the recorder and the engine see it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, cast

import pulumi

from plinth.preview.export import ResourceRecord

from .platform import Platform
from .registry import BY_ID

INPUT = "policyExceptions"
"""The input of a component that holds its exceptions."""

_LEAST = 10
"""Characters of a reason; ``ok`` is none."""


@dataclass(frozen=True, kw_only=True, order=True)
class Acceptance:
    """One rule that one component need not hold to for a while."""

    rule: str
    component: str
    """URN of the component that it is on."""
    because: str
    until: date
    """The last day on which it counts."""
    on: str = ""
    """Name of the one resource that it is for; empty for all in the component."""

    def covers(self, rule: str, resource: ResourceRecord, platform: Platform) -> bool:
        """Tell whether it speaks of what a rule found."""
        if rule != self.rule or self.on not in ("", resource["name"]):
            return False
        return any(r["urn"] == self.component for r in (resource, *platform.above(resource)))


def accept(
    rule: str, *, because: str, until: str, on: str | None = None
) -> pulumi.ResourceTransform:
    """Accept that a component breaks a rule, until a day.

    Hand it to the component by its options::

        keys = accept("rds-multi-az", because="a rehearsal, rebuilt daily", until="2027-03-31")
        Postgres("db", ..., opts=pulumi.ResourceOptions(transforms=[keys]))

    Args:
        rule: Id of the rule.
        because: The reason, for whoever reads it in a year.
        until: The last day on which it counts, as ``2027-03-31``.
        on: Name of the one child that it is for; None is all that is in the component.

    Raises:
        ValueError: There is no such rule, no reason, or no such day.
    """
    if rule not in BY_ID:
        msg = f"exception to {rule!r}: there is no such rule, see 'plinth check --rules'"
        raise ValueError(msg)
    if len(because.strip()) < _LEAST:
        msg = f"exception to {rule!r} has because={because!r}: say why in a sentence"
        raise ValueError(msg)
    if _day(until) is None:
        msg = f"exception to {rule!r} has until={until!r}: give its last day as 2027-03-31"
        raise ValueError(msg)
    words = {"rule": rule, "because": because.strip(), "until": until}
    entry = {**words, "on": on} if on else words

    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.custom:
            return None
        props = cast("Mapping[str, Any]", args.props)
        kept = cast("list[Any]", props.get(INPUT) or [])
        return pulumi.ResourceTransformResult({**props, INPUT: [*kept, entry]}, args.opts)

    return transform


def acceptances(platform: Platform) -> list[Acceptance]:
    """Return every exception of a stack that can be read, in order."""
    parts = [r for r in platform.document["resources"] if r["kind"] in ("component", "remote")]
    found = {r["urn"]: set(of_component(r["urn"], r["inputs"])) for r in parts}
    own = dict(found)
    for part in parts:  # a transform reaches the components inside of its own too
        for above in platform.above(part):
            outer = {replace(a, component=part["urn"]) for a in found.get(above["urn"], ())}
            own[part["urn"]] = own[part["urn"]] - outer
    return sorted(acceptance for those in own.values() for acceptance in those)


def of_component(urn: str, inputs: Mapping[str, Any]) -> Iterator[Acceptance]:
    """Yield the exceptions among a component's inputs."""
    for entry in cast("list[Any]", inputs.get(INPUT) or []):
        words = cast("dict[str, Any]", entry) if isinstance(entry, dict) else {}
        until = _day(str(words.get("until")))
        if until is not None and words.get("rule") and words.get("because"):
            yield Acceptance(
                rule=str(words["rule"]),
                component=urn,
                because=str(words["because"]),
                until=until,
                on=str(words.get("on") or ""),
            )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
