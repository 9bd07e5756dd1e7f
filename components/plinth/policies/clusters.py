"""Kubernetes clusters themselves: who reaches their API, and what is kept of it."""

from collections.abc import Iterator

from plinth.preview.export import ResourceRecord

from .exposure import reaches_all
from .links import hub
from .model import Each, Rule, Severity
from .pods import part
from .reading import is_off, is_unknown, items

_CLUSTER = frozenset({"aws:eks/cluster:Cluster"})
_LOGS = ("audit", "authenticator")


def _public(resource: ResourceRecord) -> Iterator[str]:
    place = part(resource["inputs"], "vpcConfig")
    if is_off(place.get("endpointPublicAccess", True)):
        return
    cidrs = items(place.get("publicAccessCidrs")) or ["0.0.0.0/0"]
    world = [cidr for cidr in cidrs if not is_unknown(cidr) and reaches_all(str(cidr))]
    if world:
        yield f"{world[0]} reaches its API"


def _unwatched(resource: ResourceRecord) -> Iterator[str]:
    kept = items(resource["inputs"].get("enabledClusterLogTypes"))
    missing = [kind for kind in _LOGS if kind not in kept]
    if missing and not any(is_unknown(kind) for kind in kept):
        yield f"nobody records its {' and '.join(missing)} log"


def _not_encrypted(resource: ResourceRecord) -> Iterator[str]:
    if not resource["inputs"].get("encryptionConfig"):
        yield "its secrets are encrypted by a key that you cannot take away"


def _deletable(resource: ResourceRecord) -> Iterator[str]:
    if is_off(resource["inputs"].get("deletionProtection")):
        yield "AWS deletes it on request, with all that runs in it"


def _creator(resource: ResourceRecord) -> Iterator[str]:
    access = part(resource["inputs"], "accessConfig")
    if access.get("bootstrapClusterCreatorAdminPermissions", True) is True:
        yield "whoever made it may do everything in it, and no entry says so"


RULES: tuple[Rule, ...] = (
    Rule(
        id="eks-not-open",
        severity=Severity.ERROR,
        sentence="No cluster's API answers to the whole internet.",
        remedy="set endpoint to private, or public_access_cidrs to your own addresses",
        link=hub("EKS.1"),
        controls=("EKS.1",),
        check=Each(_CLUSTER, _public),
    ),
    Rule(
        id="eks-entries",
        severity=Severity.WARNING,
        sentence="Entries alone say who may do what in a cluster.",
        remedy="set bootstrap_cluster_creator_admin_permissions=False, and name the admins",
        link="https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html",
        check=Each(_CLUSTER, _creator),
    ),
    Rule(
        id="eks-logs",
        severity=Severity.WARNING,
        sentence="A cluster logs who got in, and what they did.",
        remedy="put audit and authenticator into log_types (enabled_cluster_log_types)",
        link=hub("EKS.8"),
        controls=("EKS.8",),
        check=Each(_CLUSTER, _unwatched),
    ),
    Rule(
        id="eks-secrets-encrypted",
        severity=Severity.WARNING,
        sentence="A cluster's secrets are encrypted by a key of your own.",
        remedy="set encryption_config to a KMS key, for the resource 'secrets'",
        link=hub("EKS.3"),
        controls=("EKS.3",),
        check=Each(_CLUSTER, _not_encrypted),
    ),
    Rule(
        id="eks-deletion-protection",
        severity=Severity.ERROR,
        sentence="The cluster of a protected stack cannot be deleted by one call.",
        remedy="set protected (deletion_protection=True)",
        link="https://docs.aws.amazon.com/eks/latest/userguide/deletion-protection.html",
        protected_only=True,
        check=Each(_CLUSTER, _deletable),
    ),
)
