"""What went wrong in a program, told by the user's own lines."""

import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import pulumi

from .graph import Graph
from .requests import line_in, own_line
from .tracking import Fault, Faults, frames

_REQUESTS = ("do_register", "do_read", "do_register_resource_outputs")
"""Functions of the SDK that make a request, and know which resource it is for."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One thing that went wrong."""

    message: str
    """What the exception says, after its type: ``ValueError: ...``."""
    traceback: str = ""
    """The frames that lie under the program's root, innermost last; empty if there are none."""
    resource: str = ""
    """The resource that was being made, as ``type 'name'``; empty if it was none."""
    source: str = ""
    """Line of the user's program that raised or made the resource, such as ``infra/x.py:12``."""


class ProgramFailed(Exception):  # noqa: N818 - it says what happened
    """A program did not run to its end; every failure is listed, and not just the first."""

    def __init__(
        self, failures: Sequence[Failure], graph: Graph, errors: Sequence[BaseException] = ()
    ) -> None:
        super().__init__("\n".join(_headline(failure) for failure in failures))
        self.failures = list(failures)
        self.graph = graph
        """What was registered before and beside the failures."""
        self.errors = list(errors)
        """The exceptions behind the failures, in the same order."""


def explain(
    errors: Iterable[BaseException], faults: Faults, root: str, graph: Graph
) -> ProgramFailed:
    """Tell what exceptions mean, leaving out those that only pass another one on."""
    told: dict[int, tuple[Failure, BaseException]] = {}
    for error in errors:
        fault = faults.note(error)
        if id(fault.cause) not in told:
            cause = fault.cause.with_traceback(fault.trace)
            told[id(fault.cause)] = (_explain(fault, root), cause)
    failures, causes = zip(*told.values(), strict=True)
    return ProgramFailed(failures, graph, causes)


def _headline(failure: Failure) -> str:
    where = f"{failure.source}: " if failure.source else ""
    what = f" ({failure.resource})" if failure.resource else ""
    return f"{where}{failure.message}{what}"


def _explain(fault: Fault, root: str) -> Failure:
    own = list(_own_frames(fault.trace, root))
    resource, made = _resource(fault.request, root)
    return Failure(
        message=_message(fault.cause),
        traceback="".join(traceback.format_list([frame for frame, _ in own])),
        resource=resource,
        source=own[-1][1] if own else made,
    )


def _message(error: BaseException) -> str:
    if type(error) is Exception:
        # The SDK's way to raise what the engine says.
        return str(error)
    return "".join(traceback.format_exception_only(error)).strip()


def _own_frames(
    trace: TracebackType | None, root: str
) -> Iterator[tuple[traceback.FrameSummary, str]]:
    for frame in traceback.extract_tb(trace):
        if line := own_line(frame.filename, frame.lineno, root):
            yield frame, line


def _resource(trace: TracebackType | None, root: str) -> tuple[str, str]:
    """Return which resource a request was for, and the line that made it."""
    for frame in frames(trace):
        known: dict[str, Any] = frame.f_locals
        made = known.get("res")
        if frame.f_code.co_name in _REQUESTS and isinstance(made, pulumi.Resource):
            label = f"{made.pulumi_resource_type} {made.pulumi_resource_name!r}"
            stack = known.get("stack_trace")
            return label, line_in(stack, root) if stack else ""
    return "", ""
