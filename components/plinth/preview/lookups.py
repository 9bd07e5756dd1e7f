"""What a program looks up: data sources, methods, and the exports of other stacks."""

import contextvars
import json
from collections.abc import Iterable, Mapping
from typing import Any

from pulumi.runtime.proto import resource_pb2

from .answers import Answer, answer
from .graph import Graph, Kind, Mode, Node
from .requests import provider_urn
from .states import States
from .symbolic import ANY
from .values import from_struct, has, returning

PLAIN: contextvars.ContextVar[bool] = contextvars.ContextVar("plain_invoke", default=False)
"""Whether the call under way is one whose result the program wants at once."""

ASSUMED_REGION = "us-east-1"
"""Where a data source is asked if neither configuration nor provider names a region."""


class Unanswerable(Exception):  # noqa: N818 - it says what is wrong
    """Nothing is known offline, and the program cannot go on without."""


class Lookups:
    """Answers from tables, and a note of everything asked."""

    def __init__(
        self,
        graph: Graph,
        states: States,
        answers: Mapping[str, Answer],
        stack_outputs: Mapping[str, Mapping[str, Any]],
        organization: str,
    ) -> None:
        self._graph = graph
        self._states = states
        self._answers = answers
        self._stack_outputs = stack_outputs
        self._organization = organization

    def invoke(
        self, request: resource_pb2.ResourceInvokeRequest
    ) -> resource_pb2.ResourceInvokeResponse:
        """Answer for a data source, or say that its result is not known."""
        plain = PLAIN.get()
        provider = provider_urn(request.provider)
        args = from_struct(request.args)
        region = self._states.region(provider) or ASSUMED_REGION
        note = {"token": request.tok, "args": args, "provider": provider}
        note["form"] = "plain" if plain else "output"
        self._graph.invokes.append(note)
        found = None
        if plain or not self._waits(request.dependsOn):
            found = answer(self._answers, request.tok, args, region)
            if found is None:
                self._missing(request.tok, args, plain=plain)
        note["answer"] = "unknown" if found is None else "offline"
        if found is None:
            return resource_pb2.ResourceInvokeResponse(unknown=True)
        return resource_pb2.ResourceInvokeResponse(**returning(found))

    def note_call(self, request: resource_pb2.ResourceCallRequest) -> None:
        """Keep that a resource's method was called, which only its provider can run."""
        args = from_struct(request.args)
        note = {"token": request.tok, "args": args, "provider": provider_urn(request.provider)}
        self._graph.invokes.append({**note, "form": "method", "answer": "unknown"})
        self._graph.problems.append(f"{request.tok}: a provider's method, its result is unknown")

    def stack(self, node: Node) -> dict[str, Any]:
        """Return a StackReference's state: the other stack's exports, if anybody gave them."""
        name = node.id
        exports = next(
            (self._stack_outputs[key] for key in self._keys(name) if key in self._stack_outputs),
            None,
        )
        if exports is None:
            symbolical = self._graph.mode is Mode.SYMBOLIC
            instead = "placeholders stand for them" if symbolical else "all are unknown"
            problem = f"stack reference {name!r}: its exports were not given, so {instead}"
            self._graph.problems.append(problem)
            exports = {ANY: node.label}
            if not symbolical:
                return {"name": name}
        secrets = [key for key, value in exports.items() if has(value, "secret")]
        return {"name": name, "outputs": dict(exports), "secretOutputNames": secrets}

    def _missing(self, token: str, args: dict[str, Any], *, plain: bool) -> None:
        if plain:
            msg = (
                "it has no answer offline: call its _output form, or name the value in settings "
                f"(asked with {json.dumps(args)})"
            )
            raise Unanswerable(msg)
        self._graph.problems.append(f"{token}: no answer offline, so its result is unknown")

    def _waits(self, urns: Iterable[str]) -> bool:
        """Tell whether a first preview would leave out the call: something must exist before."""
        nodes = [self._graph.nodes[urn] for urn in urns if urn in self._graph.nodes]
        return self._graph.mode is Mode.UNKNOWN and any(n.kind is Kind.CUSTOM for n in nodes)

    def _keys(self, name: str) -> list[str]:
        """Return the spellings of a stack's name: with its organization and project, and less."""
        parts = name.split("/")
        full = [self._organization, self._graph.project][: 3 - len(parts)] + parts
        shorter = [full[-1]] if full[-2] == self._graph.project else []
        return [name, "/".join(full), "/".join(full[-2:]), *shorter]
