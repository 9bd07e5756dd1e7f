"""Passwords that nobody chose, in Secrets Manager from the day they are made."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

LENGTH = 40
"""Characters of a new password: letters, digits, ``-`` and ``_``, which every store accepts."""

RECOVERY_DAYS = 30
"""Days in which a deleted secret can be restored; the longest that Secrets Manager offers."""


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """A secret with a password in it."""

    arn: pulumi.Output[str]
    """The secret's ARN."""
    password: pulumi.Output[str]
    """The password as deployed; a Pulumi secret."""


def make_credentials(
    name: str,
    description: str,
    *,
    parent: pulumi.Resource,
    tags: Mapping[str, str],
    fields: Mapping[str, str] | None = None,
    length: int = LENGTH,
) -> Credentials:
    """Create a secret of a JSON object: the fields given, and a new ``password``.

    The program makes up a password at every run, and only the first that is deployed counts:
    from then on ``ignore_changes`` keeps what the state holds. A preview shows a stand-in, so
    that it is the same each time; no preview is ever deployed.

    Args:
        name: Names both children.
        description: What the secret is for, for whoever finds it in the console.
        parent: The component it belongs to.
        tags: Added to the secret.
        fields: Kept beside the password, such as its user name.
        length: Characters of the password.
    """
    secret = aws.secretsmanager.Secret(
        name,
        description=description,
        recovery_window_in_days=RECOVERY_DAYS,
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    document = json.dumps({**(fields or {}), "password": new_password(length)})
    version = aws.secretsmanager.SecretVersion(
        name,
        secret_id=secret.id,
        secret_string=pulumi.Output.secret(document),
        opts=pulumi.ResourceOptions(parent=parent, ignore_changes=["secret_string"]),
    )
    return Credentials(arn=secret.arn, password=version.secret_string.apply(_password))


def new_password(length: int = LENGTH) -> str:
    """Make up a password; a preview gets a stand-in of the same length."""
    if pulumi.runtime.is_dry_run():
        return "made-up-when-deployed".ljust(length, "-")
    return secrets.token_urlsafe(length)[:length]


def _password(document: str | None) -> str:
    if document is None:
        msg = "a secret version came back without its text: is this stack's state complete?"
        raise ValueError(msg)
    return str(json.loads(document)["password"])
