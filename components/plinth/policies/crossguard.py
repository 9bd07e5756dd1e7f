"""The same rules as a CrossGuard policy pack, for Pulumi's engine to run in preview and update.

A rule that looks at one resource is run on its inputs, before it is made; one that looks at the
whole stack, at the end of the preview and again of the update. What is not known in a preview
breaks no rule. Exceptions reach the pack as inputs of the components, which the engine shows before
it shows their children.

``pulumi-policy`` is an extra, and imported where a pack is made: it holds protobuf back, and the
engine gives a pack an environment of its own.
"""

import importlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, cast

from plinth.preview.export import Document, ResourceRecord
from plinth.preview.graph import PROVIDER_PREFIX, SCHEMA, STACK_TYPE
from plinth.preview.symbolic import Labels
from plinth.preview.values import COMPUTED

from .examine import Judged, judge
from .exceptions import acceptances
from .model import Each, Rule, Severity
from .platform import Platform
from .registry import RULES

_PROTECTED = "protected"
"""Configuration of a rule for protected stacks: whether this one is, whatever its name says."""


def policies(today: date | None = None) -> list[Any]:
    """Return every rule as a policy, and before them the one that takes notes of components.

    Args:
        today: The day on which exceptions must still count; None is the day of the run.
    """
    pack: Any = importlib.import_module("pulumi_policy")
    seen = _Seen(today)
    notes = pack.ResourceValidationPolicy(
        name="exceptions",
        description="Takes notes of the exceptions that components carry.",
        validate=seen.note,
        enforcement_level=pack.EnforcementLevel.ADVISORY,
    )
    return [notes, *(_policy(pack, rule, seen) for rule in RULES)]


def start() -> None:
    """Serve the pack to the engine, until that has enough."""
    pack: Any = importlib.import_module("pulumi_policy")
    pack.PolicyPack("plinth", policies=policies())


@dataclass
class _Seen:
    """The components that the engine has shown, with their exceptions."""

    today: date | None
    labels: Labels = field(default_factory=Labels)
    components: dict[str, ResourceRecord] = field(default_factory=dict[str, ResourceRecord])

    def note(self, args: Any, _: Any) -> None:
        """Keep a component."""
        record = self.record(args)
        if record["kind"] == "component":
            self.components[record["urn"]] = record

    def record(self, args: Any) -> ResourceRecord:
        """Return a resource that the engine shows by itself."""
        return _record(args, args.opts.parent or "", self.labels)

    def joined(self, resource: Any) -> ResourceRecord:
        """Return a resource that the engine shows with all others."""
        parent = resource.parent.urn if resource.parent else ""
        behind = resource.property_dependencies.items()
        return {
            **_record(resource, parent, self.labels),
            "propertyDependencies": {name: [r.urn for r in those] for name, those in behind},
        }

    def document(self, records: Sequence[ResourceRecord]) -> Document:
        """Return resources as a recorded stack, with the components' inputs in place of outputs."""
        whole = {record["urn"]: record for record in records} | self.components
        stack, project = _names(records[0]["urn"])
        return {
            "plinth": {"schema": SCHEMA},
            "project": project,
            "stack": stack,
            "mode": "unknown",
            "resources": list(whole.values()),
            "exports": {},
            "invokes": [],
            "problems": [],
            "logs": [],
        }

    def broken(
        self, rule: Rule, records: Sequence[ResourceRecord], config: Mapping[str, Any]
    ) -> Iterable[Judged]:
        """Yield what breaks a rule and is not accepted."""
        if not records:
            return
        platform = Platform(self.document(records), config.get(_PROTECTED))
        known = acceptances(platform)
        day = self.today or datetime.now(UTC).date()
        for finding in rule.findings(platform):
            judged = judge(rule, finding, platform, known)
            if judged.valid(day) is None:
                yield judged


def _policy(pack: Any, rule: Rule, seen: _Seen) -> Any:
    is_each = isinstance(rule.check, Each)
    make = pack.ResourceValidationPolicy if is_each else pack.StackValidationPolicy
    error = rule.severity is Severity.ERROR
    levels, severities = pack.EnforcementLevel, pack.Severity
    return make(
        name=rule.id,
        description=rule.sentence,
        validate=_resource(rule, seen) if is_each else _stack(rule, seen),
        enforcement_level=levels.MANDATORY if error else levels.ADVISORY,
        severity=severities.HIGH if error else severities.LOW,
        config_schema=_schema(pack) if rule.protected_only else None,
        tags=list(rule.controls) or None,
        remediation_steps=rule.remedy,
        url=rule.link,
    )


def _schema(pack: Any) -> Any:
    return pack.PolicyConfigSchema(properties={_PROTECTED: {"type": "boolean"}})


def _resource(rule: Rule, seen: _Seen) -> Any:
    types = cast("Each", rule.check).types

    def validate(args: Any, report: Any) -> None:
        if args.resource_type in types:
            for judged in seen.broken(rule, [seen.record(args)], args.get_config()):
                report(_words(judged))

    return validate


def _stack(rule: Rule, seen: _Seen) -> Any:
    def validate(args: Any, report: Any) -> None:
        records = [seen.joined(resource) for resource in args.resources]
        for judged in seen.broken(rule, records, args.get_config()):
            report(_words(judged), judged.violation.urn)

    return validate


def _words(judged: Judged) -> str:
    violation = judged.violation
    inside = f" in {violation.component}" if violation.component else ""
    return f"{violation.resource}{inside}: {violation.sentence}\nfix: {violation.remedy}"


def _record(args: Any, parent: str, labels: Labels) -> ResourceRecord:
    """Return what the engine shows of a resource as the recorder would have it."""
    return {
        "urn": args.urn,
        "type": args.resource_type,
        "name": args.name,
        "kind": _kind(args),
        "parent": parent,
        "label": labels.of(args.urn, args.resource_type, args.name),
        "id": "",
        "provider": "",
        "providers": {},
        "inputs": cast("dict[str, Any]", _plain(args.props)),
        "secrets": {},
        "unknown": [],
        "dependencies": [],
        "propertyDependencies": {},
        "options": {"protect": True} if args.opts.protect else {},
        "outputs": {},
        "source": "",
    }


def _kind(args: Any) -> str:
    if args.resource_type == STACK_TYPE:
        return "stack"
    if args.resource_type.startswith(PROVIDER_PREFIX):
        return "provider"
    return "component" if args.provider is None else "custom"


def _names(urn: str) -> tuple[str, str]:
    """Return stack and project of a URN, ``urn:pulumi:stack::project::type::name``."""
    head, project, _ = urn.split("::", 2)
    return head.rpartition(":")[2], project


def _plain(value: Any) -> Any:
    """Unwrap the engine's values, which refuse to be read where they are not known."""
    if isinstance(value, Mapping):
        fields = cast("Mapping[str, Any]", value)
        return {key: _plain(_known(fields, key)) for key in fields}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        several = cast("Sequence[Any]", value)
        return [_plain(_known(several, index)) for index in range(len(several))]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _known(container: Any, key: Any) -> Any:
    try:
        return container[key]
    except Exception as error:
        if type(error).__name__ == "UnknownValueError":
            return COMPUTED
        raise
