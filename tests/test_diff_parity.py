"""Two stacks beside each other."""

import re

from documents import BUCKET, COMPONENT, DATABASE, GROUP, LOGS, document, names, resource
from plinth.diff import parity
from plinth.diff.compare import compare
from plinth.diff.findings import Finding, Severity
from plinth.preview.export import Document, to_document
from stacks import deployed_stack


def beside(before: Document, after: Document) -> list[Finding]:
    """Compare two stacks."""
    changes = parity.differences(compare(before, after), before, after)
    return parity.findings(changes, before, after)


def test_what_one_lacks_stands_apart_from_sizes() -> None:
    """A third bucket is a size; a log group where there is none is an omission."""
    shop = resource(COMPONENT, "shop")
    before = document(shop, resource(BUCKET, "a", parent=shop))
    after = document(
        shop,
        *(resource(BUCKET, name, parent=shop) for name in "abc"),
        resource(LOGS, "web", parent=shop),
        stack="prod",
    )

    found = beside(before, after)

    assert names(found, "severity") == [Severity.OMISSION, Severity.SIZE]
    assert names(found, "sentence") == [
        "Store shop only in prod: cloudwatch.LogGroup web",
        "Store shop: s3.Bucket 1 → 3",
    ]


def test_larger_is_a_size() -> None:
    """And nothing is lost or replaced where nothing is deployed."""
    before = document(resource(DATABASE, "db", instanceClass="small", dbName="a"))
    after = document(resource(DATABASE, "db", instanceClass="large", dbName="b"), stack="prod")

    (finding,) = beside(before, after)

    assert finding.severity is Severity.SIZE
    assert finding.sentence == "rds.Instance/db: instanceClass small → large"


def test_stacks_own_name_is_no_difference() -> None:
    """Nor is a part of a word, and a device keeps its directory."""
    before = document(resource(GROUP, "web", tag="shop-dev-web", disk="/dev/xvda"))
    after = document(resource(GROUP, "web", tag="shop-prod-web", disk="/dev/xvda"), stack="prod")

    assert parity.differences(compare(before, after), before, after) == []


def test_real_stacks_lie_beside_each_other() -> None:
    """Dev and prod of this repository: prod has readers for its database, which dev lacks."""
    before, after = (to_document(deployed_stack(stack).graph) for stack in ("dev", "prod"))

    found = beside(before, after)

    sizes = [f.sentence for f in found if f.severity is Severity.SIZE]
    assert any("rds.Instance/db: " in sentence for sentence in sizes)
    assert any(re.match(r"Postgres db: .*rds.Instance 1 → 3", sentence) for sentence in sizes)
    omissions = [f.sentence for f in found if f.severity is Severity.OMISSION]
    assert any("ec2.NatGateway" in sentence for sentence in omissions)
