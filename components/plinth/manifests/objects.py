"""The objects that a recorded stack would make in a cluster, without what is Pulumi's or secret."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from plinth.preview.graph import Graph, Kind, Node
from plinth.preview.values import ARCHIVE, ASSET, MASK, OUTPUT, RESOURCE, SECRET, plain, signature

PACKAGE = "kubernetes:"

_ORDER = (
    *("Namespace", "CustomResourceDefinition", "PriorityClass", "StorageClass", "ServiceAccount"),
    *("ClusterSecretStore", "SecretStore", "Secret", "ExternalSecret", "ConfigMap"),
    *("PersistentVolumeClaim", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"),
    *("NetworkPolicy", "Service", "Job", "Deployment", "StatefulSet", "DaemonSet", "CronJob"),
)
"""What others need comes first, as ``kubectl apply`` would want it; the rest follows by kind."""

_NO_OBJECTS = re.compile(r"kubernetes:(helm\.sh|kustomize|yaml)/|kubernetes:.*Patch$")
"""Charts, whose objects only their tool knows, and patches of objects that others own."""

_OURS = "pulumi.com/"
"""Annotations that tell Pulumi how to go about it, and a cluster nothing."""

_REFERENCE = re.compile(r"\$\{([^{}]+)\.metadata\.name\}")

_SECRET_FIELDS = ("data", "stringData")


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One object."""

    kind: str
    namespace: str
    """Empty for the provider's own, and for what is in no namespace."""
    name: str
    urn: str
    """Of the resource that makes it."""
    body: Mapping[str, Any]
    """As YAML has it: ``apiVersion``, ``kind``, ``metadata``, and the rest by name."""

    @property
    def file(self) -> str:
        """Where it goes below a directory: ``shop/deployment-web.yaml``."""
        safe = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{self.kind.lower()}-{self.name}").strip("-")
        folder = re.sub(r"[^A-Za-z0-9._-]+", "-", self.namespace).strip("-")
        return f"{folder}/{safe}.yaml" if folder else f"{safe}.yaml"


def manifests(graph: Graph) -> list[Manifest]:
    """Return the objects of a stack: what others need first, then by namespace and name.

    Whatever is secret shows as ``[secret]``, and so does every value of a ``Secret``. An object
    that Pulumi would name with random digits has its logical name, wherever it is named.
    """
    nodes = [node for node in _of_kubernetes(graph) if not _NO_OBJECTS.match(node.type)]
    named = {node.label: _name(node) for node in nodes}

    def resolve(text: str) -> str:
        return _REFERENCE.sub(lambda found: named.get(found[1], found[0]), text)

    return sorted((_manifest(node, resolve) for node in nodes), key=_place)


def skipped(graph: Graph) -> list[Node]:
    """Return what of Kubernetes is no object of this stack's own: charts and patches."""
    return [node for node in _of_kubernetes(graph) if _NO_OBJECTS.match(node.type)]


def _of_kubernetes(graph: Graph) -> Iterator[Node]:
    return (
        node
        for node in graph.nodes.values()
        if node.kind is Kind.CUSTOM and node.type.startswith(PACKAGE)
    )


def _manifest(node: Node, resolve: Callable[[str], str]) -> Manifest:
    hidden = {
        field: _hidden(value)
        for field, value in node.inputs.items()
        if field in _SECRET_FIELDS and node.inputs.get("kind") == "Secret"
    }
    fields = cast("dict[str, Any]", _resolved(_shown({**node.inputs, **hidden}), resolve))
    metadata = cast("dict[str, Any]", fields.pop("metadata", None) or {})
    metadata: dict[str, Any] = {"name": _name(node), **metadata}
    metadata["annotations"] = {
        key: text
        for key, text in cast("dict[str, str]", metadata.get("annotations") or {}).items()
        if not key.startswith(_OURS)
    }
    head = {"apiVersion": fields.pop("apiVersion", ""), "kind": fields.pop("kind", "")}
    cleaned = {name: value for name, value in metadata.items() if value not in ({}, None)}
    return Manifest(
        kind=str(head["kind"]),
        namespace=str(metadata.get("namespace") or ""),
        name=str(metadata["name"]),
        urn=node.urn,
        body={**head, "metadata": dict(sorted(cleaned.items())), **dict(sorted(fields.items()))},
    )


def _name(node: Node) -> str:
    """Return an object's name, the resource's where Pulumi would make one of it."""
    metadata = node.inputs.get("metadata")
    given = cast("dict[str, Any]", metadata).get("name") if isinstance(metadata, dict) else None
    return str(plain(given)) if given else node.name


def _place(manifest: Manifest) -> tuple[int, str, str, str]:
    known = manifest.kind in _ORDER
    rank = _ORDER.index(manifest.kind) if known else len(_ORDER)
    return rank, manifest.kind, manifest.namespace, manifest.name


def _shown(value: Any) -> Any:
    """Return a value without the wire's marks, and without any field that is null."""
    mark = signature(value)
    if mark in (SECRET, OUTPUT):
        fields = cast("dict[str, Any]", value)
        secret = mark == SECRET or fields.get("secret")
        return _hidden(fields.get("value")) if secret else _shown(fields.get("value"))
    if mark in (ASSET, ARCHIVE, RESOURCE):
        return plain(value)
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return {name: _shown(item) for name, item in items if item is not None}
    if isinstance(value, list):
        return [_shown(item) for item in cast("list[Any]", value)]
    return plain(value)


def _hidden(value: Any) -> Any:
    """Return what a value is made of, with nothing of it to be read."""
    mark = signature(value)
    if mark in (SECRET, OUTPUT):
        return _hidden(cast("dict[str, Any]", value).get("value"))
    if isinstance(value, dict) and not mark:
        return {name: _hidden(item) for name, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_hidden(item) for item in cast("list[Any]", value)]
    return MASK


def _resolved(value: Any, resolve: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value).items()
        return {name: _resolved(item, resolve) for name, item in items}
    if isinstance(value, list):
        return [_resolved(item, resolve) for item in cast("list[Any]", value)]
    return resolve(value) if isinstance(value, str) else value
