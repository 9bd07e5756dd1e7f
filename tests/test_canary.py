"""Private names of Pulumi's SDK that the recorder uses: a new release that lacks one fails here.

The recorder needs them because the SDK offers no other way in. Each is tested by what it does in
``test_preview_recorder*.py``; this file says which ones there are.
"""

import ast
import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest

PREVIEW = Path(__file__).parents[1] / "components" / "plinth" / "preview"

MODULES = {
    "pulumi._types": ["_raw_return_hints", "is_output_type", "output_type_types"],
    "pulumi.runtime._callbacks": ["_CallbackServicer"],
    "pulumi.runtime.invoke": ["_invoke"],
    "pulumi.runtime.resource": ["_get_stack_trace"],
    "pulumi.runtime.rpc_manager": ["RPCManager"],
    "pulumi.runtime.settings": ["ROOT", "SETTINGS", "Settings", "configure"],
    "pulumi.runtime.stack": ["run_in_stack"],
    "pulumi.runtime.sync_await": ["_sync_await"],
}
"""Not in ``__all__`` of anything, or with an underscore."""

ATTRIBUTES = {
    ("pulumi.runtime.settings", "Settings"): ["callbacks", "outputs", "rpc_manager"],
    ("pulumi.runtime._callbacks", "_CallbackServicer"): [
        "_callbacks",
        "_loop",
        "_monitor",
        "_state_migrations",
        "_target",
        "_transforms",
    ],
    ("pulumi.runtime.rpc_manager", "RPCManager"): ["do_rpc", "rpcs", "unhandled_exception"],
}

LOCALS = {
    "do_register": ["res", "stack_trace"],
    "do_read": ["res", "stack_trace"],
    "do_register_resource_outputs": ["res"],
}
"""What a failure reads in the frames of the SDK's requests, to name the resource."""

MARKS = {
    "UNKNOWN": "UNKNOWN",
    "SIGNATURE": "_special_sig_key",
    "SECRET": "_special_secret_sig",
    "ASSET": "_special_asset_sig",
    "ARCHIVE": "_special_archive_sig",
    "RESOURCE": "_special_resource_sig",
    "OUTPUT": "_special_output_value_sig",
}
"""Our names of the wire's marks, and the SDK's."""


def module(name: str) -> Any:
    """Import a module, even one that a function of the same name hides."""
    return importlib.import_module(name)


@pytest.mark.parametrize(("name", "names"), MODULES.items())
def test_names_are_there(name: str, names: list[str]) -> None:
    """The recorder imports them."""
    assert [each for each in names if not hasattr(module(name), each)] == []


@pytest.mark.parametrize(("owner", "names"), ATTRIBUTES.items())
def test_attributes_are_there(owner: tuple[str, str], names: list[str]) -> None:
    """The recorder sets or overrides them."""
    cls = getattr(module(owner[0]), owner[1])
    known = {*dir(cls), *inspect.get_annotations(cls)}

    assert set(names) <= known


def test_an_invoke_tells_its_form() -> None:
    """The keyword that only the form for later sets."""
    invoke = module("pulumi.runtime.invoke")

    assert "check_dependencies" in inspect.signature(invoke._invoke).parameters  # noqa: SLF001
    assert "check_dependencies=True" in inspect.getsource(invoke.invoke_output)


@pytest.mark.parametrize(("function", "names"), LOCALS.items())
def test_requests_know_their_resource(function: str, names: list[str]) -> None:
    """By variables of the function around them."""
    tree = ast.parse(inspect.getsource(module("pulumi.runtime.resource")))
    read = [
        {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncFunctionDef) and node.name == function
    ]

    assert any(set(names) <= each for each in read)


def test_the_stack_runs_transformations() -> None:
    """They are where the order of constructors and their classes are noted."""
    assert "root_resource._transformations" in inspect.getsource(module("pulumi.runtime.stack"))


@pytest.mark.parametrize(("ours", "theirs"), MARKS.items())
def test_marks_of_the_wire_are_the_sdks(ours: str, theirs: str) -> None:
    """They are part of Pulumi's protocol, and the SDK keeps them to itself."""
    assert getattr(module("plinth.preview.values"), ours) == getattr(
        module("pulumi.runtime.rpc"), theirs
    )


def test_all_of_them_are_listed() -> None:
    """Whoever uses another private name adds it here."""
    listed = {name for names in MODULES.values() for name in names} | {"_types", "_callbacks"}
    listed |= {name for names in ATTRIBUTES.values() for name in names} | {"_transformations"}
    used: set[str] = set()
    for path in PREVIEW.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pulumi"):
                used |= {alias.name for alias in node.names if alias.name[0] == "_"}
            elif isinstance(node, ast.Attribute) and not _ours(node):
                used |= {node.attr} if node.attr[0] == "_" and node.attr[1] != "_" else set()

    assert used - listed == set()


def _ours(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "self"
