"""Arrivals of tasks as a CSV file has them, such as an export of a metric or of a log."""

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from plinth._celery.load import PERIOD
from plinth._celery.settings import Pool

from .traces import MOST_TASKS, Trace, draw_work


def read_csv(path: Path, pool: Pool, *, seed: int = 1) -> Trace:
    """Read a load from a file with a header.

    Its columns are ``at``, in seconds or as an ISO 8601 time, and if wanted ``tasks``, which then
    arrive evenly until the next row's time, and ``seconds``, which each of them takes.

    Raises:
        ValueError: A row is not right, and the error names the file and the line; or there is
            none, or they are more tasks than a run takes.
    """
    random = Random(seed)  # noqa: S311 - nothing secret
    rows = sorted(_rows(path), key=lambda row: row.at)
    if not rows:
        msg = f"{path} has no row: give it a header, such as at,tasks,seconds, and rows of arrivals"
        raise ValueError(msg)
    count = sum(_count(row) for row in rows)
    if count > MOST_TASKS:
        msg = f"{path} has {count:,} tasks, which are too many to simulate: leave some rows out"
        raise ValueError(msg)
    start, counted = rows[0].at, any(row.tasks is not None for row in rows)
    gap = rows[-1].at - rows[-2].at if counted and len(rows) > 1 else 1.0
    ends = [row.at for row in rows[1:]] + [rows[-1].at + gap]
    tasks = [
        (row.at - start + (end - row.at) * part / count, row.seconds)
        for row, end in zip(rows, ends, strict=True)
        for count in [_count(row)]
        for part in range(count)
    ]
    length = max(PERIOD, ends[-1] - start)
    drawn = draw_work(pool, len(tasks), random)
    return Trace(
        name=path.name,
        seconds=length,
        arrivals=[at for at, _ in tasks],
        work=[own or made for (_, own), made in zip(tasks, drawn, strict=True)],
        rush=length / 2,
    )


@dataclass(frozen=True)
class _Row:
    at: float
    tasks: int | None
    seconds: float | None


def _count(row: _Row) -> int:
    return 1 if row.tasks is None else row.tasks


def _rows(path: Path) -> Iterator[_Row]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        if "at" not in (reader.fieldnames or ()):
            msg = f"{path} has no column at: begin it with a header, such as at,tasks,seconds"
            raise ValueError(msg)
        for row in reader:
            try:
                yield _row(row)
            except (TypeError, ValueError) as error:
                msg = f"{path}:{reader.line_num}: {error}"
                raise ValueError(msg) from None


def _row(row: dict[str, str | None]) -> _Row:
    tasks, seconds = row.get("tasks"), row.get("seconds")
    read = _Row(
        at=_time(row["at"] or ""),
        tasks=int(tasks) if tasks else None,
        seconds=float(seconds) if seconds else None,
    )
    if (read.tasks or 0) < 0 or not 0 < (1.0 if read.seconds is None else read.seconds) < math.inf:
        msg = f"need tasks of 0 or more and seconds above 0, not {tasks!r} and {seconds!r}"
        raise ValueError(msg)
    return read


def _time(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not math.isfinite(number):
        msg = f"need a time, not {text!r}"
        raise ValueError(msg)
    return number
