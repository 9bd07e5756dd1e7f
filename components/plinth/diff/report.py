"""What a comparison is reported from, whatever the form of the report."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from plinth.preview.export import ResourceRecord

from .changes import Change, ChangeKind
from .findings import Finding, Severity

_COMPONENTS = ("component", "remote", "stack")


@dataclass(frozen=True, kw_only=True)
class Cost:
    """The monthly bill on either side, in US dollars: the least, and the most."""

    before: tuple[Decimal, Decimal]
    after: tuple[Decimal, Decimal]
    components: dict[str, tuple[Decimal, Decimal]] = field(
        default_factory=dict[str, tuple[Decimal, Decimal]]
    )
    """By how much the least and the most change, for each component where they do."""
    not_priced: Sequence[str] = ()
    """What is new, and has no price."""
    partial: bool = False
    """Whether only what changes was priced, so that there are no totals."""

    @property
    def delta(self) -> tuple[Decimal, Decimal]:
        """Return by how much the least and the most change."""
        return self.after[0] - self.before[0], self.after[1] - self.before[1]

    @property
    def percent(self) -> Decimal | None:
        """Return the larger of the two changes in hundredths; None where there was no bill."""
        shares = [
            (after - before) * 100 / before
            for before, after in zip(self.before, self.after, strict=True)
            if before
        ]
        return max(shares) if shares else None


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A rule that a resource breaks."""

    rule: str
    severity: str
    resource: str
    sentence: str
    remedy: str
    link: str


@dataclass(frozen=True, kw_only=True)
class StackReport:
    """One stack, or two stacks beside each other."""

    title: str
    """The stack's name, or ``dev → prod``."""
    changes: list[Change]
    findings: list[Finding]
    """Worst first."""
    parity: bool = False
    """Whether two stacks are compared, where nothing is deployed."""
    whole: bool = True
    """Whether all resources of both sides were there to look at."""
    cost: Cost | None = None
    broken: Sequence[Broken] = ()
    """Rules that are broken afterwards, and were not before."""
    mended: int = 0
    """Number of violations that are gone."""
    failures: Sequence[str] = ()
    """Why a side could not be previewed."""
    notes: Sequence[str] = ()
    """What the comparison could not know."""

    @property
    def resources(self) -> list[Change]:
        """Return the changes of what exists in a cloud."""
        return [
            change
            for change in self.changes
            if change.record["kind"] not in _COMPONENTS and change.kind is not ChangeKind.RENAMED
        ]

    @property
    def settings(self) -> list[Change]:
        """Return the changes of components, which say what was asked for."""
        return [change for change in self.changes if change.record["kind"] in _COMPONENTS]

    @property
    def renamed(self) -> list[Change]:
        """Return what only has another name in the program."""
        kinds = [change for change in self.changes if change.kind is ChangeKind.RENAMED]
        return [change for change in kinds if change.record["kind"] not in _COMPONENTS]

    @property
    def alarms(self) -> list[Finding]:
        """Return the findings that are not folded."""
        return [finding for finding in self.findings if finding.severity is not Severity.OTHER]

    @property
    def counts(self) -> dict[ChangeKind, int]:
        """Return how many resources change in which way."""
        kinds = [change.kind for change in self.resources]
        return {kind: kinds.count(kind) for kind in ChangeKind if kind in kinds}


@dataclass(frozen=True, kw_only=True)
class Report:
    """All stacks."""

    before: str
    """What the earlier side is called, such as ``main (1a2b3c4)``."""
    after: str
    stacks: list[StackReport]
    notes: Sequence[str] = ()
    failed_on: Sequence[str] = ()
    """What of ``--fail-on`` came true."""

    @property
    def worst(self) -> Severity | None:
        """Return the worst that was found in any stack."""
        order = list(Severity)
        found = [finding.severity for stack in self.stacks for finding in stack.alarms]
        return min(found, key=order.index) if found else None


WORDS = {
    ChangeKind.ADDED: "added",
    ChangeKind.REMOVED: "removed",
    ChangeKind.REPLACED: "replaced",
    ChangeKind.MAY_REPLACE: "perhaps replaced",
    ChangeKind.CHANGED: "changed",
    ChangeKind.RENAMED: "renamed",
}

TITLES = {
    Severity.DATA_LOSS: "Data loss",
    Severity.DOWNTIME: "Downtime",
    Severity.SECURITY: "Security",
    Severity.CAPACITY: "Capacity",
    Severity.COST: "Cost",
    Severity.OMISSION: "Only in one",
    Severity.SIZE: "Sizes",
    Severity.OTHER: "Other",
}


def summary(stack: StackReport) -> str:
    """Count: ``2 added, 1 replaced``; ``no changes`` where there are none."""
    told = [f"{number} {WORDS[kind]}" for kind, number in stack.counts.items()]
    renamed = f"{len(stack.renamed)} renamed" if stack.renamed else ""
    if told:
        return ", ".join([*told, *([renamed] if renamed else [])])
    if stack.failures:
        return "cannot be compared"
    settings = [change for change in stack.settings if change.properties]
    notes = [renamed, f"{len(settings)} with other settings or outputs" if settings else ""]
    extra = ", ".join(note for note in notes if note)
    return f"no changes ({extra})" if extra else "no changes"


def by_component(stack: StackReport) -> dict[str, list[Change]]:
    """Return the changed resources by the component that they are in, whose settings come first.

    Components that lose something come before others. The name is empty for what is in none.
    """
    found: dict[str, list[Change]] = {}
    for change in [*stack.settings, *stack.resources, *stack.renamed]:
        found.setdefault(component_of(change.record), []).append(change)
    ends = (ChangeKind.REMOVED, ChangeKind.REPLACED)
    return dict(
        sorted(
            found.items(),
            key=lambda item: (all(change.kind not in ends for change in item[1]), item[0]),
        )
    )


def component_of(record: ResourceRecord) -> str:
    """Return the name of the component that a resource is in, or is: ``Postgres db``."""
    *above, own = record["urn"].split("::")[2].split("$")
    if record["kind"] in ("component", "remote"):
        return f"{short_kind(own)} {record['name']}"
    parent = record["parent"].rpartition("::")[2]
    return f"{short_kind(above[-1])} {parent}" if above else ""


def short_kind(token: str) -> str:
    """Return the last part of a type."""
    return token.rpartition(":")[2]
