"""Exceptions: on the component, with a reason and a last day."""

from datetime import date

import pulumi
import pulumi_aws as aws
import pytest

from plinth.policies import Report, accept, examine
from plinth.policies.render import text
from plinth.preview.export import to_document
from plinth.testing import deploy

DAY = date(2027, 3, 31)
WHY = "a rehearsal, rebuilt every day"


class Logs(pulumi.ComponentResource):
    """A component that keeps two log groups for ever."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tests:index:Logs", name, {"days": 0}, opts)
        for role in ("web", "jobs"):
            aws.cloudwatch.LogGroup(
                f"{name}-{role}",
                tags={"Name": name},
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})


class Outer(pulumi.ComponentResource):
    """A component with another one inside."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tests:index:Outer", name, {}, opts)
        Logs(f"{name}-logs", opts=pulumi.ResourceOptions(parent=self))
        self.register_outputs({})


def checked(
    *transforms: pulumi.ResourceTransform,
    kind: type[Logs | Outer] = Logs,
    today: date = DAY,
) -> Report:
    """Check a component that was given exceptions."""
    options = pulumi.ResourceOptions(transforms=list(transforms))
    deployed = deploy(lambda: kind("logs", opts=options))
    return examine(to_document(deployed.graph), today)


def test_without_an_exception_the_rule_is_broken() -> None:
    """Both log groups break the rule."""
    assert [v.resource for v in checked().violations] == [
        "cloudwatch.LogGroup/logs-web",
        "cloudwatch.LogGroup/logs-jobs",
    ]


def test_an_exception_covers_all_in_its_component() -> None:
    """What is accepted is no violation, and is told with its reason."""
    report = checked(accept("log-retention", because=WHY, until="2027-03-31"))
    assert report.violations == ()
    assert [one.acceptance.because for one in report.accepted] == [WHY, WHY]
    assert WHY in text(report)


def test_an_exception_reaches_a_component_inside() -> None:
    """On an outer component it covers what is deep inside, and counts once."""
    report = checked(accept("log-retention", because=WHY, until="2027-03-31"), kind=Outer)
    assert (report.violations, len(report.accepted), report.unused) == ((), 2, ())
    assert {one.acceptance.component.rpartition("::")[2] for one in report.accepted} == {"logs"}


def test_an_exception_can_be_for_one_child() -> None:
    """The other child still breaks the rule."""
    report = checked(accept("log-retention", because=WHY, until="2027-03-31", on="logs-web"))
    assert [v.resource for v in report.violations] == ["cloudwatch.LogGroup/logs-jobs"]


def test_an_exception_ends_after_its_last_day() -> None:
    """From the next day on the rule is broken again, and the report says why."""
    ended = accept("log-retention", because=WHY, until="2027-03-30")
    report = checked(ended)
    assert [v.resource for v in report.violations] == [
        "cloudwatch.LogGroup/logs-web",
        "cloudwatch.LogGroup/logs-jobs",
    ]
    assert "accepted to 2027-03-30" in report.violations[0].sentence
    assert report.unused == ()


def test_a_later_exception_outlives_an_ended_one() -> None:
    """Of two exceptions, the one that still counts decides."""
    report = checked(
        accept("log-retention", because=WHY, until="2026-01-01"),
        accept("log-retention", because=WHY, until="2028-01-01"),
    )
    assert report.violations == ()


def test_an_exception_that_nothing_needs_is_told() -> None:
    """It can be taken away."""
    report = checked(accept("rds-backups", because=WHY, until="2027-03-31"))
    assert [acceptance.rule for acceptance in report.unused] == ["rds-backups"]
    assert "rds-backups on logs: take it away" in text(report)


def test_an_exception_leaves_no_trace_in_aws() -> None:
    """It is an input of the component alone: what AWS gets is the same with and without it."""
    transform = accept("log-retention", because=WHY, until="2027-03-31")
    options = pulumi.ResourceOptions(transforms=[transform])
    plain, accepted = deploy(lambda: Logs("logs")), deploy(lambda: Logs("logs", opts=options))
    groups = [[r.inputs for r in d.all(aws.cloudwatch.LogGroup)] for d in (plain, accepted)]
    assert groups[0] == groups[1]
    assert accepted.one(Logs).inputs["days"] == 0
    assert accepted.one(Logs).inputs["policyExceptions"] == [
        {"rule": "log-retention", "because": WHY, "until": "2027-03-31"}
    ]


def test_another_component_is_not_covered() -> None:
    """An exception speaks of its own component only."""
    transform = accept("log-retention", because=WHY, until="2027-03-31")

    def program() -> None:
        Logs("logs", opts=pulumi.ResourceOptions(transforms=[transform]))
        Logs("more")

    report = examine(to_document(deploy(program).graph), DAY)
    assert {v.component for v in report.violations} == {"tests.Logs/more"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"rule": "log-retentoin"}, "no such rule"),
        ({"because": "ok"}, "say why"),
        ({"because": "   "}, "say why"),
        ({"until": "next year"}, "give its last day as 2027-03-31"),
        ({"until": "2027-02-30"}, "give its last day"),
    ],
)
def test_an_exception_needs_a_rule_a_reason_and_a_day(
    arguments: dict[str, str], words: str
) -> None:
    """What is missing is said before anything is made."""
    given = {"rule": "log-retention", "because": WHY, "until": "2027-03-31", **arguments}
    with pytest.raises(ValueError, match=words):
        accept(given.pop("rule"), **given)


def test_an_exception_that_cannot_be_read_counts_for_nothing() -> None:
    """One that was written by hand without a day does not open a door."""
    deployed = deploy(lambda: Logs("logs"))
    document = to_document(deployed.graph)
    [component] = [r for r in document["resources"] if r["kind"] == "component"]
    component["inputs"]["policyExceptions"] = [{"rule": "log-retention", "because": WHY}, "x"]
    assert len(examine(document, DAY).violations) == 2
