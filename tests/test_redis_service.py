"""A broker and a cache: what they bring to the tiers that use them."""

import pulumi_aws as aws
import pytest

from plinth import redis
from plinth.existing import ExistingPeer
from plinth.redis import RedisBroker, RedisCache
from plinth.testing import deploy
from plinth.wiring import BrokerLike, Service
from stores import TWO_ZONES

WEB = ExistingPeer(pulumi_resource_name="web", security_group_id="sg-web")


@pytest.mark.parametrize("kind", [RedisBroker, RedisCache])
def test_closed_until_a_peer_is_allowed(kind: type[RedisBroker | RedisCache]) -> None:
    """allow_from opens the Redis port and no other, to the peer's group and no other."""
    deployed = deploy(lambda: kind("store", network=TWO_ZONES).allow_from(WEB))

    guard = deployed.one(aws.ec2.SecurityGroup)
    assert not {"ingress", "egress"} & set(guard.inputs)
    rule = deployed.one(aws.vpc.SecurityGroupIngressRule)
    assert rule.name == "store-from-web"
    assert rule.inputs["securityGroupId"] == guard.id
    assert rule.inputs["referencedSecurityGroupId"] == "sg-web"
    assert rule.inputs["fromPort"] == rule.inputs["toPort"] == 6379
    assert rule.inputs["ipProtocol"] == "tcp"


@pytest.mark.parametrize("kind", [RedisBroker, RedisCache])
def test_urls_name_the_primary_and_check_its_certificate(
    kind: type[RedisBroker | RedisCache],
) -> None:
    """In the one spelling that kombu, Celery's result backend and redis-py all accept."""

    def program() -> dict[str, object]:
        store = kind("store", network=TWO_ZONES)
        return {
            name: {"arn": text.secret_arn, "template": text.template}
            for name, text in store.secrets.items()
        }

    deployed = deploy(program)
    host = deployed.one(aws.elasticache.ReplicationGroup).output("primaryEndpointAddress")
    secret = deployed.one(aws.secretsmanager.Secret, "store-app")
    assert deployed.outputs
    for text in deployed.outputs.values():
        assert text["arn"] == secret.output("arn")
        assert text["template"] == (
            f"rediss://{{username:url}}:{{password:url}}@{host}:6379/0?ssl_cert_reqs=required"
        )


def test_outputs_are_the_groups() -> None:
    """Endpoints of the replication group, the guard, and the app's secret."""

    def program() -> dict[str, object]:
        made = RedisCache("cache", network=TWO_ZONES)
        return {
            "endpoint": made.endpoint,
            "reader": made.reader_endpoint,
            "guard": made.security_group_id,
            "secret": made.secret_arn,
        }

    deployed = deploy(program)
    group = deployed.one(aws.elasticache.ReplicationGroup)
    assert deployed.outputs == {
        "endpoint": group.output("primaryEndpointAddress"),
        "reader": group.output("readerEndpointAddress"),
        "guard": deployed.one(aws.ec2.SecurityGroup).id,
        "secret": deployed.one(aws.secretsmanager.Secret).output("arn"),
    }


def test_variables_are_those_declared() -> None:
    """The contract names what the two bring, and all of it is secret."""
    secret: list[str] = []
    plain: list[str] = []

    def program() -> None:
        stores: list[Service] = [
            RedisBroker("queue", network=TWO_ZONES),
            RedisCache("cache", network=TWO_ZONES),
        ]
        for store in stores:
            secret.extend(store.secrets)
            plain.extend(store.environment)

    deploy(program)
    assert sorted(secret) == sorted(variable.name for variable in redis.VARIABLES)
    assert all(variable.secret for variable in redis.VARIABLES)
    assert not plain


def never_evicts(store: BrokerLike) -> bool:
    """Tell whether a store makes the promise that workers ask for."""
    return getattr(store, "never_evicts", False)


def test_a_cache_is_no_broker() -> None:
    """It lacks the promise, for the type checker and for whoever looks."""
    promises: list[bool] = []

    def program() -> None:
        promises.append(never_evicts(RedisBroker("queue", network=TWO_ZONES)))
        forgetful = RedisCache("cache", network=TWO_ZONES)
        promises.append(never_evicts(forgetful))  # pyright: ignore[reportArgumentType]

    deploy(program)
    assert promises == [True, False]


def test_a_broker_lets_its_queues_be_counted() -> None:
    """By a user of its own, with another secret than the app's, at the same place."""

    def program() -> dict[str, object]:
        made = RedisBroker("queue", network=TWO_ZONES)
        app, metrics = made.secrets["CELERY_BROKER_URL"], made.metrics_url
        return {
            "arns": [app.secret_arn, metrics.secret_arn],
            "templates": [app.template, metrics.template],
        }

    deployed = deploy(program)
    secrets = [deployed.one(aws.secretsmanager.Secret, f"queue-{u}") for u in ("app", "metrics")]
    assert deployed.outputs["arns"] == [each.output("arn") for each in secrets]
    one, other = deployed.outputs["templates"]
    assert one == other
