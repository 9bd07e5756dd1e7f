"""One isolated run of a Pulumi program."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pulumi

from .graph import Graph, Mode


def record(
    program: Callable[[], object],
    *,
    project: str = "project",
    stack: str = "stack",
    organization: str = "organization",
    root: Path | str | None = None,
    mode: Mode = Mode.SYMBOLIC,
    config: Mapping[str, str] | None = None,
    secret_keys: Sequence[str] = (),
    answers: Mapping[str, Any] | None = None,
    stack_outputs: Mapping[str, Mapping[str, Any]] | None = None,
    computed: Mapping[type[pulumi.Resource], Mapping[str, Any]] | None = None,
) -> Graph:
    """Run a program, and return what it asked for (signature fixed; body follows shortly).

    Raises:
        ProgramFailed: Anything in it raised, or was refused.
    """
    raise NotImplementedError
