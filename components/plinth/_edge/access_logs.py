"""A line for every request, in a private bucket that forgets in time."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from plinth._edge.distribution import REGION
from plinth.buckets import PrivateBucket, make_bucket, policy_text, set_policy

BALANCER_WRITER = "logdelivery.elasticloadbalancing.amazonaws.com"
"""Who writes a balancer's logs; it replaced a list of account ids by region
(https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html).
"""

CDN_WRITER = "delivery.logs.amazonaws.com"
"""Who writes a distribution's logs
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html).
"""


def log_balancer(
    name: str,
    account_id: pulumi.Input[str],
    *,
    days: int,
    keep: bool,
    parent: pulumi.Resource,
    tags: Mapping[str, str],
) -> aws.s3.BucketPolicy | None:
    """Create the bucket for a balancer's logs, and return the policy that lets it write there.

    The balancer must wait for the policy: AWS tries to write before it accepts the setting.
    With no days there is nothing to keep, and no bucket.
    """
    if not days:
        return None
    bucket = make_bucket(f"{name}-logs", parent=parent, tags=tags, keep=keep, expire_days=days)
    statement = {
        "Sid": "WriteAccessLogs",
        "Effect": "Allow",
        "Principal": {"Service": BALANCER_WRITER},
        "Action": "s3:PutObject",
        # The path holds the account of the balancer that is logged, so no other account's fits.
        "Resource": pulumi.Output.format("{0}/AWSLogs/{1}/*", bucket.bucket_arn, account_id),
    }
    text = policy_text(bucket.bucket_arn, [statement])
    return set_policy(f"{name}-logs", bucket, text, parent=parent)


def log_distribution(
    name: str,
    distribution: aws.cloudfront.Distribution,
    *,
    days: int,
    keep: bool,
    parent: pulumi.Resource,
    tags: Mapping[str, str],
) -> None:
    """Deliver a distribution's logs to a bucket of their own, as JSON.

    The second version of CloudFront's logging: the first needs a bucket with access lists.
    With no days there is nothing to keep, and no bucket.
    """
    if not days:
        return
    bucket = make_bucket(f"{name}-logs", parent=parent, tags=tags, keep=keep, expire_days=days)
    # AWS knows one source for a distribution, and one delivery between two ends.
    alone = pulumi.ResourceOptions(parent=parent, delete_before_replace=True)
    source = aws.cloudwatch.LogDeliverySource(
        f"{name}-logs",
        log_type="ACCESS_LOGS",
        resource_arn=distribution.arn,
        region=REGION,
        tags=tags,
        opts=alone,
    )
    destination = aws.cloudwatch.LogDeliveryDestination(
        f"{name}-logs",
        output_format="json",
        delivery_destination_configuration={"destination_resource_arn": bucket.bucket_arn},
        region=REGION,
        tags=tags,
        opts=alone,
    )
    policy = _let_deliver(f"{name}-logs", bucket, source, parent)
    aws.cloudwatch.LogDelivery(
        f"{name}-logs",
        delivery_source_name=source.name,
        delivery_destination_arn=destination.arn,
        region=REGION,
        tags=tags,
        opts=pulumi.ResourceOptions.merge(alone, pulumi.ResourceOptions(depends_on=[policy])),
    )


def _let_deliver(
    name: str,
    bucket: PrivateBucket,
    source: aws.cloudwatch.LogDeliverySource,
    parent: pulumi.Resource,
) -> aws.s3.BucketPolicy:
    statement = {
        "Sid": "WriteAccessLogs",
        "Effect": "Allow",
        "Principal": {"Service": CDN_WRITER},
        "Action": "s3:PutObject",
        "Resource": pulumi.Output.format("{0}/AWSLogs/*", bucket.bucket_arn),
        "Condition": {
            "StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"},
            "ArnLike": {"aws:SourceArn": source.arn},
        },
    }
    return set_policy(name, bucket, policy_text(bucket.bucket_arn, [statement]), parent=parent)
