"""The stop script and the drain agent against real Celery workers and a real Redis.

A task that is lost stays lost here: the visibility timeout, an hour, is longer than any test.
Delivery is at least once, so that a few tasks may run twice; none may run less.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from instance import FILES, Broker, Instance, Metadata, metadata
from plinth._celery.command import beat_command, worker_command
from plinth._celery.settings import CeleryBeatSettings, CeleryWorkersSettings, Pool
from redis_server import redis_server

POOL = Pool(concurrency=2)
WORKER = worker_command(CeleryWorkersSettings(app="app"), "default", POOL)
BEAT = beat_command(CeleryBeatSettings(app="app", takeover=12))


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Broker]:
    """Start a Redis."""
    with redis_server(tmp_path) as server:
        made = Broker(server.url())
        yield made
        made.store.close()


@pytest.fixture
def instance(tmp_path: Path, queue: Broker) -> Iterator[Instance]:
    """Make an instance in a group."""
    made = Instance(tmp_path, queue)
    made.stub("aws", '[ "$2" != describe-auto-scaling-instances ] || echo workers-1a2b3c4')
    yield made
    made.end()


@pytest.fixture
def imds() -> Iterator[Metadata]:
    """Serve the instance's metadata."""
    with metadata() as served:
        yield served


def start_worker(instance: Instance, log: str) -> subprocess.Popen[bytes]:
    """Start a worker as the instance's container."""
    process = instance.celery(log, WORKER)
    instance.until(lambda: instance.says(log, " ready.") or process.poll() is not None)
    assert process.poll() is None, instance.read(log)
    instance.stub("docker", f"echo {process.pid}")
    return process


def start_agent(
    instance: Instance, imds: Metadata, *, drain: float, spot: float = 80
) -> subprocess.Popen[bytes]:
    """Start the drain agent, with a systemd that runs the stop script."""
    script = f"{sys.executable} {FILES / 'celery_stop.py'} celery {drain}"
    instance.stub("systemctl", f"exec {script} --deadline {instance.deadline}")
    options = ["--unit", "plinth-celery.service", "--hook", "drain", "--spot-seconds", str(spot)]
    quick = ["--metadata", imds.url, "--every", "0.05", "--deadline", str(instance.deadline)]
    return instance.start("agent", FILES / "drain_agent.py", *options, *quick)


def test_scale_in_finishes_short_tasks(instance: Instance, imds: Metadata, queue: Broker) -> None:
    """Of 40 tasks those under way end, and the rest is left in the queue: none is lost."""
    worker = start_worker(instance, "worker")
    agent = start_agent(instance, imds, drain=POOL.max_task)
    sent = queue.send(40, 0.3)
    instance.until(lambda: len(queue.numbers("done")) >= 4)

    imds.scale_in()
    assert instance.ends(agent) == 0
    assert instance.ends(worker) == 0

    done, queued = queue.numbers("done"), queue.queued
    assert sorted(queue.numbers("begun")) == sorted(done)
    assert {*done, *queued} == set(sent)
    # Celery may put back a task that ended in the very moment in which it was asked to stop.
    assert len(set(done) & set(queued)) <= POOL.slots
    assert queue.in_flight == 0
    assert len(instance.asked("aws autoscaling complete-lifecycle-action")) == 1


def test_scale_in_puts_long_tasks_back(instance: Instance, imds: Metadata, queue: Broker) -> None:
    """Of 8 tasks two are cut off past the drain, and another instance runs all: none is lost."""
    worker = start_worker(instance, "worker")
    agent = start_agent(instance, imds, drain=0.5)
    sent = queue.send(8, 600)
    instance.until(lambda: len(queue.numbers("begun")) == POOL.slots)

    imds.scale_in()
    assert instance.ends(agent) == 0
    assert worker.poll() is not None
    assert queue.numbers("done") == []
    assert sorted(queue.queued) == sent
    assert queue.in_flight == 0

    queue.store.set("hurry", 1)
    start_worker(instance, "heir")
    instance.until(lambda: len(queue.numbers("done")) == len(sent))
    assert sorted(queue.numbers("done")) == sent
    assert len(queue.numbers("begun")) == len(sent) + POOL.slots


def test_a_spot_interruption_loses_nothing(
    instance: Instance, imds: Metadata, queue: Broker
) -> None:
    """A notice cuts a drain short that had ten minutes, and all of 8 tasks are in the queue."""
    worker = start_worker(instance, "worker")
    start_agent(instance, imds, drain=POOL.max_task, spot=0.5)
    sent = queue.send(8, 600)
    instance.until(lambda: len(queue.numbers("begun")) == POOL.slots)

    imds.interrupt()
    instance.ends(worker)

    assert queue.numbers("done") == []
    assert sorted(queue.queued) == sent
    assert queue.in_flight == 0
    assert not instance.asked("aws")


def test_two_beats_send_what_one_sends(instance: Instance, queue: Broker) -> None:
    """The second waits behind the lock, and takes over as soon as the first is asked to go."""
    loud = [word.replace("INFO", "DEBUG") for word in BEAT]
    beats = {log: instance.celery(log, loud) for log in ("one", "other")}

    def holders() -> list[str]:
        return [log for log in beats if instance.says(log, "Acquired lock")]

    instance.until(lambda: holders() and all(instance.says(log, "Acquiring lock") for log in beats))
    [first] = holders()
    [standby] = set(beats) - {first}
    before, start = queue.waiting, queue.store.time()
    instance.until(lambda: queue.waiting >= before + 6)
    seconds = queue.store.time()[0] - start[0]
    # One beat sends a task a second; two would have sent these in half the time.
    assert queue.waiting - before <= seconds + 2
    assert holders() == [first]

    beats[first].terminate()
    assert instance.ends(beats[first]) == 0
    instance.until(lambda: instance.says(standby, "Acquired lock"))
    sent = queue.waiting
    instance.until(lambda: queue.waiting > sent)
