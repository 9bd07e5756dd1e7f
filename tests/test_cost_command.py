"""``plinth cost``: what it prints, what it asks for, and how it ends."""

import json
from decimal import Decimal
from pathlib import Path
from textwrap import dedent

import pytest

from bills import NOTHING, fleet, priced, record
from plinth.cli import main
from plinth.cost import Estimate, Usage, read_usage
from plinth.cost.render import WIDTH, money, table, to_text
from plinth.preview.yaml_core import ConfigError
from plinth.testing import monthly_cost
from stacks import deployed_stack

PROGRAM = """
import pulumi
import pulumi_aws as aws

class Gate(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("shop:index:Gate", name)
        aws.ec2.Eip(name, opts=pulumi.ResourceOptions(parent=self))

print("chatter")
Gate("front")
aws.s3.Bucket("files")
"""

GOLDEN = """\
shop/dev: $116.52 to $238.85 a month

                                at least     at most  largest part
outside of components             116.52      238.85  m7g.large, on demand (web)
Total                             116.52      238.85

us-east-1: AWS's list prices of 2026-10-07 and later, in US dollars, for a month of 730 hours,
without free tiers, discounts and taxes. At least: every fleet and every disk at its smallest. At
most: as large as each may grow by itself.

Assumed (--usage NAME=NUMBER, or a file of such, says otherwise)
  nat_gb=500

Not priced
  ! aws:batch/jobQueue:JobQueue one: plinth has no rule for this type
"""


def small() -> Estimate:
    """Price a fleet of one to three, a gateway and something unknown."""
    usage = NOTHING.model_copy(update={"nat_gb": 500})
    gateway = record("aws:ec2/natGateway:NatGateway", "nat")
    return priced(*fleet(most=3), gateway, record("aws:batch/jobQueue:JobQueue"), usage=usage)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Write a project with two stacks, of which one is where there are no prices."""
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(dedent(PROGRAM))
    for stack, region in (("dev", "us-east-1"), ("paris", "eu-west-3")):
        (tmp_path / f"Pulumi.{stack}.yaml").write_text(f"config:\n  aws:region: {region}\n")
    return tmp_path


def test_a_table_reads_as_agreed() -> None:
    """The whole of it, with a gateway whose traffic was assumed."""
    text = table(small())

    assert text == GOLDEN
    assert "\x1b[1mTotal" in table(small(), colour=True)


def test_the_detail_shows_how_each_amount_came_about() -> None:
    """Quantity, price and unit, so that anybody can check it."""
    text = table(small(), detail=True)

    assert "  autoscaling.Group/web\n" in text
    assert "59.57 to 178.70  730 to 2,190 x $0.0816/hour" in text
    assert "22.50  500 x $0.045/GB" in text


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_real_stacks_fit_a_page(stack: str) -> None:
    """No line is wider than a terminal or a comment on GitHub shows."""
    text = table(monthly_cost(deployed_stack(stack)), detail=True)

    assert max(map(len, text.splitlines())) <= WIDTH


def test_money_is_rounded_half_up_and_only_in_print() -> None:
    """Sums are of exact amounts, so that a column may differ from its total by a cent."""
    assert [money(Decimal(text)) for text in ("0.005", "0.0149", "1906.575")] == [
        "0.01",
        "0.01",
        "1,906.58",
    ]
    assert small().min == Decimal("59.568") + Decimal("1.6") + Decimal("32.85") + Decimal("22.5")


def test_the_json_has_exact_amounts_as_texts() -> None:
    """A float would round them."""
    (stack,) = json.loads(to_text([small()]))["stacks"]

    assert stack["monthly"]["min"] == "116.518"
    first = stack["lines"][0]
    assert first["unitPrice"] == {"min": "0.0816", "max": "0.0816"}
    assert first["quantity"] == {"min": "730", "max": "2190"}
    assert first["source"].startswith("https://pricing.")
    assert stack["assumptions"] == {"nat_gb": "500"}


def test_the_command_prices_a_stack(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only results go to stdout; what the program prints does not."""
    assert main(["cost", "dev", "--cwd", str(project), "--usage", "bucket_gb=1000"]) == 0

    out = capsys.readouterr().out
    assert "Gate front" in out
    assert "bucket_gb=1000" in out
    assert "26.74" in out  # 3.65 for the address, 23.09 for the bucket
    assert "chatter" not in out


def test_a_region_without_prices_ends_2_and_others_go_on(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is made up for it."""
    assert main(["cost", "--cwd", str(project), "--json"]) == 2

    out, err = capsys.readouterr()
    assert "plinth: no prices for eu-west-3: there are prices for us-east-1" in err
    assert [stack["stack"] for stack in json.loads(out)["stacks"]] == ["dev"]


def test_a_program_that_fails_ends_1(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the line where it did."""
    (project / "__main__.py").write_text("raise ValueError('broken')\n")

    assert main(["cost", "dev", "--cwd", str(project), "--json"]) == 1
    out, err = capsys.readouterr()
    assert "__main__.py:1: ValueError: broken" in err
    assert json.loads(out)["failures"][0]["stack"] == "dev"


def test_usage_comes_from_files_and_single_values(tmp_path: Path) -> None:
    """What is said later counts."""
    file = tmp_path / "usage.yaml"
    file.write_text("nat_gb: 250.5\nlog_gb: 3\n")

    found = read_usage([str(file), "log_gb=4"])

    assert found == Usage(nat_gb=250.5, log_gb=4)
    json_file = tmp_path / "usage.json"
    json_file.write_text('{"nat_gb": 7}')
    assert read_usage([str(json_file)]).nat_gb == 7


def test_the_page_lists_every_assumption_with_its_default() -> None:
    """A default that nobody can look up is a hidden one."""
    page = (Path(__file__).parent.parent / "docs" / "cost.md").read_text()
    rows = (row.split("|") for row in page.splitlines() if row.startswith("| `"))

    told = {row[1].strip(" `"): float(row[2]) for row in rows}
    assert told == Usage().model_dump()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("vistors_gb=3", r"usage\.vistors_gb: .* did you mean 'visitors_gb'"),
        ("log_gb=-1", r"usage\.log_gb: .* greater than or equal to 0"),
        ("log_gb=many", r"usage\.log_gb: .* 'many'"),
        ("spot_price_ratio=2", r"usage\.spot_price_ratio"),
        ("missing.yaml", r"missing\.yaml: cannot be read"),
    ],
)
def test_a_wrong_assumption_is_refused(given: str, message: str) -> None:
    """A misspelt one would change nothing, unseen."""
    with pytest.raises(ConfigError, match=message):
        read_usage([given])
