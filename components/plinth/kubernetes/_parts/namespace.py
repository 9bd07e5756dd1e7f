"""Namespaces that refuse what is not asked for."""

from collections.abc import Mapping

import pulumi
import pulumi_kubernetes as k8s

from .labels import labels, namespace_name

LEVEL = "restricted"
"""The strictest of the Pod Security Standards
(https://kubernetes.io/docs/concepts/security/pod-security-standards/)."""


def make_namespace(
    name: str, extra: Mapping[str, str], *, parent: pulumi.Resource
) -> pulumi.Output[str]:
    """Make a namespace of a tier's own, and return its name: whoever uses it waits for it.

    Args:
        name: The tier's.
        extra: Further labels, by which controllers know it.
        parent: The component.
    """
    called = namespace_name(name)
    security = {
        f"pod-security.kubernetes.io/{mode}{suffix}": value
        for mode in ("enforce", "audit", "warn")
        for suffix, value in (("", LEVEL), ("-version", "latest"))
    }
    made = k8s.core.v1.Namespace(
        name,
        metadata={
            "name": called,
            "labels": {**labels(name), **security, **extra},
        },
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return after(made, called)


def after(made: pulumi.Resource, name: str) -> pulumi.Output[str]:
    """Return a name that is known already, to whoever must wait for what bears it."""
    return made.urn.apply(lambda _: name)
