"""One isolated run of a Pulumi program."""

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pulumi
from pulumi.runtime import settings

from . import isolation
from .answers import ANSWERS, Answer
from .construction import Construction
from .engine import RecordingEngine
from .failures import explain
from .graph import Graph, Mode
from .lookups import Lookups
from .monitor import RecordingMonitor
from .states import Computed, States
from .tracking import Faults, Outputs, Requests
from .transforms import Transforms


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
    answers: Mapping[str, Answer] | None = None,
    stack_outputs: Mapping[str, Mapping[str, Any]] | None = None,
    computed: Computed | None = None,
) -> Graph:
    """Run a program without Pulumi's engine and without a network; return what it asked for.

    Args:
        program: Makes resources. It may be a coroutine function, or return an awaitable.
        project: The project's name.
        stack: The stack's name.
        organization: The organization's name.
        root: Directory of the user's program, whose lines are shown; the current one by default.
        mode: How to answer for what only AWS can compute.
        config: The stack's configuration, under full keys such as ``aws:region``.
        secret_keys: Which of the configuration's keys are secret.
        answers: Answers of data sources by their token, over the common ones of AWS.
        stack_outputs: Exports of other stacks in wire form, by ``organization/project/stack``.
        computed: What the provider would add to the resources of a kind, by wire name.

    Raises:
        ProgramFailed: Anything in the program raised, or was refused.
    """
    region = (config or {}).get("aws:region", "")
    graph = Graph(project=project, stack=stack, mode=mode, region=region)
    run = _Run(graph, str(Path(root or ".").absolute()), config or {}, computed or {})
    run.look_up(answers or {}, stack_outputs or {}, organization)
    with (
        isolation.environment(),
        isolation.no_collection(),
        isolation.told_apart(),
        isolation.stood_in_for(),
        isolation.light_traces(),
    ):
        _on_free_thread(lambda: run.run(program, list(secret_keys), organization))
    return graph


class _Run:
    def __init__(
        self, graph: Graph, root: str, config: Mapping[str, str], computed: Computed
    ) -> None:
        self._graph = graph
        self._root = root
        self._config = dict(config)
        self._faults = Faults()
        self._raised: list[BaseException] = []
        self._construction = Construction(graph)
        self._states = States(graph, self._construction, graph.region, computed)

    def look_up(
        self,
        answers: Mapping[str, Answer],
        stack_outputs: Mapping[str, Mapping[str, Any]],
        organization: str,
    ) -> None:
        known = {**ANSWERS, **answers}
        self._lookups = Lookups(self._graph, self._states, known, stack_outputs, organization)
        self._monitor = RecordingMonitor(
            self._graph,
            root=self._root,
            states=self._states,
            lookups=self._lookups,
            transforms=Transforms(isolation.call_back),
        )

    def run(self, program: Callable[[], object], secret_keys: list[str], organization: str) -> None:
        loop = isolation.Loop()
        try:
            loop.call(lambda: self._configure(secret_keys, organization))
            self._drive(loop, program)
        finally:
            loop.close()
            self._graph.nodes = self._construction.sorted(self._graph.nodes.values())

    def _configure(self, secret_keys: list[str], organization: str) -> None:
        pulumi.runtime.set_all_config(self._config, secret_keys)
        self._outputs = Outputs(self._faults)
        given = settings.Settings(
            project=self._graph.project,
            stack=self._graph.stack,
            organization=organization,
            root_directory=self._root,
            monitor=self._monitor,
            engine=RecordingEngine(self._graph),
            dry_run=True,
        )
        settings.configure(given)
        untyped = cast("Any", settings.SETTINGS)
        untyped.outputs = self._outputs
        untyped.rpc_manager = Requests(self._faults)
        settings.ROOT.set(None)

    def _drive(self, loop: isolation.Loop, program: Callable[[], object]) -> None:
        def main() -> Any:
            untyped = cast("Any", settings.SETTINGS)
            untyped.callbacks = isolation.LocalCallbacks(self._monitor)
            stack = cast("Any", settings.get_root_resource())
            stack._transformations = [self._construction.note, *(stack._transformations or [])]  # noqa: SLF001
            return self._call(program)

        try:
            loop.run(lambda: pulumi.runtime.run_in_stack(main))
        except Exception as error:
            loop.settle()
            found = [*self._faults.of_requests(), *self._outputs.failed(), error]
            errors = [*self._raised, *found]
            raise explain(errors, self._faults, self._root, self._graph) from error

    def _call(self, program: Callable[[], object]) -> Any:
        """Start the program; the runtime would forget what it raises beside other failures."""
        try:
            result = program()
        except Exception as error:
            self._faults.note(error)
            self._raised.append(error)
            raise
        return self._await(result) if inspect.isawaitable(result) else None

    async def _await(self, result: Awaitable[object]) -> None:
        try:
            await result
        except Exception as error:
            self._faults.note(error)
            self._raised.append(error)
            raise


def _on_free_thread(work: Callable[[], None]) -> None:
    """Run here, or on another thread if an event loop is running on this one."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        work()
        return
    errors: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again below
            errors.append(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
