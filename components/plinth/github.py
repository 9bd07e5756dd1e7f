"""How GitHub Actions gets into an AWS account without a key: roles for exact workflows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import pulumi
import pulumi_aws as aws
from pydantic import Field, field_validator, model_validator

from ._github.documents import AUDIENCE, ISSUER, Access, policy, trust
from ._github.subjects import GithubRepository, check_apart, check_subjects
from .names import check_name
from .settings import Settings

__all__ = ["GithubDeployRole", "GithubDeployRoleSettings", "GithubRepository"]

READ = "arn:aws:iam::aws:policy/ReadOnlyAccess"
"""Reads the settings of everything, and much data as well."""


class GithubDeployRoleSettings(Settings, frozen=True):
    """Which workflows may do what. A subject is exact: a pattern would let in others."""

    preview_subjects: tuple[str, ...] = ()
    """Subjects of jobs that may run ``pulumi preview``, such as
    ``GithubRepository(...).pull_requests()``. Such a job runs the pull request's own code with the
    role: it can read the settings of the account and decrypt the configuration of the stacks, and
    neither read data nor change anything. None makes no such role."""

    drift_subjects: tuple[str, ...] = ()
    """Subjects of jobs that compare the account with the state, which reads secrets as well: only
    such that run reviewed code, on the main branch. None makes no such role."""

    deploy_subjects: tuple[str, ...] = ()
    """Subjects of jobs that may run ``pulumi up``, best those of environments that ask somebody
    first. None makes no such role."""

    deploy_policies: tuple[str, ...] = ()
    """ARNs of managed policies for deploying. A program that makes roles can give itself any
    permission, so ``arn:aws:iam::aws:policy/AdministratorAccess`` is the honest one unless a
    ``permissions_boundary`` stands against it; that is why there is no default."""

    permissions_boundary: str | None = Field(default=None, pattern=r"^arn:aws[\w-]*:iam::")
    """ARN of a policy that none of the roles can go beyond; none by default."""

    session_minutes: int = Field(default=90, ge=60, le=720)
    """Longest session of each role. A multi-zone database takes half an hour to make, a
    distribution a quarter of one; AWS allows 60 to 720
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html)."""

    @field_validator("preview_subjects", "drift_subjects", "deploy_subjects")
    @classmethod
    def _exact(cls, subjects: tuple[str, ...]) -> tuple[str, ...]:
        check_subjects(subjects)
        return subjects

    @model_validator(mode="after")
    def _apart(self) -> Self:
        check_apart(self.preview_subjects, self.drift_subjects, self.deploy_subjects)
        if bool(self.deploy_subjects) != bool(self.deploy_policies):
            msg = (
                f"deploy_subjects={list(self.deploy_subjects)} and "
                f"deploy_policies={list(self.deploy_policies)} need each other: give both or none"
            )
            raise ValueError(msg)
        return self


class GithubDeployRole(pulumi.ComponentResource):
    """Roles that workflows of GitHub Actions take on by a token that GitHub signs.

    An account has one provider for GitHub: hand over ``provider_arn`` where there is one.

    Args:
        name: Names the component and its children.
        settings: Who may take on which role.
        provider_arn: The account's OpenID Connect provider for GitHub, where it has one.
        state_bucket_arn: Bucket of the Pulumi state; leave it out with Pulumi Cloud.
        state_key_arn: KMS key of the stacks' secrets, and of the bucket if that is encrypted by it.
        tags: Added to the provider and the roles, over the provider's default tags.
        opts: Reaches every child; ``transforms`` is the escape hatch.
    """

    provider_arn: pulumi.Output[str]
    """ARN of the OpenID Connect provider, made here or handed over."""

    role_arns: pulumi.Output[dict[str, str]]
    """ARN of each role, by ``preview``, ``drift`` and ``deploy``: what workflows assume."""

    def __init__(
        self,
        name: str,
        settings: GithubDeployRoleSettings,
        *,
        provider_arn: pulumi.Input[str] | None = None,
        state_bucket_arn: pulumi.Input[str] | None = None,
        state_key_arn: pulumi.Input[str] | None = None,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check_name("github deploy role", name)
        super().__init__(
            "plinth:index:GithubDeployRole", name, settings.model_dump(mode="json"), opts
        )
        child = pulumi.ResourceOptions(parent=self)
        tags = {"Name": name, **(tags or {})}

        if provider_arn is None:
            provider_arn = aws.iam.OpenIdConnectProvider(
                name, url=f"https://{ISSUER}", client_id_lists=[AUDIENCE], tags=tags, opts=child
            ).arn
        self.provider_arn = pulumi.Output.from_input(provider_arn)
        state = _State(bucket_arn=state_bucket_arn, key_arn=state_key_arn)
        arns: dict[str, pulumi.Output[str]] = {}
        for purpose in _purposes(settings):
            role = aws.iam.Role(
                f"{name}-{purpose.name}",
                description=f"GitHub Actions: {purpose.name}",
                assume_role_policy=_trust(self.provider_arn, purpose.subjects),
                max_session_duration=settings.session_minutes * 60,
                permissions_boundary=settings.permissions_boundary,
                tags=tags,
                opts=child,
            )
            for policy_arn in purpose.policies:
                aws.iam.RolePolicyAttachment(
                    f"{name}-{purpose.name}-{policy_arn.rpartition('/')[2]}",
                    role=role.name,
                    policy_arn=policy_arn,
                    opts=child,
                )
            if state.is_given or not purpose.access.reads_data:
                aws.iam.RolePolicy(
                    f"{name}-{purpose.name}",
                    role=role.name,
                    policy=state.policy(purpose.access),
                    opts=child,
                )
            arns[purpose.name] = role.arn

        self.role_arns = pulumi.Output.all(**arns)
        self.register_outputs({"provider_arn": self.provider_arn, "role_arns": self.role_arns})


@dataclass(frozen=True, kw_only=True)
class _Purpose:
    """One role."""

    name: str
    subjects: Sequence[str]
    policies: Sequence[str]
    access: Access


@dataclass(frozen=True, kw_only=True)
class _State:
    """Where Pulumi keeps what it knows."""

    bucket_arn: pulumi.Input[str] | None
    key_arn: pulumi.Input[str] | None

    @property
    def is_given(self) -> bool:
        return self.bucket_arn is not None or self.key_arn is not None

    def policy(self, access: Access) -> pulumi.Output[str]:
        arns: pulumi.Output[Any] = pulumi.Output.all(self.bucket_arn, self.key_arn)
        return arns.apply(lambda known: policy(access, *known))


def _purposes(settings: GithubDeployRoleSettings) -> list[_Purpose]:
    purposes = [
        _Purpose(
            name="preview",
            subjects=settings.preview_subjects,
            policies=[READ],
            access=Access(writes_state=False, reads_data=False),
        ),
        _Purpose(
            name="drift",
            subjects=settings.drift_subjects,
            policies=[READ],
            access=Access(writes_state=False, reads_data=True),
        ),
        _Purpose(
            name="deploy",
            subjects=settings.deploy_subjects,
            policies=settings.deploy_policies,
            access=Access(writes_state=True, reads_data=True),
        ),
    ]
    return [purpose for purpose in purposes if purpose.subjects]


def _trust(provider_arn: pulumi.Output[str], subjects: Sequence[str]) -> pulumi.Output[str]:
    return provider_arn.apply(lambda arn: trust(arn, subjects))
