"""Roles for GitHub Actions: exactly some workflows, and no more than they need."""

import json
from typing import Any

import pulumi_aws as aws
import pytest

from plinth import GithubDeployRole, GithubDeployRoleSettings, GithubRepository
from plinth.testing import Deployment, deploy

SHOP = GithubRepository(owner="acme", name="shop")
NEW = GithubRepository(owner="acme", name="shop", owner_id=12, repository_id=34)
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
FULL = GithubDeployRoleSettings(
    preview_subjects=(SHOP.pull_requests(),),
    drift_subjects=(SHOP.branch("main"),),
    deploy_subjects=(SHOP.environment("production"), NEW.environment("production")),
    deploy_policies=(ADMIN,),
)


def made(settings: GithubDeployRoleSettings = FULL, **wiring: Any) -> Deployment:
    """Make the roles."""
    return deploy(lambda: GithubDeployRole("ci", settings, **wiring) and None)


def with_state() -> Deployment:
    """Make the roles, and say where the state is."""
    return made(state_bucket_arn="arn:aws:s3:::state", state_key_arn="arn:aws:kms:::key/1")


def statements(deployed: Deployment, purpose: str) -> list[dict[str, Any]]:
    """Return what the inline policy of a role says."""
    policy = deployed.one(aws.iam.RolePolicy, f"ci-{purpose}")
    found: list[dict[str, Any]] = json.loads(policy.inputs["policy"])["Statement"]
    return found


def allowed(deployed: Deployment, purpose: str, action: str) -> list[str]:
    """Return where the inline policy of a role allows an action."""
    return [
        statement["Resource"]
        for statement in statements(deployed, purpose)
        if statement["Effect"] == "Allow" and action in statement["Action"]
    ]


# Subjects


def test_both_forms_of_a_subject() -> None:
    """With ids where GitHub writes them, which is for newer repositories."""
    assert SHOP.pull_requests() == "repo:acme/shop:pull_request"
    assert SHOP.branch("main") == "repo:acme/shop:ref:refs/heads/main"
    assert NEW.environment("production") == "repo:acme@12/shop@34:environment:production"
    assert SHOP.environment("eu:west") == "repo:acme/shop:environment:eu%3Awest"


def test_one_id_alone_is_refused() -> None:
    """Half of a form would never match."""
    with pytest.raises(ValueError, match="needs owner_id and repository_id"):
        GithubRepository(owner="acme", name="shop", owner_id=12)


@pytest.mark.parametrize("subject", ["repo:acme/*", "repo:acme/shop:*", "repo:acme/shop:", "x"])
def test_a_subject_that_is_not_exact_is_refused(subject: str) -> None:
    """A pattern lets in whoever can make a branch, or a repository."""
    with pytest.raises(ValueError, match="no exact subject"):
        GithubDeployRoleSettings(preview_subjects=(subject,))


@pytest.mark.parametrize("setting", ["drift_subjects", "deploy_subjects"])
def test_pull_requests_can_do_no_more_than_preview(setting: str) -> None:
    """Their code was not reviewed."""
    given = {setting: [SHOP.pull_requests()], "deploy_policies": [ADMIN]}
    with pytest.raises(ValueError, match="before its review"):
        GithubDeployRoleSettings.model_validate(given)


def test_a_subject_has_one_role() -> None:
    """One list would undo the other."""
    subjects = (SHOP.branch("main"),)
    with pytest.raises(ValueError, match="leave it to preview_subjects"):
        GithubDeployRoleSettings(preview_subjects=subjects, drift_subjects=subjects)


def test_deploying_needs_somebody_and_something() -> None:
    """No permission is assumed."""
    with pytest.raises(ValueError, match="need each other"):
        GithubDeployRoleSettings(deploy_subjects=(SHOP.environment("dev"),))
    with pytest.raises(ValueError, match="need each other"):
        GithubDeployRoleSettings(preview_subjects=(SHOP.pull_requests(),), deploy_policies=(ADMIN,))
    with pytest.raises(ValueError, match="no subjects"):
        GithubDeployRoleSettings()


# Who


@pytest.mark.parametrize("purpose", ["preview", "drift", "deploy"])
def test_a_role_trusts_exactly_its_subjects(purpose: str) -> None:
    """Compared as they are, and only in tokens that were made for AWS."""
    deployed = made()
    role = deployed.one(aws.iam.Role, f"ci-{purpose}")
    [statement] = json.loads(role.inputs["assumeRolePolicy"])["Statement"]

    assert statement["Principal"] == {
        "Federated": deployed.one(aws.iam.OpenIdConnectProvider).output("arn")
    }
    assert statement["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": list(getattr(FULL, f"{purpose}_subjects")),
        }
    }


def test_a_provider_that_is_there_is_used() -> None:
    """An account takes one for each issuer."""
    arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    deployed = made(provider_arn=arn)

    assert deployed.all(aws.iam.OpenIdConnectProvider) == []
    assert arn in deployed.one(aws.iam.Role, "ci-preview").inputs["assumeRolePolicy"]


def test_roles_without_subjects_are_not_made() -> None:
    """Not even one that nobody could take on."""
    deployed = made(GithubDeployRoleSettings(preview_subjects=(SHOP.pull_requests(),)))
    assert [role.name for role in deployed.all(aws.iam.Role)] == ["ci-preview"]


# What


@pytest.mark.parametrize(
    ("purpose", "policy"),
    [("preview", "ReadOnlyAccess"), ("drift", "ReadOnlyAccess"), ("deploy", "AdministratorAccess")],
)
def test_only_deploying_changes_anything(purpose: str, policy: str) -> None:
    """The others read."""
    deployed = made()
    attached = [
        attachment.inputs["policyArn"]
        for attachment in deployed.all(aws.iam.RolePolicyAttachment)
        if attachment.name.startswith(f"ci-{purpose}-")
    ]
    assert attached == [f"arn:aws:iam::aws:policy/{policy}"]


@pytest.mark.parametrize(
    ("purpose", "where"),
    [
        ("preview", "arn:aws:s3:::state/.pulumi/locks/*"),
        ("drift", "arn:aws:s3:::state/.pulumi/locks/*"),
        ("deploy", "arn:aws:s3:::state/*"),
    ],
)
def test_only_deploying_writes_the_state(purpose: str, where: str) -> None:
    """A pull request that could write the state could make the next deployment do anything."""
    deployed = with_state()
    assert allowed(deployed, purpose, "s3:PutObject") == [where]
    assert allowed(deployed, purpose, "s3:DeleteObject") == [where]
    assert allowed(deployed, purpose, "s3:GetObject") == ["arn:aws:s3:::state/*"]
    assert allowed(deployed, purpose, "kms:Decrypt") == ["arn:aws:kms:::key/1"]


def test_a_preview_reads_no_data() -> None:
    """Of the state and its key alone; drift compares secrets, and has to read them."""
    deployed = with_state()
    denied = [s for s in statements(deployed, "preview") if s["Effect"] == "Deny"]

    actions = {
        a for s in denied for a in ([s["Action"]], s["Action"])[isinstance(s["Action"], list)]
    }
    assert {"secretsmanager:GetSecretValue", "dynamodb:Scan", "ssm:GetParameter*"} <= actions
    assert {"Effect": "Deny", "Action": "s3:GetObject*", "NotResource": "arn:aws:s3:::state/*"} in (
        denied
    )
    assert [s for s in statements(deployed, "drift") if s["Effect"] == "Deny"] == []


def test_without_a_bucket_nothing_is_opened() -> None:
    """Pulumi Cloud keeps the state then."""
    deployed = made()
    [policy] = deployed.all(aws.iam.RolePolicy)

    assert policy.name == "ci-preview"
    assert {statement["Effect"] for statement in statements(deployed, "preview")} == {"Deny"}
    assert {"Effect": "Deny", "Action": "s3:GetObject*", "Resource": "*"} in (
        statements(deployed, "preview")
    )
