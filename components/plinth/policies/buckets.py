"""Who reaches the objects of a bucket, and how."""

from collections.abc import Iterator

from plinth.preview.export import ResourceRecord

from .links import hub
from .model import Each, Finding, Rule, Severity, Whole
from .platform import Platform
from .reading import Statement, allows, conditions, is_anyone, is_off, items, statements

_BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
_BLOCKS = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
_POLICIES = "aws:s3/bucketPolicy:BucketPolicy"
_SWITCHES = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _unblocked(platform: Platform) -> Iterator[Finding]:
    for bucket in platform.all(*_BUCKETS):
        found = platform.users(bucket, _BLOCKS, "bucket")
        if not found:
            yield Finding(resource=bucket, sentence="it has no public access block")
        for block in found:
            off = [name for name in _SWITCHES if is_off(block["inputs"].get(name))]
            if off:
                yield Finding(resource=bucket, sentence=f"its block leaves out {', '.join(off)}")


def _plain_buckets(platform: Platform) -> Iterator[Finding]:
    for bucket in platform.all(*_BUCKETS):
        policies = platform.users(bucket, _POLICIES, "bucket")
        texts = [policy["inputs"].get("policy") for policy in policies]
        known = [statement for text in texts for statement in statements(text)]
        if (known or not texts) and not any(_refuses_plain(statement) for statement in known):
            yield Finding(resource=bucket, sentence="nothing refuses requests over plain HTTP")


def _refuses_plain(statement: Statement) -> bool:
    tests = {(key, value.lower()) for key, value in conditions(statement)}
    return statement.get("Effect") == "Deny" and ("aws:securetransport", "false") in tests


def _public_policy(resource: ResourceRecord) -> Iterator[str]:
    for statement in statements(resource["inputs"].get("policy")):
        anyone = allows(statement) and is_anyone(statement.get("Principal"))
        if anyone and not any(conditions(statement)):
            yield f"anybody may {', '.join(str(a) for a in items(statement.get('Action')))}"


RULES: tuple[Rule, ...] = (
    Rule(
        id="s3-blocked",
        severity=Severity.ERROR,
        sentence="Every bucket blocks public access in all four ways.",
        remedy="add a BucketPublicAccessBlock with all four switches on",
        link=hub("S3.8"),
        controls=("S3.8", "S3.2", "S3.3", "CIS 2.1.4"),
        check=Whole(_unblocked),
    ),
    Rule(
        id="s3-policy-not-public",
        severity=Severity.ERROR,
        sentence="No bucket policy lets everybody in.",
        remedy="name the principal, or serve the files by CloudFront",
        link=hub("S3.2"),
        controls=("S3.2", "S3.3", "S3.6"),
        check=Each(frozenset({_POLICIES}), _public_policy),
    ),
    Rule(
        id="s3-tls",
        severity=Severity.ERROR,
        sentence="Every bucket refuses requests over plain HTTP.",
        remedy="deny s3:* in its policy where aws:SecureTransport is false",
        link=hub("S3.5"),
        controls=("S3.5", "CIS 2.1.1"),
        check=Whole(_plain_buckets),
    ),
)
