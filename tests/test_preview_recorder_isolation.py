"""A run leaves nothing behind, takes nothing over, and repeats to the byte."""

import asyncio
import contextlib
import contextvars
import gc
import importlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from plinth.preview.failures import ProgramFailed
from plinth.preview.isolation import light_traces
from plinth.preview.session import record
from sample_program import program as sample

TESTS = Path(__file__).parent
PRINT = """
import json, sys
from sample_program import program
from plinth.preview.graph import Mode
from plinth.preview.session import record

for mode in Mode:
    graph = record(program, mode=mode, config={"project:token": "x"}, secret_keys=["project:token"])
    print(json.dumps([vars(node) for node in graph.nodes.values()]))
    print(json.dumps([graph.invokes, graph.problems, graph.logs]))
"""


def bucket() -> None:
    """Make one bucket, named after the stack."""
    aws.s3.Bucket("data", bucket=pulumi.get_stack())


def names(stack: str) -> list[Any]:
    """Record the bucket for a stack."""
    return [n.inputs.get("bucket") for n in record(bucket, stack=stack).nodes.values()][1:]


def test_hash_seeds_do_not_matter() -> None:
    """The same program gives the same record to the byte, the order of keys included."""
    path = os.pathsep.join([str(TESTS), str(TESTS.parent / "components")])
    runs = [
        subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-c", PRINT],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            cwd=TESTS.parent,
        )
        for seed in ("1", "2")
    ]
    printed = [run.communicate()[0] for run in runs]

    assert [run.returncode for run in runs] == [0, 0]
    assert len(printed[0]) > 5_000
    assert printed[0] == printed[1]


def test_runs_repeat_in_one_process() -> None:
    """The second run of a program is the first one again."""
    first, second = (record(sample, config={"project:token": "x"}) for _ in range(2))

    assert first == second
    assert list(first.nodes) == list(second.nodes)


def test_stacks_do_not_mix() -> None:
    """One after the other, each in its own world."""
    assert names("dev") == ["dev"]
    assert names("prod") == ["prod"]
    assert names("dev") == ["dev"]


def test_a_failure_does_not_linger() -> None:
    """The next run is a clean one."""
    with pytest.raises(ProgramFailed):
        record(lambda: aws.s3.Bucket("data").id.apply(lambda _: 1 / 0))

    assert names("dev") == ["dev"]


def test_a_run_inside_a_running_loop() -> None:
    """As in an asynchronous test, or in a notebook."""

    async def main() -> list[Any]:
        return names("dev")

    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        assert runner.run(main()) == ["dev"]


def test_an_error_inside_a_running_loop() -> None:
    """It reaches the caller from wherever it ran."""

    async def main() -> None:
        record(lambda: 1 / 0)

    with (
        asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner,
        pytest.raises(ProgramFailed, match="division"),
    ):
        runner.run(main())


def state() -> tuple[object, ...]:
    """Return what Pulumi keeps for the context and for the process."""
    ambient = pulumi.runtime.settings.get_monitor()
    fresh = contextvars.Context().run(pulumi.runtime.settings.get_monitor)
    project = contextvars.Context().run(pulumi.get_project)
    root = pulumi.runtime.get_root_resource()
    return ambient, fresh, project, root, pulumi.runtime.get_config("aws:region")


@pytest.mark.parametrize("program", [bucket, lambda: 1 / 0])
def test_nothing_is_left(program: Callable[[], object]) -> None:
    """No settings, no configuration, no variable, no thread, and the collector runs again."""

    def all_of_it() -> tuple[object, ...]:
        collector = (gc.isenabled(), gc.get_freeze_count(), gc.get_threshold())
        return state(), dict(os.environ), threading.active_count(), collector

    before = all_of_it()
    with contextlib.suppress(ProgramFailed):
        record(program, config={"aws:region": "eu-west-1"})

    assert all_of_it() == before


def test_pulumis_variables_do_not_reach_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run inside ``pulumi up`` is still its own."""
    monkeypatch.setenv("PULUMI_CONFIG", '{"project:key": "theirs"}')
    monkeypatch.setenv("PULUMI_CONFIG_PROJECT__KEY", "theirs")

    graph = record(lambda: pulumi.export("key", pulumi.Config().get("key")))

    assert graph.exports == {}
    assert os.environ["PULUMI_CONFIG"] == '{"project:key": "theirs"}'


def test_no_connection_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even to itself, where transforms are called back."""

    def refuse(*_args: object, **_options: object) -> None:
        msg = "a connection"
        raise AssertionError(msg)

    for name in ("grpc.aio.server", "grpc.server", "grpc.insecure_channel", "socket.socket.bind"):
        module, _, attribute = name.rpartition(".")
        owner = sys.modules.get(module) or vars(sys.modules["socket"])["socket"]
        monkeypatch.setattr(owner, attribute, refuse)

    assert record(sample, config={"project:token": "x"}).nodes


def test_a_program_sees_a_preview() -> None:
    """With its project, stack and organization."""

    def program() -> None:
        pulumi.export("dry", pulumi.runtime.is_dry_run())
        pulumi.export("it", [pulumi.get_organization(), pulumi.get_project(), pulumi.get_stack()])

    graph = record(program, organization="acme", project="shop", stack="dev")

    assert graph.exports == {"dry": True, "it": ["acme", "shop", "dev"]}


def test_resources_are_traced_as_the_sdk_does() -> None:
    """The lines that a resource is made at are those that the SDK itself would note."""
    sdk: Any = importlib.import_module("pulumi.runtime.resource")
    original = sdk._get_stack_trace  # noqa: SLF001
    traces: list[Any] = []

    class Base:
        def __init__(self) -> None:
            traces.extend((sdk._get_stack_trace(), original()))  # noqa: SLF001

    class Middle(Base):
        def __init__(self) -> None:
            super().__init__()

    class Made(Middle):
        def __init__(self) -> None:
            super().__init__()

    with light_traces():
        Made()
    ours, theirs = (
        [frame.pc for frame in trace.frames if frame.HasField("pc")] for trace in traces
    )
    assert ours == theirs
    assert Path(__file__).as_uri() == ours[0].uri


def test_it_stays_linear() -> None:
    """Four times the resources take about four times as long, and not sixteen."""

    def spent(count: int) -> float:
        started = time.process_time()
        record(lambda: [aws.sqs.Queue(f"q{number}") for number in range(count)])
        return time.process_time() - started

    spent(20)
    assert min(spent(200) for _ in range(2)) < 8 * min(spent(50) for _ in range(3))
