"""Passwords that nobody chose."""

import json
import re

import pulumi
import pulumi_aws as aws
import pytest

from plinth.credentials import LENGTH, make_credentials, new_password
from plinth.testing import deploy


def program() -> dict[str, object]:
    """Make credentials in a component of their own."""
    parent = pulumi.ComponentResource("test:index:Store", "store")
    made = make_credentials(
        "store", "Of the store", parent=parent, tags={"team": "core"}, fields={"username": "app"}
    )
    return {"arn": made.arn, "password": made.password}


def test_the_password_is_what_the_secret_holds() -> None:
    """The store gets the very password that the app will read."""
    deployed = deploy(program)

    version = deployed.one(aws.secretsmanager.SecretVersion)
    document = json.loads(version.inputs["secretString"])
    assert document == {"username": "app", "password": deployed.outputs["password"]}
    assert len(document["password"]) == LENGTH
    assert version.inputs["secretId"] == deployed.one(aws.secretsmanager.Secret).id


def test_the_text_is_secret_and_kept() -> None:
    """The state encrypts it, and a later run's new password does not replace it."""
    version = deploy(program).one(aws.secretsmanager.SecretVersion)

    assert "secretString" in version.secrets
    assert version.ignore_changes == ["secretString"]


def test_previews_repeat() -> None:
    """Two previews of one program are equal, although a deployment makes a password up."""
    assert deploy(program).resources == deploy(program).resources


def test_deployments_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside a preview no two passwords are the same, and every store accepts them."""
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: False)
    made = {new_password() for _ in range(20)}

    assert len(made) == 20
    assert all(re.fullmatch(rf"[A-Za-z0-9_-]{{{LENGTH}}}", password) for password in made)
