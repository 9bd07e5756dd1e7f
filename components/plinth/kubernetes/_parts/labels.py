"""How a tier's objects are told apart, by people and by Kubernetes."""

import hashlib

import pulumi

from plinth.names import physical_name

LONGEST = 63
"""Characters of a label's value, and of most names
(https://kubernetes.io/docs/concepts/overview/working-with-objects/names/)."""


def namespace_name(name: str) -> str:
    """Name a tier's namespace, which is one of a kind in its cluster."""
    return physical_name(pulumi.get_project(), pulumi.get_stack(), name, limit=LONGEST)


def labels(name: str, part: str | None = None) -> dict[str, str]:
    """Write the labels of a tier's object, or of one that belongs to a part of it."""
    platform = physical_name(pulumi.get_project(), pulumi.get_stack(), limit=LONGEST)
    return {
        **selector(name, part),
        "app.kubernetes.io/part-of": platform,
        "app.kubernetes.io/managed-by": "pulumi",
    }


def selector(name: str, part: str | None = None) -> dict[str, str]:
    """Select the pods of a tier, or of one of its parts."""
    of_part = {"app.kubernetes.io/component": part} if part else {}
    return {"app.kubernetes.io/name": name, **of_part}


def digest(text: str) -> str:
    """Tell one content from another, at the end of a name.

    Pods read variables only as they start: a name that follows the content is what makes
    Kubernetes replace them when it changes.
    """
    return hashlib.sha256(text.encode()).hexdigest()[:10]
