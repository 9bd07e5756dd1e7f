"""Passwords that nobody chose."""

import json

import pulumi
import pulumi_aws as aws

from plinth.credentials import LENGTH, make_credentials
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


def test_deployments_differ() -> None:
    """Outside a preview no two passwords are the same."""
    made: list[str] = []
    for _ in range(2):
        deployed = deploy(program, dry_run=False)
        made.append(deployed.outputs["password"])
    assert made[0] != made[1]
