"""A broker and a cache: what each is made of."""

from collections.abc import Callable

import pulumi
import pulumi_aws as aws
import pytest

from plinth.redis import Eviction, RedisBroker, RedisBrokerSettings, RedisCache
from plinth.testing import Deployment, deploy
from stores import NO_DATA, ONE_ZONE, TWO_ZONES, broker, cache, group_of, parameters_of


def test_a_broker_keeps_what_it_holds() -> None:
    """Unconfigured, it refuses work sooner than lose it, fails over and takes snapshots."""
    deployed = broker()

    group = group_of(deployed)
    assert parameters_of(deployed)["maxmemory-policy"] == "noeviction"
    assert group["numCacheClusters"] == 2
    assert group["automaticFailoverEnabled"]
    assert group["multiAzEnabled"]
    assert group["snapshotRetentionLimit"] == 7
    assert group["finalSnapshotIdentifier"].endswith("queue-broker-final")


def test_a_cache_forgets() -> None:
    """Unconfigured, it is one node that drops what was used least recently, and no snapshot."""
    deployed = cache()

    group = group_of(deployed)
    assert parameters_of(deployed)["maxmemory-policy"] == "allkeys-lru"
    assert group["numCacheClusters"] == 1
    assert not group["automaticFailoverEnabled"]
    assert not group["multiAzEnabled"]
    assert group["snapshotRetentionLimit"] == 0
    assert "finalSnapshotIdentifier" not in group


def test_a_cache_may_forget_by_frequency() -> None:
    """The other eviction is a setting, and no setting makes a cache refuse writes."""
    deployed = cache(eviction="allkeys-lfu")

    assert parameters_of(deployed)["maxmemory-policy"] == "allkeys-lfu"
    assert "noeviction" not in set(Eviction)


@pytest.mark.parametrize("make", [broker, cache])
def test_both_are_encrypted(make: Callable[[], Deployment]) -> None:
    """At rest, and on the way with no plain connection beside it; cluster mode is off."""
    group = group_of(make())

    assert group["atRestEncryptionEnabled"] is True
    assert group["transitEncryptionEnabled"] is True
    assert group["transitEncryptionMode"] == "required"
    assert "numNodeGroups" not in group
    assert "clusterMode" not in group


@pytest.mark.parametrize("make", [broker, cache])
def test_parts_are_joined(make: Callable[[], Deployment]) -> None:
    """The nodes use the guard, the subnets, the parameters, the log and the users made for them."""
    deployed = make()

    group = group_of(deployed)
    guard = deployed.one(aws.ec2.SecurityGroup)
    subnets = deployed.one(aws.elasticache.SubnetGroup)
    log = deployed.one(aws.cloudwatch.LogGroup)
    assert group["securityGroupIds"] == [guard.id]
    assert guard.inputs["vpcId"] == "vpc-1"
    assert group["subnetGroupName"] == subnets.output("name")
    assert subnets.inputs["subnetIds"] == ["subnet-a", "subnet-b"]
    parameters = deployed.one(aws.elasticache.ParameterGroup)
    assert group["parameterGroupName"] == parameters.output("name")
    users = deployed.one(aws.elasticache.UserGroup).inputs["userGroupId"]
    assert group["userGroupIds"] == [users]
    destinations = {
        (each["logType"], each["destination"]) for each in group["logDeliveryConfigurations"]
    }
    assert destinations == {("slow-log", log.output("name")), ("engine-log", log.output("name"))}


def test_users_sign_in_with_their_own_passwords() -> None:
    """Its password is the secret's; the default user is there, as Redis asks, and off."""
    deployed = broker()

    app = deployed.one(aws.elasticache.User, "queue-app").inputs
    default = deployed.one(aws.elasticache.User, "queue-default").inputs
    secret = deployed.one(aws.secretsmanager.SecretVersion, "queue-app").inputs["secretString"]
    [password] = app["authenticationMode"]["passwords"]
    assert f'"password": "{password}"' in secret
    assert f'"username": "{app["userName"]}"' in secret
    assert default["userName"] == "default"
    assert default["accessString"] == "off -@all"
    members = deployed.one(aws.elasticache.UserGroup).inputs["userIds"]
    assert sorted(members) == sorted(u.inputs["userId"] for u in deployed.all(aws.elasticache.User))
    assert "authToken" not in group_of(deployed)


def test_the_app_may_do_what_its_clients_need() -> None:
    """A worker listens on channels; a cache is cleared by commands that a broker does not allow."""
    queue = broker().one(aws.elasticache.User, "queue-app").inputs["accessString"]
    forgetful = cache().one(aws.elasticache.User, "cache-app").inputs["accessString"]

    assert queue == "on ~* &* +@all -@dangerous"
    assert forgetful.startswith(queue)
    assert {"+flushdb", "+keys"} <= set(forgetful.split())


def test_users_suit_both_engines() -> None:
    """They stay as they are when Redis becomes Valkey, because only the store may change."""
    kinds = (aws.elasticache.User, aws.elasticache.UserGroup)
    before, after = broker(), broker(engine="valkey")

    for kind in kinds:
        assert before.all(kind) == after.all(kind)
        assert {each.inputs["engine"] for each in after.all(kind)} == {"redis"}


def protection(program: Callable[[pulumi.ResourceOptions], object]) -> bool | None:
    """Return the replication group's protect option, as its component asked for it."""
    seen: list[bool | None] = []

    def note(args: pulumi.ResourceTransformationArgs) -> None:
        if isinstance(args.resource, aws.elasticache.ReplicationGroup):
            seen.append(args.opts.protect)

    deploy(lambda: program(pulumi.ResourceOptions(transformations=[note])))
    [protect] = seen
    return protect


def test_a_broker_is_protected_until_told_otherwise() -> None:
    """Pulumi refuses to delete it; without the setting it goes, and leaves no snapshot."""
    loose = RedisBrokerSettings(protected=False)

    assert protection(lambda opts: RedisBroker("queue", network=TWO_ZONES, opts=opts)) is True
    assert protection(lambda opts: RedisBroker("q", loose, network=TWO_ZONES, opts=opts)) is None
    assert "finalSnapshotIdentifier" not in group_of(broker(protected=False))


def test_a_cache_is_protected_only_by_its_options() -> None:
    """It says nothing of its own, and so inherits what its component is told."""
    assert protection(lambda opts: RedisCache("c", network=TWO_ZONES, opts=opts)) is None


def test_a_broker_and_a_cache_may_share_a_name() -> None:
    """Nothing of one stands in the other's way, in the state or in the account."""

    def program() -> None:
        RedisBroker("redis", network=TWO_ZONES)
        RedisCache("redis", network=TWO_ZONES)

    deployed = deploy(program)
    assert len(set(deployed.urns)) == len(deployed.urns)
    users = [each.inputs["userId"] for each in deployed.all(aws.elasticache.User)]
    groups = [each.inputs["userGroupId"] for each in deployed.all(aws.elasticache.UserGroup)]
    assert len({*users, *groups}) == 7


def test_long_names_fit() -> None:
    """Ids that are ours stay within 40 characters, and apart."""
    name = "a" * 24
    deployed = deploy(lambda: RedisBroker(name, network=TWO_ZONES))

    ids = [each.inputs["userId"] for each in deployed.all(aws.elasticache.User)]
    ids.append(deployed.one(aws.elasticache.UserGroup).inputs["userGroupId"])
    ids.append(group_of(deployed)["finalSnapshotIdentifier"])
    assert len(set(ids)) == 5
    assert max(map(len, ids)) <= 40


@pytest.mark.parametrize("kind", [RedisBroker, RedisCache])
def test_a_network_without_data_subnets_is_refused(kind: type[RedisBroker | RedisCache]) -> None:
    """A store has no business in a subnet with a route out."""
    with pytest.raises(ValueError, match=r"redis \w+ 'store' needs a data subnet"):
        deploy(lambda: kind("store", network=NO_DATA))


def test_replicas_need_a_second_zone() -> None:
    """A network of one zone is refused, in words that say what to change."""
    with pytest.raises(ValueError, match="add a zone, or set replicas=0"):
        deploy(lambda: RedisBroker("queue", network=ONE_ZONE))


def test_one_zone_holds_a_store_without_replicas() -> None:
    """What the refusal advises works."""
    alone = RedisBrokerSettings(replicas=0)
    deployed = deploy(lambda: RedisBroker("queue", alone, network=ONE_ZONE))

    assert group_of(deployed)["numCacheClusters"] == 1
    assert not group_of(deployed)["multiAzEnabled"]
