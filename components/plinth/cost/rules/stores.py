"""RDS and ElastiCache."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from plinth.cost.bill import Bill, number, times, truth
from plinth.cost.book import HOURS, NoPriceError
from plinth.cost.lines import ZERO, Range
from plinth.preview.export import ResourceRecord

INSTANCE = "aws:rds/instance:Instance"
TARGET = "aws:rds/proxyTarget:ProxyTarget"

_PROXY_LEAST = 2
"""vCPU that a proxy is charged for at least (https://aws.amazon.com/rds/proxy/pricing/)."""


class _Baseline(NamedTuple):
    """What the storage of a gp3 database includes.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html
    """

    iops: int
    throughput: int


_SMALL, _STRIPED = _Baseline(3000, 125), _Baseline(12000, 500)
_STRIPED_FROM = 400
"""GiB from which RDS stripes a Postgres volume."""

_FREE_INSIGHTS_DAYS = 7


def database(bill: Bill) -> None:
    """Charge a database instance, and its storage up to where that grows by itself."""
    source = _source(bill)
    inputs: dict[str, Any] = {**(_inherited(source) if source else {}), **bill.inputs}
    engine, name = inputs.get("engine"), str(inputs.get("instanceClass"))
    standby = truth(bill.inputs.get("multiAz"))
    suffix = ".multi_az" if standby else ""
    try:
        price = bill.book.instance(f"rds.{engine}{suffix}", name)
    except NoPriceError as error:
        bill.skip(f"instance: {error}; add the class to the price book, or use one of its family")
    else:
        what = f"{name}, two with the standby" if standby else name
        bill.add(what, price, Range(HOURS, HOURS))
    _storage(bill, inputs, suffix)
    _watching(bill, name)


def proxy(bill: Bill) -> None:
    """Charge a proxy by the processors of what is behind it."""
    targets = (
        bill.stack.find(target["inputs"].get("dbInstanceIdentifier"))
        or _named(bill, target["inputs"].get("dbInstanceIdentifier"))
        for target in bill.stack.all(TARGET)
        if bill.stack.find(target["inputs"].get("dbProxyName")) is bill.resource
    )
    known = [str(target["inputs"].get("instanceClass")) for target in targets if target]
    if not known:
        bill.skip("proxy of a database that the stack does not make")
        return
    try:
        processors = sum((bill.book.vcpus(name) for name in known), ZERO)
    except NoPriceError as error:
        bill.skip(f"proxy: {error}")
        return
    bill.hours("RDS Proxy", "rds.proxy.vcpu_hour", max(processors, Decimal(_PROXY_LEAST)))


def redis(bill: Bill) -> None:
    """Charge the nodes of a replication group, and its snapshots."""
    nodes = _nodes(bill)
    engine, name = bill.inputs.get("engine", "redis"), str(bill.inputs.get("nodeType"))
    if nodes is None:
        bill.skip("store whose number of nodes is known only after a deployment")
        return
    try:
        price = bill.book.instance(f"elasticache.{engine}", name)
    except NoPriceError as error:
        bill.skip(f"nodes: {error}; add the type to the price book, or use one of its family")
    else:
        bill.add(f"{name}, {engine}", price, times(nodes, HOURS))
    if days := bill.number("snapshotRetentionLimit"):
        kept = days * bill.assume("snapshot_gb")
        bill.charge("snapshots", "elasticache.backup.gb_month", kept)


def _nodes(bill: Bill) -> Decimal | None:
    clusters = bill.number("numCacheClusters")
    if clusters is not None:
        return clusters
    shards, replicas = bill.number("numNodeGroups", 1), bill.number("replicasPerNodeGroup", 0)
    return None if shards is None or replicas is None else shards * (1 + replicas)


def _source(bill: Bill) -> ResourceRecord | None:
    """Return the database that a replica copies."""
    reference = bill.inputs.get("replicateSourceDb")
    return bill.stack.find(reference) or _named(bill, reference)


def _named(bill: Bill, identifier: Any) -> ResourceRecord | None:
    found = (r for r in bill.stack.all(INSTANCE) if r["inputs"].get("identifier") == identifier)
    return next(found, None) if identifier else None


def _inherited(source: ResourceRecord) -> dict[str, Any]:
    names = ("engine", "allocatedStorage", "storageType", "iops", "storageThroughput")
    return {name: source["inputs"][name] for name in names if name in source["inputs"]}


def _storage(bill: Bill, inputs: Mapping[str, Any], suffix: str) -> None:
    kind = inputs.get("storageType")
    size = number(inputs.get("allocatedStorage"))
    if size is None or kind != "gp3":
        bill.skip("storage whose size is known only after a deployment, or that is not gp3")
        return
    most = max(number(bill.inputs.get("maxAllocatedStorage"), 0) or ZERO, size)
    note = f"grows by itself to {most:,} GiB" if most > size else ""
    bill.charge("storage", f"rds.gp3.gb_month{suffix}", Range(size, most), note=note)
    free = _STRIPED if size >= _STRIPED_FROM else _SMALL
    for what, name, included in (
        ("IOPS", "iops", free.iops),
        ("throughput", "storageThroughput", free.throughput),
    ):
        more = max((number(inputs.get(name), 0) or ZERO) - included, ZERO)
        key = "throughput" if name == "storageThroughput" else name
        bill.charge(f"storage {what}", f"rds.gp3.{key}{suffix}", more)
    if bill.number("backupRetentionPeriod", 0):
        bill.charge("backups", "rds.backup.gb_month", bill.assume("database_backup_gb"))


def _watching(bill: Bill, name: str) -> None:
    seconds = bill.number("monitoringInterval", 0)
    if seconds:
        written = bill.assume("monitoring_gb") * 60 / seconds
        bill.charge("Enhanced Monitoring", "logs.ingest", written)
    if bill.inputs.get("databaseInsightsMode") == "advanced":
        try:
            processors = bill.book.vcpus(name)
        except NoPriceError as error:
            bill.skip(f"Database Insights: {error}")
        else:
            bill.hours("Database Insights, advanced", "rds.insights.vcpu_hour", processors)
    elif (bill.number("performanceInsightsRetentionPeriod", 0) or ZERO) > _FREE_INSIGHTS_DAYS:
        bill.skip("Performance Insights for more than 7 days: set 7 days, which are free")
    if truth(bill.inputs.get("manageMasterUserPassword")):
        bill.charge("managed password", "secret.month", 1)
