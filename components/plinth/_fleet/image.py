"""A container image's reference: what pins it, and what it takes to pull it."""

import re

DIGEST = re.compile(r"[^@\s]+@sha256:[0-9a-f]{64}")

_ECR = re.compile(
    r"(?P<account>\d{12})\.dkr[.-]ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.(amazonaws\.com(\.cn)?|on\.aws)"
    r"/(?P<repository>[^:@]+)"
)


def check_image(component: str, name: str, image: str | None, *, allow_tags: bool) -> str:
    """Return an image reference, or refuse one that may mean another image tomorrow.

    What a preview has yet to learn passes: ``${...}``, or None under bare mocks.
    """
    if image is None:
        return ""
    if DIGEST.fullmatch(image) or "${" in image or (image and allow_tags):
        return image
    msg = (
        f"{component} {name!r} has image={image!r}, which is not pinned: "
        "give it as name@sha256:<64 hex digits>, or set allow_tags=true"
    )
    raise ValueError(msg)


def ecr_registry(image: str) -> str | None:
    """Tell the host of the private ECR registry that an image is in, if it is in one."""
    return image.partition("/")[0] if _ECR.match(image) else None


def ecr_repository_arn(image: str) -> str | None:
    """Tell the ARN of the private ECR repository that an image is in, if it is in one."""
    found = _ECR.match(image)
    if found is None:
        return None
    account, region, repository = found["account"], found["region"], found["repository"]
    return f"arn:{_partition(region)}:ecr:{region}:{account}:repository/{repository}"


def _partition(region: str) -> str:
    return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(region.rsplit("-", 2)[0], "aws")
