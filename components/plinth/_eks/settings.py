"""What a Kubernetes cluster is told."""

import ipaddress
import re
from enum import StrEnum
from typing import Self

from pydantic import Field, field_validator, model_validator

from plinth.retention import check_retention
from plinth.settings import Settings

_PRINCIPAL = re.compile(r"arn:aws[\w-]*:iam::\d{12}:(role|user)/[\w+=,.@/-]+")
_KEY = re.compile(r"[a-z](-?[a-z0-9])*")
_WIDEST = {4: 8, 6: 16}
"""Shortest prefix that is somebody's network, and not a good part of the internet."""


class ClusterEndpoint(StrEnum):
    """From where the Kubernetes API answers."""

    PRIVATE = "private"
    """From the VPC, and from what is joined to it: whoever deploys must be there too."""
    PUBLIC = "public"
    """From the VPC, and from the addresses in ``public_access_cidrs``."""


class ClusterSupport(StrEnum):
    """What AWS does when the standard support of a Kubernetes version ends, after 14 months."""

    STANDARD = "STANDARD"
    """It upgrades the control plane to the next version."""
    EXTENDED = "EXTENDED"
    """It keeps the version for 12 months more, at six times the price."""


class ClusterLog(StrEnum):
    """A log of the control plane."""

    API = "api"
    AUDIT = "audit"
    AUTHENTICATOR = "authenticator"
    CONTROLLER_MANAGER = "controllerManager"
    SCHEDULER = "scheduler"


class EksClusterSettings(Settings, frozen=True):
    """How a cluster is kept, and who gets in."""

    admins: dict[str, str] = Field(min_length=1)
    """ARN of the role, or user, of each administrator, by a name of your choice: people who
    operate it, and the role that deploys. Nobody else gets in, not even who makes the cluster, so
    that none at all would leave it to nobody."""

    version: str = Field(default="1.36", pattern=r"^1\.\d{2}$")
    """Kubernetes version. It can go up, one at a time, and never down
    (https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html)."""

    support: ClusterSupport = ClusterSupport.STANDARD
    """What happens when AWS's standard support of the version ends: ``STANDARD`` never costs more,
    and upgrades by itself."""

    endpoint: ClusterEndpoint = ClusterEndpoint.PRIVATE
    """From where the Kubernetes API answers. ``private`` asks for a runner in the VPC, or a VPN."""

    public_access_cidrs: tuple[str, ...] = ()
    """Addresses that reach a ``public`` endpoint: your office's and your runner's, never all."""

    log_types: tuple[ClusterLog, ...] = (ClusterLog.API, ClusterLog.AUDIT, ClusterLog.AUTHENTICATOR)
    """Logs of the control plane, by default those that say who got in and what they did. The other
    two tell how AWS's own controllers decide; all are charged by the GB
    (https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html)."""

    log_days: int = 30
    """Days that those are kept."""

    key_days: int = Field(default=30, ge=7, le=30)
    """Days for which the key that encrypts the cluster's secrets can be brought back after it was
    deleted; without it the cluster is lost
    (https://docs.aws.amazon.com/eks/latest/userguide/envelope-encryption.html)."""

    metrics_server: bool = True
    """Whether pods are measured: scaling on CPU and ``kubectl top`` need that, and Auto Mode does
    not bring it (https://docs.aws.amazon.com/eks/latest/userguide/metrics-server.html)."""

    protected: bool = True
    """Whether AWS and Pulumi refuse to delete the cluster, and Pulumi to delete its key."""

    @field_validator("log_days")
    @classmethod
    def _offered(cls, days: int) -> int:
        return check_retention(days)

    @field_validator("admins")
    @classmethod
    def _lasting(cls, admins: dict[str, str]) -> dict[str, str]:
        for name, arn in admins.items():
            if not _KEY.fullmatch(name):
                msg = f"{name!r} needs to be lower-case letters, digits and single dashes"
                raise ValueError(msg)
            if not _PRINCIPAL.fullmatch(arn):
                msg = (
                    f"{name}={arn!r} is no ARN of a role or user, and EKS knows no sessions: give "
                    f"the role, such as 'arn:aws:iam::123456789012:role/{name}'"
                )
                raise ValueError(msg)
        if len(set(admins.values())) < len(admins):
            msg = f"{admins} names somebody twice, and EKS has one entry for each: leave one out"
            raise ValueError(msg)
        return admins

    @field_validator("public_access_cidrs")
    @classmethod
    def _not_the_world(cls, cidrs: tuple[str, ...]) -> tuple[str, ...]:
        for text in cidrs:
            network = ipaddress.ip_network(text)
            if network.prefixlen < _WIDEST[network.version]:
                msg = (
                    f"{text} is a good part of the internet: name your own addresses, such as "
                    "'203.0.113.7/32'"
                )
                raise ValueError(msg)
        return cidrs

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if (self.endpoint is ClusterEndpoint.PUBLIC) != bool(self.public_access_cidrs):
            msg = (
                f"endpoint={self.endpoint.value!r} and "
                f"public_access_cidrs={list(self.public_access_cidrs)} need to fit: list who "
                "reaches a public endpoint, and nobody for a private one"
            )
            raise ValueError(msg)
        return self
