"""The application load balancer: the one door from the internet to the web tier."""

from collections.abc import Mapping, Sequence
from typing import Self

import pulumi
import pulumi_aws as aws
from pydantic import Field, field_validator, model_validator

from ._edge.access_logs import log_balancer
from ._edge.guard import make_guard
from ._edge.listeners import (
    ORIGIN_HEADER,
    check_rule,
    conditions,
    forwarding,
    make_listeners,
    make_rule,
    ports,
)
from ._edge.records import point
from .certificate import certify, check_alternatives, check_domain, check_wiring
from .credentials import make_credentials
from .names import check_name
from .settings import Settings
from .wiring import CertificateLike, NetworkLike, Share, ZoneLike


class LoadBalancerSettings(Settings, frozen=True):
    """What a load balancer is called, whom it lets in, and what it remembers."""

    domain: str | None = None
    """Its own host name, such as ``www.example.com``. With one it speaks HTTPS and redirects
    HTTP to it; without one it can only speak plain HTTP, since nobody certifies AWS's names."""

    alternative_names: tuple[str, ...] = ()
    """Further names on its certificate, wildcards allowed. A CDN in front forwards the host that
    the visitor asked for and checks the certificate against it, so the CDN's names belong here
    (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-https-cloudfront-to-custom-origin.html).
    """

    idle_timeout: int = Field(default=60, ge=1, le=4000)
    """Seconds without a byte after which a connection is closed: longer than the slowest answer,
    shorter than the app keeps its own connections."""

    hsts_days: int = Field(default=365, ge=0, le=730)
    """Days for which browsers insist on HTTPS once they have seen it, on this host and not its
    subdomains; 0 does not ask them to."""

    access_log_days: int = Field(default=90, ge=0, le=3653)
    """Days to keep a line for every request; 0 writes none."""

    protected: bool = True
    """Whether Pulumi and AWS refuse to delete it, and Pulumi its access logs."""

    cloudfront_prefix_list_id: str | None = Field(default=None, pattern=r"^pl-[0-9a-f]+$")
    """Closes the balancer to all but CloudFront: the id, which differs by region, of the prefix
    list that AWS manages as ``com.amazonaws.global.cloudfront.origin-facing``
    (``aws ec2 describe-managed-prefix-lists`` tells it). A secret header then keeps out the
    distributions of other accounts. None leaves it open to the world."""

    @field_validator("domain")
    @classmethod
    def _check_domain(cls, domain: str | None) -> str | None:
        return check_domain(domain)

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        check_alternatives(self.domain, self.alternative_names)
        return self


class LoadBalancer(pulumi.ComponentResource):
    """An application load balancer in a network's public subnets.

    It answers 404 to everything until :meth:`forward` says what goes where; closed to all but
    CloudFront, it answers 403 to what does not bring the secret header.

    Args:
        name: Names the component and its children.
        settings: What it is called and whom it lets in.
        network: Where it goes. A balancer needs public subnets in two zones.
        zone: The public zone for its record and the proof of its certificate. With a
            ``certificate`` and no zone, the record is yours to write.
        certificate: One that covers the domain, in the balancer's region, in place of a new one.
        tags: Added to every child, over the provider's default tags.
        opts: Reaches every child; ``transforms`` is the escape hatch.
    """

    arn: pulumi.Output[str]
    """ARN, for a firewall or an alarm."""

    arn_suffix: pulumi.Output[str]
    """The balancer in CloudWatch: ``app/<name>/<id>``."""

    dns_name: pulumi.Output[str]
    """The host name that AWS gave it."""

    zone_id: pulumi.Output[str]
    """The hosted zone of ``dns_name``, which an alias record asks for."""

    security_group_id: pulumi.Output[str]
    """The group that guards the balancer, and that its targets let in."""

    url: pulumi.Output[str]
    """Where it answers: its domain over HTTPS, or AWS's name over HTTP."""

    def __init__(
        self,
        name: str,
        settings: LoadBalancerSettings = LoadBalancerSettings(),
        *,
        network: NetworkLike,
        zone: ZoneLike | None = None,
        certificate: CertificateLike | None = None,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check_name("load balancer", name)
        check_wiring(f"load balancer {name!r}", settings.domain, zone=zone, certificate=certificate)
        _check_certificate(name, settings, certificate)
        _check_zones(name, len(network.public_subnet_ids))

        super().__init__("plinth:index:LoadBalancer", name, settings.model_dump(mode="json"), opts)
        self._settings = settings
        self._issued = certificate is None
        self._tags = {"Name": name, **(tags or {})}
        self._rules: dict[int, str] = {}

        guard = make_guard(
            name,
            network=network,
            ports=ports(https=self.origin_https, closed=self._closed),
            prefix_list_id=settings.cloudfront_prefix_list_id,
            parent=self,
            tags=self._tags,
        )
        logs = log_balancer(
            name,
            guard.owner_id,
            days=settings.access_log_days,
            keep=settings.protected,
            parent=self,
            tags=self._tags,
        )
        balancer = aws.lb.LoadBalancer(
            name,
            load_balancer_type="application",
            internal=False,
            subnets=network.public_subnet_ids,
            security_groups=[guard.id],
            idle_timeout=settings.idle_timeout,
            # Headers that servers read differently are how requests are smuggled.
            drop_invalid_header_fields=True,
            enable_deletion_protection=settings.protected,
            access_logs={"bucket": logs.bucket, "enabled": True} if logs else None,
            tags=self._tags,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=settings.protected,
                depends_on=[logs] if logs else [],
            ),
        )
        self._password = self._make_password(name) if self._closed else None
        certificate_arn = certify(
            name,
            settings.domain,
            settings.alternative_names,
            zone=zone,
            certificate=certificate,
            parent=self,
            tags=self._tags,
        )
        self._listener = make_listeners(
            name,
            balancer,
            certificate_arn=certificate_arn,
            hsts_days=settings.hsts_days,
            closed=self._closed,
            parent=self,
            tags=self._tags,
        )
        target: aws.route53.RecordAliasArgsDict = {
            "name": balancer.dns_name,
            "zone_id": balancer.zone_id,
            "evaluate_target_health": True,
        }
        if settings.domain is not None and zone is not None:
            point(name, [settings.domain], target, kinds=["A"], zone=zone, parent=self)

        self.arn = balancer.arn
        self.arn_suffix = balancer.arn_suffix
        self.dns_name = balancer.dns_name
        self.zone_id = balancer.zone_id
        self.security_group_id = guard.id
        scheme = "https" if self.origin_https else "http"
        self.url = pulumi.Output.format("{0}://{1}", scheme, self.origin_domain)
        self.register_outputs(
            {
                "arn": self.arn,
                "arn_suffix": self.arn_suffix,
                "dns_name": self.dns_name,
                "zone_id": self.zone_id,
                "security_group_id": self.security_group_id,
                "url": self.url,
            }
        )

    @property
    def idle_timeout(self) -> int:
        """Seconds after which it closes a quiet connection."""
        return self._settings.idle_timeout

    @property
    def origin_domain(self) -> pulumi.Input[str]:
        """The host name that a CDN connects to."""
        return self._settings.domain or self.dns_name

    @property
    def origin_https(self) -> bool:
        """Whether it speaks TLS: it does when it has a domain."""
        return self._settings.domain is not None

    @property
    def origin_names(self) -> Sequence[str]:
        """Names on the certificate it issued; of one that was handed in, nothing is known."""
        domain = self._settings.domain
        return (domain, *self._settings.alternative_names) if domain and self._issued else ()

    @property
    def origin_headers(self) -> Mapping[str, pulumi.Input[str]]:
        """The secret header, where it insists on one."""
        return {ORIGIN_HEADER: self._password} if self._password is not None else {}

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

        Args:
            name: Names the rule, after the balancer: ``{balancer}-to-{name}``.
            target_group_arn: Where the requests go.
            priority: 1 to 50000, unique on the balancer; the smallest that matches wins.
            hosts: Host names, wildcards allowed; empty matches every host.
            paths: Path patterns; empty matches every path.
            share: What a second target group gets of them.

        Raises:
            ValueError: The priority is taken or out of range, or the rule has too many or no
                conditions.
        """
        check_rule(
            f"load balancer {self.pulumi_resource_name!r} to {name!r}",
            priority,
            self._rules,
            values=len(hosts) + len(paths),
            closed=self._closed,
        )
        self._rules[priority] = name
        return make_rule(
            f"{self.pulumi_resource_name}-to-{name}",
            self._listener,
            forwarding(target_group_arn, share),
            priority=priority,
            conditions=conditions(hosts, paths, self._password),
            parent=self,
            tags=self._tags,
        )

    @property
    def _closed(self) -> bool:
        return self._settings.cloudfront_prefix_list_id is not None

    def _make_password(self, name: str) -> pulumi.Output[str]:
        made = make_credentials(
            f"{name}-origin",
            f"Header {ORIGIN_HEADER} that CloudFront sends to load balancer {name}",
            parent=self,
            tags=self._tags,
        )
        return made.password


def _check_certificate(
    name: str, settings: LoadBalancerSettings, certificate: CertificateLike | None
) -> None:
    if certificate is not None and settings.alternative_names:
        msg = (
            f"load balancer {name!r} has alternative_names={list(settings.alternative_names)} for "
            "a new certificate, and certificate= brings its own: give one or the other"
        )
        raise ValueError(msg)


def _check_zones(name: str, zones: int) -> None:
    if zones < 2:
        msg = (
            f"load balancer {name!r} needs public subnets in two zones, and its network has "
            f"{zones}: add a zone"
        )
        raise ValueError(msg)
