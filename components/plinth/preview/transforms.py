"""Transforms of resources and data sources, run as the engine runs them.

The program registers a function; the engine calls it back with each resource before it is
registered: first the resource's own functions, then its ancestors', then the stack's. What is
unknown or secret reaches the function as an output.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, cast

from google.protobuf import struct_pb2
from google.protobuf.message import Message
from pulumi.runtime.proto import callback_pb2, resource_pb2

from .values import (
    OUTPUT,
    SECRET,
    SIGNATURE,
    UNKNOWN,
    from_struct,
    from_value,
    secret,
    signature,
    to_struct,
    to_value,
)


class CallBack(Protocol):
    """Hands a message to a function that the program registered, and returns its answer."""

    def __call__(self, callback: callback_pb2.Callback, message: Message) -> Any:
        """Call the function that a callback names."""
        ...


class Transforms:
    """The functions a program has registered, and what they do to a request."""

    def __init__(self, call_back: CallBack) -> None:
        self._call_back = call_back
        self._own: dict[str, list[callback_pb2.Callback]] = {}
        self._stack: list[callback_pb2.Callback] = []
        self._invoke: list[callback_pb2.Callback] = []

    def add(self, callback: callback_pb2.Callback) -> None:
        """Run a function for every later resource of the stack."""
        self._stack.append(callback)

    def add_invoke(self, callback: callback_pb2.Callback) -> None:
        """Run a function for every later data source of the stack."""
        self._invoke.append(callback)

    def keep(self, urn: str, request: resource_pb2.RegisterResourceRequest) -> None:
        """Run a resource's functions for every later descendant too."""
        if own := _own(request):
            self._own[urn] = own

    def apply(
        self, request: resource_pb2.RegisterResourceRequest, ancestors: Iterable[str]
    ) -> None:
        """Change a request as all functions want that concern it, in the engine's order."""
        inherited = [callback for urn in ancestors for callback in self._own.get(urn, [])]
        for callback in [*_own(request), *inherited, *self._stack]:
            answer = self._call_back(callback, _question(request))
            _take(request, cast("resource_pb2.TransformResponse", answer))

    def apply_invoke(self, request: resource_pb2.ResourceInvokeRequest) -> None:
        """Change the arguments of a data source as all functions want."""
        for callback in self._invoke:
            options = resource_pb2.TransformInvokeOptions(
                provider=request.provider,
                version=request.version,
                plugin_download_url=request.pluginDownloadURL,
            )
            question = resource_pb2.TransformInvokeRequest(
                token=request.tok, args=request.args, options=options
            )
            answer = cast(
                "resource_pb2.TransformInvokeResponse", self._call_back(callback, question)
            )
            request.args.CopyFrom(answer.args)
            if answer.HasField("options"):
                request.provider = answer.options.provider


_REPEATED = {
    "ignoreChanges": "ignore_changes",
    "replaceOnChanges": "replace_on_changes",
    "additionalSecretOutputs": "additional_secret_outputs",
    "aliases": "aliases",
    "replace_with": "replace_with",
}
"""Options that are lists, by their names in a registration and in a transform."""

_OPTIONAL = {"protect": "protect", "retainOnDelete": "retain_on_delete"}
_TEXTS = {
    "version": "version",
    "provider": "provider",
    "deletedWith": "deleted_with",
    "pluginDownloadURL": "plugin_download_url",
    "importId": "import",
}


def _own(request: resource_pb2.RegisterResourceRequest) -> list[callback_pb2.Callback]:
    untyped: Any = request
    return list(untyped.transforms)


def _question(request: resource_pb2.RegisterResourceRequest) -> resource_pb2.TransformRequest:
    return resource_pb2.TransformRequest(
        type=request.type,
        name=request.name,
        custom=request.custom,
        parent=request.parent,
        properties=_properties(request),
        options=_options(request),
    )


def _properties(request: resource_pb2.RegisterResourceRequest) -> struct_pb2.Struct:
    # The engine tells what a property depends on only to a resource's own functions.
    known = dict(request.propertyDependencies) if _own(request) else {}
    behind = {key: sorted(value.urns) for key, value in known.items()}
    given = from_struct(request.object)
    upgraded = {key: _upgrade(value, behind.get(key, [])) for key, value in given.items()}
    return to_struct(upgraded)


def _options(
    request: resource_pb2.RegisterResourceRequest,
) -> resource_pb2.TransformResourceOptions:
    options = resource_pb2.TransformResourceOptions(
        depends_on=request.dependencies, providers=request.providers
    )
    for field, name in _REPEATED.items():
        getattr(options, name).extend(getattr(request, field))
    for field, name in _TEXTS.items():
        setattr(options, name, getattr(request, field))
    for field, name in _OPTIONAL.items():
        if request.HasField(cast("Any", field)):
            setattr(options, name, getattr(request, field))
    if request.deleteBeforeReplaceDefined:
        options.delete_before_replace = request.deleteBeforeReplace
    if request.HasField("customTimeouts"):
        options.custom_timeouts.CopyFrom(request.customTimeouts)
    return options


def _take(
    request: resource_pb2.RegisterResourceRequest, answer: resource_pb2.TransformResponse
) -> None:
    own = bool(_own(request))
    before = {key: set(value.urns) for key, value in request.propertyDependencies.items()}
    behind: dict[str, set[str]] = {}
    request.object.Clear()
    for key, value in sorted(answer.properties.fields.items()):
        found: set[str] = set()
        request.object.fields[key].CopyFrom(to_value(_downgrade(from_value(value), found.update)))
        behind[key] = found if own else found | before.get(key, set())
    given = set(request.dependencies)
    if answer.HasField("options"):
        _take_options(request, answer.options)
        # The engine reads an edited depends_on again only for a resource's own functions.
        given = set(answer.options.depends_on) if own else given
    _depend(request, given.union(*behind.values()), behind)


def _depend(
    request: resource_pb2.RegisterResourceRequest, given: set[str], behind: dict[str, set[str]]
) -> None:
    del request.dependencies[:]
    request.dependencies.extend(sorted(given))
    request.propertyDependencies.clear()
    for key, urns in behind.items():
        request.propertyDependencies[key].urns.extend(sorted(urns))


def _take_options(
    request: resource_pb2.RegisterResourceRequest, options: resource_pb2.TransformResourceOptions
) -> None:
    for field, name in _REPEATED.items():
        kept = list(getattr(options, name))
        del getattr(request, field)[:]
        getattr(request, field).extend(kept)
    for field, name in _TEXTS.items():
        setattr(request, field, getattr(options, name))
    for field, name in _OPTIONAL.items():
        if options.HasField(cast("Any", name)):
            setattr(request, field, getattr(options, name))
    if options.HasField("delete_before_replace"):
        request.deleteBeforeReplace = options.delete_before_replace
        request.deleteBeforeReplaceDefined = True
    if options.HasField("custom_timeouts"):
        request.customTimeouts.CopyFrom(options.custom_timeouts)


def _upgrade(value: Any, dependencies: list[str]) -> Any:
    """Turn secrets and unknowns into outputs, which is how a function gets them."""
    upgraded = _outputs(value)
    if not dependencies:
        return upgraded
    if signature(upgraded) != OUTPUT:
        upgraded = {SIGNATURE: OUTPUT, "value": upgraded}
    return {**upgraded, "dependencies": dependencies}


def _outputs(value: Any) -> Any:
    if isinstance(value, str) and value == UNKNOWN:
        return {SIGNATURE: OUTPUT}
    if isinstance(value, list):
        return [_outputs(item) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, Any]", value)
    if signature(fields) != SECRET:
        return {key: _outputs(item) for key, item in fields.items()}
    inner = _outputs(fields["value"])
    known = {} if signature(inner) == OUTPUT else {"value": inner}
    return {SIGNATURE: OUTPUT, "secret": True, **known}


def _downgrade(value: Any, note: Callable[[list[str]], None]) -> Any:
    """Turn outputs back into secrets and unknowns, and note what they depend on."""
    if isinstance(value, list):
        return [_downgrade(item, note) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, Any]", value)
    if signature(fields) != OUTPUT:
        return {key: _downgrade(item, note) for key, item in fields.items()}
    note(fields.get("dependencies", []))
    inner = _downgrade(fields.get("value", UNKNOWN), note)
    return secret(inner) if fields.get("secret") else inner
