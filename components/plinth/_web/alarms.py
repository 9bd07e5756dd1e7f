"""What is watched of a fleet that takes requests."""

import pulumi

from plinth._alarms import Alarm, Watched

from .settings import WebSettings

ENOUGH = 20
"""Requests in a minute from which a share of them says something."""

STARTING = 10
"""Minutes in which a new fleet may have no healthy instance."""


def alarm_of_errors(
    settings: WebSettings, targets: pulumi.Input[str], balancer: pulumi.Input[str]
) -> Alarm:
    """Watch for requests that fail in the app.

    Args:
        settings: How many may.
        targets: The fleet's target group, as CloudWatch calls it.
        balancer: The balancer, likewise.
    """
    seen = {
        "requests": "RequestCount",
        "failed": "HTTPCode_Target_5XX_Count",
        # The balancer answers these itself, with 502 or 504, and counts them for no target group.
        "refused": "TargetConnectionErrorCount",
    }
    return Alarm(
        role="errors",
        description=(
            f"More than {settings.max_error_percent:g} % of the requests failed in the app, in two "
            "minutes of three: read its log. If an image is being rolled out, no further instance "
            "is replaced; roll out the one before it, with abort_on_alarm=false."
        ),
        metrics={key: _watched(name, "Sum", targets, balancer) for key, name in seen.items()},
        expression=(
            f"IF(requests >= {ENOUGH}, 100 * (FILL(failed, 0) + FILL(refused, 0)) / requests, 0)"
        ),
        threshold=settings.max_error_percent,
        points=3,
        breaching=2,
    )


def alarm_of_absence(
    seconds: int, targets: pulumi.Input[str], balancer: pulumi.Input[str]
) -> Alarm:
    """Watch for a fleet without a healthy instance.

    One that has some fewer than it should is Auto Scaling's to mend, and every new instance is
    unhealthy while it starts.

    Args:
        seconds: What a release adds to the time until there is one.
        targets: The fleet's target group, as CloudWatch calls it.
        balancer: The balancer, likewise.
    """
    return Alarm(
        role="down",
        description=(
            "No instance has been healthy for three minutes, so that every request fails: read "
            "the app's log, that of its release, and the activity of the autoscaling group."
        ),
        metrics={"healthy": _watched("HealthyHostCount", "Maximum", targets, balancer)},
        comparison="LessThanThreshold",
        threshold=1,
        points=3,
        # Without any instance there is no count.
        missing="breaching",
        quiet=STARTING + -(-seconds // 60),
        quiet_to_the_end=True,
    )


def _watched(
    name: str, stat: str, targets: pulumi.Input[str], balancer: pulumi.Input[str]
) -> Watched:
    return Watched(
        namespace="AWS/ApplicationELB",
        name=name,
        dimensions={"TargetGroup": targets, "LoadBalancer": balancer},
        stat=stat,
    )
