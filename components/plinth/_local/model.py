"""A platform on one machine, as plain data: what pulumi_docker and compose are both told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

LOOPBACK = "127.0.0.1"
"""Where ports are published. Docker's own choice is every address the machine has, past its
firewall, and the passwords here are no secret
(https://docs.docker.com/engine/network/port-publishing/)."""


@dataclass(frozen=True, kw_only=True)
class Health:
    """How to tell that a container does its work."""

    test: Sequence[str]
    """A command that ends with 0 inside it."""
    interval: int = 3
    """Seconds between two tests, below a minute: Docker hands longer times back in minutes."""
    timeout: int = 3
    """Seconds that a test may take."""
    retries: int = 20
    """Failures in a row that make it unhealthy."""


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port of a container, published on the loopback address."""

    host: int
    container: int


@dataclass(frozen=True, kw_only=True)
class Volume:
    """What outlives a container."""

    name: str
    path: str
    """Where the container sees it."""
    read_only: bool = False


class Ready(StrEnum):
    """What a service waits for in one that it needs."""

    HEALTHY = "service_healthy"
    DONE = "service_completed_successfully"


@dataclass(frozen=True, kw_only=True)
class Service:
    """One container."""

    name: str
    """Names it, and is its host name to the others."""
    image: str | None = None
    """None is the app's own."""
    command: Sequence[str] = ()
    """Empty runs the image's own."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    health: Health | None = None
    """None has it never tested, whatever its image says."""
    ports: Sequence[Port] = ()
    volumes: Sequence[Volume] = ()
    source: Mapping[str, str] = field(default_factory=dict[str, str])
    """Directories of the project, by where the container sees them."""
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    """Contents by path."""
    memory_dirs: Sequence[str] = ()
    """Directories that are kept in memory, and so are empty at every start."""
    needs: Mapping[str, Ready] = field(default_factory=dict[str, Ready])
    """Services that are there before it, by name."""
    once: bool = False
    """Whether it is meant to end, and to end well."""
    stop_seconds: int = 10
    """Time to end in, once it is asked to. Past that it is killed."""
