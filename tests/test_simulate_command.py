"""``plinth simulate``: what it reads, prints and draws."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from plinth._celery.settings import CeleryWorkersSettings, Pool
from plinth.cli import main
from plinth.simulate.report import percentile

PROGRAM = """
import json, pulumi
class Workers(pulumi.ComponentResource):
    def __init__(self, name, settings):
        super().__init__("plinth:index:CeleryWorkers", name, settings)
for name, settings in json.loads({workers!r}).items():
    Workers(name, settings)
if pulumi.get_stack() == "broken":
    raise ValueError("no such zone")
"""

POOLS = {
    "default": Pool(instance_types=("m7g.large",), min_size=2, max_size=8, max_wait=60),
    "mail": Pool(work="io", spot=1.0, max_task=60, avg_task=1),  # pyright: ignore[reportArgumentType]
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Write a project whose program records pools as ``CeleryWorkers`` does."""
    settings = CeleryWorkersSettings(pools=POOLS).model_dump(mode="json")
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    program = PROGRAM.format(workers=json.dumps({"celery": settings, "other": settings}))
    (tmp_path / "__main__.py").write_text(program)
    for stack in ("prod", "broken"):
        (tmp_path / f"Pulumi.{stack}.yaml").write_text("config:\n  aws:region: us-east-1\n")
    return tmp_path


def run(project: Path, *arguments: str) -> int:
    """Run the command under a load of two hours."""
    return main(["simulate", *arguments, "--cwd", str(project), "--hours", "2"])


def document(project: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    """Run the command, and return its JSON."""
    assert run(project, "prod", *arguments, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_it_reads_the_pool_and_prints_a_table(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the pool is and what came of it goes to stdout, how long it took to stderr."""
    assert run(project, "prod", "celery/default") == 0
    told = capsys.readouterr()
    first, second, _, header, row = told.out.splitlines()

    assert first == (
        "prod celery/default: 2 to 8 x m7g.large, 2 slots each; avg_task=5 max_wait=60"
    )
    assert second.startswith("burst, ")
    assert header.split()[:3] == ["policy", "wait", "p50"]
    assert "$" in row
    assert row.split()[0] == "load"
    assert "spot lost" not in header
    assert told.err.startswith("simulated 1 x ")


def test_a_changed_setting_stands_beside_the_one_deployed(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Under the very same load."""
    found = document(project, capsys, "celery/default", "--set", "max_wait=10")

    assert found["plinth"] == {"schema": 1}
    assert found["settings"]["max_wait"] == 60
    assert [each["name"] for each in found["runs"]] == ["load", "load max_wait=10"]
    assert [each["maxWait"] for each in found["runs"]] == [60, 10]
    assert found["runs"][0]["tasks"] == found["runs"][1]["tasks"] == found["trace"]["tasks"]
    assert found["runs"][0] != found["runs"][1]


def test_it_compares_all_policies(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One row each, the deployed one first."""
    found = document(project, capsys, "celery/default", "--compare", "--size", "3")

    assert [each["name"] for each in found["runs"]] == ["load", "cpu", "step", "backlog", "fixed"]
    assert found["runs"][-1]["most"] == 3


def test_cost_is_hours_by_the_price_of_the_type(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On demand by the book, spot at less than half of it; nothing where there is no book."""
    default = document(project, capsys, "celery/default")["runs"][0]
    assert default["cost"] == pytest.approx(default["instanceHours"] * 0.0816, rel=0.01)

    mail = document(project, capsys, "celery/mail")["runs"][0]
    assert mail["spotHours"] == mail["instanceHours"] > 0
    assert 0 < mail["cost"] < mail["instanceHours"] * 0.0168 / 2

    (project / "Pulumi.prod.yaml").write_text("config:\n  aws:region: xx-nowhere-1\n")
    assert document(project, capsys, "celery/default")["runs"][0]["cost"] is None


def test_a_file_of_arrivals_is_a_trace(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its path stands in place of a name."""
    file = project / "load.csv"
    file.write_text("at,tasks\n0,60\n3600,60\n")
    found = document(project, capsys, "celery/default", "--trace", str(file))

    assert found["trace"] == {"name": "load.csv", "hours": 2, "tasks": 120, "seed": 1}


def test_the_conditions_can_be_set(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An outage begins five minutes before the first burst."""
    options = ["--outage", "30", "--boot", "60", "--spot-losses", "0", "--cpu", "50"]
    conditions = document(project, capsys, "celery/default", *options)["conditions"]

    start, end = conditions.pop("outage")
    assert end - start == 1800
    assert conditions == {"boot": 60, "spotLosses": 0, "cpu": 0.5}


def test_the_picture_stands_alone(project: Path) -> None:
    """It is well-formed, names every run and loads nothing from elsewhere."""
    file = project / "out.svg"
    options = ["--compare", "--set", "max_wait=5", "--plot", str(file)]
    assert run(project, "prod", "celery/default", *options) == 0
    text = file.read_text()

    words = [node.text for node in ET.fromstring(text).iter() if node.tag.endswith("text")]  # noqa: S314
    assert {"load", "fixed max_wait=5", "tasks waiting", "instances in service"} <= set(words)
    assert "max_size=8" in words
    assert text.count("http") == 1
    assert "nan" not in text


def test_a_pool_without_load_can_be_drawn(project: Path) -> None:
    """Nothing divides by what is not there."""
    (project / "load.csv").write_text("at,tasks\n0,0\n")
    options = ["--trace", str(project / "load.csv"), "--plot", str(project / "out.svg")]
    assert run(project, "prod", "celery/default", *options) == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["prod"], "has 4 pools: name one of celery/default, celery/mail, other/default"),
        (["prod", "default"], "has 2 pools 'default': name one of celery/default"),
        (["prod", "nix"], "has no pools 'nix': name one of"),
        (["nix", "default"], "nix"),
        (["prod", "celery/mail", "--set", "max_wit=3"], "did you mean 'max_wait'?"),
        (["prod", "celery/mail", "--set", "max_task=900"], "max_task=70 or less, or spot=0"),
        (["prod", "celery/mail", "--trace", "x.csv"], "there is no trace 'x.csv': use steady"),
        (["prod", "celery/mail", "--rate", "9999"], "too many to simulate"),
        (["prod", "celery/mail", "--plot", "/nowhere/x.svg"], "/nowhere/x.svg"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    """With exit code 2, and nothing on stdout."""
    assert run(project, *arguments) == 2
    told = capsys.readouterr()
    assert says in told.err
    assert told.out == ""


@pytest.mark.parametrize("option", ["--rate=0", "--boot=-1", "--set=x", "--seed=x", "--size=-1"])
def test_a_wrong_option_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    """Before the program is run."""
    with pytest.raises(SystemExit) as ended:
        run(project, "prod", "celery/mail", option)
    assert ended.value.code == 2
    assert option.split("=", maxsplit=1)[0] in capsys.readouterr().err


def test_a_program_that_fails_is_told_of(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With exit code 1 and its own words."""
    assert run(project, "broken", "celery/mail") == 1
    assert "no such zone" in capsys.readouterr().err


def test_percentiles_lie_between_the_values() -> None:
    """As ``numpy.percentile`` has them."""
    assert percentile([0, 10], 0.5) == 5
    assert percentile([1, 2, 3, 4, 5], 0.95) == pytest.approx(4.8)
    assert percentile([7], 0.99) == 7
    assert percentile([], 0.5) == 0
