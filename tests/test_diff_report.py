"""Reports: what they say, in which order, and how long they get."""

import json
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents import (
    BUCKET,
    COMPONENT,
    DATABASE,
    GROUP,
    INGRESS,
    POLICY,
    SECURITY_GROUP,
    document,
    resource,
)
from plinth.diff import text
from plinth.diff.changes import MISSING, PropertyChange
from plinth.diff.command import assemble
from plinth.diff.fail_on import ConditionError, parse
from plinth.diff.findings import Finding, Severity
from plinth.diff.pairs import Comparison, Pair
from plinth.diff.report import Broken, Cost, Report, StackReport
from plinth.diff.report_json import to_json
from plinth.diff.report_markdown import LIMIT, MARK, code, escape, markdown
from plinth.diff.report_text import text as terminal
from plinth.preview.export import Document
from plinth.preview.values import MASK

GOLDEN = Path(__file__).parent / "golden"


def policy(action: str) -> str:
    """Write a policy."""
    statement = {"Effect": "Allow", "Action": ["s3:GetObject", action], "Resource": "arn:files"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def stack(*, later: bool) -> Document:
    """Make a small stack, before and after a change of every kind."""
    shop = resource(COMPONENT, "shop", min_size=2 if later else 1)
    group = resource(SECURITY_GROUP, "db", parent=shop)
    database = resource(
        DATABASE,
        "db",
        parent=shop,
        options={"protect": True},
        dbName="other" if later else "app",
        password=MASK,
        secrets={"inputs.password": "2" if later else "1"},
    )
    fleet = resource(GROUP, "web", parent=shop, minSize=2 if later else 1, maxSize=4)
    rights = resource(POLICY, "web", parent=shop, policy=policy("s3:Put" if later else "s3:List"))
    bucket = resource(
        BUCKET, "files", parent=shop, options={"aliases": [{"name": "old"}]} if later else {}
    )
    if not later:
        old = resource(BUCKET, "old", parent=shop)
        return document(shop, group, database, fleet, rights, old, resource(BUCKET, "spare"))
    opened = resource(
        INGRESS,
        "debug",
        refers={"securityGroupId": group},
        cidrIpv4="0.0.0.0/0",
        ipProtocol="tcp",
        fromPort=5432,
        toPort=5432,
    )
    return document(shop, group, database, fleet, rights, bucket, opened)


def pair(**more: Any) -> Pair:
    """Make the pair of both."""
    return Pair(title="dev", before=stack(later=False), after=stack(later=True), **more)


def report(*pairs: Pair, conditions: str = "") -> Report:
    """Put a report together."""
    comparison = Comparison(before="main (1a2b3c4)", after="working tree", pairs=list(pairs))
    return assemble(comparison, parse(conditions))


def settled(made: Report) -> Report:
    """Put fixed amounts and rules in place of those that change with prices and with rules."""
    cost = Cost(
        before=(Decimal(100), Decimal(180)),
        after=(Decimal(120), Decimal(230)),
        components={"Store shop": (Decimal(20), Decimal(50))},
    )
    rule = Broken(
        rule="sg-not-open",
        severity="error",
        resource="vpc.SecurityGroupIngressRule/debug",
        sentence="0.0.0.0/0 reaches port 5432",
        remedy="let in a security group",
        link="https://example.com",
    )
    stacks = [replace(s, cost=cost, broken=[rule], mended=0, notes=[]) for s in made.stacks]
    return replace(made, stacks=stacks)


@pytest.mark.parametrize(
    ("name", "written"), [("diff.txt", terminal), ("diff.md", markdown), ("diff.json", to_json)]
)
def test_report_is_golden(name: str, written: Any) -> None:
    """The whole of a small report, as it was looked at; write it anew where it should differ."""
    made = written(settled(report(pair(), conditions="data-loss")))

    assert made == (GOLDEN / name).read_text(encoding="utf-8")


def test_two_stacks_share_their_findings() -> None:
    """One report for all: what holds for both is told once."""
    other = Pair(title="prod", before=stack(later=False), after=stack(later=True))

    made = markdown(report(pair(), other))

    assert made.count("rds.Instance/db is replaced because of dbName") == 1
    assert "**dev, prod**" in made


def test_same_stacks_say_no_changes() -> None:
    """In every form."""
    same = report(Pair(title="dev", before=stack(later=True), after=stack(later=True)))

    assert terminal(same).startswith("no changes\n")
    assert "## ✅ no changes" in markdown(same)
    assert json.loads(to_json(same))["verdict"] == "no changes"


def test_failed_stack_is_told_first() -> None:
    """A report is made all the same, and says why a stack is not in it."""
    made = report(Pair(title="dev", before=stack(later=True), after=None, failures=["it broke"]))

    assert markdown(made).splitlines()[1] == "## ❌ 1 of 1 stacks cannot be previewed"
    assert "it broke" in markdown(made)


@pytest.mark.parametrize(
    ("conditions", "hit"),
    [
        ("data-loss", ["data-loss"]),
        ("downtime,security", ["security"]),
        ("capacity", ["capacity"]),
        ("cost>20%", ["cost>20%"]),
        ("cost>30%", []),
        ("cost>49,cost>50", ["cost>49"]),
        ("rules", ["rules"]),
        ("", []),
    ],
)
def test_conditions_are_checked(conditions: str, hit: list[str]) -> None:
    """Each looks at what the report holds."""
    made = settled(report(pair()))
    held = [c.text for c in parse(conditions) if any(c.holds(s) for s in made.stacks)]

    assert held == hit


def test_unknown_condition_is_refused() -> None:
    """The message lists what there is."""
    with pytest.raises(ConditionError, match="'fire' is nothing to fail on: use data-loss"):
        parse("data-loss,fire")


def test_new_bill_is_more_than_any_share() -> None:
    """Where there was no bill, no percentage holds it."""
    cost = Cost(before=(Decimal(0), Decimal(0)), after=(Decimal(5), Decimal(5)))
    new = StackReport(title="dev", changes=[], findings=[], cost=cost)

    assert [c.text for c in parse("cost>500%") if c.holds(new)] == ["cost>500%"]


def huge(size: int) -> Report:
    """Make a report that has no room for itself."""
    texts = "\n".join(f"line {number}" for number in range(200))
    pairs = [
        Pair(
            title=f"stack-{index}",
            before=document(*(resource(BUCKET, f"b{n}", x="a") for n in range(size))),
            after=document(*(resource(BUCKET, f"b{n}", x=texts) for n in range(size))),
        )
        for index in range(3)
    ]
    return report(*pairs)


@pytest.mark.parametrize("size", [60, 200])
def test_markdown_drops_detail_before_the_verdict(size: int) -> None:
    """It stays under GitHub's limit, and says that there is more."""
    made = markdown(huge(size))

    assert len(made.encode()) <= LIMIT
    assert made.startswith(f"{MARK}\n## ✅ nothing alarming")
    assert "There is no room for all of it here" in made
    assert f"| stack-0 | {size} changed |" in made


ANY = st.text(max_size=400) | st.sampled_from(["@" * 500, "`" * 500, "<a>" * 200, "\n#" * 200])


@given(st.lists(st.tuples(ANY, ANY), max_size=30), st.sampled_from([1, 40]))
@settings(max_examples=20, deadline=None)
def test_markdown_fits_whatever_the_texts(texts: list[tuple[str, str]], times: int) -> None:
    """No text is too long or too strange for it."""
    stacks = [
        StackReport(
            title=title,
            changes=[],
            findings=[Finding(severity=Severity.DOWNTIME, change_key="", sentence=sentence)],
        )
        for title, sentence in texts * times
    ]
    made = markdown(Report(before="a", after="b", stacks=stacks))

    assert len(made.encode()) <= LIMIT
    assert made.startswith(MARK)


@given(st.text(max_size=60))
def test_escaped_text_has_no_markup(given_text: str) -> None:
    """No tag, no mention, no reference and no broken table comes out of a name."""
    made = escape(given_text)

    assert "\n" not in made
    assert not re.search(r"(?<!\\)[`*_\[\]|]", made.replace("\\\\", ""))
    assert not re.search(r"@[A-Za-z0-9]", made)


@given(st.text(alphabet="`a ", max_size=12))
def test_code_is_closed_whatever_is_in_it(given_text: str) -> None:
    """The fence is longer than any run of backticks within."""
    made = code(given_text)
    fence = re.match(r"`*", made)

    assert fence is not None
    assert fence[0] not in made[len(fence[0]) : -len(fence[0])] or not made


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (1, 2, ["x: 1 → 2"]),
        (MISSING, "a", ["x: (none) → a"]),
        (None, "", ['x: null → ""']),
        (MASK, MASK, ["x: another secret"]),
        (["a", "b"], ["b", "c"], ["x: + c, - a"]),
        ("a\nb\n", "a\nc\n", ["x:", "  …", "   a", "  -b", "  +c"]),
        ('{"a": 1}', '{"a":1}', ["x:", "  (the same text, written in another way)"]),
    ],
)
def test_values_are_readable(before: Any, after: Any, lines: list[str]) -> None:
    """Short values on a line, documents as what differs in them."""
    assert text.lines(PropertyChange(path="x", before=before, after=after)) == lines


def test_user_data_is_decoded() -> None:
    """What AWS wants encoded, packed or not, shows as the text that it is."""
    plain = "IyEvYmluL3NoCmVjaG8gb25lCmVjaG8gdGhlIGVuZCBvZiBpdAo="
    other = "IyEvYmluL3NoCmVjaG8gdHdvCmVjaG8gdGhlIGVuZCBvZiBpdAo="

    lines = text.lines(PropertyChange(path="userData", before=plain, after=other))

    assert "  -echo one" in lines
    assert "  +echo two" in lines


def test_control_characters_are_shown() -> None:
    """A value cannot move the reader's cursor, or turn the text around."""
    assert text.short("a\x1b[2Jb\u202ec") == "a\\u001b[2Jb\\u202ec"


def test_terminal_is_coloured_on_request() -> None:
    """And only then."""
    made = report(pair())

    assert "\x1b[" in terminal(made, colour=True)
    assert "\x1b[" not in terminal(made)
