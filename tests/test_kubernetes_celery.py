"""Celery on a cluster: pools that follow their load, pods that lose no task, and one beat."""

import json
import math
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pulumi_aws as aws
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from instance import Broker, Instance
from parts import BROKER, CLUSTER, IMAGE, NETWORK, STORE, TOPIC
from plinth import (
    CeleryWorkersSettings,
    ExistingBroker,
    ExistingNetwork,
    RedisCache,
    SecretText,
)
from plinth._celery.command import worker_command
from plinth._celery.drain import plan_drain
from plinth._celery.load import TARGET, demand, load, tracked
from plinth._celery.settings import Pool
from plinth.kubernetes import CeleryPodSettings, KubernetesCeleryBeat, KubernetesCeleryWorkers
from plinth.kubernetes._celery.broker import Located, located
from plinth.kubernetes._celery.keda import formula, own_keys, takers
from plinth.kubernetes._celery.stay import Leave, answer_command, leave_command, plan_leave
from plinth.testing import Deployment, deploy
from redis_server import redis_server

POOLS = {
    "default": {"queues": ["celery", "mail"], "min_size": 2},
    "long": {"queues": ["long", "mail"], "max_task": 7200, "min_size": 0},
    "paused": {"max_size": 0, "min_size": 0},
}
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
SCALED = "kubernetes:keda.sh/v1alpha1:ScaledObject"
AUTOSCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"


def workers(pods: dict[str, Any] | None = None, **options: Any) -> KubernetesCeleryWorkers:
    """Make workers on a broker made elsewhere."""
    given: dict[str, Any] = {"network": NETWORK, "broker": BROKER, "image": IMAGE, **options}
    return KubernetesCeleryWorkers(
        "celery",
        CeleryWorkersSettings.model_validate(given.pop("settings", {"pools": POOLS})),
        pods=CeleryPodSettings.model_validate(pods or {}),
        cluster=CLUSTER,
        **given,
    )


@cache
def deployed() -> Deployment:
    """Deploy three pools with all there is, once for all tests."""
    return deploy(lambda: workers(uses=[STORE], alarms=TOPIC) and None)


def one(made: Deployment, kind: str, name: str) -> dict[str, Any]:
    """Return what one child was asked to be."""
    [found] = [r.inputs for r in made.resources if (r.type, r.name) == (kind, name)]
    return found


def pod(pool: str, made: Deployment | None = None) -> dict[str, Any]:
    """Return what a pool's pods are made from."""
    return one(made or deployed(), DEPLOYMENT, f"celery-{pool}")["spec"]["template"]


def container(pool: str, made: Deployment | None = None) -> dict[str, Any]:
    """Return the container of a pool's pods."""
    [found] = pod(pool, made)["spec"]["containers"]
    return found


def scaling(pool: str) -> dict[str, Any]:
    """Return how a pool is scaled."""
    return one(deployed(), SCALED, f"celery-{pool}")["spec"]


def test_workers_are_told_what_they_are_told_on_ec2() -> None:
    """But for the names of the hashes in which they note what they hold, word for word."""
    settings = CeleryWorkersSettings.model_validate({"pools": POOLS})
    there = worker_command(settings, "default", settings.pools["default"])
    here = container("default")["args"]

    [changed] = [number for number, word in enumerate(there) if word != here[number]]
    before, after = (json.loads(each[changed].partition("(json)")[2]) for each in (there, here))
    assert here[:4] == ["celery", "-A", "app", "worker"]
    assert {**before, **own_keys("celery-default")} == after
    assert "command" not in container("default")


def test_settings_reach_the_app_as_they_reach_the_worker() -> None:
    """CELERY_SETTINGS is that of the pool, beside what the services bring."""
    [named, secret] = container("long")["envFrom"]
    [config] = [
        r.inputs["data"]
        for r in deployed().resources
        if r.type == "kubernetes:core/v1:ConfigMap"
        and r.inputs["metadata"]["name"] == named["configMapRef"]["name"]
    ]

    told = json.loads(config["CELERY_SETTINGS"])
    assert told["task_soft_time_limit"] == 7200
    assert told["broker_transport_options"]["unacked_key"] == "unacked-celery-long"
    assert config["SEARCH_HOST"] == "search.internal"
    assert secret["secretRef"]["name"].startswith("celery-")
    assert "CELERY_BROKER_URL" not in config


def test_a_pod_stays_until_its_tasks_have_ended() -> None:
    """The longest task, its clean-up, putting back what is left, and half a minute to spare."""
    for pool, max_task in (("default", 600), ("long", 7200)):
        drain = plan_drain(max_task).drain
        stop = container(pool)["lifecycle"]["preStop"]["exec"]["command"]
        assert stop[:2] == ["python3", "-c"]
        assert stop[3:] == ["1", str(drain), "30"]
        assert pod(pool)["spec"]["terminationGracePeriodSeconds"] == drain + 60


def test_a_pod_that_still_starts_is_told_once_it_listens() -> None:
    """Before, Linux drops the signal, and the pod would stay until its grace period ends."""
    late = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(0.4); "
    late += "signal.signal(15, lambda *_: exit(7)); time.sleep(30)"
    with subprocess.Popen([sys.executable, "-c", late]) as process:  # noqa: S603
        command = leave_command(Leave(drain=20, grace=80))
        words = [sys.executable, *command[1:3], str(process.pid), *command[4:]]
        with subprocess.Popen(words) as program:  # noqa: S603
            assert process.wait(10) == 7
            assert program.wait(10) == 0


def test_a_spot_node_waits_for_nobody() -> None:
    """In two minutes all tasks of such a pool have ended, or been put back."""
    leave = plan_leave(Pool(spot=1, max_task=70))

    assert leave.drain >= plan_drain(70).time_limit
    assert leave.drain + 30 < 120


def test_long_tasks_are_not_moved_for_tidiness() -> None:
    """A node that is emptied waits for them, and is paid for meanwhile."""
    assert pod("long")["metadata"]["annotations"] == {"karpenter.sh/do-not-disrupt": "true"}
    assert "annotations" not in pod("default")["metadata"]


def test_new_workers_answer_before_old_ones_go() -> None:
    """A release whose workers never answer replaces none that do, and is reported as failed."""
    made = one(deployed(), DEPLOYMENT, "celery-default")["spec"]
    probe = container("default")["startupProbe"]

    assert made["strategy"]["rollingUpdate"] == {"maxSurge": "50%", "maxUnavailable": 0}
    assert probe["exec"]["command"][3:] == ["app", "default"]
    assert probe["periodSeconds"] * probe["failureThreshold"] == 600
    assert made["progressDeadlineSeconds"] > 600
    assert {"livenessProbe", "readinessProbe"}.isdisjoint(container("default"))


def test_nothing_starts_before_its_release() -> None:
    """Of all pools one Job releases the image, and every Deployment waits for it."""
    settings = {"pools": POOLS, "release_command": ["alembic", "upgrade", "head"]}
    made = deploy(lambda: workers(settings=settings, uses=[STORE]) and None)

    [job] = [r for r in made.resources if r.type == "kubernetes:batch/v1:Job"]
    assert job.name == "celery-release"
    waiting = [r.depends_on for r in made.resources if r.type == DEPLOYMENT]
    assert len(waiting) == len(POOLS)
    assert all(job.urn in each for each in waiting)
    config = one(made, "kubernetes:core/v1:ConfigMap", "celery")["data"]
    assert "CELERY_SETTINGS" not in config


def test_one_thing_alone_scales_a_pool() -> None:
    """No count is stated beside KEDA; a pool of none has no KEDA and the count."""
    kinds = [r.type for r in deployed().resources]
    assert AUTOSCALER not in kinds
    assert "replicas" not in one(deployed(), DEPLOYMENT, "celery-default")["spec"]
    assert one(deployed(), DEPLOYMENT, "celery-paused")["spec"]["replicas"] == 0
    assert [r.name for r in deployed().resources if r.type == SCALED] == [
        "celery-default",
        "celery-long",
    ]


def test_every_queue_of_a_pool_is_counted_and_what_runs_of_no_other() -> None:
    """KEDA tells how long a list or hash is: each pool's workers therefore have a hash."""
    lists = {each["name"]: each["metadata"]["listName"] for each in scaling("long")["triggers"]}

    assert lists == {"busy": "unacked-celery-long", "depth1": "long", "depth2": "mail"}
    assert scaling("long")["scaleTargetRef"] == {"name": "celery-long"}


def test_keys_are_those_of_the_app() -> None:
    """With a prefix all of them; and lists of lower priorities, where the app says it has some."""
    settings = {"key_prefix": "shop:", "priority_steps": [0, 5]}
    made = deploy(lambda: workers(settings=settings) and None)

    triggers = one(made, SCALED, "celery-default")["spec"]["triggers"]
    names = [each["metadata"]["listName"] for each in triggers]
    assert names == ["shop:unacked-celery-default", "shop:celery", "shop:celery\x06\x165"]


def test_keda_keeps_its_hands_off_what_it_cannot_count() -> None:
    """A fallback needs an average and a whole number for a target, or KEDA ignores it."""
    modifiers = scaling("default")["advanced"]["scalingModifiers"]

    assert modifiers["metricType"] == "AverageValue"
    assert int(modifiers["target"]) == Pool().slots
    assert scaling("default")["fallback"] == {
        "failureThreshold": 4,
        "replicas": 2,
        "behavior": "currentReplicasIfHigher",
    }
    assert scaling("long")["fallback"]["replicas"] == 1


@given(
    in_flight=st.integers(0, 500),
    depth=st.integers(0, 10**6),
    avg_task=st.floats(0.001, 600),
    max_wait=st.floats(0.1, 10**5),
    pods=st.integers(1, 100),
    slots=st.integers(1, 64),
)
@example(in_flight=0, depth=1, avg_task=0.001, max_wait=10**5, pods=1, slots=4)
def test_a_pool_grows_as_it_does_on_ec2(
    *, in_flight: int, depth: int, avg_task: float, max_wait: float, pods: int, slots: int
) -> None:
    """What KEDA computes asks for the pods that target tracking asks for instances."""
    plan = Pool(avg_task=avg_task, max_wait=max_wait, concurrency=slots)
    text = formula(plan, {"celery": ["depth1"]}, {"celery": 1})
    found = eval(text, {"max": max, "min": min}, {"busy": in_flight, "depth1": depth})  # noqa: S307

    exact = demand(in_flight, depth, avg_task, max_wait)
    assert found == pytest.approx(exact / TARGET, abs=0.02)
    assert bool(depth or in_flight) == (int(found * 1000) > 0)
    wanted = tracked(pods, load(exact, pods, slots))
    # At a whole number of pods, either may be a hair above it.
    assert math.ceil(found / slots - 0.02) <= wanted <= math.ceil(found / slots + 1e-6)


def test_a_shared_queue_counts_for_each_pool_by_its_part() -> None:
    """Counted twice, both pools would grow for the same tasks."""
    settings = CeleryWorkersSettings.model_validate({"pools": POOLS})
    plan = settings.pools["long"]

    text = formula(plan, {"long": ["a"], "mail": ["b"]}, takers(settings))
    found = eval(text, {"max": max, "min": min}, {"busy": 0, "a": 12, "b": 24})  # noqa: S307
    assert found == pytest.approx(demand(0, 24, 5, 60) / TARGET)


def test_keda_signs_in_as_the_user_who_may_only_count() -> None:
    """With fields of that user's secret, in an object that no pod of the app is given."""
    url = SecretText(
        secret_arn="arn:aws:s:counting",
        template="rediss://{username:url}:{password:url}@q.internal:6380/3?ssl_cert_reqs=required",
    )
    broker = ExistingBroker(pulumi_resource_name="queue", secrets=BROKER.secrets, metrics_url=url)
    made = deploy(lambda: workers(broker=broker, settings={}) and None)

    secret = one(made, "kubernetes:external-secrets.io/v1:ExternalSecret", "celery-keda")
    read = {
        each["remoteRef"]["property"]: each["remoteRef"]["key"] for each in secret["spec"]["data"]
    }
    assert read == dict.fromkeys(("username", "password"), "arn:aws:s:counting")
    signing = one(made, "kubernetes:keda.sh/v1alpha1:TriggerAuthentication", "celery-keda")
    assert {each["name"] for each in signing["spec"]["secretTargetRef"]} == {
        secret["metadata"]["name"]
    }
    trigger = one(made, SCALED, "celery-default")["spec"]["triggers"][0]
    assert (
        trigger["metadata"].items()
        >= {
            "address": "q.internal:6380",
            "databaseIndex": "3",
            "enableTLS": "true",
        }.items()
    )
    assert secret["metadata"]["name"] not in json.dumps(pod("default", made))
    role = one(made, "aws:iam/rolePolicy:RolePolicy", "celery-secrets")["policy"]
    assert "arn:aws:s:counting" in role


def test_without_an_operator_keda_is_told_the_values() -> None:
    """They come out of the URL, where they are percent-encoded."""
    counts = "redis://counts:a%2Fb@q.internal/0"
    url = SecretText(secret_arn="arn:aws:s:counting", template=counts, value=counts)
    secrets = {
        "CELERY_BROKER_URL": SecretText(secret_arn="arn:aws:s:q", template="-", value="redis://q/0")
    }
    broker = ExistingBroker(pulumi_resource_name="queue", secrets=secrets, metrics_url=url)
    made = deploy(
        lambda: workers({"secret_delivery": "secret"}, broker=broker, settings={}) and None
    )

    secret = one(made, "kubernetes:core/v1:Secret", "celery-keda")
    assert secret["stringData"] == {"username": "counts", "password": "a/b"}
    assert one(made, "kubernetes:core/v1:Secret", "celery")["stringData"] == {
        "CELERY_BROKER_URL": "redis://q/0"
    }


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("redis://localhost", ("localhost:6379", "0", "false", "", "")),
        ("redis://:secret@h:1/2", ("h:1", "2", "false", "", "secret")),
        ("rediss://app:{password:url}@h:6379/0?x=y", ("h:6379", "0", "true", "app", "{password}")),
        (
            "rediss://{u:url}:{p:url}@${a:b/c:D/e.f}:1/0",
            ("${a:b/c:D/e.f}:1", "0", "true", "{u}", "{p}"),
        ),
        ("rediss://{u}:a%2Fb@h/4", ("h:6379", "4", "true", "{u}", "a/b")),
    ],
)
def test_a_url_is_taken_apart(url: str, parts: tuple[str, ...]) -> None:
    """KEDA knows no URL; and what is encoded for one, it must be given as it is."""
    address, database, tls, user, password = parts
    assert located(url) == Located(
        address=address, database=database, tls=tls, user=user, password=password
    )


def test_on_cpu_there_is_no_keda() -> None:
    """And slots that wait for others look idle: this is for clusters without KEDA."""
    made = deploy(lambda: workers({"autoscaler": "cpu"}, settings={}) and None)

    spec = one(made, AUTOSCALER, "celery-default")["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (1, 4)
    assert spec["metrics"][0]["resource"]["target"]["averageUtilization"] == 70
    assert not [r for r in made.resources if "keda" in r.type]
    assert "replicas" not in one(made, DEPLOYMENT, "celery-default")["spec"]


def test_pods_of_no_spot_keep_off_spot_nodes() -> None:
    """A pool with a share of it prefers them."""
    [term] = pod("default")["spec"]["affinity"]["nodeAffinity"][
        "requiredDuringSchedulingIgnoredDuringExecution"
    ]["nodeSelectorTerms"]
    # Of the labels of EKS's own domain, Auto Mode takes but those that it knows.
    assert term["matchExpressions"] == [
        {"key": "karpenter.sh/capacity-type", "operator": "NotIn", "values": ["spot"]}
    ]

    settings = {"pools": {"default": {"spot": 0.4, "max_task": 60}}}
    made = deploy(lambda: workers(settings=settings) and None)
    wanted = pod("default", made)["spec"]["affinity"]["nodeAffinity"]
    [only] = wanted["preferredDuringSchedulingIgnoredDuringExecution"]
    assert only["weight"] == 40


def test_nothing_may_connect_to_a_worker() -> None:
    """No policy lets anybody in, and the namespace lets in nobody else."""
    policies = [r.inputs["spec"] for r in deployed().resources if r.type.endswith("NetworkPolicy")]

    assert policies
    assert all("ingress" not in policy for policy in policies)
    assert any(policy["podSelector"] == {} for policy in policies)


def test_queues_are_watched_in_every_hash() -> None:
    """That of the workers from before too: what is left there by a lost one runs nowhere."""
    function = deployed().one(aws.lambda_.Function, "celery-metrics").inputs
    plan = json.loads(function["environment"]["variables"]["PLAN"])

    assert plan["unacked"][:2] == ["unacked", "unacked-celery-default"]
    alarms = {r.name for r in deployed().all(aws.cloudwatch.MetricAlarm)}
    assert {"celery-default-oldest-task", "celery-long-stuck", "celery-metrics-silent"} <= alarms
    assert not [name for name in alarms if name.endswith(("-no-workers", "-drain"))]
    words = [r.inputs["alarmDescription"] for r in deployed().all(aws.cloudwatch.MetricAlarm)]
    assert not [word for word in words if "instance" in word]


def test_without_alarms_nothing_is_counted_twice() -> None:
    """KEDA counts by itself."""
    made = deploy(lambda: workers(settings={}) and None)

    assert made.all(aws.lambda_.Function) == []


@pytest.mark.parametrize(
    ("pods", "options", "message"),
    [
        ({"autoscaler": "cpu"}, {}, "set min_size=1, or autoscaler=keda"),
        ({}, {"settings": {"pools": {"release": {}}}}, "rename it"),
        ({}, {"network": ExistingNetwork(vpc_id="v", cidr_block="10.0.0.0/16"), "alarms": TOPIC},
         "add some, or drop alarms"),
        ({"secret_delivery": "secret"}, {}, "set secret_delivery=external_secrets"),
        ({}, {"image": "shop:latest"}, "allow_tags"),
    ],
)  # fmt: skip
def test_what_could_not_run_is_refused(
    pods: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    """Before anything is registered, with the change to make."""
    with pytest.raises(ValueError, match=message):
        deploy(lambda: workers(pods, **options) and None)


def test_a_url_that_keda_could_not_be_told_is_refused() -> None:
    """One field that holds all of it hides address and user from the program."""
    url = SecretText(secret_arn="arn:aws:s:q", template="{url}")
    broker = ExistingBroker(pulumi_resource_name="queue", secrets={"CELERY_BROKER_URL": url})

    with pytest.raises(ValueError, match="set autoscaler=cpu"):
        deploy(lambda: workers(broker=broker) and None)
    deploy(lambda: workers({"autoscaler": "cpu"}, broker=broker, settings={}) and None)


def test_a_cache_is_no_broker() -> None:
    """It drops tasks to make room."""
    with pytest.raises(TypeError, match="give it a RedisBroker"):
        deploy(lambda: workers(broker=RedisCache("cache", network=NETWORK)) and None)


@cache
def beat() -> Deployment:
    """Deploy beat."""
    return deploy(
        lambda: (
            KubernetesCeleryBeat(
                "beat", image=IMAGE, cluster=CLUSTER, network=NETWORK, broker=BROKER, uses=[STORE]
            )
            and None
        )
    )


def test_there_is_one_beat_and_its_heir_waits() -> None:
    """The old one goes first, nothing scales it, and nothing keeps its node from being emptied."""
    spec = one(beat(), DEPLOYMENT, "beat")["spec"]

    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    [found] = spec["template"]["spec"]["containers"]
    assert found["args"][:6] == ["celery", "-A", "app", "beat", "-S", "redbeat.RedBeatScheduler"]
    assert found["resources"]["requests"]["cpu"] == "100m"
    kinds = {r.type.rpartition(":")[2] for r in beat().resources}
    assert kinds.isdisjoint({"PodDisruptionBudget", "HorizontalPodAutoscaler", "ScaledObject"})


def test_a_pod_leaves_no_task_behind(tmp_path: Path) -> None:
    """Its worker answers; told to go, it ends what it can and puts back what it cannot."""
    pool = Pool(concurrency=2)
    keys = own_keys("celery-default")
    command = worker_command(CeleryWorkersSettings(), "default", pool, keys)
    with redis_server(tmp_path) as server:
        queue = Broker(server.url())
        machine = Instance(tmp_path, queue)
        try:
            worker = machine.celery("worker", command)
            machine.until(lambda: machine.says("worker", " ready."))
            machine.stub("celery", f'exec {sys.executable} -m celery "$@"')
            asked = machine.start("asked-it", *answer_command("app", "default")[1:])
            queue.send(1, 600)
            queue.send(1, 0.1)
            sent = queue.send(4, 600)
            machine.until(lambda: len(queue.numbers("done")) == 1)
            machine.until(lambda: queue.store.hlen(keys["unacked_key"]) == 2)
            assert queue.in_flight == 0
            assert machine.ends(asked) == 0

            leave = leave_command(Leave(drain=1, grace=61))
            program = machine.start("leave", *leave[1:3], str(worker.pid), *leave[4:])
            machine.ends(worker)
            assert machine.ends(program) == 0
            assert len(queue.queued) == 1 + len(sent)
            assert queue.store.hlen(keys["unacked_key"]) == 0
        finally:
            machine.end()
            queue.store.close()
