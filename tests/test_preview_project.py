"""A project's program runs in this process as it would in one of its own."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from plinth.preview.failures import ProgramFailed
from plinth.preview.graph import Graph, Mode
from plinth.preview.manifest import find_project
from plinth.preview.project import Runner, run_project

Write = Callable[..., Path]

THING = """
import pulumi
class Thing(pulumi.CustomResource):
    def __init__(self, name, opts=None, **props):
        super().__init__("test:index:Thing", name, {"arn": None, **props}, opts)
    @property
    @pulumi.getter
    def arn(self) -> pulumi.Output[str]:
        return pulumi.get(self, "arn")
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a project whose stacks are ``dev`` and ``prod``, with files by path."""

    def files(program: str, main: str = "__main__.py", setting: str = "", **more: str) -> Path:
        (tmp_path / "Pulumi.yaml").write_text(f"name: shop\nruntime: python\n{setting}")
        for stack in ("dev", "prod"):
            (tmp_path / f"Pulumi.{stack}.yaml").write_text(f"config: {{level: {stack}-1}}")
        named = {f"{name}.py": text for name, text in more.items()}
        for path, text in {"thing.py": THING, main: program, **named}.items():
            file = (tmp_path / main).parent / Path(path).name
            file.parent.mkdir(exist_ok=True)
            file.write_text(dedent(text))
        return tmp_path

    return files


def inputs(graph: Graph, name: str) -> dict[str, object]:
    """Return the inputs of the one resource of a name."""
    [node] = [node for node in graph.nodes.values() if node.name == name]
    return node.inputs


def test_a_program_runs_with_its_stacks_configuration(write: Write) -> None:
    """Project, stack and keys are what the CLI would hand over."""
    root = write("""
        import pulumi
        from thing import Thing
        Thing("x", stack=pulumi.get_stack(), level=pulumi.Config().require("level"),
              project=pulumi.get_project())
    """)
    graph = run_project(root, "prod")
    assert inputs(graph, "x") == {"level": "prod-1", "project": "shop", "stack": "prod"}


@pytest.mark.parametrize(
    ("main", "setting"),
    [
        ("__main__.py", ""),
        ("infra/__main__.py", "main: infra/\n"),
        ("infra/app.py", "main: infra/app.py\n"),
    ],
)
def test_it_starts_as_the_executor_starts_it(write: Write, main: str, setting: str) -> None:
    """In its own directory, under the name ``__main__``, and with its file as the argument."""
    root = write(
        """
        import os, sys, pulumi
        pulumi.export("cwd", os.getcwd())
        pulumi.export("argv", sys.argv)
        pulumi.export("name", __name__)
        """,
        main=main,
        setting=setting,
    )
    found = run_project(root, "dev").exports
    assert found["cwd"] == str((root / main).parent)
    assert found["argv"] == ["app.py" if main.endswith("app.py") else "."]
    assert found["name"] == "__main__"


def test_everything_is_put_back(write: Write) -> None:
    """Directory, arguments, path, environment and modules, whatever the program did to them."""
    root = write("""
        import os, sys
        import thing
        os.chdir("/"); os.environ["MINE"] = "1"; sys.path.append("/nowhere"); sys.argv.append("x")
    """)
    before = (Path.cwd(), sys.argv[:], sys.path[:], dict(os.environ), sys.modules["__main__"])
    run_project(root, "dev")
    assert before == (
        Path.cwd(),
        sys.argv[:],
        sys.path[:],
        dict(os.environ),
        sys.modules["__main__"],
    )
    assert "thing" not in sys.modules


def test_modules_of_the_project_start_afresh_for_each_stack(write: Write) -> None:
    """What one run left in them would show in the next, and does not on the CLI."""
    root = write(
        """
        import pulumi
        import counting.state
        counting.state.seen.append(pulumi.get_stack())
        pulumi.export("seen", counting.state.seen)
        """,
    )
    (root / "counting").mkdir()
    (root / "counting" / "state.py").write_text("seen = []")
    runner = Runner(find_project(root))
    assert runner.run("dev").exports == {"seen": ["dev"]}
    assert runner.run("prod").exports == {"seen": ["prod"]}
    assert runner.run("prod", Mode.UNKNOWN).exports == {"seen": ["prod"]}


def test_a_module_beside_the_program_wins_over_one_already_loaded(
    write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Each project may have a ``helpers.py`` of its own."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "helpers.py").write_text("who = 'elsewhere'")
    monkeypatch.setattr(sys, "path", [str(elsewhere), *sys.path])
    import helpers  # noqa: PLC0415  # pyright: ignore[reportMissingImports]

    root = write(
        "import pulumi, helpers; pulumi.export('who', helpers.who)", helpers="who = 'ours'"
    )
    assert run_project(root, "dev").exports == {"who": "ours"}
    assert sys.modules["helpers"] is helpers


def test_a_program_may_end_itself(write: Write) -> None:
    """``sys.exit()`` is a good end; ``sys.exit(3)`` is a failure, at its line."""
    assert run_project(write("import sys; sys.exit()"), "dev").exports == {}
    with pytest.raises(ProgramFailed) as failed:
        run_project(write("import sys\n\nsys.exit(3)"), "dev")
    [failure] = failed.value.failures
    assert "sys.exit(3)" in failure.message
    assert failure.source == "__main__.py:3"


def test_an_asynchronous_program_is_awaited(write: Write) -> None:
    """By ``pulumi.run``, with its result as exports."""
    root = write("""
        import asyncio, pulumi
        async def main():
            await asyncio.sleep(0)
            return {"done": True}
        pulumi.run(main)
    """)
    assert run_project(root, "dev").exports == {"done": True}


# stacks that refer to each other

REFER = """
    import pulumi
    from thing import Thing
    if pulumi.get_stack() == "dev":
        pulumi.export("url", Thing("x").arn)
        pulumi.export("key", pulumi.Output.secret("k"))
    else:
        shared = pulumi.StackReference("{name}")
        Thing("y", url=shared.require_output("url"), key=shared.get_output("key"))
"""


@pytest.mark.parametrize("name", ["acme/shop/dev", "acme/dev", "dev"])
def test_a_reference_is_answered_from_the_other_stacks_preview(write: Write, name: str) -> None:
    """By each spelling of the stack's name; what is secret there stays secret."""
    graph = run_project(write(REFER.format(name=name)), "acme/prod")
    found = inputs(graph, "y")
    assert found["url"] == "${test.Thing/x.arn}"
    assert isinstance(found["key"], dict)
    assert found["key"]["value"] == "k"
    assert graph.problems == []


def test_a_reference_to_another_project_needs_its_outputs(write: Write) -> None:
    """Without them everything is unknown, and the preview says so."""
    root = write(REFER.format(name="acme/network/dev"))
    assert "acme/network/dev" in run_project(root, "prod", Mode.UNKNOWN).problems[0]
    graph = run_project(root, "prod", stack_outputs={"acme/network/dev": {"url": "u", "key": "k"}})
    assert inputs(graph, "y")["url"] == "u"


def test_stacks_in_a_circle_are_a_problem_and_no_endless_loop(write: Write) -> None:
    """The circle is written out."""
    root = write("""
        import pulumi
        other = {"dev": "prod", "prod": "dev"}[pulumi.get_stack()]
        pulumi.export("x", pulumi.StackReference(f"acme/shop/{other}").get_output("x"))
    """)
    for mode in Mode:
        problems = run_project(root, "prod", mode).problems
        assert any("in a circle, prod -> dev -> prod" in problem for problem in problems)


def test_a_reference_to_a_stack_that_fails_is_a_problem(write: Write) -> None:
    """The other stack's failure does not end this one's preview."""
    root = write("""
        import pulumi
        if pulumi.get_stack() == "dev":
            raise ValueError("no good")
        pulumi.export("x", pulumi.StackReference("acme/shop/dev").get_output("x"))
    """)
    problems = run_project(root, "prod").problems
    assert any("'dev' fails" in problem and "no good" in problem for problem in problems)


def test_warnings_of_the_configuration_are_problems_of_the_preview(write: Write) -> None:
    """They say what is missing."""
    root = write("")
    (root / "Pulumi.dev.yaml").write_text("environment: [shared]")
    assert run_project(root, "dev").problems[0].startswith("Pulumi.dev.yaml: environment")
