"""A place to run a Pulumi program in, of which nothing is left afterwards."""

import asyncio
import contextlib
import contextvars
import gc
import importlib
import os
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from google.protobuf.message import Message
from pulumi.runtime import settings
from pulumi.runtime._callbacks import _CallbackServicer  # pyright: ignore[reportPrivateUsage]
from pulumi.runtime.proto import callback_pb2
from pulumi.runtime.sync_await import _sync_await  # pyright: ignore[reportPrivateUsage]

from .lookups import PLAIN


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
