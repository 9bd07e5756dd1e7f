"""``plinth simulate``."""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plinth._celery.settings import Pool
from plinth.console import FAILED, OK, tell, unusable
from plinth.preview.failures import ProgramFailed
from plinth.preview.yaml_core import ConfigError

from .arrivals import read_csv
from .autoscaling import Kind, make_policy
from .engine import Run, simulate
from .plot import plot
from .pool import Conditions
from .prices import hourly
from .report import Outcome, outcome, table, to_json
from .stack import Subject, changed, read_subject
from .traces import HOUR, SHAPES, Trace, built_in

BEFORE_RUSH = 300.0
"""Seconds before the first burst in which an outage begins."""


@dataclass(frozen=True, kw_only=True)
class _Variant:
    """One way to run the pool."""

    name: str
    pool: Pool
    kind: Kind


@dataclass(frozen=True, kw_only=True)
class _Study:
    """All that is run, under one load."""

    subject: Subject
    trace: Trace
    conditions: Conditions
    seed: int
    runs: Sequence[tuple[_Variant, Run]]

    def outcomes(self) -> list[Outcome]:
        """Put every run into numbers."""
        return [
            outcome(each.name, run, each.pool.max_wait, hourly(each.pool, self.subject.region))
            for each, run in self.runs
        ]


def run(arguments: argparse.Namespace) -> int:
    """Simulate one pool of a stack, and print what came of it."""
    try:
        study = _studied(arguments)
        if arguments.plot:
            arguments.plot.write_text(_drawn(study), encoding="utf-8")
            tell(f"wrote {arguments.plot}")
    except ProgramFailed as error:
        tell(f"{arguments.stack}: the program failed, as plinth preview {arguments.stack} shows:")
        tell(f"  {error}")
        return FAILED
    except (ConfigError, LookupError, OSError, ValueError) as error:
        return unusable(error)
    sys.stdout.write(_as_json(study) if arguments.json else _as_text(study))
    return OK


def _studied(arguments: argparse.Namespace) -> _Study:
    stand_ins = dict(arguments.stand_in)
    subject = read_subject(arguments.cwd, arguments.stack, arguments.pool, stand_ins)
    variants = _variants(arguments, subject.pool)
    trace = _trace(arguments, subject.pool)
    conditions = _conditions(arguments, trace)
    started = time.perf_counter()
    runs: list[tuple[_Variant, Run]] = []
    for each in variants:
        policy = make_policy(each.kind, each.pool, size=arguments.size)
        found = simulate(trace, each.pool, policy, conditions, seed=arguments.seed)
        runs.append((each, found))
    took = time.perf_counter() - started
    tell(f"simulated {len(runs)} x {len(trace.arrivals):,} tasks in {took:.1f} s")
    return _Study(
        subject=subject, trace=trace, conditions=conditions, seed=arguments.seed, runs=runs
    )


def _trace(arguments: argparse.Namespace, pool: Pool) -> Trace:
    if arguments.trace in SHAPES:
        return built_in(
            arguments.trace, pool, hours=arguments.hours, rate=arguments.rate, seed=arguments.seed
        )
    path = Path(arguments.trace)
    if not path.is_file():
        msg = f"there is no trace {arguments.trace!r}: use {', '.join(SHAPES)}, or a CSV file"
        raise ValueError(msg)
    return read_csv(path, pool, seed=arguments.seed)


def _variants(arguments: argparse.Namespace, pool: Pool) -> list[_Variant]:
    """List what to run: each policy with the settings as they are, and changed if asked to."""
    kinds = list(Kind) if arguments.compare else [Kind(arguments.policy)]
    variants = [_Variant(name=kind.value, pool=pool, kind=kind) for kind in kinds]
    if arguments.set:
        words = " ".join(f"{name}={value}" for name, value in arguments.set)
        other = changed(pool, arguments.set)
        variants += [_Variant(name=f"{kind} {words}", pool=other, kind=kind) for kind in kinds]
    return variants


def _conditions(arguments: argparse.Namespace, trace: Trace) -> Conditions:
    start = max(0.0, trace.rush - BEFORE_RUSH)
    end = start + 60 * arguments.outage
    return Conditions(
        boot=arguments.boot,
        outage=(start, end) if arguments.outage else None,
        spot_losses=arguments.spot_losses,
        cpu=None if arguments.cpu is None else arguments.cpu / 100,
    )


def _drawn(study: _Study) -> str:
    lines = [(each.name, run) for each, run in study.runs]
    limit = max(each.pool.max_size for each, _ in study.runs)
    return plot(f"{_title(study.subject)}: {_load(study.trace)}", lines, limit=limit)


def _as_text(study: _Study) -> str:
    subject, pool = study.subject, study.subject.pool
    first, *others = pool.instance_types
    more = f" and {len(others)} more types" if others else ""
    spot = f", {pool.spot:.0%} spot" if pool.spot else ""
    return (
        f"{_title(subject)}: {pool.min_size} to {pool.max_size} x {first}{more}{spot}, "
        f"{pool.slots} slots each; avg_task={pool.avg_task:g} max_wait={pool.max_wait:g}\n"
        f"{_load(study.trace)}; boot {study.conditions.boot:g} s; seed {study.seed}\n\n"
        f"{table(study.outcomes())}"
    )


def _as_json(study: _Study) -> str:
    subject, trace, conditions = study.subject, study.trace, study.conditions
    about: dict[str, Any] = {
        "stack": subject.stack,
        "pool": subject.name,
        "settings": subject.pool.model_dump(mode="json"),
        "slots": subject.pool.slots,
        "trace": {
            "name": trace.name,
            "hours": trace.seconds / HOUR,
            "tasks": len(trace.arrivals),
            "seed": study.seed,
        },
        "conditions": {
            "boot": conditions.boot,
            "outage": conditions.outage,
            "spotLosses": conditions.spot_losses,
            "cpu": conditions.cpu,
        },
    }
    return to_json(study.outcomes(), about)


def _title(subject: Subject) -> str:
    return f"{subject.stack} {subject.name}"


def _load(trace: Trace) -> str:
    tasks = len(trace.arrivals)
    rate = tasks / trace.seconds
    return f"{trace.name}, {tasks:,} tasks in {trace.seconds / HOUR:g} h, {rate:.3g} a second"
