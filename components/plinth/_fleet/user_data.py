"""User data: the boot document, once everything in it is known."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from .boot import as_sent
from .environment import Environment
from .image import check_image
from .units import Secret


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a boot document is written from, when its outputs have come in."""

    image: str
    variables: Mapping[str, str]
    secrets: Mapping[str, Secret]
    log_group: str


def pinned(
    component: str, name: str, image: pulumi.Input[str], *, allow_tags: bool
) -> pulumi.Output[str]:
    """Take an image, or refuse one that is not pinned: at once, or as soon as it is known."""
    if isinstance(image, str):
        check_image(component, name, image, allow_tags=allow_tags)
    late: pulumi.Output[str | None] = pulumi.Output.from_input(image)
    return late.apply(lambda known: check_image(component, name, known, allow_tags=allow_tags))


def user_data(
    describe: Callable[[Known], str],
    *,
    image: pulumi.Input[str],
    environment: Environment,
    log_group: pulumi.Input[str],
) -> pulumi.Output[str]:
    """Write a boot document as EC2 takes it, in base64, and compressed if it must be.

    Args:
        describe: Writes the document: ``lambda known: boot_document([Process(...)])``.
        image: The container image.
        environment: What its processes find in their environment.
        log_group: Name of the log group they write to.
    """
    late = {
        "image": image,
        "variables": dict(environment.variables),
        "secrets": {
            name: {"arn": secret.secret_arn, "template": secret.template}
            for name, secret in environment.secrets.items()
        },
        "log_group": log_group,
    }

    def write(known: dict[str, Any]) -> str:
        document = describe(
            Known(
                image=str(known["image"]),
                variables={name: str(value) for name, value in known["variables"].items()},
                secrets={name: Secret(**parts) for name, parts in known["secrets"].items()},
                log_group=str(known["log_group"]),
            )
        )
        return base64.b64encode(as_sent(document)).decode()

    written: pulumi.Output[dict[str, Any]] = pulumi.Output.from_input(late)
    return written.apply(write)
