"""What is there already, in the shape that components ask for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pulumi

from .wiring import Grant, Peer, SecretText


@dataclass(frozen=True, kw_only=True)
class ExistingNetwork:
    """A network made elsewhere, by its ids."""

    vpc_id: pulumi.Input[str]
    cidr_block: pulumi.Input[str]
    """Its IPv4 range, for rules that must span it."""
    public_subnet_ids: Sequence[pulumi.Input[str]] = ()
    private_subnet_ids: Sequence[pulumi.Input[str]] = ()
    data_subnet_ids: Sequence[pulumi.Input[str]] = ()
    availability_zones: Mapping[str, pulumi.Input[str]] = field(
        default_factory=dict[str, pulumi.Input[str]]
    )
    """Zone name by letter; only read replicas ask for it."""


@dataclass(frozen=True, kw_only=True)
class ExistingPeer:
    """A client made elsewhere: a name for its rule, and its security group's id."""

    pulumi_resource_name: str
    security_group_id: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class ExistingCluster:
    """A cluster made elsewhere, often by a stack of its own; its security group opens to itself."""

    pulumi_resource_name: str
    """Names the rules that let it in."""
    cluster_name: pulumi.Input[str]
    cluster_arn: pulumi.Input[str]
    endpoint: pulumi.Input[str]
    certificate_authority: pulumi.Input[str]
    """In base64, as EKS hands it out."""
    security_group_id: pulumi.Input[str]
    """The cluster's security group, which its pods are in too."""


@dataclass(frozen=True, kw_only=True)
class ExistingZone:
    """A public hosted zone made elsewhere."""

    zone_id: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class ExistingCertificate:
    """A valid ACM certificate made elsewhere; CloudFront takes only those in us-east-1."""

    certificate_arn: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class ExistingBucket:
    """A bucket made elsewhere, in the account; its owner keeps its policy and its settings."""

    bucket_name: pulumi.Input[str]
    bucket_arn: pulumi.Input[str]
    bucket_regional_domain_name: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class ExistingOrigin:
    """A web server or balancer made elsewhere."""

    origin_domain: pulumi.Input[str]
    origin_https: bool = True
    origin_names: Sequence[str] = ()
    origin_headers: Mapping[str, pulumi.Input[str]] = field(
        default_factory=dict[str, pulumi.Input[str]]
    )


@dataclass(frozen=True, kw_only=True)
class ExistingService:
    """A database, cluster or API made elsewhere: what a tier needs to use it.

    Its owner opens its security group; ``allow_from`` therefore does nothing here.
    """

    pulumi_resource_name: str
    environment: Mapping[str, pulumi.Input[str]] = field(
        default_factory=dict[str, pulumi.Input[str]]
    )
    secrets: Mapping[str, SecretText] = field(default_factory=dict[str, SecretText])
    grants: Sequence[Grant] = ()
    ports: Sequence[int] = ()
    """TCP ports it listens on in the network; only pods need to be let out to them."""

    def allow_from(self, peer: Peer) -> None:
        """Leave the way in to the service's owner."""


@dataclass(frozen=True, kw_only=True)
class ExistingBroker(ExistingService):
    """A Redis cluster made elsewhere whose owner promises ``maxmemory-policy noeviction``."""

    never_evicts: Literal[True] = True
    ports: Sequence[int] = (6379,)
    metrics_url: SecretText | None = None
    """URL as a user who may do LLEN, LINDEX, HLEN and HSCAN, and for KEDA PING, TYPE and EVAL;
    without it, tasks are counted as the workers' user."""


@dataclass(frozen=True, kw_only=True)
class ExistingTopic:
    """An SNS topic made elsewhere that CloudWatch may publish to."""

    topic_arn: pulumi.Input[str]
