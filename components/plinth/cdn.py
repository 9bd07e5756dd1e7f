"""The CDN: files from a private bucket and pages from the balancer, under one name."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Self

import pulumi
import pulumi_aws as aws
from pydantic import Field, field_validator, model_validator

from ._edge.access_logs import log_distribution
from ._edge.distribution import (
    REGION,
    app_behavior,
    app_origin,
    check_origin,
    check_region,
    file_behavior,
    files_origin,
    viewer_certificate,
)
from ._edge.files import MEDIA, STATIC, make_static_writer, media_grants, read_policy
from ._edge.records import point
from .buckets import make_bucket, set_policy
from .certificate import certify, check_alternatives, check_domain, check_wiring
from .environment import Variable
from .names import check_name
from .settings import Settings
from .wiring import BucketLike, CertificateLike, Grant, OriginLike, Peer, SecretText, ZoneLike

VARIABLES = (
    Variable(
        name="STATIC_URL", meaning="URL, with a final slash, that static files are served at."
    ),
    Variable(name="STATIC_BUCKET", meaning="Bucket whose static/ is served at STATIC_URL."),
    Variable(name="MEDIA_URL", meaning="URL, with a final slash, that uploads are served at."),
    Variable(
        name="MEDIA_BUCKET",
        meaning="Bucket whose media/ is served at MEDIA_URL, and where alone the app may write.",
    ),
)
"""What a tier that uses a CDN finds in its environment."""


class PriceClass(StrEnum):
    """Where visitors are served from; the others are served from the nearest of these."""

    AMERICA_AND_EUROPE = "PriceClass_100"
    AND_ASIA_AND_AFRICA = "PriceClass_200"
    EVERYWHERE = "PriceClass_All"


class CdnSettings(Settings, frozen=True):
    """What a CDN is called, where it serves from, and what it remembers."""

    domain: str | None = None
    """The host name that visitors use, such as ``www.example.com``, and not its origin's own.
    Without one it answers to the name that CloudFront gives it."""

    alternative_names: tuple[str, ...] = ()
    """Further host names that it answers to, wildcards allowed."""

    price_class: PriceClass = PriceClass.AMERICA_AND_EUROPE
    """The cheapest by default: visitors elsewhere are served all the same, from farther away
    (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PriceClass.html).
    """

    origin_timeout: int = Field(default=60, ge=1, le=120)
    """Seconds to wait for the app's answer, and for each further packet: as long as the balancer
    waits by default
    (https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CustomOriginConfig.html).
    """

    version_days: int = Field(default=30, ge=1, le=3653)
    """Days in which a file that was overwritten or deleted can be restored."""

    access_log_days: int = Field(default=90, ge=0, le=3653)
    """Days to keep a line for every request; 0 writes none."""

    protected: bool = True
    """Whether Pulumi refuses to delete the distribution, its files and its logs. Without it they
    go with the component, uploads included."""

    @field_validator("domain")
    @classmethod
    def _check_domain(cls, domain: str | None) -> str | None:
        return check_domain(domain)

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        check_alternatives(self.domain, self.alternative_names)
        return self


class Cdn(pulumi.ComponentResource):
    """CloudFront over a private bucket and an origin for the rest.

    ``/static/*`` and ``/media/*`` come from the bucket's ``static/`` and ``media/``, cached;
    every other path comes from the origin, uncached. A tier that uses it may write media.

    The certificate and the delivery of logs are made in us-east-1, by the resources' own
    ``region``: that needs no second provider, and follows whichever one the component has.

    Args:
        name: Names the component and its children.
        settings: What it is called and what it remembers.
        origin: What pages come from. Where it speaks TLS, its certificate must cover the CDN's
            names too: CloudFront passes on the host that the visitor asked for.
        zone: The public zone for its records and the proof of its certificate. With a
            ``certificate`` and no zone, the records are yours to write.
        certificate: One in us-east-1 that covers every name, in place of a new one.
        bucket: One to serve files from, in place of a new one; its owner adds
            ``bucket_policy`` to its policy.
        web_acl_arn: A WAFv2 firewall of scope CLOUDFRONT.
        tags: Added to every child, over the provider's default tags.
        opts: Reaches every child; ``transforms`` is the escape hatch.
    """

    url: pulumi.Output[str]
    """Where visitors find it."""

    domain_name: pulumi.Output[str]
    """The host name that CloudFront gave it."""

    distribution_id: pulumi.Output[str]
    """For an invalidation."""

    distribution_arn: pulumi.Output[str]
    """ARN, for an alarm or a policy."""

    bucket_name: pulumi.Output[str]
    """The bucket of ``static/`` and ``media/``."""

    bucket_policy: pulumi.Output[str]
    """The policy by which CloudFront may read the bucket: in place on a bucket that the CDN
    made, to be added by the owner of another."""

    static_writer_policy_arn: pulumi.Output[str]
    """A managed policy to attach to what deploys: it may write ``static/`` and invalidate."""

    def __init__(
        self,
        name: str,
        settings: CdnSettings = CdnSettings(),
        *,
        origin: OriginLike,
        zone: ZoneLike | None = None,
        certificate: CertificateLike | None = None,
        bucket: BucketLike | None = None,
        web_acl_arn: pulumi.Input[str] | None = None,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        hosts = _hosts(settings)
        check_name("cdn", name)
        check_wiring(f"cdn {name!r}", settings.domain, zone=zone, certificate=certificate)
        check_region(name, certificate)
        check_origin(name, hosts, origin)

        super().__init__("plinth:index:Cdn", name, settings.model_dump(mode="json"), opts)
        child = pulumi.ResourceOptions(parent=self)
        keep = settings.protected
        tags = {"Name": name, **(tags or {})}

        made = None
        if bucket is None:
            bucket = made = make_bucket(
                name, parent=self, tags=tags, keep=keep, version_days=settings.version_days
            )
        access = aws.cloudfront.OriginAccessControl(
            name,
            origin_access_control_origin_type="s3",
            signing_behavior="always",
            signing_protocol="sigv4",
            opts=child,
        )
        certificate_arn = certify(
            name,
            settings.domain,
            settings.alternative_names,
            zone=zone,
            certificate=certificate,
            parent=self,
            tags=tags,
            region=REGION,
        )
        distribution = aws.cloudfront.Distribution(
            name,
            comment=name,
            enabled=True,
            aliases=hosts or None,
            http_version="http2and3",
            is_ipv6_enabled=True,
            price_class=settings.price_class,
            origins=[files_origin(bucket, access), app_origin(origin, settings.origin_timeout)],
            ordered_cache_behaviors=[file_behavior(f"/{STATIC}*"), file_behavior(f"/{MEDIA}*")],
            # CloudFront's own name is on nobody's certificate, so no TLS origin is told it.
            default_cache_behavior=app_behavior(host=bool(hosts) or not origin.origin_https),
            viewer_certificate=viewer_certificate(certificate_arn),
            restrictions={"geo_restriction": {"restriction_type": "none"}},
            web_acl_id=web_acl_arn,
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self, protect=keep),
        )
        policy = read_policy(bucket, distribution)
        if made is not None:
            set_policy(name, made, policy, parent=self)
        writer = make_static_writer(name, bucket, distribution, parent=self, tags=tags)
        log_distribution(
            name, distribution, days=settings.access_log_days, keep=keep, parent=self, tags=tags
        )
        target: aws.route53.RecordAliasArgsDict = {
            "name": distribution.domain_name,
            "zone_id": distribution.hosted_zone_id,
            # Route 53 cannot watch a distribution.
            "evaluate_target_health": False,
        }
        if zone is not None:
            point(name, hosts, target, kinds=["A", "AAAA"], zone=zone, parent=self)

        self._bucket = bucket
        self.domain_name = distribution.domain_name
        self.url = pulumi.Output.format("https://{0}", settings.domain or distribution.domain_name)
        self.distribution_id = distribution.id
        self.distribution_arn = distribution.arn
        self.bucket_name = pulumi.Output.from_input(bucket.bucket_name)
        self.bucket_policy = policy
        self.static_writer_policy_arn = writer.arn
        self.register_outputs(
            {
                "url": self.url,
                "domain_name": self.domain_name,
                "distribution_id": self.distribution_id,
                "distribution_arn": self.distribution_arn,
                "bucket_name": self.bucket_name,
                "bucket_policy": self.bucket_policy,
                "static_writer_policy_arn": self.static_writer_policy_arn,
            }
        )

    @property
    def environment(self) -> Mapping[str, pulumi.Input[str]]:
        """Where the app finds its static files and its uploads."""
        return {
            "STATIC_URL": pulumi.Output.format("{0}/{1}", self.url, STATIC),
            "STATIC_BUCKET": self.bucket_name,
            "MEDIA_URL": pulumi.Output.format("{0}/{1}", self.url, MEDIA),
            "MEDIA_BUCKET": self.bucket_name,
        }

    @property
    def secrets(self) -> Mapping[str, SecretText]:
        """None: a bucket is opened by permissions."""
        return {}

    @property
    def grants(self) -> Sequence[Grant]:
        """To write media."""
        return media_grants(self._bucket.bucket_arn)

    @property
    def ports(self) -> Sequence[int]:
        """None in the network."""
        return ()

    def allow_from(self, peer: Peer) -> None:
        """Do nothing: S3 and CloudFront have no security group to open."""


def _hosts(settings: CdnSettings) -> list[str]:
    domain = settings.domain
    return [domain, *settings.alternative_names] if domain is not None else []
