"""The release step: a Job that ends before any pod of its image serves."""

import pulumi
import pulumi_kubernetes as k8s

from plinth._fleet.release import MOUNTED, PROGRAM, Release

from .labels import digest
from .pod import Container, template
from .secrets import Delivered
from .site import Site
from .variables import make_config

PART = "release"

MARGIN = 300
"""Seconds that a release has beyond its own, for a node to come and the image to be pulled."""

CPU = 0.25
"""vCPUs that a release is promised: it waits for the database more than it computes."""

UNDISTURBED = {"karpenter.sh/do-not-disrupt": "true"}
"""Keeps the node that a release runs on, however little else does."""


def make_release(
    site: Site,
    release: Release,
    *,
    image: pulumi.Input[str],
    instance_type: str,
    variables: pulumi.Input[str],
    secrets: Delivered,
) -> k8s.batch.v1.Job:
    """Run a release, and fail the deployment when it fails.

    A Job cannot be changed: another image makes another one, which releases anew, and other
    variables replace it. What is released already, be it by another tier, ends at once.

    Args:
        site: Where.
        release: What is run.
        image: The app's image, which brings the command.
        instance_type: What its pod stands for.
        variables: Name of the ``ConfigMap`` with the tier's variables.
        secrets: The tier's, among them the database's URL.
    """
    called = f"{site.name}-{PART}"
    program = make_config(site, called, {PROGRAM.name: PROGRAM.read_text()}, part=PART)
    known: pulumi.Output[str | None] = pulumi.Output.from_input(image)
    container = Container(
        part=PART,
        image=image,
        instance_type=instance_type,
        variables=variables,
        secrets=secrets,
        cpu=CPU,
        command=known.apply(lambda each: release.words(each or "")),
        files={MOUNTED.rpartition("/")[0]: program},
        annotations=UNDISTURBED,
        once=True,
    )
    # It may wait for another's release as long as it may take itself.
    seconds = 2 * release.seconds + MARGIN
    return k8s.batch.v1.Job(
        called,
        metadata=site.metadata(
            PART,
            name=known.apply(lambda each: f"{called}-{digest(each or '')}"),
            # One that failed is run again by the next deployment.
            annotations={"pulumi.com/replaceUnready": "true"},
        ),
        spec={
            "backoff_limit": 0,
            "active_deadline_seconds": seconds,
            # A node that goes is no failure of the release.
            "pod_failure_policy": {
                "rules": [
                    {
                        "action": "Ignore",
                        "on_pod_conditions": [{"type": "DisruptionTarget", "status": "True"}],
                    }
                ]
            },
            "template": template(site, container),
        },
        opts=pulumi.ResourceOptions(
            parent=site.parent,
            depends_on=[*site.ready, *secrets.ready],
            custom_timeouts=pulumi.CustomTimeouts(create=f"{seconds}s", update=f"{seconds}s"),
        ),
    )
