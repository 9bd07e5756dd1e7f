"""What an architect asks of a thing first, read off the resources that it is made of."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from plinth.preview.export import ResourceRecord
from plinth.preview.rows import count, cut

from .model import DASH, TIMES, Role
from .pods import clusters, workloads
from .stock import Stock

LONGEST = 44
"""Characters of a fact; what is longer is cut."""

_MOST = 5
"""Facts of a box; a box with more says how many it leaves out."""

_BRANDS = {
    "postgres": "PostgreSQL",
    "mysql": "MySQL",
    "mariadb": "MariaDB",
    "redis": "Redis",
    "valkey": "Valkey",
    "memcached": "Memcached",
}


def facts(stock: Stock, key: str, role: Role) -> tuple[str, ...]:
    """Return the lines of a box."""
    found = [cut(fact, LONGEST) for tell in _TELLERS for fact in tell(stock, key)]
    if role is Role.SECRETS:
        found += [cut(fact, LONGEST) for fact in _secrets(stock, key)]
    found = list(dict.fromkeys(found))
    if not found and not stock.flat and len(stock.parts[key]) > 1:
        found = [count(len(stock.parts[key]), "resource")]
    if len(found) > _MOST:
        found = [*found[: _MOST - 1], f"and {len(found) - _MOST + 1} more"]
    return tuple(found)


def _plain(value: Any) -> str:
    """Return a value that stands for itself: no placeholder, and no secret."""
    text = "" if value is None else str(value)
    return "" if any(mark in text for mark in ("${", "[secret]", "<computed>")) else text


def _said(record: ResourceRecord, *names: str) -> list[str]:
    return [text for name in names if (text := _plain(record["inputs"].get(name)))]


def _databases(stock: Stock, key: str) -> Iterator[str]:
    instances = stock.of(key, "rds.Instance", "rds.Cluster")
    replicas = [i for i in instances if i["inputs"].get("replicateSourceDb")]
    for instance in (i for i in instances if i not in replicas):
        engine, version = (_plain(instance["inputs"].get(n)) for n in ("engine", "engineVersion"))
        words = [
            f"{_BRANDS.get(engine, engine)} {version}".strip(),
            *_said(instance, "instanceClass"),
        ]
        yield ", ".join(filter(None, words))
        yield from _storage(instance)
        if instance["inputs"].get("multiAz"):
            yield "standby in a second zone"
    if replicas:
        yield count(len(replicas), "read replica")
    if stock.of(key, "rds.Proxy"):
        yield "connections pooled by RDS Proxy"


def _storage(instance: ResourceRecord) -> Iterator[str]:
    size, most = (
        _plain(instance["inputs"].get(n)) for n in ("allocatedStorage", "maxAllocatedStorage")
    )
    if size:
        yield f"{size} GiB, grows to {most}" if most and most != size else f"{size} GiB"


def _caches(stock: Stock, key: str) -> Iterator[str]:
    for group in stock.of(key, "elasticache.ReplicationGroup", "elasticache.Cluster"):
        engine, version = (_plain(group["inputs"].get(n)) for n in ("engine", "engineVersion"))
        words = [f"{_BRANDS.get(engine, engine)} {version}".strip(), *_said(group, "nodeType")]
        yield ", ".join(filter(None, words))
        nodes = group["inputs"].get("numCacheClusters") or group["inputs"].get("numCacheNodes")
        if isinstance(nodes, int):
            failover = ", fails over" if group["inputs"].get("automaticFailoverEnabled") else ""
            yield f"{count(nodes, 'node')}{failover}"


def _fleets(stock: Stock, key: str) -> Iterator[str]:
    groups = stock.of(key, "autoscaling.Group")
    for group in groups:
        role = group["name"].removeprefix(f"{stock.records[key]['name']}-")
        label = f"{role}: " if len(groups) > 1 else ""
        yield f"{label}{_sizes(group['inputs'])} {TIMES} {_instances(stock, group)}"


def _sizes(inputs: Mapping[str, Any]) -> str:
    fixed = _plain(inputs.get("desiredCapacity"))
    low, high = _plain(inputs.get("minSize")), _plain(inputs.get("maxSize"))
    return fixed or (low if low == high else f"{low}{DASH}{high}") or "?"


def _instances(stock: Stock, group: ResourceRecord) -> str:
    mixed = _fields(group["inputs"].get("mixedInstancesPolicy"))
    overrides: Sequence[Any] = _fields(mixed.get("launchTemplate")).get("overrides") or ()
    types = [_plain(_fields(each).get("instanceType")) for each in overrides]
    if not types:
        templates = stock.behind(group, "launchTemplate", "mixedInstancesPolicy")
        types = [text for t in templates for text in _said(t, "instanceType")]
    if not types:
        return "instances"
    spread = _fields(mixed.get("instancesDistribution"))
    share = spread.get("onDemandPercentageAboveBaseCapacity", 100)
    spot = ", spot" if share == 0 else ", part spot" if share != 100 else ""
    others = f" and {len(types) - 1} like it" if len(types) > 1 else ""
    return f"{types[0]}{others}{spot}"


def _fields(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _servers(stock: Stock, key: str) -> Iterator[str]:
    if stock.of(key, "ec2.Vpc"):
        return
    types = [text for i in stock.of(key, "ec2.Instance") for text in _said(i, "instanceType")]
    for kind in dict.fromkeys(types):
        yield f"{types.count(kind)} {TIMES} {kind}"


def _services(stock: Stock, key: str) -> Iterator[str]:
    if stock.of(key, "autoscaling.Group"):
        return  # a function beside servers is there to help them
    for service in stock.of(key, "ecs.Service"):
        yield " ".join(["tasks:", *_said(service, "desiredCount")])
    for function in stock.of(key, "lambda.Function"):
        yield ", ".join(["function", *_said(function, "runtime")])
    for table in stock.of(key, "dynamodb.Table"):
        yield ", ".join(["table", *(t.lower() for t in _said(table, "billingMode"))])


def _ways_in(stock: Stock, key: str) -> Iterator[str]:
    hosts = [
        host
        for distribution in stock.of(key, "cloudfront.Distribution")
        for host in map(_plain, distribution["inputs"].get("aliases") or ["*.cloudfront.net"])
    ]
    if not hosts:
        hosts = [t for c in stock.of(key, "acm.Certificate") for t in _said(c, "domainName")]
    yield from filter(None, hosts)
    for balancer in stock.of(key, "lb.LoadBalancer", "alb.LoadBalancer"):
        inside = "internal" if balancer["inputs"].get("internal") else "internet-facing"
        kind = _plain(balancer["inputs"].get("loadBalancerType")) or "application"
        yield f"{kind}, {inside}"
    if stock.of(key, "wafv2.WebAcl"):
        yield "guarded by WAF"


def _networks(stock: Stock, key: str) -> Iterator[str]:
    for vpc in stock.of(key, "ec2.Vpc"):
        yield from _said(vpc, "cidrBlock")
        zones = {z for s in stock.of(key, "ec2.Subnet") for z in _said(s, "availabilityZone")}
        if zones:
            yield f"zones {', '.join(sorted(zone[-1] for zone in zones))}"
        gateways = len(stock.of(key, "ec2.NatGateway"))
        if gateways:
            yield count(gateways, "NAT gateway")
        if instances := len(stock.of(key, "ec2.Instance")):
            yield count(instances, "NAT instance")
        if endpoints := len(stock.of(key, "ec2.VpcEndpoint")):
            yield count(endpoints, "endpoint")


def _buckets(stock: Stock, key: str) -> Iterator[str]:
    names = [bucket["name"] for bucket in stock.of(key, "s3.Bucket", "s3.BucketV2")]
    if names and not stock.flat:
        yield f"{'bucket' if len(names) == 1 else 'buckets'} {', '.join(names)}"


def _containers(stock: Stock, key: str) -> Iterator[str]:
    for kind, noun in (("docker.Container", "container"), ("docker.Volume", "volume")):
        if there := len(stock.of(key, kind)):
            yield count(there, noun)


def _watchers(stock: Stock, key: str) -> Iterator[str]:
    for subscription in stock.of(key, "sns.TopicSubscription"):
        yield ": ".join(_said(subscription, "protocol", "endpoint"))


def _secrets(stock: Stock, key: str) -> Iterator[str]:
    for secret in stock.of(key, "secretsmanager.Secret"):
        yield secret["name"].removeprefix(f"{stock.records[key]['name']}-")


_TELLERS: tuple[Callable[[Stock, str], Iterator[str]], ...] = (
    _databases,
    _caches,
    _fleets,
    workloads,
    clusters,
    _servers,
    _services,
    _ways_in,
    _networks,
    _buckets,
    _containers,
    _watchers,
)
