"""Who may do what with a CDN's files: CloudFront reads, the app writes media, CI static."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from plinth.buckets import policy_text
from plinth.wiring import BucketLike, Grant

STATIC = "static/"
MEDIA = "media/"

WRITE = ("s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload")
"""What writing files takes; a big upload that fails is taken back."""


def read_policy(
    bucket: BucketLike, distribution: aws.cloudfront.Distribution
) -> pulumi.Output[str]:
    """Write the policy by which one distribution, and nothing else, reads a bucket.

    It may list too, which makes S3 answer 404 for what is not there, and not 403.
    """
    statement = {
        "Sid": "ReadByDistribution",
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": [bucket.bucket_arn, pulumi.Output.format("{0}/*", bucket.bucket_arn)],
        "Condition": {"StringEquals": {"AWS:SourceArn": distribution.arn}},
    }
    return policy_text(bucket.bucket_arn, [statement])


def media_grants(bucket_arn: pulumi.Input[str]) -> list[Grant]:
    """Let a tier write uploads; it lists names only to learn whether one is taken."""
    return [
        Grant(actions=WRITE, resources=[pulumi.Output.format("{0}/{1}*", bucket_arn, MEDIA)]),
        Grant(actions=("s3:ListBucket",), resources=[bucket_arn]),
    ]


def make_static_writer(
    name: str,
    bucket: BucketLike,
    distribution: aws.cloudfront.Distribution,
    *,
    parent: pulumi.Resource,
    tags: Mapping[str, str],
) -> aws.iam.Policy:
    """Create a policy for what deploys: to write static files, and have the old ones forgotten."""
    statements = [
        {
            "Sid": "WriteStatic",
            "Effect": "Allow",
            "Action": list(WRITE),
            "Resource": pulumi.Output.format("{0}/{1}*", bucket.bucket_arn, STATIC),
        },
        {
            "Sid": "ListStatic",
            "Effect": "Allow",
            "Action": "s3:ListBucket",
            "Resource": bucket.bucket_arn,
            "Condition": {"StringLike": {"s3:prefix": f"{STATIC}*"}},
        },
        {
            "Sid": "Invalidate",
            "Effect": "Allow",
            "Action": ["cloudfront:CreateInvalidation", "cloudfront:GetInvalidation"],
            "Resource": distribution.arn,
        },
    ]
    document = {"Version": "2012-10-17", "Statement": statements}
    return aws.iam.Policy(
        f"{name}-static",
        description=f"Write the static files of {name}",
        policy=pulumi.Output.json_dumps(document),
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )
