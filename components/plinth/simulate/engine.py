"""The simulation itself: tasks by event, metrics and alarms by the minute."""

import heapq
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from plinth._celery.load import PERIOD
from plinth._celery.settings import Pool, Work

from .autoscaling import Policy
from .pool import Conditions, Group, Instance
from .rules import Sample
from .traces import Trace

LAG = 30.0
"""Seconds until a metric that was read has reached its alarm."""

CPU = {Work.CPU: 0.95, Work.IO: 0.2}
"""Share of a slot's processor that a task uses, by what it spends its time on."""

PATIENCE = (0.5, 3600.0)
"""A run goes on after its trace for half the trace's length, or an hour if that is longer, until
nothing waits any more."""

NEVER = math.inf


@dataclass(frozen=True, kw_only=True)
class Run:
    """What happened."""

    trace: Trace
    waits: list[float]
    """Seconds that each task waited in its queue, in order of arrival; below 0 if it still does."""
    samples: list[Sample]
    """One a minute."""
    on_demand_hours: float
    spot_hours: float
    most: int
    """Most instances at once."""
    outs: int
    ins: int
    """How often the group grew, and shrank."""
    requeued: int
    """Tasks cut off with a spot instance; each ran again from its beginning."""
    lost: int
    """Spot instances interrupted."""


def simulate(
    trace: Trace, pool: Pool, policy: Policy, conditions: Conditions, *, seed: int = 1
) -> Run:
    """Run a pool under a load; the same seed gives the same run."""
    return _Engine(trace, pool, policy, conditions, seed).run()


class _Engine:
    def __init__(
        self, trace: Trace, pool: Pool, policy: Policy, conditions: Conditions, seed: int
    ) -> None:
        self._trace, self._pool, self._policy, self._conditions = trace, pool, policy, conditions
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = 0
        random = Random(seed)  # noqa: S311 - nothing secret
        self._group = Group(pool, conditions, random, self._at, self._interrupt)
        self._queue: deque[int] = deque()
        self._running: list[tuple[float, int, Instance]] = []
        self._waits = [-1.0] * len(trace.arrivals)
        self._arrived = 0
        self._sampled = 0
        # All starts less all ends: how much work was done follows from it at any time.
        self._offset = 0.0
        self._worked = 0.0
        self._samples: list[Sample] = []
        self._outs = self._ins = self._requeued = 0
        share, least = PATIENCE
        self._last = trace.seconds + max(share * trace.seconds, least)
        self._ended = False

    def run(self) -> Run:
        self._group.start(self._policy.first)
        self._at(PERIOD, self._tick)
        now = 0.0
        while not self._ended:
            now, _, action = heapq.heappop(self._events)
            self._advance(now)
            action(now)
            self._fill(now)
        self._group.close(now)
        return Run(
            trace=self._trace,
            waits=self._waits,
            samples=self._samples,
            on_demand_hours=self._group.hours[False],
            spot_hours=self._group.hours[True],
            most=self._group.most,
            outs=self._outs,
            ins=self._ins,
            requeued=self._requeued,
            lost=self._group.lost,
        )

    def _at(self, time: float, action: Callable[[float], None]) -> None:
        self._order += 1
        heapq.heappush(self._events, (time, self._order, action))

    def _advance(self, until: float) -> None:
        """Let tasks arrive, start and end; nothing else happens until then.

        This is the one place where time is spent, hence its local names.
        """
        arrivals, work, waits = self._trace.arrivals, self._trace.work, self._waits
        queue, running, free = self._queue, self._running, self._group.free
        push, pop, replace = heapq.heappush, heapq.heappop, heapq.heapreplace
        task, tasks, offset = self._arrived, len(arrivals), self._offset
        arrival = arrivals[task] if task < tasks else NEVER
        while True:
            end = running[0][0] if running else NEVER
            if arrival <= end:
                if arrival > until:
                    break
                if free:
                    instance = free.popleft()
                    instance.busy += 1
                    waits[task] = 0.0
                    offset += arrival
                    push(running, (arrival + work[task], task, instance))
                else:
                    queue.append(task)
                task += 1
                arrival = arrivals[task] if task < tasks else NEVER
                continue
            if end > until:
                break
            instance = running[0][2]
            if queue and instance.serving:
                oldest = queue.popleft()
                waits[oldest] = end - arrivals[oldest]
                replace(running, (end + work[oldest], oldest, instance))
                continue
            pop(running)
            instance.busy -= 1
            offset -= end
            if instance.serving:
                free.append(instance)
            else:
                self._group.finish(end, instance)
        self._arrived, self._offset = task, offset

    def _fill(self, now: float) -> None:
        """Start what waits, on slots that came free other than by a task's end."""
        free = self._group.free
        while self._queue and free:
            task, instance = self._queue.popleft(), free.popleft()
            instance.busy += 1
            self._waits[task] = now - self._trace.arrivals[task]
            self._offset += now
            heapq.heappush(self._running, (now + self._trace.work[task], task, instance))

    def _interrupt(self, now: float, instance: Instance) -> None:
        """Put the tasks of an instance back to the head of the queue."""
        cut = sorted(task for _, task, where in self._running if where is instance)
        self._running = [entry for entry in self._running if entry[2] is not instance]
        heapq.heapify(self._running)
        self._queue.extendleft(reversed(cut))
        for task in cut:
            self._waits[task] = -1.0
        self._offset -= now * len(cut)
        self._requeued += len(cut)
        instance.busy = 0

    def _tick(self, now: float) -> None:
        sample = self._sample(now)
        self._samples.append(sample)
        self._at(now + LAG, lambda then: self._decide(then, sample))
        self._at(now + PERIOD, self._tick)
        over = now >= self._trace.seconds and self._arrived == len(self._trace.arrivals)
        idle = not self._queue and not self._running
        self._ended = (over and idle) or now >= self._last

    def _sample(self, now: float) -> Sample:
        group = self._group
        worked = now * len(self._running) - self._offset
        slots = max(1, group.serving) * self._pool.slots
        share = CPU[self._pool.work] if self._conditions.cpu is None else self._conditions.cpu
        busy = (worked - self._worked) / PERIOD / slots
        outage = self._conditions.outage
        sample = Sample(
            time=now,
            arrivals=self._arrived - self._sampled,
            depth=len(self._queue),
            in_flight=len(self._running),
            serving=group.serving,
            desired=group.desired,
            cpu=min(100.0, 100 * share * busy),
            published=outage is None or not outage[0] <= now < outage[1],
        )
        self._worked, self._sampled = worked, self._arrived
        return sample

    def _decide(self, now: float, sample: Sample) -> None:
        wanted = self._policy.decide(now, sample, self._group)
        if wanted > self._group.desired:
            self._outs += 1
        elif wanted < self._group.desired:
            self._ins += 1
        self._group.resize(now, wanted)
