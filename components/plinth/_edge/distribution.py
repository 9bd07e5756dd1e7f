"""What a distribution serves from where: its origins, and how it treats each path."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from plinth.certificate import covers
from plinth.wiring import BucketLike, CertificateLike, OriginLike

REGION = "us-east-1"
"""Where CloudFront, which is everywhere, keeps its certificates and the delivery of its logs."""

APP = "app"
FILES = "files"

CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
SECURITY_HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"
"""Ids of the policies that AWS manages, the same in every account; looking them up would need one
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html).
"""

OLDEST_TLS = "TLSv1.2_2021"
"""TLS 1.2 with forward secrecy, and 1.3; CloudFront's own recommendation
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html).
"""

KEEP_ALIVE = 5
"""Seconds that CloudFront keeps a quiet connection to the app; a balancer closes it later."""

READ = ("GET", "HEAD")
ANY = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


def files_origin(
    bucket: BucketLike, access: aws.cloudfront.OriginAccessControl
) -> aws.cloudfront.DistributionOriginArgsDict:
    """Describe the bucket, whose objects CloudFront alone may read."""
    return {
        "origin_id": FILES,
        # The regional name: the global one redirects for as long as a bucket is young.
        "domain_name": bucket.bucket_regional_domain_name,
        "origin_access_control_id": access.id,
    }


def app_origin(origin: OriginLike, timeout: int) -> aws.cloudfront.DistributionOriginArgsDict:
    """Describe the balancer, and the headers it insists on."""
    return {
        "origin_id": APP,
        "domain_name": origin.origin_domain,
        "custom_headers": [
            {"name": name, "value": value} for name, value in origin.origin_headers.items()
        ],
        "custom_origin_config": {
            "http_port": 80,
            "https_port": 443,
            "origin_protocol_policy": "https-only" if origin.origin_https else "http-only",
            "origin_ssl_protocols": ["TLSv1.2"],
            "origin_read_timeout": timeout,
            "origin_keepalive_timeout": KEEP_ALIVE,
        },
    }


def file_behavior(path: str) -> aws.cloudfront.DistributionOrderedCacheBehaviorArgsDict:
    """Serve a path from the bucket, and keep what it answers.

    No header of the visitor's goes along: a foreign Host would break the request's signature.
    """
    return {
        "path_pattern": path,
        "target_origin_id": FILES,
        "viewer_protocol_policy": "redirect-to-https",
        "allowed_methods": list(READ),
        "cached_methods": list(READ),
        "compress": True,
        "cache_policy_id": CACHING_OPTIMIZED,
        "response_headers_policy_id": SECURITY_HEADERS,
    }


def app_behavior(*, host: bool) -> aws.cloudfront.DistributionDefaultCacheBehaviorArgsDict:
    """Ask the app for everything else, each time.

    Args:
        host: Whether it is told the host that the visitor asked for. TLS to the app then checks
            the certificate against that host.
    """
    return {
        "target_origin_id": APP,
        "viewer_protocol_policy": "redirect-to-https",
        "allowed_methods": list(ANY),
        "cached_methods": list(READ),
        "compress": True,
        "cache_policy_id": CACHING_DISABLED,
        "origin_request_policy_id": ALL_VIEWER if host else ALL_VIEWER_EXCEPT_HOST,
        "response_headers_policy_id": SECURITY_HEADERS,
    }


def viewer_certificate(
    arn: pulumi.Input[str] | None,
) -> aws.cloudfront.DistributionViewerCertificateArgsDict:
    """Show visitors our certificate, or CloudFront's own, which fixes the TLS it speaks."""
    if arn is None:
        return {"cloudfront_default_certificate": True}
    return {
        "acm_certificate_arn": arn,
        "ssl_support_method": "sni-only",
        "minimum_protocol_version": OLDEST_TLS,
    }


def check_region(name: str, certificate: CertificateLike | None) -> None:
    """Refuse a certificate that CloudFront would not find.

    Raises:
        ValueError: It was issued in another region.
    """
    arn = certificate.certificate_arn if certificate is not None else None
    if isinstance(arn, str) and f":{REGION}:" not in arn:
        msg = (
            f"cdn {name!r} has the certificate {arn}, and CloudFront takes them from {REGION} "
            "only: issue one there, or give zone= instead"
        )
        raise ValueError(msg)


def check_origin(name: str, hosts: Sequence[str], origin: OriginLike) -> None:
    """Refuse an origin that is the CDN itself, or whose certificate CloudFront would reject.

    Raises:
        ValueError: A visitor would get errors instead of pages.
    """
    domain = origin.origin_domain
    if isinstance(domain, str) and domain in hosts:
        msg = (
            f"cdn {name!r} answers to {domain!r}, which is its origin's own domain, so it would "
            f"fetch pages from itself: give the origin another, such as 'origin.{domain}'"
        )
        raise ValueError(msg)
    proven = origin.origin_names
    strange = [host for host in hosts if not any(covers(own, host) for own in proven)]
    if origin.origin_https and proven and strange:
        msg = (
            f"cdn {name!r} answers to {strange}, which the certificate of its origin "
            f"{list(proven)} does not cover, so CloudFront would answer 502: add them to the "
            "origin's alternative_names"
        )
        raise ValueError(msg)
