"""Compare the policies of a pool of workers, and time a simulated day.

    python benchmarks/simulate.py [--seeds N]

Each row is the mean of several days of the burst trace: 370,000 tasks on 2 to 40 instances of four
slots, of which five are busy on average. CPU seconds are of one day, its table included.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from statistics import fmean

from plinth._celery.settings import Pool, Work
from plinth.simulate.autoscaling import Kind, Policy, load_tracking, make_policy
from plinth.simulate.engine import simulate
from plinth.simulate.pool import Conditions
from plinth.simulate.report import Outcome, outcome
from plinth.simulate.traces import Trace, built_in

POOL = Pool(instance_types=("m7g.xlarge",), min_size=2, max_size=40, avg_task=5, max_wait=60)
WAITING = POOL.model_copy(update={"work": Work.IO, "concurrency": 4})
LONG = POOL.model_copy(update={"avg_task": 120.0, "max_task": 3600, "max_wait": 300.0})

Made = Callable[[Pool], Policy]

BARE: dict[str, Made] = {"load alone": lambda pool: Policy(pool, [load_tracking(pool)], 2)}
ALL: dict[str, Made] = {
    "fixed 16": lambda pool: make_policy(Kind.FIXED, pool, size=16),
    **{kind.value: lambda pool, kind=kind: make_policy(kind, pool) for kind in list(Kind)[1:-1]},
    **BARE,
    "load": lambda pool: make_policy(Kind.LOAD, pool),
}
QUEUED = {name: ALL[name] for name in ("backlog", "load alone", "load")}


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(description="measure plinth simulate")
    parser.add_argument("--seeds", type=int, default=3, help="days to simulate")
    seeds = range(1, parser.parse_args().seeds + 1)
    scenario("CPU-bound, 5 s a task, limit 60 s", POOL, seeds, ALL)
    scenario("waiting for others, 20 % CPU", WAITING, seeds, {n: ALL[n] for n in ("cpu", "load")})
    scenario("CPU-bound, 120 s a task, limit 300 s", LONG, seeds, ALL)
    scenario("as the first, boot 45 s", POOL, seeds, {"load": ALL["load"]}, boot=45)
    scenario("as the first, publisher dead for an hour", POOL, seeds, QUEUED, outage=3600)


def scenario(
    title: str,
    pool: Pool,
    seeds: Sequence[int],
    policies: dict[str, Made],
    *,
    boot: float = 150,
    outage: float = 0,
) -> None:
    """Print a table of policies."""
    started = time.process_time()
    traces = [built_in("burst", pool, seed=seed) for seed in seeds]
    made = (time.process_time() - started) / len(seeds)
    tasks = fmean(len(trace.arrivals) for trace in traces)
    print(f"\n{title}: {tasks:,.0f} tasks a day, made in {made:.2f} s CPU")
    print("policy           p50      p95      p99     over  hours  out/in   unserved  CPU s")
    for name, make in policies.items():
        started = time.process_time()
        found = [day(trace, pool, make(pool), boot, outage) for trace in traces]
        print(row(name, found, (time.process_time() - started) / len(seeds)))


def day(trace: Trace, pool: Pool, policy: Policy, boot: float, outage: float) -> Outcome:
    """Simulate one day."""
    start = trace.rush - 300
    conditions = Conditions(boot=boot, outage=(start, start + outage) if outage else None)
    return outcome("", simulate(trace, pool, policy, conditions), pool.max_wait, None)


def row(name: str, days: Sequence[Outcome], took: float) -> str:
    """Write the mean of several days."""

    def mean(read: Callable[[Outcome], float]) -> float:
        return fmean(map(read, days))

    waits = [mean(lambda d: d.wait_p50), mean(lambda d: d.wait_p95), mean(lambda d: d.wait_p99)]
    moves = f"{mean(lambda d: d.scale_outs):.0f}/{mean(lambda d: d.scale_ins):.0f}"
    return (
        f"{name:12}"
        + "".join(f"{wait:9,.1f}" for wait in waits)
        + f"{100 * mean(lambda d: d.over_max_wait):8.2f}%{mean(lambda d: d.instance_hours):7.1f}"
        + f"{moves:>8}{mean(lambda d: d.unserved):11,.0f}{took:7.2f}"
    )


if __name__ == "__main__":
    main()
