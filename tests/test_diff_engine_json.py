"""The engine's own plan, read."""

import json
from typing import Any

import pytest

from plinth.diff.changes import MISSING, ChangeKind, PropertyChange
from plinth.diff.classify import Severity, classify
from plinth.diff.engine_json import read
from plinth.preview.export import SchemaError
from plinth.preview.values import COMPUTED, MASK, SECRET, SIGNATURE, UNKNOWN

STACK = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
DATABASE = "urn:pulumi:dev::shop::aws:rds/instance:Instance::db"
BUCKET = "urn:pulumi:dev::shop::aws:s3/bucket:Bucket::files"


def state(urn: str, **inputs: Any) -> dict[str, Any]:
    """Write a resource's state as the engine does."""
    return {
        "urn": urn,
        "custom": urn != STACK,
        "type": urn.split("::")[2].rpartition("$")[2],
        "inputs": {"__defaults": ["x"], **inputs},
        "parent": "" if urn == STACK else STACK,
        "provider": "urn:pulumi:dev::shop::pulumi:providers:aws::default_7_51_0::id",
        "sourcePosition": "project:///infra/__main__.py#3,1",
    }


def step(
    op: str, old: dict[str, Any] | None, new: dict[str, Any] | None, **more: Any
) -> dict[str, Any]:
    """Write a step of a plan."""
    urn = (new or old or {})["urn"]
    states = {"oldState": old, "newState": new}
    return {"op": op, "urn": urn, **{k: v for k, v in states.items() if v}, **more}


def plan(*steps: dict[str, Any], same: int = 0, **more: Any) -> str:
    """Write a plan."""
    return json.dumps({"steps": steps, "changeSummary": {"same": same}, **more})


def test_steps_become_changes() -> None:
    """Each by what the engine decided."""
    made = read(
        plan(
            step("create", None, state(BUCKET, tags={"a": "b"})),
            step("update", state(DATABASE, port=1), state(DATABASE, port=2)),
            step("delete", state(f"{BUCKET}2"), None),
        )
    )

    assert [(c.name, c.kind) for c in made.changes] == [
        ("files", ChangeKind.ADDED),
        ("db", ChangeKind.CHANGED),
        ("files2", ChangeKind.REMOVED),
    ]
    assert made.changes[1].properties == [PropertyChange(path="port", before=1, after=2)]
    assert made.changes[0].record["inputs"] == {"tags": {"a": "b"}}
    assert made.changes[0].record["provider"] == ""


def test_replacement_is_one_change_with_the_engines_reasons() -> None:
    """Its three steps are told once."""
    old, new = state(DATABASE, dbName="a"), state(DATABASE, dbName="b")
    details = {"dbName": {"kind": "update-replace", "inputDiff": True}}
    made = read(
        plan(
            step("create-replacement", old, new, detailedDiff=details, replaceReasons=["dbName"]),
            step("replace", old, new, detailedDiff=details, replaceReasons=["dbName"]),
            step("delete-replaced", old, None),
        )
    )

    (change,) = made.changes
    assert (change.kind, change.replace_because) == (ChangeKind.REPLACED, ["dbName"])
    (finding,) = classify(made.changes, made.before, made.after)
    assert finding.severity is Severity.DATA_LOSS
    assert finding.sentence.startswith("rds.Instance/db is replaced because of dbName")


def test_engine_decides_what_differs() -> None:
    """A property that the provider takes for the same is left out."""
    details = {"tags.a": {"kind": "update"}}
    old = state(BUCKET, tags={"a": "1"}, policy="x")
    new = state(BUCKET, tags={"a": "2"}, policy="y")

    (change,) = read(plan(step("update", old, new, detailedDiff=details))).changes

    assert [p.path for p in change.properties] == ["tags.a"]


def test_secret_and_drift_show_that_they_differ() -> None:
    """The inputs look the same on both sides, and the engine knows better."""
    details = {"password": {"kind": "update"}, "engineVersion": {"kind": "update"}}
    both = state(DATABASE, password=MASK)

    (change,) = read(plan(step("update", both, both, detailedDiff=details))).changes

    drift, secret = change.properties
    assert (secret.path, secret.before, secret.after) == ("password", MASK, MASK)
    assert drift.path == "engineVersion"
    assert drift.before is MISSING
    assert drift.because == "what exists is not as it was made"


def test_secret_in_a_state_is_masked() -> None:
    """Even where the CLI was told to show secrets."""
    shown = [{SIGNATURE: SECRET, "plaintext": f'"{word}"'} for word in ("hunter2", "hunter3")]
    states = [state(DATABASE, password=secret) for secret in shown]

    made = read(plan(step("update", *states, detailedDiff={"password": {"kind": "update"}})))

    assert made.changes[0].properties[0].after == MASK
    assert "hunter" not in repr(made)


def test_unknown_values_are_named() -> None:
    """What is not known before the deployment says so."""
    old, new = state(DATABASE, kmsKeyId="a"), state(DATABASE, kmsKeyId=UNKNOWN)

    (change,) = read(plan(step("update", old, new))).changes

    assert change.properties[0].after == COMPUTED


def test_same_under_another_urn_is_renamed() -> None:
    """The engine tells so after it followed an alias; the same under the same is nothing."""
    former = state(f"{BUCKET}-old")
    made = read(
        plan(
            step("same", state(DATABASE), state(DATABASE)),
            step("same", former, state(BUCKET)),
            same=2,
        )
    )

    assert [(c.name, c.kind) for c in made.changes] == [("files", ChangeKind.RENAMED)]
    assert made.whole


def test_plan_without_the_same_is_not_whole() -> None:
    """Totals of a bill would be wrong."""
    assert not read(plan(step("create", None, state(BUCKET)), same=5)).whole


def test_errors_of_the_engine_are_failures() -> None:
    """A plan that ends in an error is no plan."""
    said = [{"severity": "error", "message": "no credentials\n"}, {"severity": "info"}]

    assert read(plan(diagnostics=said)).failures == ["no credentials"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"steps": 1}'])
def test_other_file_is_refused(text: str) -> None:
    """With the command that would make a plan."""
    with pytest.raises(SchemaError, match="is no plan"):
        read(text)
