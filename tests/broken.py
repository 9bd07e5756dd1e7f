"""One way to break each rule: an edit of the production stack's document."""

import base64
import gzip
import json
from collections.abc import Callable
from functools import cache
from typing import Any, cast

from booted import unpacked
from plinth.preview.export import Document, ResourceRecord, to_document
from stacks import deployed_stack

Edit = Callable[[Document], str]
"""Breaks a document, and returns the label of what is wrong then."""


@cache
def _text(stack: str) -> str:
    return json.dumps(to_document(deployed_stack(stack).graph, key=None))


def document(stack: str = "prod") -> Document:
    """Return a fresh document of a stack of this repository."""
    return cast("Document", json.loads(_text(stack)))


def one(whole: Document, label: str) -> ResourceRecord:
    """Return the resource with a label."""
    [found] = [r for r in whole["resources"] if r["label"] == label]
    return found


def drop(whole: Document, label: str) -> None:
    """Take a resource out."""
    whole["resources"].remove(one(whole, label))


def add(whole: Document, kind: str, label: str, **inputs: Any) -> str:
    """Put a resource in that stands alone, and return its label."""
    name = label.partition("/")[2]
    record: ResourceRecord = {
        **one(whole, "ec2.Vpc/main"),
        "urn": f"urn:pulumi:prod::plinth::{kind}::{name}",
        "parent": whole["resources"][0]["urn"],
        "type": kind,
        "name": name,
        "label": label,
        "inputs": inputs,
        "propertyDependencies": {},
        "options": {},
    }
    whole["resources"].append(record)
    return label


def put(label: str, **inputs: Any) -> Edit:
    """Return an edit that sets inputs of a resource; None takes one away."""

    def edit(whole: Document) -> str:
        there = one(whole, label)["inputs"]
        there.update(inputs)
        for name in [name for name, value in inputs.items() if value is None]:
            del there[name]
        return label

    return edit


def rewrite(template: str, old: str, new: str, *, wrong: str | None = None) -> Edit:
    """Return an edit that changes a boot script."""

    def edit(whole: Document) -> str:
        inputs = one(whole, template)["inputs"]
        script = unpacked(base64.b64decode(inputs["userData"]))
        assert old in script
        changed = gzip.compress(script.replace(old, new).encode(), mtime=0)
        inputs["userData"] = base64.b64encode(changed).decode()
        return wrong or template

    return edit


def policy(label: str, **statement: Any) -> Edit:
    """Return an edit that adds a statement to a policy."""

    def edit(whole: Document) -> str:
        inputs = one(whole, label)["inputs"]
        name = next(n for n in ("policy", "assumeRolePolicy") if n in inputs)
        text = json.loads(inputs[name])
        text["Statement"].append({"Effect": "Allow", **statement})
        inputs[name] = json.dumps(text)
        return label

    return edit


def without(label: str, wrong: str) -> Edit:
    """Return an edit that takes a resource away."""

    def edit(whole: Document) -> str:
        drop(whole, label)
        return wrong

    return edit


def parameter(group: str, name: str, value: str, wrong: str) -> Edit:
    """Return an edit that sets a parameter of a parameter group."""

    def edit(whole: Document) -> str:
        parameters = one(whole, group)["inputs"]["parameters"]
        parameters[:] = [p for p in parameters if p["name"] != name]
        parameters.append({"name": name, "value": value})
        return wrong

    return edit


def option(label: str, *names: str) -> Edit:
    """Return an edit that takes options away."""

    def edit(whole: Document) -> str:
        for name in names:
            one(whole, label)["options"].pop(name, None)
        return label

    return edit


def _public_store(whole: Document) -> str:
    group = one(whole, "elasticache.SubnetGroup/cache")
    public = [r for r in whole["resources"] if r["label"].startswith("ec2.Subnet/main-public")]
    group["propertyDependencies"]["subnetIds"] = [subnet["urn"] for subnet in public]
    return group["label"]


def _cpu_only(whole: Document) -> str:
    group = one(whole, "autoscaling.Group/celery-default")
    policies = [
        r
        for r in whole["resources"]
        if r["type"] == "aws:autoscaling/policy:Policy"
        and group["urn"] in r["propertyDependencies"]["autoscalingGroupName"]
    ]
    for found in policies:
        found["inputs"] = {
            "targetTrackingConfiguration": {
                "predefinedMetricSpecification": {
                    "predefinedMetricType": "ASGAverageCPUUtilization"
                }
            }
        }
    assert policies
    return group["label"]


def _no_hook(whole: Document) -> str:
    drop(whole, "autoscaling.LifecycleHook/celery-default-drain")
    del one(whole, "autoscaling.Group/celery-default")["inputs"]["initialLifecycleHooks"]
    return "autoscaling.Group/celery-default"


def _second_beat(whole: Document) -> str:
    rewrite("ec2.LaunchTemplate/beat", "redbeat", "other")(whole)
    rewrite("ec2.LaunchTemplate/beat", "RedBeat", "Other")(whole)
    return put("autoscaling.Group/beat", maxSize=2)(whole)


def _one_nat(whole: Document) -> str:
    nat = one(whole, "ec2.NatGateway/main-nat-a")["urn"]
    for zone in "abc":
        route = one(whole, f"ec2.Route/main-private-{zone}")
        route["propertyDependencies"]["natGatewayId"] = [nat]
    return "ec2.NatGateway/main-nat-a"


def _secret_script(whole: Document) -> str:
    template = one(whole, "ec2.LaunchTemplate/web")
    template["inputs"]["userData"] = "[secret]"
    template["secrets"]["inputs.userData"] = None
    return template["label"]


def _plain_listener(whole: Document) -> str:
    listener = one(whole, "lb.Listener/edge-https")
    listener["inputs"].update(protocol="HTTP", port=80, sslPolicy=None)
    return listener["label"]


def _unexpiring(whole: Document) -> str:
    drop(whole, "s3.BucketLifecycleConfiguration/edge-logs")
    return "s3.Bucket/edge-logs"


def _origin(whole: Document) -> str:
    cdn = one(whole, "cloudfront.Distribution/cdn")
    for found in cdn["inputs"]["origins"]:
        if "customOriginConfig" in found:
            found["customOriginConfig"]["originProtocolPolicy"] = "match-viewer"
    return cdn["label"]


def _untagged_fleet(whole: Document) -> str:
    one(whole, "autoscaling.Group/web")["inputs"]["tags"] = []
    one(whole, "ec2.LaunchTemplate/web")["inputs"]["tagSpecifications"] = []
    return "autoscaling.Group/web"


def workload(kind: str = "apps/v1:Deployment", **changes: Any) -> Edit:
    """Return an edit that adds pods that break no rule but by what is changed in the container."""
    container = {
        "name": "app",
        "image": f"shop@sha256:{'0a' * 32}",
        "ports": [{"containerPort": 8000}],
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": 8000}},
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8000}},
        "resources": {
            "requests": {"cpu": "250m", "memory": "512Mi"},
            "limits": {"memory": "512Mi"},
        },
        "securityContext": {
            "runAsNonRoot": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **changes,
    }
    template = {
        "metadata": {"labels": {"app": "shop"}},
        "spec": {"containers": [container]},
    }

    def edit(whole: Document) -> str:
        label = f"{kind.partition('/')[0]}.{kind.rpartition(':')[2]}/shop"
        metadata = {"name": "shop", "namespace": "shop"}
        return add(
            whole, f"kubernetes:{kind}", label, metadata=metadata, spec={"template": template}
        )

    return edit


def kept_in(kind: str, label: str, **inputs: Any) -> Edit:
    """Return an edit that adds an object to a cluster."""
    return lambda whole: add(whole, f"kubernetes:{kind}", label, **inputs)


def cluster(**changes: Any) -> Edit:
    """Return an edit that adds a cluster that breaks no rule but by what is changed."""
    inputs: dict[str, Any] = {
        "vpcConfig": {"endpointPublicAccess": False},
        "accessConfig": {"bootstrapClusterCreatorAdminPermissions": False},
        "enabledClusterLogTypes": ["audit", "authenticator"],
        "encryptionConfig": {"resources": ["secrets"]},
        "deletionProtection": True,
        "tags": {"team": "core"},
        **changes,
    }
    return lambda whole: add(whole, "aws:eks/cluster:Cluster", "eks.Cluster/main", **inputs)


def _scaled_twice(whole: Document) -> str:
    target = {"spec": {"scaleTargetRef": {"name": "shop"}}}
    kept_in("autoscaling/v2:HorizontalPodAutoscaler", "autoscaling.HPA/shop", **target)(whole)
    return kept_in("keda.sh/v1alpha1:ScaledObject", "keda.sh.ScaledObject/shop", **target)(whole)


_DB = "rds.Instance/db"
_CACHE = "elasticache.ReplicationGroup/cache"
_QUEUE = "elasticache.ReplicationGroup/queue"
_CDN = "cloudfront.Distribution/cdn"
_WEB = "ec2.LaunchTemplate/web"
_WORKER = "ec2.LaunchTemplate/celery-default"
_FLEET = "autoscaling.Group/web"
_LOGS = "s3.Bucket/edge-logs"

BROKEN: dict[str, Edit] = {
    "sg-not-open": put(
        "vpc.SecurityGroupIngressRule/db-from-web",
        cidrIpv4="0.0.0.0/0",
        referencedSecurityGroupId=None,
    ),
    "rds-not-public": put(_DB, publiclyAccessible=True),
    "stores-in-private-subnets": _public_store,
    "no-public-addresses": put("ec2.Subnet/main-public-a", mapPublicIpOnLaunch=True),
    "s3-blocked": without("s3.BucketPublicAccessBlock/edge-logs", _LOGS),
    "s3-policy-not-public": policy(
        "s3.BucketPolicy/cdn", Principal="*", Action="s3:GetObject", Resource="*"
    ),
    "s3-tls": without("s3.BucketPolicy/edge-logs", _LOGS),
    "balancer-https": _plain_listener,
    "balancer-drops-bad-headers": put("lb.LoadBalancer/edge", dropInvalidHeaderFields=False),
    "default-sg-closed": put("ec2.DefaultSecurityGroup/main", ingress=[{"protocol": "-1"}]),
    "rds-encrypted": put("rds.Instance/db-replica-a", storageEncrypted=False),
    "rds-tls": parameter("rds.ParameterGroup/db", "rds.force_ssl", "0", "rds.ParameterGroup/db"),
    "rds-proxy-tls": lambda whole: add(whole, "aws:rds/proxy:Proxy", "rds.Proxy/extra"),
    "redis-encrypted": put(_CACHE, atRestEncryptionEnabled=None),
    "redis-tls": put(_CACHE, transitEncryptionMode="preferred"),
    "ebs-encrypted": put(_WEB, blockDeviceMappings=None),
    "balancer-tls": put("lb.Listener/edge-https", sslPolicy="ELBSecurityPolicy-2016-08"),
    "cdn-tls": put(
        _CDN, viewerCertificate={"acmCertificateArn": "a", "minimumProtocolVersion": "TLSv1"}
    ),
    "cdn-origin-tls": _origin,
    "iam-no-admin": policy("iam.RolePolicy/web", Action="*", Resource="*"),
    "iam-no-service-wildcard": policy("iam.RolePolicy/web", Action=["s3:*"], Resource=["*"]),
    "iam-sensitive-scoped": policy("iam.RolePolicy/web", Action="kms:Decrypt", Resource="*"),
    "iam-trust": policy("iam.Role/web", Principal={"AWS": "*"}, Action="sts:AssumeRole"),
    "iam-no-access-keys": lambda whole: add(
        whole, "aws:iam/accessKey:AccessKey", "iam.AccessKey/ci", user="ci"
    ),
    "imds-v2": put(_WEB, metadataOptions={"httpTokens": "optional"}),
    "rds-deletion-protection": put(_DB, deletionProtection=False),
    "rds-final-snapshot": put(_DB, skipFinalSnapshot=True),
    "rds-backups": put(_DB, backupRetentionPeriod=6),
    "rds-multi-az": put(_DB, multiAz=False),
    "rds-minor-upgrades": put(_DB, autoMinorVersionUpgrade=False),
    "redis-failover": put(_QUEUE, automaticFailoverEnabled=False),
    "broker-backups": put(_QUEUE, snapshotRetentionLimit=0),
    "stateful-protected": option(_QUEUE, "protect", "retainOnDelete"),
    "s3-versioned": _unexpiring,
    "s3-not-emptied": put(_LOGS, forceDestroy=True),
    "secret-recoverable": put("secretsmanager.Secret/db-app", recoveryWindowInDays=0),
    "balancer-deletion-protection": put("lb.LoadBalancer/edge", enableDeletionProtection=None),
    "fleet-zones": put(_FLEET, vpcZoneIdentifiers=["subnet-1"]),
    "fleet-health": put(_FLEET, healthCheckType="EC2"),
    "fleet-template-version": put(_FLEET, launchTemplate={"id": "lt-1", "version": "$Latest"}),
    "nat-per-zone": _one_nat,
    "broker-never-evicts": parameter(
        "elasticache.ParameterGroup/queue", "maxmemory-policy", "allkeys-lru", _QUEUE
    ),
    "workers-without-beat": rewrite(_WORKER, '"worker" \\', '"worker" \\\n          "-B" \\'),
    "one-beat": _second_beat,
    "workers-scale-on-load": _cpu_only,
    "workers-drain": _no_hook,
    "tasks-run-once": rewrite(_WORKER, "task_time_limit=(json)310", "task_time_limit=(json)9999"),
    "log-retention": put("cloudwatch.LogGroup/web", retentionInDays=None),
    "vpc-flow-logs": without("ec2.FlowLog/main-flow-logs", "ec2.Vpc/main"),
    "rds-logs": put(_DB, enabledCloudwatchLogsExports=[]),
    "balancer-logs": put("lb.LoadBalancer/edge", accessLogs={"enabled": False}),
    "cdn-logs": without("cloudwatch.LogDeliverySource/cdn-logs", _CDN),
    "tagged": put("ec2.Vpc/main", tags={}),
    "instances-tagged": _untagged_fleet,
    "image-pinned": rewrite(_WEB, "shop@sha256:", 'shop:latest" "x@sha256:'),
    "user-data-without-secrets": _secret_script,
    "eks-not-open": cluster(vpcConfig={"endpointPublicAccess": True}),
    "eks-entries": cluster(accessConfig=None),
    "eks-logs": cluster(enabledClusterLogTypes=["api"]),
    "eks-secrets-encrypted": cluster(encryptionConfig=None),
    "eks-deletion-protection": cluster(deletionProtection=None),
    "pods-restricted": workload(securityContext={"runAsNonRoot": True}),
    "pods-ask": workload(resources={"requests": {"cpu": 1}}),
    "pods-image-pinned": workload(image="shop:latest"),
    "pods-probed": workload(livenessProbe=None),
    "pods-budget": workload(),
    "pods-one-scaler": _scaled_twice,
    "pods-without-secrets": workload(env=[{"name": "KEY", "value": "[secret]"}]),
    "jobs-kept": kept_in("batch/v1:Job", "batch.Job/once", spec={"ttlSecondsAfterFinished": 60}),
    "service-not-open": kept_in(
        "core/v1:Service", "core.Service/web", spec={"type": "LoadBalancer"}
    ),
    "namespace-closed": kept_in("core/v1:Namespace", "core.Namespace/shop"),
    "namespace-restricted": kept_in("core/v1:Namespace", "core.Namespace/shop"),
    "kms-rotated": lambda whole: add(whole, "aws:kms/key:Key", "kms.Key/own", tags={"a": "b"}),
}  # fmt: skip
