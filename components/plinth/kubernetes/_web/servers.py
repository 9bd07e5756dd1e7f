"""A web tier's servers: how one is run, and how one gives way to the next."""

import math
from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from plinth._web.settings import WebSettings
from plinth.kubernetes._parts.labels import selector
from plinth.kubernetes._parts.pod import Container, template
from plinth.kubernetes._parts.secrets import Delivered
from plinth.kubernetes._parts.site import Site
from plinth.kubernetes.settings import WebPodSettings

PART = "web"

STOP_MARGIN = 10
"""Seconds that a server has beyond its longest request, to stop in."""

PROBE_SECONDS = 2
"""Seconds between two looks at a pod that starts."""

SETTLE_SECONDS = 10
"""Seconds that a pod must stay ready before the next old one goes."""

ROOM_SECONDS = 300
"""Seconds beyond the start of the app in which a pod must get on: nodes are made for it."""


def serving(
    settings: WebSettings,
    pods: WebPodSettings,
    *,
    image: pulumi.Input[str],
    variables: pulumi.Input[str],
    secrets: Delivered,
) -> Container:
    """Describe a server: how it starts, how it is found well, and how it goes."""
    alive: k8s.core.v1.HTTPGetActionArgsDict = {
        "path": settings.health_check_path,
        "port": "http",
    }
    return Container(
        part=PART,
        image=image,
        instance_type=settings.instance_type,
        variables=variables,
        secrets=secrets,
        args=settings.command,
        port=settings.port,
        startup={
            "http_get": alive,
            "period_seconds": PROBE_SECONDS,
            "failure_threshold": max(1, math.ceil(settings.health_check_grace / PROBE_SECONDS)),
        },
        readiness={
            "http_get": {"path": pods.readiness_path, "port": "http"},
            "period_seconds": 5,
            "timeout_seconds": 3,
            "failure_threshold": 3,
        },
        # Seldom and patiently: a pod that is only slow must not be killed for it.
        liveness={
            "http_get": alive,
            "period_seconds": 20,
            "timeout_seconds": 10,
            "failure_threshold": 3,
        },
        lifecycle={"pre_stop": {"sleep": {"seconds": pods.drain_seconds}}},
        stop_seconds=pods.drain_seconds + settings.request_seconds + STOP_MARGIN,
    )


def make_deployment(
    site: Site, settings: WebSettings, container: Container, before: Sequence[pulumi.Resource]
) -> k8s.apps.v1.Deployment:
    """Run servers, and replace them new before old.

    Args:
        site: Where.
        settings: How long one may take to start.
        container: What a server is.
        before: What must be there before the first of them.
    """
    return k8s.apps.v1.Deployment(
        site.name,
        metadata=site.metadata(PART),
        # Without a number of replicas: that is for scaling to say.
        spec={
            "selector": {"match_labels": selector(site.name, PART)},
            "strategy": {
                "type": "RollingUpdate",
                "rolling_update": {"max_unavailable": 0, "max_surge": "25%"},
            },
            "min_ready_seconds": SETTLE_SECONDS,
            "progress_deadline_seconds": settings.health_check_grace + ROOM_SECONDS,
            "revision_history_limit": 5,
            "template": template(site, container),
        },
        opts=pulumi.ResourceOptions(
            parent=site.parent,
            depends_on=before,
            # Whether it gets on is for its own deadline to say.
            custom_timeouts=pulumi.CustomTimeouts(create="1h", update="1h"),
        ),
    )
