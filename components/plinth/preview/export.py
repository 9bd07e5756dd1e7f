"""A preview as JSON: the one form that everything after a preview reads.

A document holds no secret: each shows as ``[secret]``, and beside it stands a digest by which a
later reader sees that it changed. The digest is keyed, since a plain one of a short password would
give it away to whoever tries all short passwords.
"""

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NotRequired, TypedDict, cast

from .graph import SCHEMA, Graph, Node
from .values import MASK, OUTPUT, SECRET, paths, plain, reveal, signature

PROCESS_KEY = secrets.token_bytes(32)
"""Compares documents that one process makes, and tells nothing to anyone else."""


class SchemaError(ValueError):
    """A document is not one that this version can read."""


class Mark(TypedDict):
    """By what a document is known."""

    schema: int


class ResourceRecord(TypedDict):
    """One resource."""

    urn: str
    type: str
    name: str
    kind: str
    """One of ``custom``, ``component``, ``remote``, ``read``, ``stack`` and ``provider``."""
    parent: str
    """URN; empty for the stack."""
    label: str
    """Short name that no other resource of the stack has: ``rds.Instance/db``."""
    id: str
    """Of what is read or imported, or a placeholder; empty where unknown."""
    provider: str
    """URN; empty for the default provider."""
    providers: dict[str, str]
    """URN by package, where a component hands providers to its children."""
    inputs: dict[str, Any]
    """By wire name. ``[secret]``, ``<computed>`` and ``asset:path`` stand for what they say;
    a text of JSON stays a text."""
    secrets: dict[str, str | None]
    """Digest of each secret by its path, such as ``inputs.password`` or ``outputs.url``; null
    where the document was made without a key."""
    unknown: list[str]
    """Paths of what only the cloud can tell."""
    dependencies: list[str]
    """URNs of everything it waits for."""
    propertyDependencies: dict[str, list[str]]
    """URNs behind each input."""
    options: dict[str, Any]
    """Those that are set or inherited, such as ``protect`` and ``retainOnDelete``."""
    outputs: dict[str, Any]
    """What a component registered, or the stack exports."""
    source: str
    """Line of the program, such as ``infra/__main__.py:12``."""


class Document(TypedDict):
    """One stack's preview."""

    plinth: Mark
    project: str
    stack: str
    mode: str
    """``symbolic`` or ``unknown``."""
    region: NotRequired[str]
    """AWS region of the configuration; empty where none is set."""
    resources: list[ResourceRecord]
    """In the order in which the program made them; the first is the stack."""
    exports: dict[str, Any]
    invokes: list[dict[str, Any]]
    """Data sources and methods called: ``token``, ``args``, ``form``, ``answer``."""
    problems: list[str]
    """What the preview could not know, and does not show therefore."""
    logs: list[dict[str, str]]
    """``severity`` and ``message`` of what the program logged."""


def to_document(graph: Graph, *, key: bytes | None = PROCESS_KEY) -> Document:
    """Make the document of a graph.

    Args:
        graph: What was recorded.
        key: Keys the digests of secrets. Documents of two processes compare only where both
            were made with the same one. None leaves the digests out.
    """
    return {
        "plinth": {"schema": SCHEMA},
        "project": graph.project,
        "stack": graph.stack,
        "mode": graph.mode.value,
        "region": graph.region,
        "resources": [_record(node, key) for node in graph.nodes.values()],
        "exports": plain(graph.exports),
        "invokes": [plain(invoke) for invoke in graph.invokes],
        "problems": list(graph.problems),
        "logs": [{"severity": severity, "message": text} for severity, text in graph.logs],
    }


def to_text(documents: Sequence[Document], failures: Iterable[Mapping[str, str]] = ()) -> str:
    """Write documents as one text, the same to the byte for the same previews."""
    whole = {
        "plinth": {"schema": SCHEMA},
        "stacks": list(documents),
        "failures": [dict(failure) for failure in failures],
    }
    return json.dumps(whole, indent=2, sort_keys=True) + "\n"


def from_text(text: str) -> list[Document]:
    """Read what :func:`to_text` wrote.

    Raises:
        SchemaError: It is no such text, or of another version.
    """
    try:
        whole = json.loads(text)
    except ValueError as error:
        msg = f"is no preview: it is not JSON ({error})"
        raise SchemaError(msg) from None
    _check(whole, "stacks")
    return [from_document(document) for document in whole["stacks"]]


def from_document(document: Any) -> Document:
    """Return a document that came from elsewhere, once it is sure that it is one.

    Raises:
        SchemaError: It is none, or of another version.
    """
    _check(document, "resources")
    return cast("Document", document)


def _check(found: Any, needed: str) -> None:
    fields = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    mark = fields.get("plinth")
    if not isinstance(mark, dict) or needed not in fields:
        msg = f"is no preview: make one by 'plinth preview --json' (it needs plinth and {needed})"
        raise SchemaError(msg)
    version = cast("dict[str, Any]", mark).get("schema")
    if version != SCHEMA:
        msg = f"has schema {version!r}, and this plinth reads {SCHEMA}: make it anew with this one"
        raise SchemaError(msg)


def _record(node: Node, key: bytes | None) -> ResourceRecord:
    whole = {"inputs": node.inputs, "outputs": node.outputs}
    return {
        "urn": node.urn,
        "type": node.type,
        "name": node.name,
        "kind": node.kind.value,
        "parent": node.parent,
        "label": node.label,
        "id": node.id,
        "provider": node.provider,
        "providers": dict(node.providers),
        "inputs": plain(node.inputs),
        "secrets": {path: _digest(value, key) for path, value in _secrets(whole)},
        "unknown": sorted(paths(node.inputs, "unknown")),
        "dependencies": sorted(node.dependencies),
        "propertyDependencies": {
            name: sorted(urns) for name, urns in node.property_dependencies.items()
        },
        "options": plain(node.options),
        "outputs": plain(node.outputs),
        "source": node.source,
    }


def _secrets(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every secret by its path: where the document says ``[secret]``."""
    mark = signature(value)
    if mark in (SECRET, OUTPUT) and plain(value) == MASK:
        yield path, reveal(value)
    elif mark == OUTPUT:
        yield from _secrets(value.get("value"), path)
    elif isinstance(value, dict):
        for name, child in cast("dict[str, Any]", value).items():
            yield from _secrets(child, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, child in enumerate(cast("list[Any]", value)):
            yield from _secrets(child, f"{path}[{index}]")


def _digest(value: Any, key: bytes | None) -> str | None:
    if key is None:
        return None
    text = json.dumps(value, sort_keys=True).encode()
    return hashlib.blake2b(
        text, key=hashlib.blake2b(key).digest(), digest_size=16, person=b"plinth-secret"
    ).hexdigest()
