"""Where exceptions of a program are caught before asyncio loses them or their tracebacks.

A future gives its traceback away with the first read, and Pulumi's runtime raises one failure of
many. So each output and each request is watched from the moment it is made.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, cast

import pulumi
from pulumi.runtime.rpc_manager import RPCManager

_SDK = str(Path(pulumi.__file__).parent)


@dataclass
class Fault:
    """An exception, and what was known of it when it was first seen."""

    error: BaseException
    cause: BaseException
    """The exception itself, or the one under those in which the SDK wraps it for its own log."""
    trace: TracebackType | None
    """The way from where it was seen to where it was raised."""
    request: TracebackType | None = None
    """The way to the first request that it ended, if it did."""


class Faults:
    """Exceptions in the order in which they happened."""

    def __init__(self) -> None:
        self._seen: dict[int, Fault] = {}

    def note(self, error: BaseException) -> Fault:
        """Keep an exception as it is now, unless it has been seen before."""
        if id(error) not in self._seen:
            cause = _cause(error)
            self._seen[id(error)] = Fault(error, cause, cause.__traceback__)
        return self._seen[id(error)]

    def note_request(self, error: BaseException) -> None:
        """Keep an exception that ended a request."""
        fault = self.note(error)
        fault.request = fault.request or error.__traceback__

    def of_requests(self) -> list[BaseException]:
        """Return the exceptions that ended a request."""
        return [fault.error for fault in self._seen.values() if fault.request]


def frames(trace: TracebackType | None) -> Iterator[FrameType]:
    """Yield the frames of a traceback, outermost first."""
    while trace:
        yield trace.tb_frame
        trace = trace.tb_next


def _cause(error: BaseException) -> BaseException:
    while error.__cause__ is not None and error.__cause__ is not error and _raised_by_sdk(error):
        error = error.__cause__
    return error


def _raised_by_sdk(error: BaseException) -> bool:
    *_, last = [None, *frames(error.__traceback__)]
    return last is not None and last.f_code.co_filename.startswith(_SDK)


class Outputs(set[asyncio.Future[Any]]):
    """The runtime's set of outputs under way, which also remembers those that failed.

    The runtime takes an output out by ``discard`` when another takes over its fate, and by
    ``remove`` when it has a value. It would wait for all of them afresh whenever one is done,
    which takes a time that grows with their square: here it gets one future that stands for all.
    """

    def __init__(self, faults: Faults) -> None:
        super().__init__()
        self._faults = faults
        self._tracked: dict[asyncio.Future[Any], None] = {}

    def __iter__(self) -> Iterator[asyncio.Future[Any]]:
        """Yield a future that is done when all outputs are, or when the first has failed."""
        # In the order in which they were made, for a set has none that repeats.
        under_way = set(super().__iter__())
        yield asyncio.ensure_future(_settled([o for o in self._tracked if o in under_way]))

    def add(self, element: asyncio.Future[Any]) -> None:
        """Watch an output."""
        super().add(element)
        if element not in self._tracked:
            self._tracked[element] = None
            element.add_done_callback(self._note)

    def discard(self, element: object) -> None:
        """Stop watching: a later output carries this one's failure, or recovers from it."""
        super().discard(element)
        self._tracked.pop(cast("asyncio.Future[Any]", element), None)

    def remove(self, element: asyncio.Future[Any]) -> None:
        """Stop watching: it has a value."""
        self._tracked.pop(element, None)
        super().remove(element)

    def failed(self) -> list[BaseException]:
        """Return the failures that nothing in the program took care of."""
        done = [output for output in self._tracked if output.done() and not output.cancelled()]
        return [error for output in done if (error := output.exception())]

    def _note(self, output: asyncio.Future[Any]) -> None:
        if not output.cancelled() and (error := output.exception()):
            self._faults.note(error)


async def _settled(outputs: Sequence[asyncio.Future[Any]]) -> None:
    done, _ = await asyncio.wait(outputs, return_when=asyncio.FIRST_EXCEPTION)
    for output in outputs:
        if output in done:
            await output


class Requests(RPCManager):
    """The runtime's list of requests under way, which remembers every failure, not the first."""

    def __init__(self, faults: Faults) -> None:
        super().__init__()
        self._faults = faults

    def do_rpc(
        self, name: str, rpc_function: Callable[..., Awaitable[Any]]
    ) -> Callable[..., Awaitable[tuple[Any, Exception]]]:
        """Wrap a request as the runtime does, and watch it."""

        async def watched(*args: Any, **kwargs: Any) -> Any:
            try:
                return await rpc_function(*args, **kwargs)
            except Exception as error:
                self._faults.note_request(error)
                raise

        return super().do_rpc(name, watched)
