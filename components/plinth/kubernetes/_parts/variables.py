"""Variables that are no secret, as pods find them."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from plinth.environment import Variable

from .labels import digest
from .site import Site

VARIABLES = (
    Variable(name="HOME", meaning="``/tmp``: nothing else on a pod's disk can be written to."),
)
"""What every pod finds beside what instances do, unless it is told otherwise."""

WRITABLE = {"HOME": "/tmp"}  # noqa: S108 - a volume of the pod's own
"""Where programs keep what they think is theirs."""


def make_variables(
    site: Site, called: str, variables: Mapping[str, pulumi.Input[str]], *, part: str | None = None
) -> pulumi.Output[str]:
    """Keep variables in the cluster, and return the name they are kept under.

    Args:
        site: Where.
        called: Names the child: the tier's name, or ``{name}-{pool}``.
        variables: By name.
        part: Whose they are: ``web``, or a pool.
    """
    return make_config(site, called, {**WRITABLE, **variables}, part=part)


def make_config(
    site: Site, called: str, texts: Mapping[str, pulumi.Input[str]], *, part: str | None = None
) -> pulumi.Output[str]:
    """Keep some texts in the cluster, and return their name, which follows the content."""
    known: pulumi.Output[dict[str, Any]] = pulumi.Output.from_input({**texts})
    data = known.apply(lambda each: {key: str(text) for key, text in each.items()})
    name = data.apply(lambda each: f"{called}-{digest(json.dumps(each, sort_keys=True))}")
    made = k8s.core.v1.ConfigMap(
        called, metadata=site.metadata(part, name=name), data=data, immutable=True, opts=site.child
    )
    # Whoever uses the name waits for what bears it.
    return pulumi.Output.all(name, made.urn).apply(lambda both: str(both[0]))
