"""The app's own secrets, deployed to nowhere."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws
import pytest
from pydantic import ValidationError

from plinth import app_secrets
from plinth.app_secrets import AppSecrets, AppSecretsSettings
from plinth.existing import ExistingPeer
from plinth.testing import Deployment, deploy

if TYPE_CHECKING:
    from plinth.wiring import Service

SECRETS = {
    "generated": ["SECRET_KEY", "JWT_KEY"],
    "given": ["SENTRY_DSN", "STRIPE_KEY"],
}
VALUES: Mapping[str, pulumi.Input[str]] = {"STRIPE_KEY": "sk-1", "SENTRY_DSN": "https://dsn"}


def program(
    settings: dict[str, Any] | None = None,
    values: Mapping[str, pulumi.Input[str]] | None = None,
) -> dict[str, object]:
    """Make secrets, and return where each variable comes from."""
    chosen = AppSecretsSettings.model_validate(settings or {})
    made = AppSecrets("app", chosen, values=values, tags={"team": "core"})
    return {
        "templates": {name: text.template for name, text in made.secrets.items()},
        "arns": {name: text.secret_arn for name, text in made.secrets.items()},
        "outputs": made.secret_arns,
    }


def everything() -> Deployment:
    """Deploy secrets of both kinds."""
    return deploy(lambda: program(SECRETS, VALUES))


def text_of(deployed: Deployment, name: str) -> dict[str, str]:
    """Return the object that a secret holds."""
    return json.loads(deployed.one(aws.secretsmanager.SecretVersion, name).inputs["secretString"])


def test_a_key_is_made_up_by_default() -> None:
    """Unconfigured, the app gets a SECRET_KEY that Django finds long enough."""
    deployed = deploy(program)

    secret = deployed.one(aws.secretsmanager.Secret, "app-SECRET_KEY")
    assert len(text_of(deployed, "app-SECRET_KEY")["password"]) == 64
    assert deployed.outputs["templates"] == {"SECRET_KEY": "{password}"}
    assert deployed.outputs["arns"] == {"SECRET_KEY": secret.output("arn")}


def test_values_made_up_are_apart() -> None:
    """Each has a secret of its own, so that one more never touches those that are kept."""
    alone, together = deploy(program), everything()

    for name in ("app-SECRET_KEY", "app-JWT_KEY"):
        version = together.one(aws.secretsmanager.SecretVersion, name)
        secret = together.one(aws.secretsmanager.Secret, name)
        assert version.inputs["secretId"] == secret.id
    before = alone.one(aws.secretsmanager.SecretVersion, "app-SECRET_KEY")
    assert before == together.one(aws.secretsmanager.SecretVersion, "app-SECRET_KEY")


def ignored() -> dict[str, list[str]]:
    """Return what later deployments leave alone, by the name of the secret version."""
    seen: dict[str, list[str]] = {}
    kind = pulumi.get_type_token(aws.secretsmanager.SecretVersion)

    def note(args: pulumi.ResourceTransformationArgs) -> None:
        if args.type_ == kind:
            seen[args.name] = args.opts.ignore_changes or []

    chosen = AppSecretsSettings.model_validate(SECRETS)
    opts = pulumi.ResourceOptions(transformations=[note])
    deploy(lambda: AppSecrets("app", chosen, values=VALUES, opts=opts))
    return seen


def test_made_up_values_stay_and_given_ones_follow() -> None:
    """A later deployment keeps the former and writes the latter again."""
    assert ignored() == {
        "app-SECRET_KEY": ["secret_string"],
        "app-JWT_KEY": ["secret_string"],
        "app-given": [],
    }


def test_given_values_share_a_secret() -> None:
    """Under their names, in the order of the settings, so that no reordering is a change."""
    deployed = everything()

    document = text_of(deployed, "app-given")
    assert document == dict(VALUES)
    assert list(document) == SECRETS["given"]
    secret = deployed.one(aws.secretsmanager.Secret, "app-given")
    version = deployed.one(aws.secretsmanager.SecretVersion, "app-given")
    assert version.inputs["secretId"] == secret.id
    assert deployed.outputs["templates"]["STRIPE_KEY"] == "{STRIPE_KEY}"
    assert deployed.outputs["arns"]["STRIPE_KEY"] == secret.output("arn")


def test_outputs_are_known_late() -> None:
    """A value may be another resource's, or an encrypted key of the stack."""
    settings = {"generated": [], "given": ["KEY"]}
    deployed = deploy(lambda: program(settings, {"KEY": pulumi.Output.secret("sk-2")}))

    assert text_of(deployed, "app-given") == {"KEY": "sk-2"}
    assert not [
        each for each in deployed.all(aws.secretsmanager.Secret) if each.name != "app-given"
    ]


def test_the_output_names_every_secret() -> None:
    """It tells which secret holds which variable."""
    deployed = everything()

    assert deployed.outputs["outputs"] == deployed.outputs["arns"]
    assert sorted(deployed.outputs["arns"]) == ["JWT_KEY", "SECRET_KEY", "SENTRY_DSN", "STRIPE_KEY"]


def test_deleted_secrets_can_be_restored() -> None:
    """For a month, and each bears the tags."""
    secrets = everything().all(aws.secretsmanager.Secret)

    assert len(secrets) == 3
    assert all(each.inputs["recoveryWindowInDays"] == 30 for each in secrets)
    assert all(each.inputs["tags"] == {"Name": "app", "team": "core"} for each in secrets)


def test_a_tier_uses_it_as_any_service() -> None:
    """It brings secrets and nothing else: no rule, no grant, no plain variable."""
    services: list[Service] = []
    peer = ExistingPeer(pulumi_resource_name="web", security_group_id="sg-web")

    def use() -> None:
        service = AppSecrets("app")
        service.allow_from(peer)
        services.append(service)

    deployed = deploy(use)
    assert not deployed.all(aws.vpc.SecurityGroupIngressRule)
    assert not services[0].environment
    assert not services[0].grants
    assert set(services[0].secrets) == {variable.name for variable in app_secrets.VARIABLES}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "app secrets 'app' has SENTRY_DSN, STRIPE_KEY in given, .*take it out of given"),
        ({"STRIPE_KEY": "sk"}, "has SENTRY_DSN in given"),
        ({**VALUES, "OTHER": "x"}, "a value for OTHER, .*take it out of values"),
        ({**VALUES, "SECRET_KEY": "x"}, "a value for SECRET_KEY"),
    ],
)
def test_values_must_match(values: dict[str, str], message: str) -> None:
    """A missing value would be found at boot; one too many is a misspelt name."""
    with pytest.raises(ValueError, match=message):
        deploy(lambda: program(SECRETS, values))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"generated": ["secret-key"]}, "'secret-key' needs capital letters"),
        ({"given": ["9KEY"]}, "'9KEY' needs capital letters"),
        ({"given": ["KEY\n"]}, "needs capital letters"),
        ({"given": ["SECRET_KEY"]}, "SECRET_KEY is named twice"),
        ({"generated": ["A", "A"]}, "A is named twice"),
        ({"generated": []}, "name a variable, or leave AppSecrets out"),
        ({"values": {"A": "secret"}}, "Extra inputs"),
    ],
)
def test_settings_refuse(wrong: dict[str, object], message: str) -> None:
    """Names that no shell takes, names twice over, and nothing at all."""
    with pytest.raises(ValidationError, match=message):
        AppSecretsSettings.model_validate(wrong)
