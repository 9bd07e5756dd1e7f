"""The ``plinth`` command: what it prints where, and how it ends."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from plinth.cli import COMMANDS, main
from plinth.console import wants_colour

Write = Callable[..., Path]

GOOD = """
import pulumi
class Thing(pulumi.CustomResource):
    def __init__(self, name, **props):
        super().__init__("test:index:Thing", name, props)
print("chatter")
Thing("x", key=pulumi.Config().get_secret("key"))
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a project with a program and stacks."""

    def files(program: str = GOOD, **stacks: str) -> Path:
        (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        (tmp_path / "__main__.py").write_text(dedent(program))
        for name, text in (stacks or {"dev": "", "prod": ""}).items():
            (tmp_path / f"Pulumi.{name}.yaml").write_text(text)
        return tmp_path

    return files


def run(*arguments: str | Path) -> int:
    """Run the command in this process."""
    return main([str(argument) for argument in arguments])


def start(*arguments: str | Path, hash_seed: str = "0") -> "subprocess.CompletedProcess[str]":
    """Run the command in a process of its own."""
    return subprocess.run(  # noqa: S603 - this Python, our arguments
        [sys.executable, "-m", "plinth", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": hash_seed},
    )


def test_help_is_quick_and_names_the_exit_codes() -> None:
    """Neither Pulumi nor a component is loaded for it."""
    code = (
        "import contextlib, sys; from plinth.cli import main\n"
        "with contextlib.suppress(SystemExit): main(['--help'])\n"
        "print(sorted({'pulumi', 'yaml', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run(  # noqa: S603 - this Python, our code
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout.splitlines()[-1] == "[]"
    assert "exit codes: 0" in done.stdout


def test_the_version_is_the_distributions(capsys: pytest.CaptureFixture[str]) -> None:
    """As pip knows it."""
    with pytest.raises(SystemExit) as end:
        run("--version")
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith("plinth ")


def test_every_command_has_a_function_and_a_help() -> None:
    """The table names functions by text, so that they load late."""
    from importlib import import_module  # noqa: PLC0415

    for command in COMMANDS:
        module, _, function = command.run.partition(":")
        assert callable(getattr(import_module(module), function))
        assert command.help


def test_all_stacks_are_previewed_in_order(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    """Trees to stdout; the summary, and what the program prints, to stderr."""
    assert run("preview", "--cwd", write(prod="", dev="")) == 0
    out, err = capsys.readouterr()
    assert [line for line in out.splitlines() if line.startswith("shop/")] == [
        "shop/dev: 1 resource",
        "shop/prod: 1 resource",
    ]
    assert "chatter" not in out
    assert "chatter" in err
    assert "dev: 1 resource (" in err


def test_only_named_stacks_are_previewed(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """Each once."""
    assert run("preview", "prod", "prod", "--cwd", write()) == 0
    out = capsys.readouterr().out
    assert out.count("shop/prod") == 1
    assert "shop/dev" not in out


def test_json_is_all_that_goes_to_stdout(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """One text for all stacks, without any secret."""
    root = write(dev="config: {key: {secure: v1:abc}}", prod="")
    assert run("preview", "--json", "--cwd", root) == 0
    out = capsys.readouterr().out
    whole = json.loads(out)
    assert whole["plinth"] == {"schema": 1}
    assert [document["stack"] for document in whole["stacks"]] == ["dev", "prod"]
    thing = whole["stacks"][0]["resources"][1]
    assert thing["inputs"] == {"key": "[secret]"}
    assert thing["secrets"] == {"inputs.key": None}
    assert "v1:abc" not in out


def test_a_key_in_the_environment_gives_digests(
    write: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They tell one text in place of a secret from another."""
    monkeypatch.setenv("PLINTH_DIGEST_KEY", "k")
    root = write(dev="config: {key: {secure: v1:abc}}")
    digests: list[str] = []
    for text in ("one", "one", "two"):
        assert run("preview", "dev", "--json", "--stand-in", f"key={text}", "--cwd", root) == 0
        [document] = json.loads(capsys.readouterr().out)["stacks"]
        digests.append(document["resources"][1]["secrets"]["inputs.key"])
    assert digests[0] == digests[1] != digests[2]


def test_the_same_program_gives_the_same_bytes(write: Write) -> None:
    """In processes that hash differently."""
    root = write("""
        import pulumi
        class Thing(pulumi.CustomResource):
            def __init__(self, name, **props):
                super().__init__("test:index:Thing", name, props)
        for name in "cab":
            Thing(name, **{key: name for key in {"one", "two", "three"}})
    """)
    first, second = (
        start("preview", "--json", "--cwd", root, hash_seed=seed) for seed in ("1", "2")
    )
    assert first.returncode == 0
    assert first.stdout == second.stdout


def test_what_a_started_command_prints_is_no_result(write: Write) -> None:
    """A program may build its assets with one, and the JSON stays JSON."""
    root = write("import subprocess; subprocess.run(['echo', 'built'])", dev="")
    done = start("preview", "--json", "--cwd", root)
    assert json.loads(done.stdout)["failures"] == []
    assert "built" in done.stderr


def test_a_preview_loads_no_component_and_no_provider(write: Write) -> None:
    """Only the program does: another project pays for nothing of ours."""
    code = (
        "import sys; from plinth.cli import main; main(sys.argv[1:])\n"
        "ours = {'plinth.network', 'plinth.wiring', 'pulumi_aws'}\n"
        "print(ours & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(  # noqa: S603 - this Python, our code
        [sys.executable, "-c", code, "preview", "--cwd", str(write())],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stderr.splitlines()[-1] == "set()"


def test_inputs_show_on_request(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """With secrets masked."""
    root = write(dev="config: {key: {secure: v1:abc}}")
    assert run("preview", "--inputs", "--cwd", root) == 0
    assert "key: [secret]" in capsys.readouterr().out


# failures of a program


def test_a_failure_is_told_with_its_line_and_the_others_go_on(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1; the JSON carries it as well."""
    root = write("""
        import pulumi
        if pulumi.get_stack() == "dev":
            raise ValueError("no good")
    """)
    assert run("preview", "--cwd", root) == 1
    out, err = capsys.readouterr()
    assert "dev: the program failed:\n  __main__.py:4: ValueError: no good\n" in err
    assert err.count("no good\n") == 1
    assert 'raise ValueError("no good")' in err
    assert out.startswith("shop/prod: ")
    assert run("preview", "--json", "--cwd", root) == 1
    whole = json.loads(capsys.readouterr().out)
    [failure] = whole["failures"]
    assert (failure["stack"], failure["source"]) == ("dev", "__main__.py:4")
    assert [document["stack"] for document in whole["stacks"]] == ["prod"]


APPLY = """
import pulumi
class Thing(pulumi.CustomResource):
    def __init__(self, name, **props):
        super().__init__("test:index:Thing", name, props)
def check(identity):
    {body}
Thing("x").id.apply(check{how})
"""


def test_a_program_that_breaks_a_real_first_preview_fails(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where outputs are unknown; the tree, which has placeholders, shows all the same."""
    body = "assert isinstance(identity, str), 'not known'"
    root = write(APPLY.format(body=body, how=", run_with_unknowns=True"), dev="")
    assert run("preview", "--cwd", root) == 1
    out, err = capsys.readouterr()
    assert "dev: would break in a real first preview" in err
    assert "not known" in err
    assert "Thing  x" in out


def test_a_program_that_breaks_on_placeholders_says_so(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    """A real preview would not have come to that line."""
    root = write(APPLY.format(body="int(identity)", how=""), dev="")
    assert run("preview", "--cwd", root) == 1
    assert "dev: failed where placeholders stand for" in capsys.readouterr().err


# wrong usage and files


def test_an_unknown_stack_ends_in_one_line(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2; the other stacks are previewed all the same."""
    assert run("preview", "staging", "dev", "--cwd", write()) == 2
    out, err = capsys.readouterr()
    assert "plinth: there is no stack 'staging' (Pulumi.staging.yaml): use one of dev, prod" in err
    assert out.startswith("shop/dev: ")


def test_a_directory_without_a_project_ends_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and no traceback."""
    assert run("preview", "--cwd", tmp_path) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("plinth: there is no Pulumi.yaml in ")


def test_a_project_without_stacks_asks_for_a_name(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    """And previews any that is given."""
    root = write()
    for stack in ("dev", "prod"):
        (root / f"Pulumi.{stack}.yaml").unlink()
    assert run("preview", "--cwd", root) == 2
    assert "name the stack to preview" in capsys.readouterr().err
    assert run("preview", "any", "--cwd", root) == 0
    assert "there is no Pulumi.any.yaml" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [["preview", "--nonsense"], [], ["preview", "--stand-in", "x"]])
def test_wrong_options_end_with_two(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """As argparse does it: usage, and what is wrong."""
    with pytest.raises(SystemExit) as end:
        main(wrong)
    assert end.value.code == 2
    assert "usage: plinth" in capsys.readouterr().err


# colours


class Terminal:
    """Stands for stdout on a terminal."""

    def isatty(self) -> bool:
        """Say that it is one."""
        return True


@pytest.mark.parametrize(("no_color", "wanted"), [(None, True), ("", True), ("1", False)])
def test_colours_are_for_terminals_whose_user_wants_them(
    monkeypatch: pytest.MonkeyPatch, no_color: str | None, *, wanted: bool
) -> None:
    """An empty ``NO_COLOR`` says nothing: https://no-color.org."""
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color is not None:
        monkeypatch.setenv("NO_COLOR", no_color)
    assert wants_colour() is wanted


def test_a_pipe_gets_no_colours(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody sees escapes in a file."""
    run("preview", "dev", "--cwd", write())
    assert "\x1b" not in capsys.readouterr().out
