"""What a picture shows, before anything is placed or drawn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

TIMES, DASH, MINUS = "\N{MULTIPLICATION SIGN}", "\N{EN DASH}", "\N{MINUS SIGN}"


class Role(StrEnum):
    """What a box is for, which decides its row and its sign."""

    INTERNET = "internet"
    EDGE = "edge"
    """Takes requests in."""
    COMPUTE = "compute"
    """Runs a program."""
    STORE = "store"
    """Keeps data."""
    SECRETS = "secrets"
    WATCH = "watch"
    """Only looks at others."""
    PEER = "peer"
    """Exists already: only its name is known here."""
    NETWORK = "network"
    OTHER = "other"


class State(StrEnum):
    """What a change does to a thing."""

    ADDED = "added"
    CHANGED = "changed"
    REPLACED = "replaced"
    """Another one takes its place, and what it held is gone."""
    REMOVED = "removed"


class Relation(StrEnum):
    """Why two boxes are joined."""

    CONNECTS = "connects"
    """One opens connections to the other."""
    USES = "uses"
    """One names the other, such as a secret or a bucket, without a connection that we see."""


@dataclass(frozen=True, kw_only=True)
class Box:
    """A component, a resource, or several alike."""

    key: str
    """A URN where there is one; the same in every picture of the stack."""
    kind: str
    """Such as ``Postgres`` or ``rds.Instance``."""
    name: str = ""
    facts: tuple[str, ...] = ()
    """Lines of what an architect would ask first."""
    role: Role = Role.OTHER
    frame: str = ""
    """Key of the network it is in."""
    band: str = ""
    """Which of the network's subnets it is in, such as ``private``."""
    state: State | None = None
    note: str = ""
    """How much of what is inside changes: ``+1 ~2``."""
    inside: "Picture | None" = None
    """What it is made of, where the picture shows that."""
    members: tuple[str, ...] = ()
    """URNs of the resources that it stands for."""


@dataclass(frozen=True, kw_only=True)
class Arrow:
    """One box needs another; it points at the one that is needed."""

    source: str
    target: str
    relation: Relation = Relation.CONNECTS
    label: str = ""
    """Ports, or the kind of thing that is used."""
    state: State | None = None

    @property
    def key(self) -> tuple[str, str, Relation]:
        """Return what makes it the same arrow in another picture."""
        return self.source, self.target, self.relation


@dataclass(frozen=True, kw_only=True)
class Frame:
    """A network, drawn around what is in it."""

    key: str
    title: str
    facts: tuple[str, ...] = ()
    state: State | None = None
    note: str = ""
    members: tuple[str, ...] = ()
    """URNs of the resources that it stands for."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Everything in one picture."""

    title: str = ""
    subtitle: str = ""
    boxes: Sequence[Box] = field(default_factory=tuple[Box, ...])
    arrows: Sequence[Arrow] = field(default_factory=tuple[Arrow, ...])
    frames: Sequence[Frame] = field(default_factory=tuple[Frame, ...])
    tiers: bool = False
    """Whether rows follow what boxes are for, instead of who needs whom."""

    def states(self) -> set[State]:
        """Return what a legend has to explain."""
        return set(_states(self))


def _states(picture: Picture) -> Iterable[State]:
    for part in (*picture.boxes, *picture.arrows, *picture.frames):
        if part.state:
            yield part.state
    for box in picture.boxes:
        if box.inside:
            yield from _states(box.inside)
