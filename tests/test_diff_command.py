"""``plinth diff`` as users call it."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from documents import BUCKET, GROUP, document, resource
from plinth.cli import main
from plinth.diff import revisions
from plinth.diff.children import Side, run
from plinth.diff.revisions import RevisionError, checkout
from plinth.preview.export import Document, to_text

PROGRAM = """
import pulumi
from shop import SIZE

pulumi.export("size", SIZE)
inputs = {"size": SIZE, "key": pulumi.Output.secret("k")}
pulumi.ComponentResource("shop:index:Shop", "shop", inputs)
"""

Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Git:
    """Return git in a repository with one commit of a project."""
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "nobody")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "nobody@example.com")
    repository = tmp_path / "repository"
    (repository / "infra").mkdir(parents=True)
    (repository / "lib").mkdir()
    files = {
        "Pulumi.yaml": "name: shop\nruntime: python\nmain: infra/\n",
        "Pulumi.dev.yaml": "config: {}\n",
        "infra/__main__.py": PROGRAM,
        "lib/shop.py": "SIZE = 1\n",
        "uv.lock": "one\n",
    }
    for name, content in files.items():
        (repository / name).write_text(textwrap.dedent(content))

    def call(*arguments: str) -> str:
        done = subprocess.run(  # noqa: S603 - git, in a directory of the test
            ["git", "-C", str(repository), *arguments],  # noqa: S607 - whichever there is
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    call("init", "--quiet", "--initial-branch=main")
    call("add", "--all")
    call("commit", "--quiet", "--message", "first")
    monkeypatch.chdir(repository)
    monkeypatch.setattr(sys, "path", [str(repository / "lib"), *sys.path])
    monkeypatch.setenv("PYTHONPATH", f"{repository / 'lib'}")
    return call


def diff(*arguments: str) -> int:
    """Run the command."""
    return main(["diff", *arguments])


def test_base_runs_with_its_own_modules(git: Git, capsys: pytest.CaptureFixture[str]) -> None:
    """What is imported from the working tree comes from the base's own tree there."""
    Path("lib/shop.py").write_text("SIZE = 2\n")
    Path("uv.lock").write_text("two\n")

    assert diff("--base", "main", "--format", "json") == 0

    report = json.loads(capsys.readouterr().out)
    (stack,) = report["stacks"]
    properties = {p["path"]: p for change in stack["changes"] for p in change["properties"]}
    assert properties["size"] == {"path": "size", "before": 1, "after": 2}
    assert "key" not in properties
    assert any("uv.lock" in note for note in report["notes"])
    assert git("worktree", "list").count("\n") == 1


def test_program_that_fails_is_reported(git: Git, capsys: pytest.CaptureFixture[str]) -> None:
    """The report says which side, and why; the command ends with 1."""
    Path("infra/__main__.py").write_text("raise ValueError('out of order')\n")

    assert diff("--base", "HEAD", "dev") == 1

    said = capsys.readouterr().out
    assert "1 of 1 stacks cannot be previewed" in said
    assert "working tree: infra/__main__.py:1: ValueError: out of order" in said
    assert git("worktree", "list").count("\n") == 1


@pytest.mark.usefixtures("git")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--base", "nowhere"], "there is no revision 'nowhere'"),
        (["--base", "HEAD", "test"], "there is no stack 'test' on either side"),
        (["dev"], "need a revision to compare with: --base REV"),
        ([], "say what to compare"),
        (["--from", "dev"], "two stacks are compared by --from STACK and --to ANOTHER"),
        (["--saved", "a.json", "b.json"], "a.json cannot be read"),
        (["--preview-json", "Pulumi.yaml"], "Pulumi.yaml is no plan"),
        (["--base", "HEAD", "--fail-on", "fire"], "'fire' is nothing to fail on"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the change to make, and exit code 2."""
    assert diff(*arguments) == 2

    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


def test_worktree_goes_whatever_happens(git: Git, tmp_path: Path) -> None:
    """Nothing of the base is left behind, nor the user's hooks run for it."""
    hook = Path(git("rev-parse", "--git-path", "hooks").strip()) / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path / 'hooked'}\n")
    hook.chmod(0o755)

    trees: list[Path] = []

    def look() -> None:
        with checkout(Path.cwd(), "HEAD") as base:
            trees.append(base.top)
            raise FileNotFoundError(base.top / "lib" / "nothing")

    with pytest.raises(FileNotFoundError):
        look()

    assert [tree.exists() for tree in trees] == [False]
    assert git("worktree", "list").count("\n") == 1
    assert not (tmp_path / "hooked").exists()


def test_directory_outside_of_git_is_refused(tmp_path: Path) -> None:
    """There is nothing to compare with."""
    with pytest.raises(RevisionError, match="not a git repository"), checkout(tmp_path, "HEAD"):
        pass


def test_git_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what for."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(RevisionError, match="git is not installed"), checkout(tmp_path, "HEAD"):
        pass


def test_imports_outside_of_the_repository_stay(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    """Installed packages are those of the environment, on both sides."""
    monkeypatch.setattr(revisions.sys, "path", ["/usr/lib/python3", str(Path("lib").resolve())])
    with checkout(Path.cwd(), "HEAD") as base:
        paths = base.environment()["PYTHONPATH"].split(os.pathsep)

    assert paths[0].endswith("base/lib")
    assert "/usr/lib/python3" not in paths
    assert git("status", "--short") == ""


def saved(path: Path, *documents: Document) -> str:
    """Save previews."""
    path.write_text(to_text(documents))
    return str(path)


def test_saved_previews_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No program runs; a stack that only one of them has is new, or gone."""
    before = saved(tmp_path / "a.json", document(resource(GROUP, "web", minSize=1)))
    after = saved(
        tmp_path / "b.json",
        document(resource(GROUP, "web", minSize=2)),
        document(resource(BUCKET), stack="prod"),
    )

    assert diff("--saved", before, after, "--fail-on", "capacity") == 3

    said = capsys.readouterr().out
    assert "autoscaling.Group/web changes size: minSize 1 → 2" in said
    assert "note: the stack prod is new" in said
    assert "fails on capacity" in said


def test_nothing_changed_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``no changes`` and 0, whatever it should fail on."""
    path = saved(tmp_path / "a.json", document(resource(GROUP, "web", minSize=1)))

    assert diff("--saved", path, path, "--fail-on", "data-loss,capacity,cost>0") == 0
    assert capsys.readouterr().out.startswith("no changes\n")


def test_engines_plan_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From the engine's steps, with a note on what it leaves out."""
    urn = "urn:pulumi:dev::shop::aws:s3/bucket:Bucket::files"
    state: dict[str, Any] = {"urn": urn, "type": BUCKET, "custom": True, "inputs": {}}
    step = {"op": "delete", "urn": urn, "oldState": state}
    path = tmp_path / "plan.json"
    path.write_text(json.dumps({"steps": [step], "changeSummary": {"same": 3}}))

    assert diff("--preview-json", str(path), "--fail-on", "data-loss") == 3

    said = capsys.readouterr().out
    assert "s3.Bucket/files is deleted with its objects" in said
    assert "--show-sames" in said


def test_stacks_share_the_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two stacks of two sides are four processes on four processors, and two on two."""
    started: list[list[str]] = []

    def preview(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        stacks = command[command.index("--") + 1 :]
        started.append(stacks)
        made = to_text([document(stack=stack) for stack in stacks])
        return subprocess.CompletedProcess(command, 0, stdout=made, stderr="")

    monkeypatch.setattr(subprocess, "run", preview)
    sides = [Side(name=name, project=Path(), stacks=["dev", "prod"]) for name in ("old", "new")]
    for processors, batches in ((4, 4), (2, 2)):
        started.clear()
        monkeypatch.setattr(os, "cpu_count", lambda number=processors: number)

        found = run(sides, stand_ins=[], key="k")

        assert len(started) == batches
        assert [sorted(side.documents) for side in found] == [["dev", "prod"], ["dev", "prod"]]
