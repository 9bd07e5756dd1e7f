"""What components ask of one another. Protocols, so that what exists already fits too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import pulumi


class NetworkLike(Protocol):
    """Somewhere to put things: a ``Network``, or an ``ExistingNetwork``.

    Subnets are plain sequences, one per zone, so that their number is known at preview.
    """

    @property
    def vpc_id(self) -> pulumi.Input[str]: ...

    @property
    def cidr_block(self) -> pulumi.Input[str]: ...

    @property
    def public_subnet_ids(self) -> Sequence[pulumi.Input[str]]:
        """Subnets with a route to an internet gateway: for balancers and NAT."""
        ...

    @property
    def private_subnet_ids(self) -> Sequence[pulumi.Input[str]]:
        """Subnets that reach out, through NAT or endpoints: for instances."""
        ...

    @property
    def data_subnet_ids(self) -> Sequence[pulumi.Input[str]]:
        """Subnets without a route out: for stores."""
        ...

    @property
    def availability_zones(self) -> Mapping[str, pulumi.Input[str]]:
        """Zone name, such as ``eu-west-1a``, by its letter."""
        ...


class Peer(Protocol):
    """Anything that opens connections and sits in a security group."""

    @property
    def pulumi_resource_name(self) -> str: ...

    @property
    def security_group_id(self) -> pulumi.Input[str]: ...


@dataclass(frozen=True, kw_only=True)
class SecretText:
    """A variable that an instance puts together at boot, from a secret it may read.

    It never passes through user data or a log.
    """

    secret_arn: pulumi.Input[str]
    """ARN of a Secrets Manager secret that holds a JSON object of texts."""
    template: pulumi.Input[str]
    """The variable's value. ``{field}`` stands for a field of the secret as it is, and
    ``{field:url}`` for the field percent-encoded, as a part of a URL must be."""
    value: pulumi.Input[str] | None = None
    """The same put together by the program, as a Pulumi secret; None where only AWS knows it.
    Kubernetes asks for it where nothing in the cluster reads Secrets Manager."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a tier may do in AWS because of a service it uses: one allowing IAM statement."""

    actions: Sequence[str]
    resources: Sequence[pulumi.Input[str]]
    """ARNs."""


class Service(Protocol):
    """Something a tier uses: it brings the way in, the variables and the permissions."""

    @property
    def pulumi_resource_name(self) -> str: ...

    @property
    def environment(self) -> Mapping[str, pulumi.Input[str]]:
        """Variables whose values are no secret."""
        ...

    @property
    def secrets(self) -> Mapping[str, SecretText]:
        """Variables read from secrets at boot; the tier is granted those secrets."""
        ...

    @property
    def grants(self) -> Sequence[Grant]:
        """Permissions beyond reading those secrets."""
        ...

    @property
    def ports(self) -> Sequence[int]:
        """TCP ports it listens on in the network, for tiers that must be let out as well as in."""
        ...

    def allow_from(self, peer: Peer) -> None:
        """Let a peer connect, by a rule that the service owns.

        Once is enough: tiers on one cluster share its security group, and each asks for it.
        """
        ...


class BrokerLike(Service, Protocol):
    """A store that Celery may queue in: one that never drops a key to make room."""

    @property
    def never_evicts(self) -> Literal[True]:
        """The promise itself. A cache cannot make it, and so cannot be handed to workers."""
        ...

    @property
    def metrics_url(self) -> SecretText | None:
        """URL of its database as a user who may count tasks and no more; None without one."""
        ...


class TopicLike(Protocol):
    """Where alarms tell whoever is on duty: an ``AlarmTopic``, or an ``ExistingTopic``."""

    @property
    def topic_arn(self) -> pulumi.Input[str]: ...


@dataclass(frozen=True, kw_only=True)
class Share:
    """A part of a rule's requests that goes to a second target group."""

    target_group_arn: pulumi.Input[str]
    percent: int
    """Of the requests that the rule takes, 0 to 100; the rest goes to the first group."""
    sticky_seconds: int = 0
    """How long a visitor stays with the group of their first request; 0 chooses anew each time."""


class BalancerLike(Protocol):
    """What puts a web tier in front of the world."""

    @property
    def pulumi_resource_name(self) -> str: ...

    @property
    def security_group_id(self) -> pulumi.Input[str]: ...

    @property
    def arn_suffix(self) -> pulumi.Input[str]:
        """The balancer in CloudWatch: ``app/<name>/<id>``."""
        ...

    @property
    def idle_timeout(self) -> int:
        """Seconds after which it closes a quiet connection; the app must keep its own longer."""
        ...

    def forward(
        self,
        name: str,
        target_group_arn: pulumi.Input[str],
        *,
        priority: int,
        hosts: Sequence[str] = (),
        paths: Sequence[str] = ("/*",),
        share: Share | None = None,
    ) -> pulumi.Resource:
        """Send matching requests to a target group, by a rule that the balancer owns.

        What needs the group to be attached, such as scaling on requests, depends on the rule
        that is returned.

        Args:
            name: Names the rule, after the balancer: ``{balancer}-to-{name}``.
            target_group_arn: Where the requests go.
            priority: 1 to 50000, unique on the balancer; the smallest that matches wins.
            hosts: Host names, wildcards allowed; empty matches every host.
            paths: Path patterns.
            share: What a second target group gets of them. Its group is attached, and so its
                targets are checked, whatever its percentage.
        """
        ...


class ClusterLike(Peer, Protocol):
    """A Kubernetes cluster on EKS: an ``EksCluster``, or an ``ExistingCluster``.

    Its security group is the one that its pods' connections come from.
    """

    @property
    def cluster_name(self) -> pulumi.Input[str]: ...

    @property
    def cluster_arn(self) -> pulumi.Input[str]: ...

    @property
    def endpoint(self) -> pulumi.Input[str]:
        """URL of its API."""
        ...

    @property
    def certificate_authority(self) -> pulumi.Input[str]:
        """What its API's certificate is signed with: PEM, in base64."""
        ...


class OriginLike(Protocol):
    """What a CDN fetches pages from: a ``LoadBalancer``, or an ``ExistingOrigin``."""

    @property
    def origin_domain(self) -> pulumi.Input[str]:
        """A host name that reaches it, covered by its certificate where it speaks TLS."""
        ...

    @property
    def origin_https(self) -> bool:
        """Whether it speaks TLS."""
        ...

    @property
    def origin_names(self) -> Sequence[str]:
        """Host names on its certificate, wildcards too; empty where they are not known here."""
        ...

    @property
    def origin_headers(self) -> Mapping[str, pulumi.Input[str]]:
        """Headers it insists on, with their secret values."""
        ...


class ZoneLike(Protocol):
    """A public hosted zone to write records in."""

    @property
    def zone_id(self) -> pulumi.Input[str]: ...


class CertificateLike(Protocol):
    """A certificate that is valid, or will be before anything uses it."""

    @property
    def certificate_arn(self) -> pulumi.Input[str]: ...


class BucketLike(Protocol):
    """A bucket that a CDN serves files from."""

    @property
    def bucket_name(self) -> pulumi.Input[str]: ...

    @property
    def bucket_arn(self) -> pulumi.Input[str]: ...

    @property
    def bucket_regional_domain_name(self) -> pulumi.Input[str]: ...
