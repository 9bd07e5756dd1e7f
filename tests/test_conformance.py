"""The runner in this process and Pulumi's own, over real gRPC, give the same record.

The recorder is on both sides; what is compared is everything between it and the program.
"""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest

from plinth.preview.graph import Graph, Kind, Mode
from plinth.preview.session import record
from sample_program import program
from wire_server import Case, executor, own_runner, record_over_grpc

EXECUTOR = "pulumi-language-python-exec"
"""A part of Pulumi's CLI; the package on PyPI comes without it."""

ROOT = Path(__file__).parents[1]
SAMPLE = Case(
    directory=ROOT,
    entry=str(ROOT / "tests" / "sample_program.py"),
    config={"aws:region": "eu-west-1", "project:token": "hunter2"},
    secret_keys=["project:token"],
    stack_outputs={"acme/shared/dev": {"zoneId": "Z1"}},
)


def find_executor() -> Path | None:
    """Look where the CLI puts it: on the path, beside the SDK, or in the home directory."""
    beside = [
        Path(sys.executable).parent,
        Path(pulumi.__file__).parent,
        Path.home() / ".pulumi/bin",
    ]
    on_path = shutil.which(EXECUTOR)
    places = [Path(on_path)] if on_path else []
    places += [directory / EXECUTOR for directory in beside]
    return next((place for place in places if place.is_file()), None)


def start_with(name: str) -> Callable[[Case, str], list[str]]:
    """Return how to start a program."""
    if name == "sdk":
        return own_runner
    if (found := find_executor()) is None:
        pytest.skip(f"{EXECUTOR} is not installed; it comes with Pulumi's CLI")
    return executor(found)


def comparable(graph: Graph) -> dict[str, Any]:
    """Leave out what only a recorder in the program's own process can know.

    That is the order of the constructors and the class behind a resource, from which the region
    that a provider plans is known, and the form of a call.
    """
    nodes = {urn: {**vars(node), "state": None} for urn, node in sorted(graph.nodes.items())}
    calls = [{**call, "form": None} for call in graph.invokes]
    return {"nodes": nodes, "calls": sorted(calls, key=str), "problems": sorted(graph.problems)}


@pytest.mark.parametrize("name", ["sdk", "executor"])
def test_both_ways_give_the_same_record(name: str) -> None:
    """A program with transforms, secrets, providers, look-ups and a stack reference."""
    apart = record_over_grpc(SAMPLE, start_with(name))
    here = record(
        program,
        root=SAMPLE.directory,
        mode=Mode.UNKNOWN,
        config=SAMPLE.config,
        secret_keys=SAMPLE.secret_keys,
        stack_outputs=SAMPLE.stack_outputs,
    )

    assert {node.kind for node in here.nodes.values()} == set(Kind) - {Kind.REMOTE}
    assert comparable(apart) == comparable(here)
