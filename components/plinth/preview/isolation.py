"""A place to run a Pulumi program in, of which nothing is left afterwards."""

import asyncio
import contextlib
import contextvars
import functools
import gc
import importlib
import inspect
import os
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
from google.protobuf.message import Message
from pulumi.runtime import settings
from pulumi.runtime._callbacks import _CallbackServicer  # pyright: ignore[reportPrivateUsage]
from pulumi.runtime.proto import callback_pb2, source_pb2
from pulumi.runtime.sync_await import _sync_await  # pyright: ignore[reportPrivateUsage]

from .lookups import PLAIN
from .symbolic import ANY, placeholder

if TYPE_CHECKING:
    from types import FrameType


class InlineExecutor(ThreadPoolExecutor):
    """Runs at once, on the loop's own thread, what would go to a thread.

    Requests are then answered in the order in which they were made, whatever the machine does.
    """

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a function, and return its result as a future."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - the caller of result() gets it
            future.set_exception(error)
        return future


class LocalCallbacks(_CallbackServicer):
    """The program's functions that the engine may call, without the server they usually get."""

    def __init__(self, monitor: Any) -> None:
        # The parent would open a port.
        self._callbacks = {}
        self._transforms = {}
        self._state_migrations = {}
        self._monitor = monitor
        self._loop = asyncio.get_running_loop()
        self._target = "local"


def call_back(callback: callback_pb2.Callback, message: Message) -> Any:
    """Call one of the program's functions on the program's own loop."""
    untyped: Any = settings.SETTINGS
    function = untyped.callbacks._callbacks[callback.token]  # noqa: SLF001
    return _sync_await(function(message.SerializeToString()))


@contextlib.contextmanager
def environment() -> Generator[None]:
    """Hide Pulumi's variables, which a run would take for its own; show misuse of outputs."""
    hidden = {key: os.environ.pop(key) for key in list(os.environ) if key.startswith("PULUMI_")}
    # Printed into a text, an output is an error at that line, and not a warning in a resource.
    os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "1"
    try:
        yield
    finally:
        del os.environ["PULUMI_ERROR_OUTPUT_STRING"]
        os.environ.update(hidden)


@contextlib.contextmanager
def no_collection() -> Generator[None]:
    """Keep the garbage collector from walking outputs that are all alive until the end."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextlib.contextmanager
def told_apart() -> Generator[None]:
    """Let the monitor know which data sources are called for a result at once.

    A request looks the same in both forms, and only the one for later can be left unanswered.
    """
    # The package has a function of the module's name, which hides the module from an import.
    module: Any = importlib.import_module("pulumi.runtime.invoke")
    original = module._invoke  # noqa: SLF001

    async def marked(*args: Any, **kwargs: Any) -> Any:
        token = PLAIN.set(not kwargs.get("check_dependencies", False))
        try:
            return await original(*args, **kwargs)
        finally:
            PLAIN.reset(token)

    module._invoke = marked  # noqa: SLF001
    try:
        yield
    finally:
        module._invoke = original  # noqa: SLF001


@contextlib.contextmanager
def stood_in_for() -> Generator[None]:
    """Let exports be asked for by any name, where nobody gave what another stack exports."""
    get, require = pulumi.StackReference.get_output, pulumi.StackReference.require_output
    pulumi.StackReference.get_output = _asking(get, lambda exports, name: exports.get(name))
    pulumi.StackReference.require_output = _asking(get, lambda exports, name: exports[name])
    try:
        yield
    finally:
        pulumi.StackReference.get_output = get
        pulumi.StackReference.require_output = require


def _asking(
    get: Callable[..., pulumi.Output[Any]], read: Callable[[dict[str, Any], str], Any]
) -> Callable[..., pulumi.Output[Any]]:
    def found(known: list[Any]) -> Any:
        name, exports = known
        return placeholder(exports[ANY], name) if ANY in exports else read(exports, name)

    def asked(reference: pulumi.StackReference, name: pulumi.Input[str]) -> pulumi.Output[Any]:
        value = pulumi.Output.all(name, reference.outputs).apply(found)
        # All exports count as secret if one is; the SDK tells which of them it is.
        is_secret = get(reference, name).is_secret()
        return pulumi.Output(value.resources(), value.future(), value.is_known(), is_secret)

    return asked


@contextlib.contextmanager
def light_traces() -> Generator[None]:
    """Note where a resource is made without a look at every source file on the way there.

    The SDK reads them all for each resource, which takes a seventh of a preview, and more the
    deeper the program is called from.
    """
    module: Any = importlib.import_module("pulumi.runtime.resource")
    original = module._get_stack_trace  # noqa: SLF001
    module._get_stack_trace = _stack_trace  # noqa: SLF001
    try:
        yield
    finally:
        module._get_stack_trace = original  # noqa: SLF001


def _stack_trace() -> source_pb2.StackTrace:
    """List the frames above the constructors of a resource, the innermost first."""
    frame: FrameType | None = inspect.currentframe()
    constructors = 3  # of Resource, of CustomResource or ComponentResource, and the concrete one
    while frame and constructors:
        constructors -= frame.f_code.co_name == "__init__"
        frame = frame.f_back
    frames: list[source_pb2.StackFrame] = []
    while frame:
        uri = _uri(frame.f_code.co_filename)
        position = source_pb2.SourcePosition(uri=uri, line=frame.f_lineno) if uri else None
        frames.append(source_pb2.StackFrame(pc=position))
        frame = frame.f_back
    return source_pb2.StackTrace(frames=frames)


@functools.cache
def _uri(filename: str) -> str | None:
    path = Path(filename)
    return path.as_uri() if path.is_absolute() else None


class Loop:
    """An event loop and a context of their own."""

    def __init__(self) -> None:
        self._context = contextvars.Context()
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(InlineExecutor(max_workers=1))
        # What nobody awaited is reported by whoever tracks it, and not to stderr.
        self._loop.set_exception_handler(lambda _loop, _context: None)

    def call(self, function: Callable[[], None]) -> None:
        """Call a function in the context."""
        self._context.run(function)

    def run(self, awaitable: Callable[[], Awaitable[Any]]) -> Any:
        """Run until a coroutine is done."""

        async def main() -> Any:
            return await awaitable()

        return self._context.run(self._loop.run_until_complete, main())

    def settle(self) -> None:
        """Let what is under way come to an end, as far as it can."""

        async def rest() -> None:
            while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
                done, _ = await asyncio.wait(tasks, timeout=0.2)
                if not done:
                    return

        self.run(rest)

    def close(self) -> None:
        """Stop everything that is left."""

        async def stop() -> None:
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self.run(stop)
        self._context.run(self._loop.run_until_complete, self._loop.shutdown_asyncgens())
        self._loop.close()
        contextvars.Context().run(_forget)


def _forget() -> None:
    """Take back what the SDK keeps for the whole process of a context's settings."""
    settings.Settings(
        project="project",
        stack="stack",
        organization="organization",
        root_directory="root_directory",
    )
