"""What runs in a cluster: pods with no rights, namespaces that are closed, one scaler each."""

import re
from collections.abc import Iterator
from typing import Any

from plinth.preview.export import ResourceRecord
from plinth.preview.values import MASK

from .model import Each, Finding, Rule, Severity, Whole
from .platform import Platform
from .pods import (
    JOBS,
    SERVING,
    WORKLOADS,
    Fields,
    containers,
    name_of,
    namespace_of,
    part,
    pod,
    selects,
)
from .reading import blocks, is_on, is_unknown, items

_NAMESPACE = "kubernetes:core/v1:Namespace"
_NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
_BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
_CONFIG = "kubernetes:core/v1:ConfigMap"
_SCALERS = (
    "kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
    "kubernetes:keda.sh/v1alpha1:ScaledObject",
)
_STANDARDS = "https://kubernetes.io/docs/concepts/security/pod-security-standards/"
_LEVEL = "pod-security.kubernetes.io/enforce"
_SCHEME = "service.beta.kubernetes.io/aws-load-balancer-scheme"
_PINNED = re.compile(r"@sha256:[0-9a-f]{64}$")
_MOVING = re.compile(r"(^|/)[^/:@]+$|:latest$")
"""An image without a tag, or with the one that always moves."""
_PASSWORD = re.compile(r"://[^/\s:@]*:[^/\s@$<\[{]+@")
"""A URL with a password in it that is neither a placeholder nor hidden."""


def _rights(resource: ResourceRecord) -> Iterator[str]:
    """Find what the restricted standard forbids; a container's word counts before its pod's."""
    spec = pod(resource)
    whole = part(spec, "securityContext")
    if any(is_on(spec.get(shared)) for shared in ("hostNetwork", "hostPID", "hostIPC")):
        yield "its pods share something with the node"
    if any("hostPath" in volume for volume in blocks(spec.get("volumes"))):
        yield "its pods see files of the node"
    for name, container in containers(resource):
        own = part(container, "securityContext")
        told = [*_container_rights({**whole, **own})]
        if told:
            yield f"container {name} {' and '.join(told)}"


def _container_rights(context: Fields) -> Iterator[str]:
    if is_on(context.get("privileged")):
        yield "has all rights on the node"
    if not is_on(context.get("runAsNonRoot")):
        yield "may run as root"
    if context.get("allowPrivilegeEscalation") is not False:
        yield "may gain rights"
    if "ALL" not in items(part(context, "capabilities").get("drop")):
        yield "keeps capabilities"
    if part(context, "seccompProfile").get("type") not in ("RuntimeDefault", "Localhost"):
        yield "may make any system call"


def _resources(resource: ResourceRecord) -> Iterator[str]:
    for name, container in containers(resource):
        asked = part(container, "resources")
        wanted = [
            f"requests.{one}" for one in ("cpu", "memory") if one not in part(asked, "requests")
        ]
        wanted += [] if "memory" in part(asked, "limits") else ["limits.memory"]
        if wanted:
            yield f"container {name} has no {' and no '.join(wanted)}"


def _image(resource: ResourceRecord) -> Iterator[str]:
    for name, container in containers(resource):
        image = str(container.get("image") or "")
        if _MOVING.search(image) and not _PINNED.search(image) and not is_unknown(image):
            yield f"container {name} runs {image}, which is another one tomorrow"


def _probes(resource: ResourceRecord) -> Iterator[str]:
    for name, container in containers(resource):
        wanted = [p for p in ("readinessProbe", "livenessProbe") if not container.get(p)]
        if container.get("ports") and wanted:
            yield f"container {name} serves without {' and '.join(wanted)}"


def _vanishing(resource: ResourceRecord) -> Iterator[str]:
    if part(resource["inputs"], "spec").get("ttlSecondsAfterFinished") is not None:
        yield "it is deleted once it is done, and the next deployment runs it again"


def _open_service(resource: ResourceRecord) -> Iterator[str]:
    spec = part(resource["inputs"], "spec")
    notes = part(resource["inputs"], "metadata", "annotations")
    inside = notes.get(_SCHEME) == "internal" or spec.get("loadBalancerSourceRanges")
    if spec.get("type") == "LoadBalancer" and not inside:
        yield "it is a balancer of its own, and open to whoever finds it"


def _secret_values(resource: ResourceRecord) -> Iterator[str]:
    """Find secrets where anybody who may look at an object reads them."""
    inputs = resource["inputs"]
    pairs: list[tuple[str, Any]] = []
    if resource["type"] == _CONFIG:
        pairs = list(part(inputs, "data").items())
        pairs += [("data", inputs.get("data"))] if inputs.get("data") == MASK else []
    for _, container in containers(resource):
        pairs += [(str(v.get("name")), v.get("value")) for v in blocks(container.get("env"))]
    for name, value in pairs:
        if isinstance(value, str) and (MASK in value or _PASSWORD.search(value)):
            yield f"{name} holds a secret in plain text"


def _lax_namespace(resource: ResourceRecord) -> Iterator[str]:
    level = part(resource["inputs"], "metadata", "labels").get(_LEVEL)
    if level != "restricted" and not is_unknown(level):
        yield f"it admits pods of the level {level or 'privileged'}"


def _open_namespaces(platform: Platform) -> Iterator[Finding]:
    closed = {namespace_of(p) for p in platform.all(_NETWORK_POLICY) if _denies(p)}
    for namespace in platform.all(_NAMESPACE):
        if not closed & name_of(namespace):
            sentence = "its pods may talk to everybody, and everybody to them"
            yield Finding(resource=namespace, sentence=sentence)


def _denies(policy: ResourceRecord) -> bool:
    """Tell whether a policy lets nothing in or out of any pod of its namespace."""
    spec = part(policy["inputs"], "spec")
    chosen = part(spec, "podSelector")
    both = {"Ingress", "Egress"} <= set(items(spec.get("policyTypes")))
    return both and not (chosen or blocks(spec.get("ingress")) or blocks(spec.get("egress")))


def _undisturbed(platform: Platform) -> Iterator[Finding]:
    """Find what serves requests, and may be drained away at once."""
    budgets = platform.all(_BUDGET)
    for workload in platform.all(*sorted(SERVING)):
        template = part(workload["inputs"], "spec", "template")
        labels = part(template, "metadata", "labels")
        serves = any(container.get("ports") for _, container in containers(workload))
        kept = (
            selects(part(budget["inputs"], "spec", "selector"), labels)
            for budget in budgets
            if namespace_of(budget) == namespace_of(workload)
        )
        if serves and not any(kept):
            sentence = "a drained node may take all its pods at once"
            yield Finding(resource=workload, sentence=sentence)


def _scaled_twice(platform: Platform) -> Iterator[Finding]:
    taken: dict[tuple[str, str], str] = {}
    for scaler in platform.all(*_SCALERS):
        target = part(scaler["inputs"], "spec", "scaleTargetRef").get("name")
        place = (namespace_of(scaler), str(target))
        first = taken.setdefault(place, scaler["label"])
        if first != scaler["label"]:
            yield Finding(resource=scaler, sentence=f"{first} scales the same pods")


RULES: tuple[Rule, ...] = (
    Rule(
        id="pods-restricted",
        severity=Severity.ERROR,
        sentence="Pods hold to the restricted Pod Security Standard.",
        remedy="set run_as_non_root, a seccomp_profile, allow_privilege_escalation=False and "
        "capabilities={'drop': ['ALL']}",
        link=_STANDARDS,
        check=Each(WORKLOADS, _rights),
    ),
    Rule(
        id="pods-ask",
        severity=Severity.WARNING,
        sentence="Every container says what it needs, and how much memory it may take.",
        remedy="set resources.requests of cpu and memory, and resources.limits of memory",
        link="https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
        check=Each(WORKLOADS, _resources),
    ),
    Rule(
        id="pods-image-pinned",
        severity=Severity.ERROR,
        sentence="Pods run an image that stays the same: no latest, no missing tag.",
        remedy="name the image by its digest, or by a tag that is never moved",
        link="https://kubernetes.io/docs/concepts/containers/images/",
        check=Each(WORKLOADS, _image),
    ),
    Rule(
        id="pods-probed",
        severity=Severity.WARNING,
        sentence="What serves requests tells when it is ready, and when it hangs.",
        remedy="set readiness_probe and liveness_probe",
        link="https://kubernetes.io/docs/concepts/workloads/pods/probes/",
        check=Each(SERVING, _probes),
    ),
    Rule(
        id="pods-budget",
        severity=Severity.WARNING,
        sentence="What serves requests in a protected stack has a PodDisruptionBudget.",
        remedy="add one that selects its pods, with max_unavailable=1",
        link="https://kubernetes.io/docs/tasks/run-application/configure-pdb/",
        protected_only=True,
        check=Whole(_undisturbed),
    ),
    Rule(
        id="pods-one-scaler",
        severity=Severity.ERROR,
        sentence="One HorizontalPodAutoscaler or ScaledObject scales a workload.",
        remedy="drop one of them: KEDA makes a HorizontalPodAutoscaler by itself",
        link="https://keda.sh/docs/latest/concepts/scaling-deployments/",
        check=Whole(_scaled_twice),
    ),
    Rule(
        id="pods-without-secrets",
        severity=Severity.ERROR,
        sentence="ConfigMaps and variables of containers hold no secrets.",
        remedy="put it into Secrets Manager, and let an ExternalSecret bring it",
        link="https://kubernetes.io/docs/concepts/security/secrets-good-practices/",
        check=Each(frozenset({*WORKLOADS, _CONFIG}), _secret_values),
    ),
    Rule(
        id="jobs-kept",
        severity=Severity.ERROR,
        sentence="A Job of the program stays when it is done.",
        remedy="leave ttl_seconds_after_finished out",
        link="https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/",
        check=Each(JOBS, _vanishing),
    ),
    Rule(
        id="service-not-open",
        severity=Severity.ERROR,
        sentence="No Service opens a balancer of its own to the world.",
        remedy="use type ClusterIP behind the balancer, or the scheme internal",
        link="https://kubernetes.io/docs/concepts/services-networking/service/",
        check=Each(frozenset({"kubernetes:core/v1:Service"}), _open_service),
    ),
    Rule(
        id="namespace-closed",
        severity=Severity.ERROR,
        sentence="In every namespace of the program, pods talk to none but whom a policy names.",
        remedy="add a NetworkPolicy with an empty pod_selector and both policy_types",
        link="https://kubernetes.io/docs/concepts/services-networking/network-policies/",
        check=Whole(_open_namespaces),
    ),
    Rule(
        id="namespace-restricted",
        severity=Severity.ERROR,
        sentence="Every namespace of the program admits restricted pods only.",
        remedy=f"label it {_LEVEL}: restricted",
        link=_STANDARDS,
        check=Each(frozenset({_NAMESPACE}), _lax_namespace),
    ),
)
