"""Requests to the engine, read: where they came from, and which options they carry."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlparse

from google.protobuf import json_format
from pulumi.runtime.proto import alias_pb2, resource_pb2, source_pb2

from .graph import PROVIDER_PREFIX, STACK_TYPE, Kind

_LISTS = {
    "ignoreChanges": "ignoreChanges",
    "replaceOnChanges": "replaceOnChanges",
    "additionalSecretOutputs": "additionalSecretOutputs",
    "replaceWith": "replace_with",
    "hideDiffs": "hideDiffs",
}
_TEXTS = {
    "import": "importId",
    "deletedWith": "deletedWith",
    "packageRef": "packageRef",
    "pluginDownloadURL": "pluginDownloadURL",
}


_RECORDER = (str(Path(__file__).parent) + os.sep, str(Path(__file__).parents[1] / "testing.py"))
"""Where the recorder's own code is, which is never the user's."""


def own_line(path: str, line: int | None, root: str) -> str:
    """Return a line of the user's program relative to its root; empty for any other code."""
    start = root.rstrip(os.sep) + os.sep
    if not path.startswith(start) or path.startswith(_RECORDER):
        return ""
    if f"{os.sep}site-packages{os.sep}" in path:
        return ""
    return f"{path[len(start) :]}:{line}"


def source_of(
    request: resource_pb2.RegisterResourceRequest | resource_pb2.ReadResourceRequest, root: str
) -> str:
    """Return the innermost line of the user's program on the way to a constructor."""
    return line_in(cast("Any", request).stackTrace, root)


def line_in(trace: source_pb2.StackTrace, root: str) -> str:
    """Return the innermost line of the user's program in a stack as the SDK sends it."""
    for frame in trace.frames:
        path = unquote(urlparse(frame.pc.uri).path)
        if line := own_line(path, frame.pc.line, root):
            return line
    return ""


def kind_of(request: resource_pb2.RegisterResourceRequest) -> Kind:
    """Tell what sort of resource is being registered."""
    if request.type == STACK_TYPE:
        return Kind.STACK
    if request.type.startswith(PROVIDER_PREFIX):
        return Kind.PROVIDER
    if request.remote:
        return Kind.REMOTE
    return Kind.CUSTOM if request.custom else Kind.COMPONENT


def provider_urn(reference: str) -> str:
    """Return the URN in a reference to a provider, which is its URN and its id."""
    return reference.rpartition("::")[0]


def options_of(request: resource_pb2.RegisterResourceRequest) -> dict[str, Any]:
    """Return the options that are set.

    The provider's version is not among them: the SDK sends its own with every resource.
    """
    return dict(_options(request))


def _options(request: resource_pb2.RegisterResourceRequest) -> Iterator[tuple[str, Any]]:
    for name in ("protect", "retainOnDelete"):
        if request.HasField(name):
            yield name, getattr(request, name)
    if request.deleteBeforeReplaceDefined:
        yield "deleteBeforeReplace", request.deleteBeforeReplace
    for name, field in _LISTS.items():
        if values := list(getattr(request, field)):
            yield name, values
    for name, field in _TEXTS.items():
        if text := getattr(request, field):
            yield name, text
    if aliases := list(cast("Any", request).aliases):
        # The SDK names the older types of some resources twice.
        read = [_alias(alias) for alias in aliases]
        yield "aliases", [a for index, a in enumerate(read) if a not in read[:index]]
    yield from _messages(request)


def _messages(request: resource_pb2.RegisterResourceRequest) -> Iterator[tuple[str, Any]]:
    for name, field in {
        "customTimeouts": "customTimeouts",
        "hooks": "hooks",
        "replacementTrigger": "replacement_trigger",
    }.items():
        if (message := getattr(request, field)).ByteSize():
            yield name, json_format.MessageToDict(message)
    if request.envVarMappings:
        yield "envVarMappings", dict(sorted(request.envVarMappings.items()))


def _alias(alias: alias_pb2.Alias) -> Any:
    urn = alias.WhichOneof("alias") == "urn"
    spec = json_format.MessageToDict(alias.spec)
    return alias.urn if urn else {name: value for name, value in spec.items() if value != ""}
