"""What a rule is, what it looks at, and what it finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from plinth.preview.export import ResourceRecord

from .platform import Platform


class Severity(StrEnum):
    """How bad a violation is."""

    ERROR = "error"
    """Must not be deployed: it loses data, opens a door or stops the queue."""
    WARNING = "warning"
    """Is a choice that somebody should have made on purpose."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong with one resource."""

    resource: ResourceRecord
    sentence: str
    """What is wrong here, with the value that is found; lower case, no full stop."""


class Check(Protocol):
    """How a rule looks for what it forbids."""

    def findings(self, platform: Platform) -> Iterator[Finding]:
        """Yield all that is wrong with a stack."""
        ...


@dataclass(frozen=True)
class Each:
    """Looks at each resource of some types by itself, with nothing but its inputs."""

    types: frozenset[str]
    look: Callable[[ResourceRecord], Iterator[str]]
    """Yields a sentence for each thing that is wrong."""

    def findings(self, platform: Platform) -> Iterator[Finding]:
        """Yield all that is wrong with a stack."""
        for resource in platform.all(*self.types):
            for sentence in self.look(resource):
                yield Finding(resource=resource, sentence=sentence)


@dataclass(frozen=True)
class Whole:
    """Looks at how the resources of a stack are joined."""

    survey: Callable[[Platform], Iterator[Finding]]

    def findings(self, platform: Platform) -> Iterator[Finding]:
        """Yield all that is wrong with a stack."""
        yield from self.survey(platform)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One thing that every stack must hold to."""

    id: str
    """Stays the same for ever, since exceptions name it."""
    severity: Severity
    sentence: str
    """What holds where the rule is kept; one sentence."""
    remedy: str
    """What to change; for a component of plinth, by the name of its setting."""
    link: str
    """Where the reason is explained."""
    controls: tuple[str, ...] = ()
    """Security Hub's controls (``RDS.3``) that it answers, and CIS AWS Foundations 5.0.0's."""
    protected_only: bool = False
    """Holds in protected stacks alone."""
    check: Check

    def findings(self, platform: Platform) -> Iterator[Finding]:
        """Yield all that is wrong with a stack."""
        if platform.protected or not self.protected_only:
            yield from self.check.findings(platform)


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A rule that a resource breaks, with all that a report needs to say of it."""

    rule: str
    """Id of the rule."""
    severity: Severity
    urn: str
    """The resource's."""
    resource: str
    """The resource's label, ``rds.Instance/db``."""
    component: str
    """Label of the component that it is in, ``plinth.Postgres/db``; empty outside of any."""
    sentence: str
    """What is wrong here; lower case, no full stop."""
    remedy: str
    link: str
    controls: tuple[str, ...] = field(default=())
    source: str = ""
    """Line of the program that made the resource."""
