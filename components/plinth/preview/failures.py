"""What went wrong in a program, told by the user's own lines."""

from collections.abc import Sequence
from dataclasses import dataclass

from .graph import Graph


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
    """Line of the user's program that made the resource or raised, such as ``infra/x.py:12``."""


class ProgramFailed(Exception):  # noqa: N818 - it says what happened
    """A program did not run to its end; every failure is listed, and not just the first."""

    def __init__(self, failures: Sequence[Failure], graph: Graph) -> None:
        super().__init__("\n".join(failure.message for failure in failures))
        self.failures = list(failures)
        self.graph = graph
        """What was registered before and beside the failures."""
