"""Data that a change would lose."""

from collections.abc import Iterator

from .changes import MISSING, ChangeKind, PropertyChange
from .findings import Case, Finding, Severity, leaf, shown

_HOLDS = {
    "aws:backup/vault:Vault": "its recovery points",
    "aws:cognito/userPool:UserPool": "its users",
    "aws:docdb/cluster:Cluster": "its data",
    "aws:dynamodb/table:Table": "its items",
    "aws:ebs/volume:Volume": "its data",
    "aws:ecr/repository:Repository": "its images",
    "aws:efs/fileSystem:FileSystem": "its files",
    "aws:eks/cluster:Cluster": "everything that runs in it",
    "aws:elasticache/cluster:Cluster": "its data",
    "aws:elasticache/replicationGroup:ReplicationGroup": "its data",
    "aws:elasticache/serverlessCache:ServerlessCache": "its data",
    "aws:kms/key:Key": "everything that is encrypted with it",
    "aws:memorydb/cluster:Cluster": "its data",
    "aws:opensearch/domain:Domain": "its indexes",
    "aws:rds/cluster:Cluster": "its data",
    "aws:rds/instance:Instance": "its data",
    "aws:s3/bucket:Bucket": "its objects",
    "aws:secretsmanager/secret:Secret": "its value",
    "aws:sqs/queue:Queue": "its messages",
    "aws:cloudwatch/logGroup:LogGroup": "its log events",
    "docker:index/volume:Volume": "its data",
    "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition": "every object of its kind",
    "kubernetes:core/v1:Namespace": "everything in it",
    "kubernetes:core/v1:PersistentVolume": "its data",
    "kubernetes:core/v1:PersistentVolumeClaim": "its data",
}


def losses(case: Case) -> Iterator[Finding]:
    """Find what a change deletes."""
    what = _HOLDS.get(case.type)
    if what and not (case.before or case.after).get("replicateSourceDb"):
        yield from _ends(case, what)
    for change in case.change.properties:
        if found := _shortened(case, change):
            yield case.find(Severity.DATA_LOSS, found)


def _ends(case: Case, what: str) -> Iterator[Finding]:
    because = "; ".join(case.change.replace_because)
    if case.kind is ChangeKind.REMOVED and case.option("retainOnDelete"):
        yield case.find(Severity.OTHER, "leaves the program and stays in the cloud")
    elif case.kind is ChangeKind.REMOVED:
        yield case.find(Severity.DATA_LOSS, f"is deleted with {what}{_guards(case)}")
    elif case.kind is ChangeKind.REPLACED and case.option("retainOnDelete"):
        words = f"is replaced by an empty one because of {because}; the old one stays in the cloud"
        yield case.find(Severity.DATA_LOSS, words)
    elif case.kind is ChangeKind.REPLACED:
        words = f"is replaced because of {because}, and {what} lost{_guards(case)}"
        yield case.find(Severity.DATA_LOSS, words)
    elif case.kind is ChangeKind.MAY_REPLACE:
        words = f"may be replaced, and {what} lost ({because}){_guards(case)}"
        yield case.find(Severity.DATA_LOSS, words)


def _guards(case: Case) -> str:
    """Say what stands in the way of the loss, or softens it."""
    inputs = case.before
    days = inputs.get("recoveryWindowInDays", inputs.get("deletionWindowInDays"))
    guards = {
        "protect is on, so that the deployment stops there": case.option("protect"),
        "deletion protection is on, so that AWS refuses": inputs.get("deletionProtection"),
        "AWS refuses while there is anything in it": case.type == "aws:s3/bucket:Bucket"
        and not inputs.get("forceDestroy"),
        "a final snapshot is kept": inputs.get("finalSnapshotIdentifier")
        and not inputs.get("skipFinalSnapshot"),
        f"it can be restored for {days} days": days,
    }
    told = [guard for guard, holds in guards.items() if holds]
    return f"; {'; '.join(told)}" if told else ""


def _shortened(case: Case, change: PropertyChange) -> str:
    """Say what is deleted because less is kept of it."""
    name = leaf(change)
    keeps = _KEEPS.get((case.type, name))
    if keeps is None or case.ends:
        return ""
    what, endless = keeps
    before, after = _days(change.before, endless), _days(change.after, endless)
    if after >= before:
        return ""
    return f"keeps {what} for {shown(change.after)} instead of {shown(change.before)} days"


def _days(value: object, endless: float) -> float:
    missing = value is MISSING or value in (None, 0, "0")
    return endless if missing or not isinstance(value, int | float) else float(value)


_FOREVER, _NEVER = float("inf"), 0.0

_LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"

_KEEPS: dict[tuple[str, str], tuple[str, float]] = {
    ("aws:cloudwatch/logGroup:LogGroup", "retentionInDays"): ("log events", _FOREVER),
    ("aws:elasticache/replicationGroup:ReplicationGroup", "snapshotRetentionLimit"): (
        "snapshots",
        _NEVER,
    ),
    ("aws:rds/instance:Instance", "backupRetentionPeriod"): ("automated backups", _NEVER),
    (_LIFECYCLE, "days"): ("objects", _FOREVER),
    (_LIFECYCLE, "noncurrentDays"): ("former versions of objects", _FOREVER),
}
"""What is kept, by type and property, and for how long where nothing says."""
