"""Every component and both stacks under Pulumi's own mocks, as our users' tests run them."""

import asyncio
import gc
import runpy
from collections.abc import Callable, Iterator
from typing import Any, cast

import pulumi
import pytest
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks, set_all_config, set_mocks

from parts import PARTS
from plinth.preview.config import load_stack
from plinth.preview.manifest import find_project
from stacks import ROOT

pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


class Echo(Mocks):
    """What Pulumi's documentation shows: the inputs come back, and nothing is added."""

    def __init__(self) -> None:
        self.types: list[str] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Give a resource an id."""
        self.types.append(args.typ)
        inputs = cast("dict[str, Any]", args.inputs)  # pyright: ignore[reportUnknownMemberType]
        return f"{args.name}-id", inputs

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], None]:
        """Refuse: the components look nothing up."""
        msg = f"{args.token} was called, which needs credentials"
        raise AssertionError(msg)


@pytest.fixture(autouse=True)
def _own_loop() -> Iterator[None]:
    """Give Pulumi's mocks the event loop they ask for, and leave nothing of it behind."""
    gc.freeze()  # what is there already need not be looked through below
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    loop.run_until_complete(_finish(asyncio.all_tasks(loop)))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    asyncio.set_event_loop(None)
    # Pulumi's mocks leave a loop open in every thread they use: here, and not in a later test.
    gc.collect()
    gc.unfreeze()


async def _finish(tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def run(program: Callable[[], object], *, preview: bool) -> Echo:
    """Run a program under the mocks until every output has resolved."""
    mocks = Echo()
    set_mocks(mocks, project="plinth", stack="test", preview=preview)
    untyped: Any = pulumi.runtime
    untyped.test(program)()
    return mocks


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize("kind", PARTS)
def test_components(kind: str, *, preview: bool) -> None:
    """A component works where nothing is computed, known or not."""
    mocks = run(lambda: PARTS[kind].build() and None, preview=preview)

    assert f"plinth:index:{kind}" in mocks.types


@pytest.mark.parametrize(("stack", "preview"), [("dev", False), ("prod", False), ("prod", True)])
def test_stacks(stack: str, *, preview: bool) -> None:
    """So does the whole program, with each stack's real configuration."""
    loaded = load_stack(find_project(ROOT), stack)

    def program() -> None:
        set_all_config(dict(loaded.values), list(loaded.secret_keys))
        runpy.run_path(str(ROOT / "infra"), run_name="__main__")

    mocks = run(program, preview=preview)

    assert "aws:rds/instance:Instance" in mocks.types
