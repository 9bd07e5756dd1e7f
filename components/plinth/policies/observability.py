"""What is left to look at afterwards: logs, tags, and images that can be told apart."""

import re
from collections.abc import Iterator

from plinth.preview.export import ResourceRecord

from .links import hub
from .model import Each, Finding, Rule, Severity, Whole
from .platform import Platform
from .reading import blocks, boot_script, command_lines, is_off, is_unknown, items, number

_HOSTS = frozenset({"aws:ec2/launchTemplate:LaunchTemplate", "aws:ec2/instance:Instance"})
_REGISTRY = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?/[\w./-]+(?::[\w.-]+)?")
"""An image with its registry, which is what tells it from a path."""
_TAGGED = frozenset(
    f"aws:{kind}"
    for kind in (
        "acm/certificate:Certificate",
        "cloudfront/distribution:Distribution",
        "cloudwatch/logGroup:LogGroup",
        "ebs/volume:Volume",
        "ec2/eip:Eip",
        "ec2/instance:Instance",
        "ec2/launchTemplate:LaunchTemplate",
        "ec2/natGateway:NatGateway",
        "ec2/securityGroup:SecurityGroup",
        "ec2/subnet:Subnet",
        "ec2/vpc:Vpc",
        "ec2/vpcEndpoint:VpcEndpoint",
        "eks/cluster:Cluster",
        "elasticache/replicationGroup:ReplicationGroup",
        "iam/role:Role",
        "kms/key:Key",
        "lb/loadBalancer:LoadBalancer",
        "lb/targetGroup:TargetGroup",
        "rds/instance:Instance",
        "s3/bucket:Bucket",
        "secretsmanager/secret:Secret",
    )
)
"""What costs money or holds rights, and takes tags."""


def _kept_for_ever(resource: ResourceRecord) -> Iterator[str]:
    days = resource["inputs"].get("retentionInDays")
    if not is_unknown(days) and number(days) == 0:
        yield "it keeps its lines for ever, and is billed for them"


def _no_flow_logs(platform: Platform) -> Iterator[Finding]:
    for vpc in platform.all("aws:ec2/vpc:Vpc"):
        if not platform.users(vpc, "aws:ec2/flowLog:FlowLog", "vpcId"):
            yield Finding(resource=vpc, sentence="nobody records who talks to whom in it")


def _no_database_log(resource: ResourceRecord) -> Iterator[str]:
    inputs = resource["inputs"]
    postgres = inputs.get("engine", "postgres") == "postgres"
    if postgres and "postgresql" not in items(inputs.get("enabledCloudwatchLogsExports")):
        yield "its log stays on the instance, and goes with it"


def _no_access_log(resource: ResourceRecord) -> Iterator[str]:
    logs = blocks(resource["inputs"].get("accessLogs"))
    if not logs or is_off(logs[0].get("enabled")):
        yield "nobody records its requests"


def _no_cdn_log(platform: Platform) -> Iterator[Finding]:
    source = "aws:cloudwatch/logDeliverySource:LogDeliverySource"
    for cdn in platform.all("aws:cloudfront/distribution:Distribution"):
        if not cdn["inputs"].get("loggingConfig") and not platform.users(
            cdn, source, "resourceArn"
        ):
            yield Finding(resource=cdn, sentence="nobody records its requests")


def _untagged(resource: ResourceRecord) -> Iterator[str]:
    if not resource["inputs"].get("tags"):
        yield "it has no tags"


def _untagged_instances(platform: Platform) -> Iterator[Finding]:
    for group in platform.all("aws:autoscaling/group:Group"):
        spread = [t for t in blocks(group["inputs"].get("tags")) if t.get("propagateAtLaunch")]
        templates = platform.behind(group, "launchTemplate", "mixedInstancesPolicy")
        kinds = {
            spec.get("resourceType")
            for template in templates
            for spec in blocks(template["inputs"].get("tagSpecifications"))
        }
        if not spread and "instance" not in kinds:
            yield Finding(resource=group, sentence="its instances start without tags")


def _moving_image(resource: ResourceRecord) -> Iterator[str]:
    for image in sorted(set(_images(resource))):
        if image.endswith(":latest"):
            yield f"{image} is another image tomorrow"
        elif not re.search(r"[@:][^/]+$", image):
            yield f"{image} has no tag, which means latest"


def _images(resource: ResourceRecord) -> Iterator[str]:
    """Yield what looks like an image of a registry in the commands of docker."""
    for line in command_lines(boot_script(resource), "docker"):
        if not re.search(r"\bdocker\s+(run|pull|create)\b", line):
            continue
        yield from (word for word in line.split() if _is_image(word))


def _is_image(word: str) -> bool:
    if word.startswith("-") or "=" in word:
        return False
    bare = word.partition("@")[0]
    return word.endswith(":latest") or _REGISTRY.fullmatch(bare) is not None


def _secret_script(resource: ResourceRecord) -> Iterator[str]:
    if any(path.startswith("inputs.userData") for path in resource["secrets"]):
        yield "its user data holds a secret, which ec2:DescribeLaunchTemplateVersions shows"


def _key(resource: ResourceRecord) -> Iterator[str]:
    inputs = resource["inputs"]
    symmetric = inputs.get("customerMasterKeySpec", "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT"
    if symmetric and is_off(inputs.get("enableKeyRotation")):
        yield "it is never rotated"


RULES: tuple[Rule, ...] = (
    Rule(
        id="log-retention",
        severity=Severity.ERROR,
        sentence="Every log group says how long it keeps its lines.",
        remedy="set retention_in_days",
        link=hub("CloudWatch.16"),
        controls=("CloudWatch.16",),
        check=Each(frozenset({"aws:cloudwatch/logGroup:LogGroup"}), _kept_for_ever),
    ),
    Rule(
        id="vpc-flow-logs",
        severity=Severity.ERROR,
        sentence="Every VPC has flow logs.",
        remedy="set network.flow_log_days, or add a FlowLog",
        link=hub("EC2.6"),
        controls=("EC2.6", "CIS 3.7"),
        check=Whole(_no_flow_logs),
    ),
    Rule(
        id="rds-logs",
        severity=Severity.WARNING,
        sentence="Postgres sends its log to CloudWatch.",
        remedy="put 'postgresql' in enabled_cloudwatch_logs_exports",
        link=hub("RDS.36"),
        controls=("RDS.9", "RDS.36"),
        check=Each(frozenset({"aws:rds/instance:Instance"}), _no_database_log),
    ),
    Rule(
        id="balancer-logs",
        severity=Severity.WARNING,
        sentence="Every balancer logs its requests.",
        remedy="set access_logs",
        link=hub("ELB.5"),
        controls=("ELB.5",),
        check=Each(
            frozenset({"aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer"}),
            _no_access_log,
        ),
    ),
    Rule(
        id="cdn-logs",
        severity=Severity.WARNING,
        sentence="CloudFront logs its requests.",
        remedy="add a LogDeliverySource, or logging_config",
        link=hub("CloudFront.5"),
        controls=("CloudFront.5",),
        check=Whole(_no_cdn_log),
    ),
    Rule(
        id="tagged",
        severity=Severity.WARNING,
        sentence="What costs money or holds rights has tags.",
        remedy="give the component tags=",
        link="https://docs.aws.amazon.com/whitepapers/latest/tagging-best-practices/tagging-best-practices.html",
        check=Each(_TAGGED, _untagged),
    ),
    Rule(
        id="instances-tagged",
        severity=Severity.WARNING,
        sentence="Tags reach the instances of a fleet, where stack-wide tags do not.",
        remedy="set propagate_at_launch, or tag_specifications in the launch template",
        link="https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html",
        check=Whole(_untagged_instances),
    ),
    Rule(
        id="image-pinned",
        severity=Severity.ERROR,
        sentence="Instances run an image that stays the same: no latest, no missing tag.",
        remedy="name the image by its digest, or by a tag that is never moved",
        link="https://docs.docker.com/build/building/best-practices/#pin-base-image-versions",
        check=Each(_HOSTS, _moving_image),
    ),
    Rule(
        id="user-data-without-secrets",
        severity=Severity.ERROR,
        sentence="Boot scripts hold no secrets.",
        remedy="put it into Secrets Manager, and let the instance read it",
        link="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html",
        check=Each(_HOSTS, _secret_script),
    ),
    Rule(
        id="kms-rotated",
        severity=Severity.WARNING,
        sentence="Keys of your own are rotated every year.",
        remedy="set enable_key_rotation=True",
        link=hub("KMS.4"),
        controls=("KMS.4", "CIS 3.6"),
        check=Each(frozenset({"aws:kms/key:Key"}), _key),
    ),
)
