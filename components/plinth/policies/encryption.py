"""At rest and on the wire.

S3 and CloudWatch Logs encrypt everything since 2023 and always; no setting turns it off, so that no
rule asks for it. https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html
"""

import re
from collections.abc import Iterator

from plinth.preview.export import ResourceRecord

from .links import hub
from .model import Each, Rule, Severity
from .reading import blocks, is_off, is_unknown, items, number

_DATABASES = frozenset({"aws:rds/instance:Instance", "aws:rds/cluster:Cluster"})
_STRONG_BALANCER = re.compile(r"^ELBSecurityPolicy-(TLS13-1-[23]-|TLS-1-2-|FS-1-2-)")
_STRONG_CDN = re.compile(r"^TLSv1\.([3-9]|2_(2018|2019|202\d))")
_SSL_BY_DEFAULT = 15
"""Major version of Postgres from which on RDS refuses plain connections by default.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html"""


def _database(resource: ResourceRecord) -> Iterator[str]:
    inputs = resource["inputs"]
    if "replicateSourceDb" in inputs and "storageEncrypted" not in inputs:
        return  # is encrypted as its source is
    if is_off(inputs.get("storageEncrypted")):
        yield "its storage is not encrypted"


def _redis_at_rest(resource: ResourceRecord) -> Iterator[str]:
    if is_off(resource["inputs"].get("atRestEncryptionEnabled")):
        yield "its disks and snapshots are not encrypted"


def _redis_on_the_wire(resource: ResourceRecord) -> Iterator[str]:
    inputs = resource["inputs"]
    if is_off(inputs.get("transitEncryptionEnabled")):
        yield "it speaks plain Redis on the network"
    elif inputs.get("transitEncryptionMode") == "preferred":
        yield "transit_encryption_mode is 'preferred': it still takes plain connections"


def _template_disks(resource: ResourceRecord) -> Iterator[str]:
    disks = [block["ebs"] for block in blocks(resource["inputs"].get("blockDeviceMappings"))
             if isinstance(block.get("ebs"), dict)]  # fmt: skip
    if not disks:
        yield "it names no disk, so that the image decides whether the root disk is encrypted"
    if any(is_off(disk.get("encrypted")) for disk in disks):
        yield "a disk is not encrypted"


def _instance_disks(resource: ResourceRecord) -> Iterator[str]:
    inputs = resource["inputs"]
    named = [*blocks(inputs.get("rootBlockDevice")), *blocks(inputs.get("ebsBlockDevices"))]
    if not named and "launchTemplate" not in inputs:
        yield "it names no disk, so that the image decides whether the root disk is encrypted"
    if any(is_off(disk.get("encrypted")) for disk in named):
        yield "a disk is not encrypted"


def _disk(resource: ResourceRecord) -> Iterator[str]:
    look = {
        "aws:ec2/launchTemplate:LaunchTemplate": _template_disks,
        "aws:ec2/instance:Instance": _instance_disks,
    }.get(resource["type"])
    if look is not None:
        yield from look(resource)
    elif is_off(resource["inputs"].get("encrypted")):
        yield "the volume is not encrypted"


def _listener(resource: ResourceRecord) -> Iterator[str]:
    inputs = resource["inputs"]
    policy = inputs.get("sslPolicy")
    if inputs.get("protocol") not in ("HTTPS", "TLS") or is_unknown(policy):
        return
    if not policy:
        yield "it has no ssl_policy, and AWS's default still takes TLS 1.0"
    elif not _STRONG_BALANCER.match(policy):
        yield f"{policy} takes versions of TLS below 1.2"


def _viewers(resource: ResourceRecord) -> Iterator[str]:
    inputs = resource["inputs"]
    behaviours = [
        *blocks(inputs.get("defaultCacheBehavior")),
        *blocks(inputs.get("orderedCacheBehaviors")),
    ]
    for behaviour in behaviours:
        if behaviour.get("viewerProtocolPolicy") == "allow-all":
            yield f"{behaviour.get('pathPattern', '*')} is served over plain HTTP"
    for certificate in blocks(inputs.get("viewerCertificate")):
        floor = certificate.get("minimumProtocolVersion")
        own = certificate.get("acmCertificateArn") or certificate.get("iamCertificateId")
        if own and not is_unknown(floor) and not _STRONG_CDN.match(floor or ""):
            yield f"{floor or 'its default'} takes versions of TLS below 1.2"


def _origins(resource: ResourceRecord) -> Iterator[str]:
    for origin in blocks(resource["inputs"].get("origins")):
        for custom in blocks(origin.get("customOriginConfig")):
            name = origin.get("originId", "")
            if custom.get("originProtocolPolicy") != "https-only":
                yield f"origin {name!r} is reached over plain HTTP"
            weak = {"SSLv3", "TLSv1", "TLSv1.1"} & set(items(custom.get("originSslProtocols")))
            if weak:
                yield f"origin {name!r} may be reached over {', '.join(sorted(weak))}"


def _takes_plain(resource: ResourceRecord) -> Iterator[str]:
    version = re.fullmatch(r"postgres(\d+)", str(resource["inputs"].get("family")))
    given = {p.get("name"): p.get("value") for p in blocks(resource["inputs"].get("parameters"))}
    default = "1" if version and int(version[1]) >= _SSL_BY_DEFAULT else "0"
    force = given.get("rds.force_ssl", default)
    if version and not is_unknown(force) and number(force) == 0:
        yield "its databases take plain connections"


def _proxy(resource: ResourceRecord) -> Iterator[str]:
    if is_off(resource["inputs"].get("requireTls")):
        yield "it takes plain connections"


RULES: tuple[Rule, ...] = (
    Rule(
        id="rds-encrypted",
        severity=Severity.ERROR,
        sentence="Every database and every replica is encrypted at rest.",
        remedy="set storage_encrypted=True; an existing one moves by an encrypted snapshot",
        link=hub("RDS.3"),
        controls=("RDS.3", "RDS.27", "CIS 2.2.1"),
        check=Each(_DATABASES, _database),
    ),
    Rule(
        id="rds-tls",
        severity=Severity.ERROR,
        sentence="Postgres refuses connections that are not encrypted.",
        remedy="set the parameter rds.force_ssl to 1",
        link=hub("RDS.38"),
        controls=("RDS.38",),
        check=Each(frozenset({"aws:rds/parameterGroup:ParameterGroup"}), _takes_plain),
    ),
    Rule(
        id="rds-proxy-tls",
        severity=Severity.ERROR,
        sentence="A database proxy refuses connections that are not encrypted.",
        remedy="set require_tls=True",
        link=hub("RDS.43"),
        controls=("RDS.43",),
        check=Each(frozenset({"aws:rds/proxy:Proxy"}), _proxy),
    ),
    Rule(
        id="redis-encrypted",
        severity=Severity.ERROR,
        sentence="Every Redis is encrypted at rest.",
        remedy="set at_rest_encryption_enabled=True; this replaces the replication group",
        link=hub("ElastiCache.4"),
        controls=("ElastiCache.4",),
        check=Each(
            frozenset({"aws:elasticache/replicationGroup:ReplicationGroup"}), _redis_at_rest
        ),
    ),
    Rule(
        id="redis-tls",
        severity=Severity.ERROR,
        sentence="Every Redis takes TLS connections only.",
        remedy="set transit_encryption_enabled=True and transit_encryption_mode='required'",
        link=hub("ElastiCache.5"),
        controls=("ElastiCache.5",),
        check=Each(
            frozenset({"aws:elasticache/replicationGroup:ReplicationGroup"}), _redis_on_the_wire
        ),
    ),
    Rule(
        id="ebs-encrypted",
        severity=Severity.ERROR,
        sentence="Every disk of an instance is encrypted, and says so itself.",
        remedy="set encrypted=True on each block device, the root device among them",
        link=hub("EC2.181"),
        controls=("EC2.181", "EC2.3"),
        check=Each(
            frozenset(
                {
                    "aws:ec2/launchTemplate:LaunchTemplate",
                    "aws:ec2/instance:Instance",
                    "aws:ebs/volume:Volume",
                }
            ),
            _disk,
        ),
    ),
    Rule(
        id="balancer-tls",
        severity=Severity.ERROR,
        sentence="A balancer's listeners take TLS 1.2 and newer only.",
        remedy="set ssl_policy to one of ELBSecurityPolicy-TLS13-1-2-*",
        link=hub("ELB.17"),
        controls=("ELB.17",),
        check=Each(frozenset({"aws:lb/listener:Listener", "aws:alb/listener:Listener"}), _listener),
    ),
    Rule(
        id="cdn-tls",
        severity=Severity.ERROR,
        sentence="CloudFront serves over TLS 1.2 and newer only, and plain HTTP is redirected.",
        remedy="redirect viewers to HTTPS, and set minimum_protocol_version='TLSv1.2_2021'",
        link=hub("CloudFront.15"),
        controls=("CloudFront.3", "CloudFront.15"),
        check=Each(frozenset({"aws:cloudfront/distribution:Distribution"}), _viewers),
    ),
    Rule(
        id="cdn-origin-tls",
        severity=Severity.WARNING,
        sentence="CloudFront reaches its origins over TLS.",
        remedy="give the balancer a domain and a certificate (balancer.domain)",
        link=hub("CloudFront.9"),
        controls=("CloudFront.9", "CloudFront.10"),
        check=Each(frozenset({"aws:cloudfront/distribution:Distribution"}), _origins),
    ),
)
