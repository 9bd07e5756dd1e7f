"""Private buckets: what they have in common, whatever they hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

UPLOAD_DAYS = 7
"""Days after which the parts of an upload that nobody finished are removed: they are billed too."""


@dataclass(frozen=True, kw_only=True)
class PrivateBucket:
    """A bucket that is never public. It satisfies ``BucketLike``."""

    bucket_name: pulumi.Output[str]
    bucket_arn: pulumi.Output[str]
    bucket_regional_domain_name: pulumi.Output[str]
    access_block: aws.s3.BucketPublicAccessBlock
    """What keeps it private, for the policy to wait for."""


def make_bucket(
    name: str,
    *,
    parent: pulumi.Resource,
    tags: Mapping[str, str],
    keep: bool,
    expire_days: int | None = None,
    version_days: int | None = None,
) -> PrivateBucket:
    """Create a bucket that is private, encrypted by S3's own keys, and tidies up after itself.

    S3's keys and not a KMS key, because the balancer's log delivery writes with no other
    (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html).

    Args:
        name: Names the bucket and the resources that configure it.
        parent: The component it belongs to.
        tags: Added to the bucket.
        keep: Whether its content outlives the component. A kept bucket is protected, and keeps
            what guards it; another is emptied and deleted.
        expire_days: Days after which an object is removed; None keeps it for ever.
        version_days: Days in which an object that was overwritten or deleted can be restored;
            None keeps no versions.
    """
    child = pulumi.ResourceOptions(parent=parent, protect=keep, retain_on_delete=keep)
    made = aws.s3.Bucket(name, force_destroy=not keep, tags=tags, opts=child)
    block = aws.s3.BucketPublicAccessBlock(
        name,
        bucket=made.bucket,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=child,
    )
    aws.s3.BucketOwnershipControls(
        name,
        bucket=made.bucket,
        rule={"object_ownership": "BucketOwnerEnforced"},
        opts=child,
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        name,
        bucket=made.bucket,
        rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
        opts=child,
    )
    versioning = [_keep_versions(name, made, child)] if version_days else []
    aws.s3.BucketLifecycleConfiguration(
        name,
        bucket=made.bucket,
        rules=_rules(expire_days, version_days),
        opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=versioning)),
    )
    return PrivateBucket(
        bucket_name=made.bucket,
        bucket_arn=made.arn,
        bucket_regional_domain_name=made.bucket_regional_domain_name,
        access_block=block,
    )


def set_policy(
    name: str, bucket: PrivateBucket, policy: pulumi.Input[str], *, parent: pulumi.Resource
) -> aws.s3.BucketPolicy:
    """Give a bucket its policy, after its access block: S3 refuses both at once."""
    return aws.s3.BucketPolicy(
        name,
        bucket=bucket.bucket_name,
        policy=policy,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[bucket.access_block]),
    )


def policy_text(
    bucket_arn: pulumi.Input[str], statements: Sequence[Mapping[str, Any]]
) -> pulumi.Output[str]:
    """Write a bucket policy: the statements given, and a refusal of plain HTTP."""
    encrypted = {
        "Sid": "RefusePlainHttp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket_arn, pulumi.Output.format("{0}/*", bucket_arn)],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    document = {"Version": "2012-10-17", "Statement": [*statements, encrypted]}
    return pulumi.Output.json_dumps(document)


def _keep_versions(
    name: str, bucket: aws.s3.Bucket, opts: pulumi.ResourceOptions
) -> aws.s3.BucketVersioning:
    return aws.s3.BucketVersioning(
        name,
        bucket=bucket.bucket,
        versioning_configuration={"status": "Enabled"},
        opts=opts,
    )


def _rules(
    expire_days: int | None, version_days: int | None
) -> list[aws.s3.BucketLifecycleConfigurationRuleArgsDict]:
    everything: aws.s3.BucketLifecycleConfigurationRuleFilterArgsDict = {"prefix": ""}
    rules: list[aws.s3.BucketLifecycleConfigurationRuleArgsDict] = [
        {
            "id": "unfinished-uploads",
            "status": "Enabled",
            "filter": everything,
            "abort_incomplete_multipart_upload": {"days_after_initiation": UPLOAD_DAYS},
        }
    ]
    if expire_days is not None:
        rules.append(
            {
                "id": "old-objects",
                "status": "Enabled",
                "filter": everything,
                "expiration": {"days": expire_days},
            }
        )
    if version_days is not None:
        rules.append(
            {
                "id": "old-versions",
                "status": "Enabled",
                "filter": everything,
                "noncurrent_version_expiration": {"noncurrent_days": version_days},
                "expiration": {"expired_object_delete_marker": True},
            }
        )
    return rules
