"""The secrets of the app itself: its own key, and keys to other people's services."""

import re
from collections.abc import Mapping, Sequence
from typing import Self

import pulumi
import pulumi_aws as aws
from pydantic import field_validator, model_validator

from .credentials import RECOVERY_DAYS, make_credentials
from .environment import Variable
from .names import check_name
from .settings import Settings
from .wiring import Grant, Peer, SecretText

LENGTH = 64
"""Characters of a value made up here. Django warns of a ``SECRET_KEY`` below 50
(https://docs.djangoproject.com/en/stable/ref/checks/#security)."""

VARIABLES = (
    Variable(
        name="SECRET_KEY",
        meaning=(
            "64 random characters, the same ever since the first deployment, for Django's and "
            "Flask's setting of that name; AppSecretsSettings names it and any others."
        ),
        secret=True,
    ),
)

_NAME = re.compile(r"[A-Z][A-Z0-9_]*")


class AppSecretsSettings(Settings, frozen=True):
    """Which secret variables the app finds. Their values are no settings."""

    generated: tuple[str, ...] = ("SECRET_KEY",)
    """Variables whose values are made up at the first deployment and kept from then on. To change
    one, edit the ``password`` of its secret in Secrets Manager: deployments leave it alone."""

    given: tuple[str, ...] = ()
    """Variables whose values the program hands over, out of encrypted configuration."""

    @field_validator("generated", "given")
    @classmethod
    def _variables(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not _NAME.fullmatch(name):
                msg = f"{name!r} needs capital letters, digits and underscores, a letter first"
                raise ValueError(msg)
        return names

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = (*self.generated, *self.given)
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            msg = f"{', '.join(twice)} is named twice: keep one, in generated or in given"
            raise ValueError(msg)
        if not names:
            msg = "generated and given are both empty: name a variable, or leave AppSecrets out"
            raise ValueError(msg)
        return self


class AppSecrets(pulumi.ComponentResource):
    """Secret variables for every tier that uses it, read from Secrets Manager at boot.

    Each made-up value has a secret of its own, so that it can be replaced alone and a new one can
    join later. Those given share one, which follows the configuration.

    Args:
        name: Names the component and its children.
        settings: The variables; the default suits Django and Flask.
        values: The value of each variable in ``given``, best from ``Config.require_secret``.
        tags: Added to every secret, over the provider's default tags.
        opts: Reaches every child; ``transforms`` is the escape hatch.
    """

    secret_arns: pulumi.Output[dict[str, str]]
    """ARN of the secret that holds each variable, by the variable's name."""

    def __init__(
        self,
        name: str,
        settings: AppSecretsSettings = AppSecretsSettings(),
        *,
        values: Mapping[str, pulumi.Input[str]] | None = None,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check_name("app secrets", name)
        values = values or {}
        _check_values(name, settings.given, values)
        super().__init__("plinth:index:AppSecrets", name, settings.model_dump(mode="json"), opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = {"Name": name, **(tags or {})}

        self._secrets: dict[str, SecretText] = {}
        for variable in settings.generated:
            made = make_credentials(
                f"{name}-{variable}",
                f"{variable} of the app, made up",
                parent=self,
                tags=tags,
                length=LENGTH,
            )
            self._secrets[variable] = SecretText(
                secret_arn=made.arn, template="{password}", value=made.password
            )
        if settings.given:
            secret = aws.secretsmanager.Secret(
                f"{name}-given",
                description=f"Secrets given to the app: {', '.join(settings.given)}",
                recovery_window_in_days=RECOVERY_DAYS,
                tags=tags,
                opts=child,
            )
            document = {variable: values[variable] for variable in settings.given}
            aws.secretsmanager.SecretVersion(
                f"{name}-given",
                secret_id=secret.id,
                secret_string=pulumi.Output.secret(pulumi.Output.json_dumps(document)),
                opts=child,
            )
            for variable in settings.given:
                self._secrets[variable] = SecretText(
                    secret_arn=secret.arn,
                    template=f"{{{variable}}}",
                    value=pulumi.Output.secret(values[variable]),
                )

        arns = {variable: text.secret_arn for variable, text in self._secrets.items()}
        self.secret_arns = pulumi.Output.all(**arns)
        self.register_outputs({"secret_arns": self.secret_arns})

    @property
    def environment(self) -> Mapping[str, pulumi.Input[str]]:
        """Nothing: every variable is a secret."""
        return {}

    @property
    def secrets(self) -> Mapping[str, SecretText]:
        """The variables named in the settings."""
        return self._secrets

    @property
    def grants(self) -> Sequence[Grant]:
        """Nothing: reading the secrets is all it takes."""
        return ()

    @property
    def ports(self) -> Sequence[int]:
        """None in the network."""
        return ()

    def allow_from(self, peer: Peer) -> None:
        """Do nothing: the way in to Secrets Manager is the network's business."""


def _check_values(name: str, given: Sequence[str], values: Mapping[str, object]) -> None:
    missing = sorted(set(given) - set(values))
    extra = sorted(set(values) - set(given))
    if missing:
        what = ", ".join(missing)
        msg = (
            f"app secrets {name!r} has {what} in given, which needs a value each: "
            f"add it to values, or take it out of given"
        )
        raise ValueError(msg)
    if extra:
        what = ", ".join(extra)
        msg = (
            f"app secrets {name!r} has a value for {what}, which needs to be in given: "
            f"add it to given, or take it out of values"
        )
        raise ValueError(msg)
