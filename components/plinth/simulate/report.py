"""What came of a simulation, as numbers, as a table and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .engine import Run
from .prices import Price

SCHEMA = 1
"""Version of the JSON; it rises when a field changes its meaning or goes."""

_HEADERS = [
    *(
        "policy",
        "wait p50",
        "p95",
        "p99",
        "longest",
        "max_wait",
        "over it",
        "instance hours",
        "cost",
    ),
    *("most", "out", "in", "spot lost", "requeued", "unserved"),
]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One run in numbers; waits are in seconds."""

    name: str
    """What was run: a policy, or a policy with other settings."""
    tasks: int
    wait_p50: float
    wait_p95: float
    wait_p99: float
    wait_max: float
    max_wait: float
    """The limit it was held to."""
    over_max_wait: float
    """Share of the tasks that waited for longer, 0 to 1."""
    unserved: int
    """Tasks that still waited when the run was given up; they count as having waited until then."""
    instance_hours: float
    spot_hours: float
    """Of them, those of spot instances."""
    cost: float | None
    """US dollars; None where no price is known."""
    most: int
    """Most instances at once."""
    scale_outs: int
    scale_ins: int
    requeued: int
    """Tasks cut off with a spot instance and run again."""
    spot_losses: int


def outcome(name: str, run: Run, max_wait: float, price: Price | None) -> Outcome:
    """Put a run into numbers."""
    end = run.samples[-1].time
    waits = sorted(
        end - arrival if wait < 0 else wait
        for wait, arrival in zip(run.waits, run.trace.arrivals, strict=True)
    )
    over = sum(wait > max_wait for wait in waits)
    cost = price and run.on_demand_hours * price.on_demand + run.spot_hours * price.spot
    return Outcome(
        name=name,
        tasks=len(waits),
        wait_p50=percentile(waits, 0.5),
        wait_p95=percentile(waits, 0.95),
        wait_p99=percentile(waits, 0.99),
        wait_max=percentile(waits, 1.0),
        max_wait=max_wait,
        over_max_wait=over / len(waits) if waits else 0.0,
        unserved=sum(wait < 0 for wait in run.waits),
        instance_hours=run.on_demand_hours + run.spot_hours,
        spot_hours=run.spot_hours,
        cost=cost,
        most=run.most,
        scale_outs=run.outs,
        scale_ins=run.ins,
        requeued=run.requeued,
        spot_losses=run.lost,
    )


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value that a share of sorted values do not exceed, between two where need be."""
    if not ordered:
        return 0.0
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def table(outcomes: Sequence[Outcome]) -> str:
    """Set outcomes in columns."""
    rows = [_HEADERS, *(_row(outcome) for outcome in outcomes)]
    shown = [n for n, title in enumerate(_HEADERS) if _matters(title, outcomes)]
    widths = {n: max(len(row[n]) for row in rows) for n in shown}
    lines = ("  ".join(_cell(row[n], widths[n], n) for n in shown).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)


def to_json(outcomes: Sequence[Outcome], about: dict[str, Any]) -> str:
    """Write outcomes, and what they are of, as JSON."""
    document = {
        "plinth": {"schema": SCHEMA},
        **about,
        "runs": [
            {_camel(k): round(v, 6) if isinstance(v, float) else v for k, v in asdict(each).items()}
            for each in outcomes
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)


def _row(outcome: Outcome) -> list[str]:
    waits = (outcome.wait_p50, outcome.wait_p95, outcome.wait_p99, outcome.wait_max)
    return [
        outcome.name,
        *(f"{wait:,.{1 if wait < 10 else 0}f} s" for wait in waits),
        f"{outcome.max_wait:g} s",
        f"{100 * outcome.over_max_wait:.2f} %",
        f"{outcome.instance_hours:,.1f}",
        "" if outcome.cost is None else f"${outcome.cost:,.2f}",
        str(outcome.most),
        str(outcome.scale_outs),
        str(outcome.scale_ins),
        str(outcome.spot_losses),
        f"{outcome.requeued:,}",
        f"{outcome.unserved:,}",
    ]


def _matters(title: str, outcomes: Sequence[Outcome]) -> bool:
    """Leave out columns in which nothing is."""
    match title:
        case "cost":
            return any(outcome.cost is not None for outcome in outcomes)
        case "spot lost" | "requeued":
            return any(outcome.spot_hours for outcome in outcomes)
        case "unserved":
            return any(outcome.unserved for outcome in outcomes)
        case _:
            return True


def _cell(text: str, width: int, column: int) -> str:
    return text.rjust(width) if column else text.ljust(width)
