"""When tasks arrive, and how long each takes: made up, the same for the same seed."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from plinth._celery.settings import Pool

HOUR = 3600.0
DAY = 24 * HOUR

MOST_TASKS = 5_000_000
"""Tasks of a load that a run takes: they fill half a gigabyte, and ten seconds."""

BURST = 1200.0
"""Seconds that a burst lasts."""

BURST_SHARE = 3 / 8
"""What a burst adds, as a share of all that the pool can do at its largest."""

SPIKE = 60.0
"""Seconds within which the tasks of a spike arrive."""

SPIKE_WORK = (62.5, 187.5)
"""Least and most work of a spike: seconds in which the pool at its largest would be done with it.
"""

SPREAD = 1.0
"""Standard deviation of a task's time, divided by its mean: most are short, a few are long."""


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A load."""

    name: str
    seconds: float
    """How long it lasts."""
    arrivals: Sequence[float]
    """When each task arrives, in seconds from the start, in order."""
    work: Sequence[float]
    """How long each task takes, in seconds."""
    rush: float
    """When its first burst begins; half-way where it has none."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A built-in load, in shares of what the pool can do at its largest."""

    night: float
    day: float
    """The load swings between the two once in 24 hours, and starts at night."""
    bursts: int = 0
    spikes: int = 0
    """In 24 hours, and at least one in a shorter trace."""


SHAPES = {
    "steady": Shape(night=0.3, day=0.3),
    "diurnal": Shape(night=1 / 32, day=6 / 32),
    "burst": Shape(night=1 / 32, day=6 / 32, bursts=3, spikes=6),
    "spike": Shape(night=1 / 32, day=1 / 32, spikes=6),
}


def built_in(
    name: str, pool: Pool, *, hours: float = 24.0, rate: float | None = None, seed: int = 1
) -> Trace:
    """Make up a load that suits a pool, the same for the same seed.

    Args:
        name: One of ``SHAPES``.
        pool: Its largest size and its average task give the load its scale.
        hours: How long it lasts.
        rate: Tasks per second on average; the scale follows from it and not from the pool's size.
        seed: Draws another load of the same kind.

    Raises:
        ValueError: It would be more tasks than a run takes.
    """
    random = Random(seed)  # noqa: S311 - nothing secret
    seconds = hours * HOUR
    shape = SHAPES[name]
    bursts = _starts(random, shape.bursts, seconds, last=2 * seconds / 24)
    spikes = _starts(random, shape.spikes, seconds, last=seconds / 24)
    shares = _shares(shape, bursts, spikes, seconds, random)
    total = sum(shares)
    scale = pool.max_size * pool.slots / pool.avg_task if rate is None else rate * seconds / total
    if total * scale > MOST_TASKS:
        msg = f"{total * scale:,.0f} tasks are too many to simulate: lower the rate or the hours"
        raise ValueError(msg)
    arrivals = list(_poisson((share * scale for share in shares), random))
    return Trace(
        name=name,
        seconds=seconds,
        arrivals=arrivals,
        work=draw_work(pool, len(arrivals), random),
        rush=min(bursts, default=seconds / 2),
    )


def draw_work(pool: Pool, tasks: int, random: Random) -> list[float]:
    """Draw how long tasks take: log-normal about the average, and cut off by the time limit."""
    variance = math.log(1 + SPREAD**2)
    mean, deviation = math.log(pool.avg_task) - variance / 2, math.sqrt(variance)
    longest = float(pool.max_task)
    gauss, exp = random.gauss, math.exp
    return [min(longest, exp(gauss(mean, deviation))) for _ in range(tasks)]


def _starts(random: Random, daily: int, seconds: float, *, last: float) -> list[float]:
    """Draw when rushes begin, neither in the first 24th of the time nor so late as not to end."""
    count = max(1, round(daily * seconds / DAY)) if daily else 0
    return [random.uniform(seconds / 24, seconds - last) for _ in range(count)]


def _shares(
    shape: Shape,
    bursts: Iterable[float],
    spikes: Iterable[float],
    seconds: float,
    random: Random,
) -> list[float]:
    """Say what share of the largest pool's work arrives in each second."""
    middle, swing = (shape.day + shape.night) / 2, (shape.day - shape.night) / 2
    turn = 2 * math.pi / DAY
    shares = [middle - swing * math.cos(turn * second) for second in range(math.ceil(seconds))]
    for start in bursts:
        _add(shares, start, BURST, BURST_SHARE)
    for start in spikes:
        _add(shares, start, SPIKE, random.uniform(*SPIKE_WORK) / SPIKE)
    return shares


def _add(shares: list[float], start: float, length: float, share: float) -> None:
    for second in range(int(start), min(len(shares), int(start + length))):
        shares[second] += share


def _poisson(rates: Iterable[float], random: Random) -> Iterator[float]:
    """Draw arrivals at so many a second, independent of one another."""
    draw = random.expovariate
    passed, due = 0.0, draw(1.0)
    for second, rate in enumerate(rates):
        while due < passed + rate:
            yield second + (due - passed) / rate
            due += draw(1.0)
        passed += rate
