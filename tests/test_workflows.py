"""The workflows: what they may do, and that they say what the commands understand."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from plinth.cli import main
from stacks import ROOT, STACKS

FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}")


def load(file: Path) -> dict[str, Any]:
    """Read a workflow; YAML 1.1 takes its ``on`` for true."""
    whole = yaml.safe_load(file.read_text())
    return {("on" if key is True else key): value for key, value in whole.items()}


WORKFLOWS = {file.stem: load(file) for file in FILES}
JOBS: dict[str, dict[str, Any]] = {
    f"{name}/{key}": job for name, flow in WORKFLOWS.items() for key, job in flow["jobs"].items()
}
STEPS = [(where, step) for where, job in JOBS.items() for step in job["steps"]]
SCRIPTS = [
    pytest.param(step["run"], id=f"{where}-{i}")
    for i, (where, step) in enumerate(STEPS)
    if "run" in step
]


def uses(where: str, action: str) -> list[dict[str, Any]]:
    """List the steps of a job that use an action."""
    return [s for at, s in STEPS if at == where and s.get("uses", "").startswith(f"{action}@")]


def test_every_action_is_pinned_to_a_commit() -> None:
    """A tag can be moved to other code, and each one has the same commit everywhere."""
    found = [step["uses"] for _, step in STEPS if "uses" in step]
    assert all(PINNED.fullmatch(action) for action in found)
    assert len({a.partition("@")[0] for a in found}) == len(set(found))
    lines = [line for file in FILES for line in file.read_text().splitlines() if "uses:" in line]
    assert all(re.search(r"# v\d+\.\d+\.\d+", line) for line in lines)


def test_workflows_start_without_permissions() -> None:
    """A job says what it needs, and writes nothing but a comment."""
    assert all(workflow["permissions"] == {} for workflow in WORKFLOWS.values())
    writes = {
        (where, scope)
        for where, job in JOBS.items()
        for scope, access in job["permissions"].items()
        if access == "write"
    }
    assert writes == {
        ("comment/comment", "pull-requests"),
        ("deploy/dev", "id-token"),
        ("deploy/prod", "id-token"),
        ("drift/drift", "id-token"),
        ("preview/plan", "id-token"),
    }


def test_there_are_no_secrets() -> None:
    """Roles are taken on by tokens that GitHub signs."""
    assert [file.name for file in FILES if "secrets." in file.read_text()] == []


def test_nothing_runs_code_of_a_fork_with_rights() -> None:
    """The one job that may comment checks nothing out."""
    assert all("pull_request_target" not in workflow["on"] for workflow in WORKFLOWS.values())
    after = [name for name, workflow in WORKFLOWS.items() if "workflow_run" in workflow["on"]]
    assert after == ["comment"]
    assert [step.get("uses") for step in JOBS["comment/comment"]["steps"]] == [None] * 3


def test_the_plan_is_not_for_forks() -> None:
    """They would get no token, and fail."""
    condition = JOBS["preview/plan"]["if"]
    assert "github.event.pull_request.head.repo.full_name == github.repository" in condition


def test_checkouts_leave_no_token_behind() -> None:
    """Later steps run the repository's code."""
    checkouts = [s for _, s in STEPS if s.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_the_report_sees_the_target_branch() -> None:
    """It is the first parent of the merge that is checked out."""
    [checkout] = uses("preview/report", "actions/checkout")
    assert checkout["with"]["fetch-depth"] == 2


@pytest.mark.parametrize("where", ["deploy/dev", "deploy/prod", "drift/drift"])
def test_what_locks_the_state_is_never_cancelled(where: str) -> None:
    """A cancelled update leaves the lock, and half of what it was making."""
    assert JOBS[where]["concurrency"]["cancel-in-progress"] is False
    assert "concurrency" not in WORKFLOWS[where.partition("/")[0]]


def test_prod_waits_for_dev_and_for_approval() -> None:
    """The environment asks its reviewers."""
    assert JOBS["deploy/prod"]["needs"] == "dev"
    assert JOBS["deploy/prod"]["environment"] == "production"
    assert JOBS["deploy/dev"]["if"].startswith("github.ref == 'refs/heads/main'")


def test_a_session_lasts_longer_than_its_job() -> None:
    """Credentials that end in the middle of an update are as bad as a cancelled one."""
    for where in ("deploy/dev", "deploy/prod"):
        [credentials] = uses(where, "aws-actions/configure-aws-credentials")
        assert credentials["with"]["role-duration-seconds"] > JOBS[where]["timeout-minutes"] * 60


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_deployment_ends_with_its_instances(stack: str) -> None:
    """``pulumi up`` is done when they begin to be replaced; the next stack waits for the end."""
    *_, update, wait = JOBS[f"deploy/{stack}"]["steps"]
    assert f"organization/plinth/{stack}" in update["run"]
    assert f"plinth rollout wait {stack} " in wait["run"]


def test_every_job_ends() -> None:
    """The default of six hours is nobody's wish."""
    assert all(job["timeout-minutes"] <= 90 for job in JOBS.values())


def test_all_stacks_are_planned_and_watched() -> None:
    """A stack that is added has to be added here."""
    for where in ("preview/plan", "drift/drift"):
        assert sorted(JOBS[where]["strategy"]["matrix"]["stack"]) == STACKS


def test_all_supported_versions_are_tested() -> None:
    """Those that the package says it runs on."""
    versions = JOBS["ci/test"]["strategy"]["matrix"]["python"]
    assert versions == ["3.11", "3.12", "3.13", "3.14"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_take_nothing_from_outside_as_code(script: str) -> None:
    """A branch may be called whatever somebody likes; variables keep it text."""
    assert "${{" not in script
    subprocess.run(["bash", "-n", "-c", script], check=True)  # noqa: S603, S607 - only read


def test_the_commands_are_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every ``plinth`` line of GitHub's and GitLab's files, up to where it would run."""
    gitlab = yaml.safe_load((ROOT / "docs" / "gitlab-ci.yml").read_text())
    scripts = [cast("str", step["run"]) for _, step in STEPS if "run" in step]
    scripts += [line for job in gitlab.values() if "script" in job for line in job["script"]]
    flat = [script.replace("\\\n", " ") for script in scripts]
    command = r'plinth"? ((?:diff|preview|rollout) [^>|\n]*)'
    lines = [m[1] for s in flat for m in re.finditer(command, s)]
    assert len(lines) == 8
    monkeypatch.setattr("plinth.cli.importlib.import_module", _Understood)
    for line in lines:
        assert main(shlex.split(line.replace("$FAIL_ON", "data-loss"))) == 0, line


class _Understood:
    """Stands for the module of a command."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Callable[[object], int]:
        """Return what runs the command: nothing."""
        return lambda _arguments: 0


# The comment

OURS = '{"id": 2, "user": {"login": "github-actions[bot]"}, "body": "<!-- plinth diff -->\\nold"}'
THEIRS = '{"id": 1, "user": {"login": "mallory"}, "body": "<!-- plinth diff -->"}'
GH = """#!/bin/sh
echo "$*" >> "$LOG"
case "$*" in
*PATCH*|*POST*) ;;
*pulls*) echo '[{"number": 7, "head": {"sha": "a"}}, {"number": 8, "head": {"sha": "b"}}]' ;;
*comments*) printf '%s' "$COMMENTS" ;;
esac
"""


@pytest.fixture
def github(tmp_path: Path) -> Path:
    """Put a stand-in for ``gh`` on the path."""
    command = tmp_path / "gh"
    command.write_text(GH)
    command.chmod(0o755)
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "report.md").write_text("# Report\n")
    return tmp_path


def run_step(github: Path, number: int, **variables: str) -> str:
    """Run a step of the comment's job, and return what it asked of GitHub."""
    step = JOBS["comment/comment"]["steps"][number]
    given = {key: value for key, value in step["env"].items() if "${{" not in value}
    subprocess.run(  # noqa: S603 - our own script
        ["bash", "-eo", "pipefail", "-c", step["run"]],  # noqa: S607 - as the runner does
        check=True,
        cwd=github,
        env={
            "PATH": f"{github}:/usr/local/bin:/usr/bin:/bin",
            "LOG": str(github / "log"),
            "GITHUB_OUTPUT": str(github / "output"),
            "REPOSITORY": "acme/shop",
            **given,
            **variables,
        },
    )
    return (github / "log").read_text()


needs_jq = pytest.mark.skipif(not shutil.which("jq"), reason="jq is on every runner, not here")


@needs_jq
@pytest.mark.parametrize(("sha", "number"), [("b", "8"), ("c", "")])
def test_the_pull_request_is_asked_of_github(github: Path, sha: str, number: str) -> None:
    """By the commit that ran; one that moved on gets the next run's report."""
    run_step(github, 1, HEAD="me:change", SHA=sha)
    assert (github / "output").read_text() == f"number={number}\n"


@needs_jq
@pytest.mark.parametrize(
    ("comments", "request_"),
    [
        ("[]", "--method POST repos/acme/shop/issues/8/comments"),
        (f"[{THEIRS}]", "--method POST repos/acme/shop/issues/8/comments"),
        (f"[{THEIRS}][{OURS}]", "--method PATCH repos/acme/shop/issues/comments/2"),
    ],
)
def test_there_is_one_comment(github: Path, comments: str, request_: str) -> None:
    """Found by its mark and its author, on whatever page it is."""
    assert request_ in run_step(github, 2, NUMBER="8", COMMENTS=comments)
    assert (github / "comment.md").read_text() == "<!-- plinth diff -->\n# Report\n"
