"""The instances of a pool: launched, serving, told to go, and paid for."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from plinth._celery.drain import SPOT_DRAIN
from plinth._celery.settings import Pool

HOUR = 3600.0

Schedule = Callable[[float, Callable[[float], None]], None]
"""Has something done at a time; it is then told the time."""


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What a pool's settings do not say."""

    boot: float = 150.0
    """Seconds from launch until a worker answers; each boot takes up to a quarter more or less."""
    outage: tuple[float, float] | None = None
    """From when to when, in seconds, nobody publishes the queues' metrics."""
    spot_losses: float = 0.0
    """How often a spot instance is interrupted, per hour."""
    cpu: float | None = None
    """Share of a slot's processor that a task uses; follows from the pool's ``work`` if left out.
    """


class Instance:
    """One instance; each of its slots holds one task at a time."""

    __slots__ = ("busy", "gone", "launched", "serving", "since", "spot")

    def __init__(self, launched: float, *, spot: bool) -> None:
        self.launched = launched
        self.spot = spot
        self.busy = 0
        self.serving = False
        self.since = 0.0
        """When it began to serve."""
        self.gone = False


class Group:
    """An autoscaling group. What it wants is what it has: a launch never fails here."""

    def __init__(
        self,
        pool: Pool,
        conditions: Conditions,
        random: Random,
        schedule: Schedule,
        interrupt: Callable[[float, Instance], None],
    ) -> None:
        self.members: list[Instance] = []
        """Booting or serving."""
        self.free: deque[Instance] = deque()
        """An entry for each slot of a serving instance that has nothing to do."""
        self.hours = {False: 0.0, True: 0.0}
        """Paid so far, by whether the instance was spot."""
        self.most = 0
        self.lost = 0
        """Spot instances interrupted."""
        self._leaving: list[Instance] = []
        self._pool = pool
        self._conditions = conditions
        self._random = random
        self._schedule = schedule
        self._interrupt = interrupt

    @property
    def desired(self) -> int:
        """Count the instances that are wanted."""
        return len(self.members)

    @property
    def serving(self) -> int:
        """Count the instances in service."""
        return sum(instance.serving for instance in self.members)

    def settling(self, now: float, warmup: float) -> int:
        """Count the instances that boot, or began to serve just now."""
        return sum(not i.serving or 0 < i.since > now - warmup for i in self.members)

    def start(self, count: int) -> None:
        """Have so many instances serve from the beginning."""
        for _ in range(count):
            self._serve(0.0, self._add(0.0))

    def resize(self, now: float, wanted: int) -> None:
        """Launch instances, or choose who must go, as Auto Scaling does, among those that serve."""
        for _ in range(wanted - self.desired):
            self._launch(now)
        serving = [instance for instance in self.members if instance.serving]
        surplus = min(len(serving), max(0, self.desired - wanted))
        for instance in self._random.sample(serving, surplus):
            self.members.remove(instance)
            self._dismiss(now, instance)

    def finish(self, now: float, instance: Instance) -> None:
        """Stop paying for an instance that was told to go, once its last task is over."""
        if not instance.busy and not instance.gone:
            instance.gone = True
            self._leaving.remove(instance)
            self._pay(now, instance)

    def close(self, now: float) -> None:
        """Pay for those that are left."""
        for instance in [*self.members, *self._leaving]:
            self._pay(now, instance)

    def _add(self, now: float) -> Instance:
        spots = sum(instance.spot for instance in self.members)
        instance = Instance(now, spot=spots < self._pool.spot * (len(self.members) + 1))
        self.members.append(instance)
        self.most = max(self.most, self.desired)
        return instance

    def _launch(self, now: float) -> None:
        instance = self._add(now)
        boot = self._conditions.boot * self._random.uniform(0.75, 1.25)
        self._schedule(now + boot, lambda then: self._serve(then, instance))

    def _serve(self, now: float, instance: Instance) -> None:
        if instance not in self.members:
            return
        instance.serving, instance.since = True, now
        self.free.extend([instance] * self._pool.slots)
        if instance.spot and self._conditions.spot_losses:
            life = self._random.expovariate(self._conditions.spot_losses / HOUR)
            self._schedule(now + life, lambda then: self._lose(then, instance))

    def _lose(self, now: float, instance: Instance) -> None:
        """Give notice to a spot instance, and launch another in its place."""
        if instance in self.members:
            self.members.remove(instance)
            self.lost += 1
            self._dismiss(now, instance)
            self._launch(now)
            self._schedule(now + SPOT_DRAIN, lambda then: self._cut_off(then, instance))

    def _cut_off(self, now: float, instance: Instance) -> None:
        if not instance.gone:
            self._interrupt(now, instance)
            self.finish(now, instance)

    def _dismiss(self, now: float, instance: Instance) -> None:
        instance.serving = False
        self.free = deque(slot for slot in self.free if slot is not instance)
        self._leaving.append(instance)
        self.finish(now, instance)

    def _pay(self, now: float, instance: Instance) -> None:
        self.hours[instance.spot] += (now - instance.launched) / HOUR
