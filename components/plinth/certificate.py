"""Certificates: which host names may stand on one, and how Route 53 proves that they are ours."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pulumi
import pulumi_aws as aws

from .wiring import CertificateLike, ZoneLike

LONGEST_DOMAIN = 64
"""Characters of a certificate's first name; the others may have 253
(https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html).
"""

TTL = 60
"""Seconds that a resolver may keep a proof, so that a wrong one is soon forgotten."""

_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])")


def check_host(host: str, *, wildcard: bool = False) -> str:
    """Return a host name that DNS and ACM take as it is.

    Args:
        host: Such as ``www.example.com``.
        wildcard: Whether its first label may be ``*``.

    Raises:
        ValueError: It is none, or is not in lower case.
    """
    bare = host.removeprefix("*.") if wildcard else host
    if not _HOST.fullmatch(bare):
        need = "a host name in lower case such as www.example.com"
        msg = f"{host!r} is not {need}: give it without scheme, port, path and final dot"
        raise ValueError(msg)
    return host


def check_domain(domain: str | None) -> str | None:
    """Return a component's own host name, if it has one that can come first on a certificate.

    Raises:
        ValueError: It is no host name, or is too long.
    """
    if domain is not None and len(check_host(domain)) > LONGEST_DOMAIN:
        msg = (
            f"domain {domain!r} has {len(domain)} characters, and the first name of a certificate "
            f"has at most {LONGEST_DOMAIN}: choose a shorter one"
        )
        raise ValueError(msg)
    return domain


def check_alternatives(domain: str | None, names: Sequence[str]) -> Sequence[str]:
    """Return the names that stand beside a component's own.

    Raises:
        ValueError: One is no host name or is given twice, or there is none to stand beside.
    """
    for host in names:
        check_host(host, wildcard=True)
    if names and domain is None:
        msg = f"alternative_names={list(names)} stand beside a domain, and there is none: set it"
        raise ValueError(msg)
    if len({domain, *names}) <= len(names):
        msg = f"alternative_names={list(names)} names a host twice: remove the second"
        raise ValueError(msg)
    return names


def covers(pattern: str, host: str) -> bool:
    """Tell whether a name on a certificate stands for a host; ``*`` is exactly one label."""
    if pattern.startswith("*."):
        return host.partition(".")[2] == pattern[2:]
    return host == pattern


def check_wiring(
    component: str,
    domain: str | None,
    *,
    zone: ZoneLike | None,
    certificate: CertificateLike | None,
) -> None:
    """Refuse a domain without a certificate, and a certificate without a domain.

    A zone without a domain is no mistake: a stack may have one for something else.

    Args:
        component: For the message: ``load balancer 'edge'``.
        domain: The component's own host name.
        zone: Where its records are written.
        certificate: One that is there already.

    Raises:
        ValueError: The three do not make sense together.
    """
    if domain is not None and zone is None and certificate is None:
        msg = f"{component} has domain={domain!r} and no certificate: give it zone= or certificate="
        raise ValueError(msg)
    if domain is None and certificate is not None:
        msg = f"{component} has certificate= and no domain to show it for: set domain"
        raise ValueError(msg)


def certify(
    name: str,
    domain: str | None,
    alternative_names: Sequence[str],
    *,
    zone: ZoneLike | None,
    certificate: CertificateLike | None,
    parent: pulumi.Resource,
    tags: Mapping[str, str],
    region: str | None = None,
) -> pulumi.Input[str] | None:
    """Return the ARN of the certificate handed in, or else of a new one; None without a domain."""
    if certificate is not None:
        return certificate.certificate_arn
    if domain is None or zone is None:
        return None
    return issue_certificate(
        name, domain, alternative_names, zone=zone, parent=parent, tags=tags, region=region
    )


def issue_certificate(
    name: str,
    domain: str,
    alternative_names: Sequence[str] = (),
    *,
    zone: ZoneLike,
    parent: pulumi.Resource,
    tags: Mapping[str, str],
    region: str | None = None,
) -> pulumi.Output[str]:
    """Create a certificate and its proof of ownership, and return its ARN once it is valid.

    Args:
        name: Names the certificate; a record is ``{name}-proof-{host}``.
        domain: The first name on it.
        alternative_names: The others; wildcards allowed.
        zone: A public zone that holds every name.
        parent: The component it belongs to.
        tags: Added to the certificate.
        region: Where it is made, if not where the provider is: CloudFront reads ``us-east-1``.
    """
    child = pulumi.ResourceOptions(parent=parent)
    certificate = aws.acm.Certificate(
        name,
        domain_name=domain,
        subject_alternative_names=list(alternative_names) or None,
        validation_method="DNS",
        region=region,
        tags=tags,
        opts=child,
    )
    records = [
        _prove(f"{name}-proof-{host}", host, certificate, zone=zone, parent=parent)
        for host in proven_hosts(domain, alternative_names)
    ]
    validation = aws.acm.CertificateValidation(
        name,
        certificate_arn=certificate.arn,
        validation_record_fqdns=[record.fqdn for record in records],
        region=region,
        opts=child,
    )
    return validation.certificate_arn


def proven_hosts(domain: str, alternative_names: Sequence[str]) -> list[str]:
    """List the hosts that ACM asks a record of: a wildcard and its apex share one."""
    return list(dict.fromkeys(host.removeprefix("*.") for host in (domain, *alternative_names)))


def _prove(
    name: str,
    host: str,
    certificate: aws.acm.Certificate,
    *,
    zone: ZoneLike,
    parent: pulumi.Resource,
) -> aws.route53.Record:
    options = certificate.domain_validation_options
    return aws.route53.Record(
        name,
        zone_id=zone.zone_id,
        name=options.apply(lambda found: option(found, host, "resource_record_name")),
        type="CNAME",
        records=[options.apply(lambda found: option(found, host, "resource_record_value"))],
        ttl=TTL,
        # ACM asks the same record for a host in every region: two certificates share it, and
        # the one that goes must leave it to the other, which could not be renewed without.
        allow_overwrite=True,
        opts=pulumi.ResourceOptions(parent=parent, retain_on_delete=True),
    )


def option(found: object, host: str, field: str) -> str:
    """Pick what ACM asks for a host; a stand-in where it has not answered, as in a preview."""
    options = cast("Sequence[Any]", found if isinstance(found, list) else ())
    for each in options:
        if str(getattr(each, "domain_name", "")).removeprefix("*.") == host:
            return str(getattr(each, field))
    return f"${{{field} of {host}}}"
