"""``plinth check``: what it prints, and how it ends."""

import json
from pathlib import Path

import pytest

from plinth.cli import main

OPEN = """
import pulumi_aws as aws
aws.ec2.SecurityGroup("ssh", tags={"Name": "ssh"}, ingress=[
    {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}])
"""
WARNED = "import pulumi_aws as aws\naws.ec2.SecurityGroup('plain')\n"
BACKUPS = """
import pulumi_aws as aws
aws.rds.Instance("db", instance_class="db.t4g.small", engine="postgres", storage_encrypted=True,
    deletion_protection=True, skip_final_snapshot=False, multi_az=True, backup_retention_period=1,
    enabled_cloudwatch_logs_exports=["postgresql"], tags={"Name": "db"},
    opts=__import__("pulumi").ResourceOptions(protect=True))
"""
FINE = "import pulumi\npulumi.export('url', 'https://example.com')\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty project with one stack, as the current directory."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ends(project: Path, program: str, *arguments: str) -> int:
    """Check a program, and return the exit code."""
    (project / "__main__.py").write_text(program)
    return main(["check", *arguments])


def test_a_stack_that_holds_to_all_ends_well(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is wrong, and one line says so."""
    assert ends(project, FINE) == 0
    assert capsys.readouterr().out == "shop/dev: 0 errors, 0 warnings\n"


def test_a_broken_rule_ends_with_three(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The report says what, where, why and how to mend it."""
    assert ends(project, OPEN) == 3
    out = capsys.readouterr().out
    assert "error  sg-not-open  ec2.SecurityGroup/ssh" in out
    assert "0.0.0.0/0 reaches port 22" in out
    assert "at __main__.py:3" in out
    assert "CIS 5.3" in out


@pytest.mark.parametrize(("level", "code"), [("error", 0), ("warning", 3), ("never", 0)])
def test_the_level_decides_what_ends_badly(project: Path, level: str, code: int) -> None:
    """A warning ends badly only where that is asked for."""
    assert ends(project, WARNED, "--fail-on", level) == code


def test_never_lets_everything_pass(project: Path) -> None:
    """Errors are printed, and the end is good."""
    assert ends(project, OPEN, "--fail-on", "never") == 0


@pytest.mark.parametrize(("arguments", "code"), [((), 0), (("--protected", "dev"), 3)])
def test_a_stack_can_be_held_to_more(project: Path, arguments: tuple[str, ...], code: int) -> None:
    """One day of backups is too little for a stack that is said to be protected."""
    assert ends(project, BACKUPS, *arguments) == code


def test_json_holds_the_same(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A program reads the violations, and the summary goes to stderr."""
    assert ends(project, OPEN, "--json") == 3
    printed = capsys.readouterr()
    whole = json.loads(printed.out)
    [violation] = whole["stacks"][0]["violations"]
    assert (violation["rule"], violation["severity"]) == ("sg-not-open", "error")
    assert whole["plinth"] == {"schema": 1}
    assert "shop/dev: 1 error, 0 warnings" in printed.err


def test_a_failing_program_ends_with_one(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be run cannot be checked."""
    assert ends(project, "raise RuntimeError('broken')", "--json") == 1
    printed = capsys.readouterr()
    assert "RuntimeError: broken" in printed.err
    assert json.loads(printed.out)["failures"][0]["stack"] == "dev"


@pytest.mark.parametrize(
    "arguments", [("other",), ("--terraform-plan", "plan.json", "dev", "other")]
)
def test_what_cannot_be_done_ends_with_two(
    project: Path, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown stack, or two stacks for one file, is said in a line."""
    assert ends(project, FINE, *arguments) == 2
    assert capsys.readouterr().err.startswith("plinth: ")


def test_the_rules_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """The table needs no project."""
    assert main(["check", "--rules", "--cwd", "/"]) == 0
    assert "`broker-never-evicts`" in capsys.readouterr().out


def test_a_plan_is_written_beside_the_report(project: Path) -> None:
    """The file is there whether rules are broken or not."""
    assert ends(project, OPEN, "--terraform-plan", "plan.json") == 3
    plan = json.loads((project / "plan.json").read_text())
    [group] = plan["planned_values"]["root_module"]["resources"]
    assert group["address"] == "aws_security_group.ssh"
