"""What a WebTier watches, and what that stops."""

from typing import Any

import pulumi_aws as aws
import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancers import Balancer
from metric_math import computed
from once import once
from parts import IMAGE, NETWORK, TOPIC
from plinth import WebSettings, WebTier
from plinth._web.alarms import alarm_of_errors
from plinth.testing import Deployment, Requested, deploy
from plinth.wiring import TopicLike

ERRORS = alarm_of_errors(WebSettings(), "targetgroup/web/1", "app/edge/1")


@once
def web(alarms: TopicLike | None = TOPIC, **settings: Any) -> Deployment:
    """Deploy a tier that tells somebody, with some settings changed."""
    chosen = WebSettings.model_validate(settings)
    wired: dict[str, Any] = {"image": IMAGE, "network": NETWORK, "balancer": Balancer()}
    return deploy(lambda: WebTier("web", chosen, alarms=alarms, **wired))


@pytest.fixture(scope="module")
def watched() -> Deployment:
    """Deploy a tier as it is by default."""
    return web()


def refresh(deployed: Deployment) -> dict[str, Any]:
    """Return the preferences by which instances are replaced."""
    return deployed.one(aws.autoscaling.Group).inputs["instanceRefresh"]["preferences"]


def alarms(deployed: Deployment) -> dict[str, Requested]:
    """Return a tier's alarms, by name."""
    return {each.name: each for each in deployed.all(aws.cloudwatch.MetricAlarm)}


def test_metrics_are_the_tiers_own(watched: Deployment) -> None:
    """Target group and balancer are named as CloudWatch does; other tiers do not count."""
    suffix = watched.one(aws.lb.TargetGroup).output("arnSuffix")
    for alarm in alarms(watched).values():
        for query in alarm.inputs["metricQueries"]:
            if "metric" in query:
                assert query["metric"]["namespace"] == "AWS/ApplicationELB"
                assert query["metric"]["dimensions"] == {
                    "TargetGroup": suffix,
                    "LoadBalancer": "app/edge/1a2b3c",
                }


@given(st.integers(min_value=20, max_value=10**6), st.floats(min_value=0, max_value=1))
def test_errors_count_as_a_share_of_the_requests(requests: int, share: float) -> None:
    """Answers with 5xx, and connections that the app refused, are the same to a visitor."""
    half = requests * share / 2

    percent = computed(ERRORS.expression, requests=requests, failed=half, refused=half)
    assert percent == pytest.approx(100 * share)


def test_few_requests_prove_nothing() -> None:
    """One failure of two at night is half of all, and no reason to wake anybody up."""
    assert computed(ERRORS.expression, requests=19, failed=19, refused=0) == 0


def test_alarm_stops_an_image_from_spreading(watched: Deployment) -> None:
    """Auto Scaling watches it while it replaces instances; silence is no alarm."""
    errors = alarms(watched)["web-errors"]

    assert refresh(watched)["alarmSpecification"] == {"alarms": [errors.output("name")]}
    assert errors.inputs["treatMissingData"] == "notBreaching"
    assert errors.inputs["threshold"] == 5
    assert (errors.inputs["datapointsToAlarm"], errors.inputs["evaluationPeriods"]) == (2, 3)


def test_no_rollback_to_what_is_new(watched: Deployment) -> None:
    """The group has the new template already when the refresh starts."""
    assert "autoRollback" not in refresh(watched)


def test_absence_wakes_somebody_but_stops_nothing(watched: Deployment) -> None:
    """Without any healthy instance, a roll-out is what would mend it."""
    down = alarms(watched)["web-down"]

    [query] = down.inputs["metricQueries"]
    assert query["metric"]["metricName"] == "HealthyHostCount"
    assert (down.inputs["comparisonOperator"], down.inputs["threshold"]) == ("LessThanThreshold", 1)
    assert down.inputs["treatMissingData"] == "breaching"
    assert down.output("name") not in refresh(watched)["alarmSpecification"]["alarms"]


def test_new_tier_is_not_down_while_it_starts() -> None:
    """Its first instances, and the release of its image, take their time."""
    quiet = alarms(web())["web-down"].inputs["warmUpConfiguration"]

    assert quiet == {
        "warmUpPeriodDurationInMinutes": 10,
        "onlyStartEvaluatingAfterWarmUpPeriodEnds": True,
    }


def test_topic_is_told_of_each(watched: Deployment) -> None:
    """When it begins and when it is over."""
    for alarm in alarms(watched).values():
        assert alarm.inputs["alarmActions"] == alarm.inputs["okActions"] == [TOPIC.topic_arn]


def test_without_a_topic_the_alarm_still_stops_an_image() -> None:
    """Nobody is told, so that only what is acted on is watched."""
    deployed = web(None)

    assert set(alarms(deployed)) == {"web-errors"}
    assert "alarmActions" not in alarms(deployed)["web-errors"].inputs
    assert alarms(web(None, abort_on_alarm=False)) == {}


def test_image_that_mends_can_ignore_the_alarm() -> None:
    """An alarm that is on would stop it before its first instance."""
    deployed = web(abort_on_alarm=False)

    assert set(alarms(deployed)) == {"web-errors", "web-down"}
    assert "alarmSpecification" not in refresh(deployed)
