"""Who is told when a web tier's requests fail, or none of its pods serves."""

from dataclasses import replace

import pulumi_aws as aws

from plinth._alarms import make_alarms
from plinth._fleet.release import extra_seconds
from plinth._web.alarms import alarm_of_absence, alarm_of_errors
from plinth._web.settings import WebSettings
from plinth.kubernetes._parts.site import Site
from plinth.wiring import BalancerLike, TopicLike


def watch(
    site: Site,
    settings: WebSettings,
    *,
    balancer: BalancerLike,
    targets: aws.lb.TargetGroup,
    alarms: TopicLike,
) -> None:
    """Raise the alarms of a fleet of instances, with what to do about pods."""
    names = targets.arn_suffix, balancer.arn_suffix
    errors = replace(
        alarm_of_errors(settings, *names),
        description=(
            f"More than {settings.max_error_percent:g} % of the requests failed in the app, in two "
            "minutes of three: read its log. If an image is being rolled out, deploy the one "
            "before it."
        ),
    )
    absence = replace(
        alarm_of_absence(extra_seconds(settings), *names),
        description=(
            "No pod has been healthy for three minutes, so that every request fails: read the "
            "app's log, and what kubectl describe says of its pods."
        ),
    )
    make_alarms(site.name, [errors, absence], topic=alarms, parent=site.parent, tags=site.tags)
