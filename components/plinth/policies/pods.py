"""Kubernetes objects, read as the cluster would."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from plinth.preview.export import ResourceRecord

from .reading import blocks

Fields = Mapping[str, Any]

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
JOBS = frozenset({"kubernetes:batch/v1:Job"})
SERVING = frozenset({DEPLOYMENT, "kubernetes:apps/v1:StatefulSet"})
WORKLOADS = frozenset(
    {
        *(*SERVING, *JOBS),
        "kubernetes:apps/v1:DaemonSet",
        "kubernetes:batch/v1:CronJob",
        "kubernetes:core/v1:Pod",
    }
)
"""What makes pods, or is one."""


def part(fields: Any, *names: str) -> Fields:
    """Return a field, or one within it; an empty one where it is not there or not known."""
    for name in names:
        fields = cast("Fields", fields).get(name) if isinstance(fields, Mapping) else None
    return cast("Fields", fields) if isinstance(fields, Mapping) else {}


def pod(resource: ResourceRecord) -> Fields:
    """Return the specification of the pods that an object makes."""
    spec = part(resource["inputs"], "spec")
    if resource["type"].endswith(":Pod"):
        return spec
    return part(part(spec, "jobTemplate", "spec") or spec, "template", "spec")


def containers(resource: ResourceRecord) -> Iterator[tuple[str, Fields]]:
    """Yield each container of the pods that an object makes, those that start first too."""
    for field in ("initContainers", "containers"):
        for container in blocks(pod(resource).get(field)):
            yield str(container.get("name", "")), container


def name_of(resource: ResourceRecord) -> set[str]:
    """Return the texts by which others may name an object: its own, and a placeholder of it."""
    given = part(resource["inputs"], "metadata").get("name")
    return {str(given or resource["name"]), f"${{{resource['label']}.metadata.name}}"}


def namespace_of(resource: ResourceRecord) -> str:
    """Return the namespace of an object, by the text that names it."""
    return str(part(resource["inputs"], "metadata").get("namespace") or "")


def selects(selector: Fields, labels: Fields) -> bool:
    """Tell whether a selector matches labels; one with expressions is taken to match."""
    wanted = part(selector, "matchLabels")
    return all(labels.get(key) == value for key, value in wanted.items())
