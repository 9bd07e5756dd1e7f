"""What survives a mistake: protection, backups and old versions, in protected stacks."""

from collections.abc import Iterator

from plinth.preview.export import ResourceRecord

from .links import hub
from .model import Each, Finding, Rule, Severity, Whole
from .platform import Platform
from .queues import broker_groups
from .reading import below, blocks, is_off, is_on, is_unknown, number

_DATABASE = frozenset({"aws:rds/instance:Instance"})
_BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
_BALANCERS = frozenset({"aws:lb/loadBalancer:LoadBalancer", "aws:alb/loadBalancer:LoadBalancer"})
_BACKUP_DAYS = 7


def _is_replica(resource: ResourceRecord) -> bool:
    return bool(resource["inputs"].get("replicateSourceDb"))


def _deletable(resource: ResourceRecord) -> Iterator[str]:
    if not _is_replica(resource) and is_off(resource["inputs"].get("deletionProtection")):
        yield "AWS deletes it on request"


def _no_final_snapshot(resource: ResourceRecord) -> Iterator[str]:
    if not _is_replica(resource) and is_on(resource["inputs"].get("skipFinalSnapshot")):
        yield "its deletion leaves no snapshot"


def _backups(resource: ResourceRecord) -> Iterator[str]:
    days = resource["inputs"].get("backupRetentionPeriod")
    if not _is_replica(resource) and below(days, _BACKUP_DAYS):
        yield f"it keeps backups for {number(days):g} days"


def _broker_backups(platform: Platform) -> Iterator[Finding]:
    for broker in broker_groups(platform):
        if below(broker["inputs"].get("snapshotRetentionLimit"), 1):
            yield Finding(resource=broker, sentence="queued tasks have no snapshot")


def _unprotected(platform: Platform) -> Iterator[Finding]:
    databases = [r for r in platform.all(*_DATABASE) if not _is_replica(r)]
    for resource in (*databases, *broker_groups(platform), *platform.all(*_BUCKETS)):
        options = resource["options"]
        if not options.get("protect") and not options.get("retainOnDelete"):
            yield Finding(resource=resource, sentence="Pulumi deletes it without asking twice")


def _unversioned(platform: Platform) -> Iterator[Finding]:
    for bucket in platform.all(*_BUCKETS):
        if not _versioned(platform, bucket) and not _expires(platform, bucket):
            yield Finding(
                resource=bucket, sentence="an object that is overwritten or deleted is gone"
            )


def _versioned(platform: Platform, bucket: ResourceRecord) -> bool:
    kind = "aws:s3/bucketVersioning:BucketVersioning"
    settings = [
        *blocks(bucket["inputs"].get("versioning")),
        *(
            block
            for user in platform.users(bucket, kind, "bucket")
            for block in blocks(user["inputs"].get("versioningConfiguration"))
        ),
    ]
    return any(s.get("status") == "Enabled" or is_on(s.get("enabled")) for s in settings)


def _expires(platform: Platform, bucket: ResourceRecord) -> bool:
    """Tell whether all objects go by themselves, as logs do: what is not kept needs no versions."""
    kind = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    rules = [
        rule
        for user in platform.users(bucket, kind, "bucket")
        for rule in blocks(user["inputs"].get("rules"))
    ]
    return any(
        rule.get("status") == "Enabled"
        and not any(f.get("prefix") or f.get("tag") for f in blocks(rule.get("filter")))
        and any(expiry.get("days") for expiry in blocks(rule.get("expiration")))
        for rule in rules
    )


def _emptied(resource: ResourceRecord) -> Iterator[str]:
    if is_on(resource["inputs"].get("forceDestroy")):
        yield "it is emptied when it is deleted"


def _gone_at_once(resource: ResourceRecord) -> Iterator[str]:
    days = resource["inputs"].get("recoveryWindowInDays")
    if days is not None and not is_unknown(days) and number(days) == 0:
        yield "a deleted secret cannot be restored"


def _balancer(resource: ResourceRecord) -> Iterator[str]:
    if is_off(resource["inputs"].get("enableDeletionProtection")):
        yield "AWS deletes it on request"


RULES: tuple[Rule, ...] = (
    Rule(
        id="rds-deletion-protection",
        severity=Severity.ERROR,
        sentence="The database of a protected stack cannot be deleted by one call.",
        remedy="set database.protected (deletion_protection=True)",
        link=hub("RDS.8"),
        controls=("RDS.8",),
        protected_only=True,
        check=Each(_DATABASE, _deletable),
    ),
    Rule(
        id="rds-final-snapshot",
        severity=Severity.ERROR,
        sentence="The database of a protected stack leaves a snapshot when it goes.",
        remedy="set skip_final_snapshot=False and a final_snapshot_identifier",
        link="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html",
        protected_only=True,
        check=Each(_DATABASE, _no_final_snapshot),
    ),
    Rule(
        id="rds-backups",
        severity=Severity.ERROR,
        sentence="The database of a protected stack keeps backups for 7 days or longer.",
        remedy="set database.backup_days (backup_retention_period) to 7 or more",
        link=hub("RDS.11"),
        controls=("RDS.11",),
        protected_only=True,
        check=Each(_DATABASE, _backups),
    ),
    Rule(
        id="broker-backups",
        severity=Severity.ERROR,
        sentence="The broker of a protected stack is snapshotted every day.",
        remedy="set broker.snapshot_days (snapshot_retention_limit) to 1 or more",
        link=hub("ElastiCache.1"),
        controls=("ElastiCache.1",),
        protected_only=True,
        check=Whole(_broker_backups),
    ),
    Rule(
        id="stateful-protected",
        severity=Severity.ERROR,
        sentence="Pulumi refuses to delete what holds data in a protected stack.",
        remedy="set the component's protected, or the option protect=True or retain_on_delete=True",
        link="https://www.pulumi.com/docs/iac/concepts/resources/options/protect/",
        protected_only=True,
        check=Whole(_unprotected),
    ),
    Rule(
        id="s3-versioned",
        severity=Severity.WARNING,
        sentence="Buckets of a protected stack keep old versions, unless all in them expires.",
        remedy="add a BucketVersioning, or a lifecycle that expires all objects",
        link=hub("S3.14"),
        controls=("S3.14",),
        protected_only=True,
        check=Whole(_unversioned),
    ),
    Rule(
        id="s3-not-emptied",
        severity=Severity.ERROR,
        sentence="A bucket of a protected stack is not deleted with its objects.",
        remedy="set force_destroy=False",
        link="https://www.pulumi.com/registry/packages/aws/api-docs/s3/bucket/",
        protected_only=True,
        check=Each(frozenset(_BUCKETS), _emptied),
    ),
    Rule(
        id="secret-recoverable",
        severity=Severity.ERROR,
        sentence="A deleted secret of a protected stack can be restored for some days.",
        remedy="set recovery_window_in_days to 7 or more",
        link="https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html",
        protected_only=True,
        check=Each(frozenset({"aws:secretsmanager/secret:Secret"}), _gone_at_once),
    ),
    Rule(
        id="balancer-deletion-protection",
        severity=Severity.ERROR,
        sentence="The balancer of a protected stack cannot be deleted by one call.",
        remedy="set balancer.protected (enable_deletion_protection=True)",
        link=hub("ELB.6"),
        controls=("ELB.6",),
        protected_only=True,
        check=Each(_BALANCERS, _balancer),
    ),
)
