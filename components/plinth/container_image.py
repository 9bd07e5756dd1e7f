"""The app's container image: where it is kept, and how it gets there."""

import json
from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from ._fleet.user_data import pinned
from ._image.build import builder, check_context, make_image
from ._image.lifecycle import lifecycle_policy
from ._image.settings import CACHE_PREFIX, BuildSettings, ContainerImageSettings
from .names import check_name

__all__ = ["BuildSettings", "ContainerImage", "ContainerImageSettings"]

PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


class ContainerImage(pulumi.ComponentResource):
    """An ECR repository whose tags never move, and the reference of one image in it.

    The image is built by the program (``settings.build``), or by CI, which hands over its
    reference (``image``). With neither there is a repository for CI to push to, and no reference
    yet. The repository scans what is pushed, and keeps what may still be started.

    A build signs in to the registry as ``docker`` does on the machine: by ``docker login``, which
    CI has an action for, or by ECR's credential helper. The program asks AWS for no token itself:
    that would take credentials in every preview.

    Args:
        name: Names the component and its children.
        settings: How the image is built and kept.
        image: What CI built and pushed, as ``repository@sha256:...``.
        password: To sign in with as ``AWS``, on a machine with neither of the above.
        tags: Added to every child, over the provider's default tags.
        opts: Reaches every child; ``transforms`` is the escape hatch.
    """

    reference: pulumi.Output[str]
    """The image for the tiers, ``repository@sha256:...``; empty until there is one."""

    repository_url: pulumi.Output[str]
    """Where to push: ``<account>.dkr.ecr.<region>.amazonaws.com/<name>``."""

    repository_arn: pulumi.Output[str]
    """The repository, for the policy of whoever pushes."""

    def __init__(
        self,
        name: str,
        settings: ContainerImageSettings = ContainerImageSettings(),
        *,
        image: pulumi.Input[str] | None = None,
        password: pulumi.Input[str] | None = None,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check_name("container image", name)
        _check_wiring(name, settings, image, password)
        given = None if image is None else pinned("container image", name, image, allow_tags=False)

        super().__init__(
            "plinth:index:ContainerImage", name, settings.model_dump(mode="json"), opts
        )
        repository = aws.ecr.Repository(
            name,
            image_tag_mutability="IMMUTABLE_WITH_EXCLUSION",
            image_tag_mutability_exclusion_filters=[
                {"filter": f"{CACHE_PREFIX}*", "filter_type": "WILDCARD"}
            ],
            image_scanning_configuration={"scan_on_push": True},
            force_delete=not settings.protected,
            tags={"Name": name, **(tags or {})},
            opts=pulumi.ResourceOptions(parent=self, protect=settings.protected),
        )
        aws.ecr.LifecyclePolicy(
            name,
            repository=repository.name,
            policy=lifecycle_policy(settings),
            # A change replaces it, and the old one's deletion would come last and leave none.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        if settings.pull_accounts:
            aws.ecr.RepositoryPolicy(
                name,
                repository=repository.name,
                policy=_pull_policy(settings.pull_accounts),
                opts=pulumi.ResourceOptions(parent=self),
            )

        self.repository_url = repository.repository_url
        self.repository_arn = repository.arn
        if settings.build is not None:
            built = make_image(
                name,
                settings.build,
                parent=self,
                repository_url=repository.repository_url,
                password=password,
            )
            self.reference = pulumi.Output.format("{0}@{1}", self.repository_url, built.digest)
        else:
            self.reference = pulumi.Output.from_input("") if given is None else given
        self.register_outputs(
            {
                "reference": self.reference,
                "repository_url": self.repository_url,
                "repository_arn": self.repository_arn,
            }
        )


def _check_wiring(
    name: str,
    settings: ContainerImageSettings,
    image: pulumi.Input[str] | None,
    password: pulumi.Input[str] | None,
) -> None:
    if settings.build is None:
        if password is not None:
            msg = f"container image {name!r} has a password and no build: remove it, or set build"
            raise ValueError(msg)
        return
    if image is not None:
        msg = f"container image {name!r} has both build and image: keep one of them"
        raise ValueError(msg)
    builder(name)
    check_context(name, settings.build)


def _pull_policy(accounts: tuple[str, ...]) -> str:
    statement = {
        "Sid": "Pull",
        "Effect": "Allow",
        "Principal": {"AWS": list(accounts)},
        "Action": list(PULL),
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
