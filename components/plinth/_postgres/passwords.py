"""The master user's password: made up here, or by RDS."""

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws

from plinth._postgres.settings import Password
from plinth._postgres.site import Site
from plinth.credentials import Credentials, make_credentials


def make_password(site: Site) -> Credentials | None:
    """Make the password and its secret, unless RDS shall.

    The secret is the user's, and named after the user: its text is kept as it was first made, so
    another user needs another secret.
    """
    user = site.settings.username
    if site.settings.password is Password.MANAGED:
        return None
    return make_credentials(
        f"{site.name}-{user.replace('_', '-')}",
        f"User {user} of Postgres {site.name}",
        parent=site.parent,
        tags=site.tags,
        fields={"username": user},
    )


def managed_secret(site: Site, primary: aws.rds.Instance) -> pulumi.Output[str]:
    """Return the ARN of the secret that RDS makes, whose password it no longer changes by itself.

    Instances read the password only as they boot. To change it, rotate the secret, then refresh
    the tiers.
    """
    arn = primary.master_user_secrets.apply(_secret_arn)
    aws.secretsmanager.SecretRotation(
        site.name, secret_id=arn, rotation_enabled=False, opts=site.child
    )
    return arn


def _secret_arn(secrets: Sequence[aws.rds.outputs.InstanceMasterUserSecret] | None) -> str:
    arn = secrets[0].secret_arn if secrets else None
    if arn is not None:
        return arn
    if pulumi.runtime.is_dry_run():
        return "arn-of-the-secret-that-rds-will-make"
    msg = "the database came back without the secret that RDS made: run pulumi refresh"
    raise ValueError(msg)
