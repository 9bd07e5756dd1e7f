"""CeleryWorkers and CeleryBeat, deployed to nowhere."""

import json
import re
from collections.abc import Callable
from typing import Any, cast

import pulumi_aws as aws
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from booted import systemd_words, user_data_files
from once import once
from plinth._celery.command import directives, worker_command
from plinth._celery.joins import group_arn
from plinth.celery import (
    VARIABLES,
    CeleryBeat,
    CeleryBeatSettings,
    CeleryWorkers,
    CeleryWorkersSettings,
    Pool,
    Scheduler,
    Work,
)
from plinth.existing import ExistingBroker, ExistingNetwork, ExistingService
from plinth.testing import Deployment, deploy
from plinth.wiring import Grant, Peer, SecretText

NETWORK = ExistingNetwork(
    vpc_id="vpc-1", cidr_block="10.0.0.0/16", private_subnet_ids=["subnet-a", "subnet-b"]
)
IMAGE = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop@sha256:{'0' * 64}"
QUEUE = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:queue-AbCdEf"
BROKER = ExistingBroker(
    pulumi_resource_name="queue",
    secrets={"CELERY_BROKER_URL": SecretText(secret_arn=QUEUE, template="rediss://{password:url}")},
)
ORDERS = ExistingService(
    pulumi_resource_name="orders",
    environment={"ORDERS_BUCKET": "orders"},
    grants=[Grant(actions=["s3:GetObject"], resources=["arn:aws:s3:::orders/*"])],
)


@once
def workers(pools: dict[str, Pool] | None = None, **settings: Any) -> Deployment:
    """Deploy workers."""
    chosen = CeleryWorkersSettings(pools=pools or {"default": Pool()}, **settings)
    return deploy(
        lambda: CeleryWorkers(
            "celery", chosen, image=IMAGE, network=NETWORK, broker=BROKER, uses=[ORDERS]
        )
    )


@once
def beat(**settings: Any) -> Deployment:
    """Deploy beat."""
    chosen = CeleryBeatSettings(**settings)
    return deploy(
        lambda: CeleryBeat(
            "beat", chosen, image=IMAGE, network=NETWORK, broker=BROKER, uses=[ORDERS]
        )
    )


def files(deployed: Deployment, template: str | None = None) -> dict[str, str]:
    """Read the files that an instance boots with."""
    return user_data_files(deployed.one(aws.ec2.LaunchTemplate, template).inputs)


def celery(deployed: Deployment, template: str | None = None, process: str = "celery") -> list[str]:
    """Read the command that Celery gets on an instance, without the image."""
    unit = files(deployed, template)[f"/etc/systemd/system/plinth-{process}.service"]
    command = systemd_words(unit, "ExecStart")
    return command[command.index(IMAGE) + 1 :]


def told(command: list[str]) -> dict[str, Any]:
    """Read the settings on a command line as Celery does: (json) and the value."""
    pairs = [word.split("=(json)") for word in command[command.index("--") + 1 :]]
    return {name: json.loads(value) for name, value in pairs}


def statements(deployed: Deployment, role: str = "celery") -> list[dict[str, Any]]:
    """Read what the role may do."""
    policy = json.loads(deployed.one(aws.iam.RolePolicy, role).inputs["policy"])
    return cast("list[dict[str, Any]]", policy["Statement"])


def test_unconfigured_workers_take_celerys_own_queue() -> None:
    """One pool takes the queue that Celery uses by default, one process to a vCPU."""
    command = celery(workers())

    assert command[: command.index("--")] == [
        *("celery", "-A", "app", "worker", "-n", "default@%h", "-Q", "celery", "-c", "2"),
        *("-O", "fair", "--without-gossip", "--without-mingle", "-l", "INFO"),
    ]


def test_command_line_settles_what_the_stop_path_depends_on() -> None:
    """A task is acknowledged once done, none is hoarded, and each has an end."""
    settings = told(celery(workers()))

    assert settings["task_acks_late"] is True
    assert settings["task_reject_on_worker_lost"] is False
    assert settings["task_retry_on_worker_lost"] is True
    assert settings["worker_prefetch_multiplier"] == 1
    assert settings["worker_disable_prefetch"] is True
    assert settings["task_soft_time_limit"] == 600
    assert settings["task_time_limit"] == 610
    assert settings["broker_connection_max_retries"] is None
    assert settings["broker_transport_options"]["visibility_timeout"] == 3600
    assert settings["broker_transport_options"]["unacked_restore_throttle"] == 1


def test_app_can_read_the_same_settings() -> None:
    """CELERY_SETTINGS says what the command line says."""
    deployed = workers()

    [line] = re.findall(
        r"^CELERY_SETTINGS=(.*)$", files(deployed)["/etc/plinth/celery.env"], re.MULTILINE
    )
    assert json.loads(line) == told(celery(deployed))


def test_pools_share_one_visibility_timeout() -> None:
    """The shortest of a database wins, so that all have what the longest task needs."""
    deployed = workers({"short": Pool(max_task=60), "long": Pool(max_task=7200)}, max_countdown=60)

    short, long = (told(celery(deployed, f"celery-{pool}")) for pool in ("short", "long"))
    assert short["task_time_limit"] == 70
    assert long["task_time_limit"] == 7210
    for each in (short, long):
        assert each["visibility_timeout"] == 7210 + 60 + 300
        assert each["broker_transport_options"]["visibility_timeout"] == 7210 + 60 + 300


def test_stop_path_follows_the_longest_task() -> None:
    """Script, systemd and hook wait each longer than the one within, on disk as planned."""
    deployed = workers({"default": Pool(max_task=900)})

    unit = files(deployed)["/etc/systemd/system/plinth-celery.service"]
    assert systemd_words(unit, "ExecStop") == [
        *("/usr/bin/python3", "/usr/local/lib/plinth/celery_stop.py", "celery", "930")
    ]
    assert "\nTimeoutStopSec=1050\n" in unit
    assert "\nKillMode=mixed\n" in unit
    assert "\nRestart=always\n" in unit
    assert (
        deployed.one(aws.autoscaling.LifecycleHook, "celery-default-drain").inputs[
            "heartbeatTimeout"
        ]
        == 1050
    )


def test_programs_are_where_the_units_look() -> None:
    """Both scripts are shipped, and the agent minds the worker's unit and the group's hook."""
    deployed = workers()

    written = files(deployed)
    agent = written["/etc/systemd/system/plinth-drain.service"]
    assert systemd_words(agent, "ExecStart") == [
        *("/usr/bin/python3", "/usr/local/lib/plinth/drain_agent.py"),
        *("--unit", "plinth-celery.service", "--hook", "drain", "--spot-seconds", "80"),
    ]
    assert "def step(" in written["/usr/local/lib/plinth/drain_agent.py"]
    assert "pidfd_open" in written["/usr/local/lib/plinth/celery_stop.py"]


@pytest.mark.parametrize(
    ("resource", "hook", "transition", "otherwise"),
    [
        ("celery-default-drain", "drain", "autoscaling:EC2_INSTANCE_TERMINATING", "CONTINUE"),
        ("celery-default-answered", "answered", "autoscaling:EC2_INSTANCE_LAUNCHING", "ABANDON"),
    ],
)
def test_hooks_hold_the_first_instances_and_follow_changes(
    resource: str, hook: str, transition: str, otherwise: str
) -> None:
    """A group's own hook counts from its first instance, the other is what can be changed."""
    deployed = workers()

    listed = deployed.one(aws.autoscaling.Group).inputs["initialLifecycleHooks"]
    [first] = [each for each in listed if each["name"] == hook]
    later = deployed.one(aws.autoscaling.LifecycleHook, resource).inputs
    assert first.items() <= later.items()
    assert (first["lifecycleTransition"], first["defaultResult"]) == (transition, otherwise)
    assert later["autoscalingGroupName"] == deployed.one(aws.autoscaling.Group).output("name")


def test_a_hook_that_changes_leaves_its_group_alone() -> None:
    """AWS's provider would replace a group whose own hooks change, and with it all instances."""
    deployed = workers({"default": Pool(max_task=900)})

    nodes = [n for n in deployed.graph.nodes.values() if n.type.endswith(":Group")]
    [ignored] = [n.options.get("ignoreChanges") for n in nodes if "autoscaling" in n.type]
    assert ignored == ["initialLifecycleHooks"]


def test_instances_may_release_themselves_only() -> None:
    """The role reaches the hooks of its own pools, in its own account."""
    allowed = statements(workers({"default": Pool(), "long": Pool()}))

    leaving = [s for s in allowed if "autoscaling:CompleteLifecycleAction" in s["Action"]]
    assert [s["Resource"] for s in leaving] == [
        [f"arn:aws:autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/celery-{pool}-*"]
        for pool in ("default", "long")
    ]
    assert all("autoscaling:RecordLifecycleActionHeartbeat" in s["Action"] for s in leaving)


def test_group_arn_names_region_and_account_once_known() -> None:
    """Neither another region's groups nor another partition's pattern are in the policy."""
    logs = "arn:aws-cn:logs:cn-north-1:123456789012:log-group:celery-default-1a2b3c4"

    assert group_arn("celery-default", logs) == (
        "arn:aws-cn:autoscaling:cn-north-1:123456789012:autoScalingGroup:*"
        ":autoScalingGroupName/celery-default-*"
    )


def test_pool_is_joined_to_its_parts() -> None:
    """The group uses the template made for it, in the private subnets; its policies scale it."""
    deployed = workers()

    group = deployed.one(aws.autoscaling.Group, "celery-default")
    template = deployed.one(aws.ec2.LaunchTemplate, "celery-default")
    assert group.inputs["vpcZoneIdentifiers"] == ["subnet-a", "subnet-b"]
    assert group.inputs["launchTemplate"]["id"] == template.id
    assert template.inputs["vpcSecurityGroupIds"] == [
        deployed.one(aws.ec2.SecurityGroup, "celery").id
    ]
    for policy in deployed.all(aws.autoscaling.Policy):
        assert policy.inputs["autoscalingGroupName"] == group.output("name")


def test_group_keeps_capacity_and_leaves_its_size_to_scaling() -> None:
    """A deployment starts new instances before it sends old ones, and never scales the pool."""
    group = workers({"default": Pool(min_size=0, max_size=9)}).one(aws.autoscaling.Group).inputs

    assert (group["minSize"], group["maxSize"]) == (0, 9)
    assert "desiredCapacity" not in group
    assert group["defaultInstanceWarmup"] == 60
    preferences = group["instanceRefresh"]["preferences"]
    assert (preferences["minHealthyPercentage"], preferences["maxHealthyPercentage"]) == (100, 150)
    assert preferences["scaleInProtectedInstances"] == "Ignore"
    assert {"GroupInServiceInstances", "GroupMaxSize"} <= set(group["enabledMetrics"])


def test_spot_is_a_share_of_several_types() -> None:
    """Auto Scaling picks the types least likely to be taken, and replaces one before it is."""
    types = ("m7g.large", "m6g.large", "c7g.large")
    pool = Pool(max_task=60, spot=0.75, instance_types=types)

    group = workers({"default": pool}).one(aws.autoscaling.Group).inputs

    policy = group["mixedInstancesPolicy"]
    assert [o["instanceType"] for o in policy["launchTemplate"]["overrides"]] == list(types)
    shares = policy["instancesDistribution"]
    assert shares["onDemandPercentageAboveBaseCapacity"] == 25
    assert shares["spotAllocationStrategy"] == "price-capacity-optimized"
    assert group["capacityRebalance"] is True


def test_pools_have_their_own_groups_and_logs_and_one_identity() -> None:
    """Each pool is sized, deployed and read by itself; stores let all of them in at once."""
    pools = {"default": Pool(), "mail": Pool(queues=("mail", "celery"), work=Work.IO)}

    deployed = workers(pools, log_days=7)

    own = ["celery-default", "celery-mail"]
    for kind in (aws.autoscaling.Group, aws.ec2.LaunchTemplate):
        assert [r.name for r in deployed.all(kind)] == own
    logs = {r.name: r.inputs["retentionInDays"] for r in deployed.all(aws.cloudwatch.LogGroup)}
    assert logs == dict.fromkeys([*own, "celery-metrics"], 7)
    deployed.one(aws.ec2.SecurityGroup, "celery")
    deployed.one(aws.iam.Role, "celery")
    mail = celery(deployed, "celery-mail")
    assert mail[mail.index("-Q") + 1] == "mail,celery"
    assert mail[mail.index("-c") + 1] == "8"


def test_pool_shows_what_it_promises() -> None:
    """A pool's acceptable wait is on its group, and reaches its instances."""
    tags = workers({"default": Pool(max_wait=90)}).one(aws.autoscaling.Group).inputs["tags"]

    shown = {tag["key"]: tag["value"] for tag in tags}
    assert shown["plinth:max-wait"] == "90"
    assert shown["Name"] == "celery-default"


def test_processes_are_renewed_after_an_hour_of_tasks() -> None:
    """What leaks in a process is given back, whether tasks are short or long."""
    pools = {"quick": Pool(avg_task=0.1), "slow": Pool(max_task=9000, avg_task=8000)}

    deployed = workers(pools)

    quick, slow = (told(celery(deployed, f"celery-{pool}")) for pool in pools)
    assert quick["worker_max_tasks_per_child"] == 36000
    assert slow["worker_max_tasks_per_child"] == 1


def test_app_can_keep_its_keys_and_priorities() -> None:
    """Workers look where the app puts its tasks."""
    settings = told(
        celery(workers(app="shop.tasks:app", key_prefix="shop:", priority_steps=(0, 5)))
    )

    assert settings["broker_transport_options"]["global_keyprefix"] == "shop:"
    assert settings["broker_transport_options"]["priority_steps"] == [0, 5]
    plain = told(celery(workers()))["broker_transport_options"]
    assert not {"global_keyprefix", "priority_steps"} & set(plain)


TIERS: dict[str, Callable[..., Deployment]] = {"celery": workers, "beat": beat}


@pytest.mark.parametrize("tier", TIERS)
def test_services_bring_what_they_have(tier: str) -> None:
    """Broker and services bring variables, secrets and grants to workers and beat alike."""
    deployed = TIERS[tier](environment={"DJANGO_SETTINGS_MODULE": "shop.settings"})

    written = files(deployed)
    plain = dict(line.split("=", 1) for line in written[f"/etc/plinth/{tier}.env"].splitlines())
    assert plain["ORDERS_BUCKET"] == "orders"
    assert plain["DJANGO_SETTINGS_MODULE"] == "shop.settings"
    own = set(plain) - {"ORDERS_BUCKET", "DJANGO_SETTINGS_MODULE"}
    assert own == {variable.name for variable in VARIABLES}
    recipe = json.loads(written[f"/etc/plinth/{tier}.secrets.json"])
    assert recipe["CELERY_BROKER_URL"]["secret"] == QUEUE
    allowed = {str(s["Action"]): s["Resource"] for s in statements(deployed, tier)}
    assert allowed["['secretsmanager:GetSecretValue']"] == [QUEUE]
    assert allowed["['s3:GetObject']"] == ["arn:aws:s3:::orders/*"]


class Door(ExistingBroker):
    """A broker that notes whom it lets in."""

    def allow_from(self, peer: Peer) -> None:
        """Write the peer down."""
        let_in.append(peer.pulumi_resource_name)


let_in: list[str] = []


def test_broker_lets_in_whoever_is_given_it() -> None:
    """Workers and beat ask once each, even where the broker is named among their services too."""
    let_in.clear()
    door = Door(pulumi_resource_name="queue", secrets=BROKER.secrets)

    def program() -> None:
        CeleryWorkers("celery", image=IMAGE, network=NETWORK, broker=door, uses=[door])
        CeleryBeat("beat", image=IMAGE, network=NETWORK, broker=door)

    deploy(program)
    assert sorted(let_in) == ["beat", "celery", "celery-metrics"]


def test_outputs_name_what_was_made() -> None:
    """The groups by pool, for alarms and for those who look after them."""

    def program() -> dict[str, Any]:
        made = CeleryWorkers("celery", image=IMAGE, network=NETWORK, broker=BROKER)
        alone = CeleryBeat("beat", image=IMAGE, network=NETWORK, broker=BROKER)
        return {
            "groups": made.group_names,
            "logs": made.log_group_names,
            "guard": made.security_group_id,
            "beat": alone.group_name,
        }

    deployed = deploy(program)
    group = deployed.one(aws.autoscaling.Group, "celery-default")
    assert deployed.outputs == {
        "groups": {"default": group.output("name")},
        "logs": {"default": deployed.one(aws.cloudwatch.LogGroup, "celery-default").output("name")},
        "guard": deployed.one(aws.ec2.SecurityGroup, "celery").id,
        "beat": deployed.one(aws.autoscaling.Group, "beat").output("name"),
    }


def test_beat_is_one_and_goes_before_it_comes() -> None:
    """One instance is wanted, and its heir starts only once it is gone."""
    group = beat().one(aws.autoscaling.Group).inputs

    assert [group[key] for key in ("minSize", "maxSize", "desiredCapacity")] == [0, 1, 1]
    for rules in (group["instanceMaintenancePolicy"], group["instanceRefresh"]["preferences"]):
        assert (rules["minHealthyPercentage"], rules["maxHealthyPercentage"]) == (0, 100)
    assert group["suspendedProcesses"] == ["AZRebalance"]
    assert not group.get("capacityRebalance")
    assert "mixedInstancesPolicy" not in group
    assert "initialLifecycleHooks" not in group


def test_beat_keeps_its_schedule_behind_a_lock() -> None:
    """RedBeat's lock outlives beat's longest sleep, and a lost beat by a minute."""
    command = celery(beat(), process="beat")

    assert command[: command.index("--")] == [
        *("celery", "-A", "app", "beat", "-S", "redbeat.RedBeatScheduler", "-l", "INFO")
    ]
    settings = told(command)
    assert settings["redbeat_lock_timeout"] == 60
    assert settings["beat_max_loop_interval"] == 10
    assert settings["redbeat_redis_options"]["socket_timeout"] == 10
    # Beat sends tasks as the app does: its transport options stay the app's own.
    assert "broker_transport_options" not in settings


def test_beat_can_be_djangos() -> None:
    """The schedule may be in the database instead."""
    command = celery(beat(scheduler=Scheduler.DJANGO, takeover=120), process="beat")

    assert "django_celery_beat.schedulers:DatabaseScheduler" in command
    assert told(command)["redbeat_lock_timeout"] == 120


class RedisCache:
    """A cache, as far as its promises go."""

    pulumi_resource_name = "cache"
    never_evicts = False


@pytest.mark.parametrize("kind", [CeleryWorkers, CeleryBeat])
def test_a_cache_is_no_broker(kind: Callable[..., object]) -> None:
    """A store that may forget tasks is refused, in words that say what to give instead."""
    wanted = "was given RedisCache 'cache' as its broker, which may evict .*: give it a RedisBroker"
    with pytest.raises(TypeError, match=wanted):
        kind("tasks", image=IMAGE, network=NETWORK, broker=RedisCache())


@pytest.mark.parametrize("kind", [CeleryWorkers, CeleryBeat])
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": "Celery"}, "'celery' would do"),
        ({"image": "shop:latest"}, "or set allow_tags=true"),
        ({"network": ExistingNetwork(vpc_id="vpc-1", cidr_block="10.0.0.0/16")}, "private subnets"),
        ({"uses": [ORDERS, ORDERS]}, "ORDERS_BUCKET from both"),
    ],
)
def test_wiring_refuses(
    kind: Callable[..., object], wrong: dict[str, object], message: str
) -> None:
    """What could not run is refused before anything is registered."""
    right = {"name": "tasks", "image": IMAGE, "network": NETWORK, "broker": BROKER}
    with pytest.raises(ValueError, match=message):
        deploy(lambda: kind(**{**right, **wrong}) and None)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"min_size": 5, "max_size": 4}, "set max_size=5 or more"),
        ({"max_task": 900, "spot": 1.0}, "spot=1 with max_task=900, .* set max_task=70 or less"),
        ({"avg_task": 601}, "lower avg_task, or raise max_task"),
        ({"instance_types": ("m7g.large", "m7i.large")}, "drop the odd ones"),
        ({"instance_types": ("m7g.large", "m7g.xlarge")}, "types of one size, or set concurrency"),
        ({"instance_types": ("large",)}, "use one such as"),
        ({"instance_types": ()}, "at least 1 item"),
        ({"queues": ("mail", "mail")}, "rename or drop one"),
        ({"queues": ("mail,bulk",)}, "rename or drop one"),
        ({"queues": ()}, "at least 1 item"),
        ({"max_task": 172800}, "less than or equal to 172650"),
        ({"concurrency": 0}, "greater than or equal to 1"),
        ({"spot": 1.5}, "less than or equal to 1"),
        ({"size": 3}, "Extra inputs"),
    ],
)
def test_pool_refuses(wrong: dict[str, object], message: str) -> None:
    """What AWS would refuse, or could not be kept, says what to change."""
    with pytest.raises(ValidationError, match=message):
        Pool.model_validate(wrong)


def test_pool_of_two_sizes_needs_its_concurrency() -> None:
    """With as many tasks on each, instances of different sizes count alike."""
    pool = Pool(instance_types=("m7g.large", "m7g.xlarge"), concurrency=3)

    assert pool.slots == 3


@pytest.mark.parametrize(
    ("settings", "wrong", "message"),
    [
        (CeleryWorkersSettings, {"pools": {}}, "at least 1 item"),
        (CeleryWorkersSettings, {"pools": {"Mail": {}}}, "'mail' would do"),
        (CeleryWorkersSettings, {"pools": {"x" * 25: {}}}, "at most 24 characters"),
        (CeleryWorkersSettings, {"app": "shop; rm"}, "String should match"),
        (CeleryWorkersSettings, {"log_days": 31}, "use 30"),
        (CeleryBeatSettings, {"takeover": 11}, "greater than or equal to 12"),
        (CeleryBeatSettings, {"scheduler": "celery.beat:PersistentScheduler"}, "Input should be"),
        (CeleryBeatSettings, {"instance_type": "micro"}, "use one such as"),
    ],
)
def test_settings_refuse(
    settings: type[CeleryWorkersSettings | CeleryBeatSettings],
    wrong: dict[str, object],
    message: str,
) -> None:
    """Out of range, malformed and misspelt settings fail before a preview."""
    with pytest.raises(ValidationError, match=message):
        settings.model_validate(wrong)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=3,
)


@settings(max_examples=30)
@given(st.dictionaries(st.from_regex(r"[a-z]+_[a-z]+", fullmatch=True), JSON))
def test_directives_say_what_is_set(chosen: dict[str, Any]) -> None:
    """Any setting survives the command line, in one word each and in a stable order."""
    written = directives(chosen)

    assert {w.split("=", 1)[0]: json.loads(w.split("=(json)", 1)[1]) for w in written} == chosen
    assert written == sorted(written, key=lambda word: word.split("=", 1)[0])


@given(st.lists(st.from_regex(r"[a-z]{1,9}", fullmatch=True), min_size=1, unique=True))
def test_workers_never_run_a_beat(queues: list[str]) -> None:
    """A beat in every worker would send every task as many times."""
    settings = CeleryWorkersSettings(pools={"default": Pool(queues=tuple(queues))})

    command = worker_command(settings, "default", settings.pools["default"])

    assert not {"-B", "--beat"} & set(command)
    assert command[command.index("-Q") + 1].split(",") == queues
