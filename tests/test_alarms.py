"""Where alarms go, and what a broker's are."""

import pulumi_aws as aws
import pytest
from pydantic import ValidationError

from once import once
from parts import NETWORK, TOPIC
from plinth import AlarmTopic, AlarmTopicSettings, RedisBroker, RedisBrokerSettings
from plinth.testing import Deployment, Requested, deploy


@once
def broker(**settings: int) -> Deployment:
    """Deploy a broker that is watched."""
    chosen = RedisBrokerSettings.model_validate(settings)
    return deploy(lambda: RedisBroker("queue", chosen, network=NETWORK, alarms=TOPIC))


def alarm(deployed: Deployment, role: str) -> Requested:
    """Return one of its alarms."""
    return deployed.one(aws.cloudwatch.MetricAlarm, f"queue-{role}")


def test_topic_tells_each_address() -> None:
    """A subscription for each, named by the address so that none moves when another goes."""
    settings = AlarmTopicSettings(emails=("a@example.com", "b@example.com"))
    deployed = deploy(lambda: {"arn": AlarmTopic("alarms", settings).topic_arn})

    topic = deployed.one(aws.sns.Topic).output("arn")
    assert deployed.outputs == {"arn": topic}
    for address in settings.emails:
        told = deployed.one(aws.sns.TopicSubscription, f"alarms-{address}").inputs
        assert told == {"topic": topic, "protocol": "email", "endpoint": address}


@pytest.mark.parametrize("emails", [["a@example.com", "a@example.com"], ["pager"]])
def test_topic_refuses(emails: list[str]) -> None:
    """What SNS would not send to is refused."""
    with pytest.raises(ValidationError, match="distinct e-mail addresses"):
        AlarmTopicSettings.model_validate({"emails": emails})


def test_broker_watches_the_worst_of_its_nodes() -> None:
    """Any node may be the primary, so that all of them count."""
    deployed = broker(replicas=1)

    group = deployed.one(aws.elasticache.ReplicationGroup).id
    one, two, worst = alarm(deployed, "memory-now").inputs["metricQueries"]
    assert one["metric"]["dimensions"] == {"CacheClusterId": f"{group}-001"}
    assert two["metric"]["dimensions"] == {"CacheClusterId": f"{group}-002"}
    assert worst["expression"] == "MAX([node1, node2])"


def test_broker_is_watched_before_it_is_full() -> None:
    """A broker never evicts: full, it refuses tasks, so that somebody must know in time."""
    deployed = broker()

    assert {each.name for each in deployed.all(aws.cloudwatch.MetricAlarm)} == {
        *("queue-memory-soon", "queue-memory-now", "queue-evictions"),
        *("queue-cpu", "queue-lag", "queue-connections"),
    }
    thresholds = {r: alarm(deployed, r).inputs["threshold"] for r in ("memory-soon", "memory-now")}
    assert thresholds == {"memory-soon": 65, "memory-now": 80}
    evictions = alarm(deployed, "evictions").inputs
    assert (evictions["threshold"], evictions["evaluationPeriods"]) == (0, 1)
    assert evictions["alarmActions"] == [TOPIC.topic_arn]
    jump = alarm(deployed, "connections").inputs["metricQueries"][-1]
    assert jump["expression"] == "DIFF(MAX([node1, node2]))"


def test_a_single_node_lags_behind_nobody() -> None:
    """There is no replica to watch."""
    names = [each.name for each in broker(replicas=0).all(aws.cloudwatch.MetricAlarm)]

    assert len(names) == 5
    assert "queue-lag" not in names


def test_a_broker_without_a_topic_is_not_watched() -> None:
    """Alarms cost money, and one that nobody hears is worth none."""
    deployed = deploy(lambda: RedisBroker("queue", network=NETWORK))

    assert deployed.all(aws.cloudwatch.MetricAlarm) == []
