"""The arguments of ``plinth simulate``. Every command line reads this; it imports nothing heavy."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path

TRACES = ("steady", "diurnal", "burst", "spike")
POLICIES = ("load", "cpu", "step", "backlog", "fixed")


def simulation(parser: argparse.ArgumentParser) -> None:
    """Add what to simulate, but for the project that the stack is in."""
    parser.add_argument("stack", metavar="STACK", help="the stack whose settings to use")
    parser.add_argument(
        "pool",
        nargs="?",
        metavar="POOL",
        help="its pool, such as default or celery/default (default: the only one)",
    )
    _load(parser)
    _policy(parser)
    _conditions(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, and no table")
    parser.add_argument(
        "--plot",
        type=Path,
        metavar="FILE.svg",
        help="draw arrivals, backlog and instances over time",
    )


def _load(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("load").add_argument
    add(
        "--trace",
        default="burst",
        metavar="TRACE",
        help=f"{', '.join(TRACES)}, or a CSV file of arrivals (default: burst)",
    )
    add(
        "--hours",
        type=_number(above=0),
        default=24.0,
        help="length of a trace that is no file (default: 24)",
    )
    add(
        "--rate",
        type=_number(above=0),
        metavar="TASKS",
        help="its tasks a second on average (default: in proportion to the pool's largest size)",
    )
    add("--seed", type=int, default=1, help="draws another load of the same kind (default: 1)")


def _policy(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("what is run").add_argument
    add(
        "--policy",
        choices=POLICIES,
        default="load",
        help="what the pool scales on (default: load, which is what is deployed)",
    )
    add("--compare", action="store_true", help="run every policy")
    add(
        "--size",
        type=_whole,
        metavar="COUNT",
        help="instances of the policy fixed (default: max_size)",
    )
    add(
        "--set",
        action="append",
        default=[],
        type=_setting,
        metavar="NAME=VALUE",
        help="run it once more with another setting of the pool, such as max_wait=30",
    )


def _conditions(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("conditions").add_argument
    add(
        "--boot",
        type=_number(),
        default=150.0,
        metavar="SECONDS",
        help="from an instance's launch until its workers answer (default: 150)",
    )
    add(
        "--outage",
        type=_number(),
        default=0.0,
        metavar="MINUTES",
        help="publish no metrics of the queues for so long, from before the first burst",
    )
    add(
        "--spot-losses",
        type=_number(),
        default=0.02,
        metavar="RATE",
        help="interruptions of a spot instance in an hour (default: 0.02)",
    )
    add(
        "--cpu",
        type=_number(),
        metavar="PERCENT",
        help="CPU that a task uses of its slot (default: 95, or 20 where work is io)",
    )


def _number(above: float | None = None) -> Callable[[str], float]:
    def number(text: str) -> float:
        value = float(text)
        if not math.isfinite(value) or value < 0 or value == above:
            need = "a number above 0" if above == 0 else "0 or more"
            msg = f"{text!r} is no such number: need {need}"
            raise argparse.ArgumentTypeError(msg)
        return value

    return number


def _whole(text: str) -> int:
    value = int(text)
    if value < 0:
        msg = f"{text!r} is no such number: need 0 or more"
        raise argparse.ArgumentTypeError(msg)
    return value


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        msg = f"{text!r} needs the form NAME=VALUE"
        raise argparse.ArgumentTypeError(msg)
    return name, value
