"""What the registry removes by itself, and so what it keeps."""

import json
from typing import Any

from .settings import CACHE_PREFIX, ContainerImageSettings

UNTAGGED_DAYS = 14
"""Days after which an image without a tag goes.

Safe only while tags are immutable: then a build never loses its tag to the next, and what has none
is a cache that was written anew. A digest that an instance pins always has its tag.
"""

CACHE_DAYS = 30
"""Days after which a cache that no build has written goes."""


def lifecycle_policy(settings: ContainerImageSettings) -> str:
    """Write the rules, in the order of their priority, which is how ECR returns them.

    Each image belongs to the first rule that its tags match
    (https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html).
    """
    rules = [
        _rule("caches written anew", _older(UNTAGGED_DAYS, tagStatus="untagged")),
        _rule(
            "caches no longer used",
            _older(CACHE_DAYS, tagStatus="tagged", tagPatternList=[f"{CACHE_PREFIX}*"]),
        ),
        _rule(
            f"builds but the {settings.keep} newest",
            {
                "tagStatus": "tagged",
                "tagPatternList": [f"{settings.tag_prefix}*"],
                "countType": "imageCountMoreThan",
                "countNumber": settings.keep,
            },
        ),
    ]
    return json.dumps(
        {"rules": [{"rulePriority": n, **rule} for n, rule in enumerate(rules, start=1)]}
    )


def _rule(description: str, selection: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "selection": selection, "action": {"type": "expire"}}


def _older(days: int, **which: Any) -> dict[str, Any]:
    return {**which, "countType": "sinceImagePushed", "countUnit": "days", "countNumber": days}
