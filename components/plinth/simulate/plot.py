"""Arrivals, backlog and instances over time, as one SVG file that needs no other."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from plinth._celery.load import PERIOD

from .engine import Run
from .rules import Sample

WIDTH, LEFT, RIGHT, TOP = 960, 64, 24, 92
PANEL, GAP, FOOT, LINE = 150, 44, 40, 18

COLOURS = ("#0b6bcb", "#c2410c", "#15803d", "#7c3aed", "#57534e")
"""Of the lines, in the order of the runs; further ones are dashed."""

FILL, INK, GRID, LIMIT = "#94a3b8", "#1f2937", "#e5e7eb", "#b91c1c"

HOUR = 3600.0

STEPS = (1 / 60, 1 / 12, 1 / 4, 1 / 2, 1, 2, 3, 6, 12, 24, 48, 168)
"""Hours between two marks of the axis: the first that makes no more than twelve."""


@dataclass(frozen=True)
class _Panel:
    """A chart of the picture, in which values become places."""

    title: str
    top: float
    seconds: float
    most: float
    """Value at its upper edge."""

    def x(self, seconds: float) -> float:
        share = min(1.0, seconds / self.seconds)
        return LEFT + (WIDTH - LEFT - RIGHT) * share

    def y(self, value: float) -> float:
        return self.top + PANEL * (1 - value / self.most)


def plot(title: str, runs: Sequence[tuple[str, Run]], *, limit: int) -> str:
    """Draw runs of one trace above one another.

    Args:
        title: Says what pool and load it is.
        runs: Each with its name.
        limit: Most instances there may be.
    """
    seconds = max(run.samples[-1].time for _, run in runs)
    load = runs[0][1].samples
    most_waiting = max(sample.depth for _, run in runs for sample in run.samples)
    most_serving = max([limit, *(sample.serving for _, run in runs for sample in run.samples)])
    keys = _keys([name for name, _ in runs])
    top = TOP + keys[-1][1]
    tops = [top + number * (PANEL + GAP) for number in range(3)]
    arrivals = _panel("tasks arriving in a minute", tops[0], seconds, max(_arrivals(load)))
    backlog = _panel("tasks waiting", tops[1], seconds, most_waiting)
    instances = _panel("instances in service", tops[2], seconds, most_serving)
    height = tops[2] + PANEL + FOOT
    parts = [
        *_head(title, height),
        *_legend(keys),
        *(part for panel in (arrivals, backlog, instances) for part in _frame(panel)),
        *_hours(instances, top),
        _area(arrivals, load),
        *_lines(backlog, runs, lambda sample: sample.depth),
        _rule(instances, limit),
        *_lines(instances, runs, lambda sample: sample.serving),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _panel(title: str, top: float, seconds: float, most: float) -> _Panel:
    step = _round_step(most)
    return _Panel(title, top, seconds, max(1, math.ceil(most / step)) * step)


def _round_step(most: float) -> float:
    """Return a step of 1, 2 or 5 times a power of ten that reaches a value in five or fewer."""
    power = 10 ** math.floor(math.log10(max(most, 5) / 5))
    return next(factor * power for factor in (1, 2, 5, 10) if most <= 5 * factor * power)


def _arrivals(samples: Sequence[Sample]) -> list[float]:
    return [float(sample.arrivals) for sample in samples]


def _head(title: str, height: float) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" '
        f'width="{WIDTH}" height="{height:g}" role="img" '
        'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" '
        'font-size="12">'
    )
    yield f"<title>{escape(title)}</title>"
    yield f'<rect width="{WIDTH}" height="{height:g}" fill="#ffffff"/>'
    yield _text(LEFT, 24, title, size=15, weight=600)


def _keys(names: Sequence[str]) -> list[tuple[float, float, str]]:
    """Place the names of the runs, in as many lines as they need."""
    placed: list[tuple[float, float, str]] = []
    x, y = float(LEFT), 0.0
    for name in names:
        width = 48 + 7 * len(name)
        if placed and x + width > WIDTH - RIGHT:
            x, y = float(LEFT), y + LINE
        placed.append((x, y, name))
        x += width
    return placed


def _legend(keys: Sequence[tuple[float, float, str]]) -> Iterator[str]:
    for (x, y, name), stroke in zip(keys, _strokes(len(keys)), strict=True):
        yield f'<path d="M{x:g} {y + 40:g}h20" {stroke} stroke-width="3"/>'
        yield _text(x + 26, y + 44, name)


def _frame(panel: _Panel) -> Iterator[str]:
    yield _text(LEFT, panel.top - 8, panel.title, weight=600)
    step = _round_step(panel.most)
    for number in range(round(panel.most / step) + 1):
        y = panel.y(number * step)
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{GRID}"/>'
        yield _text(LEFT - 8, y + 4, f"{number * step:,.0f}", anchor="end")


def _area(panel: _Panel, samples: Sequence[Sample]) -> str:
    path = _steps(panel, samples, lambda sample: sample.arrivals)
    base = f"{panel.y(0):.1f}"
    return f'<path d="M{LEFT} {base}{path.replace("M", "L", 1)}V{base}Z" fill="{FILL}"/>'


def _lines(
    panel: _Panel, runs: Sequence[tuple[str, Run]], value: Callable[[Sample], float]
) -> Iterator[str]:
    # The first run, which is the one that matters, comes to lie on top.
    for (_, run), stroke in reversed([*zip(runs, _strokes(len(runs)), strict=True)]):
        path = _steps(panel, run.samples, value)
        yield f'<path d="{path}" fill="none" {stroke} stroke-width="1.6"/>'


def _steps(panel: _Panel, samples: Sequence[Sample], value: Callable[[Sample], float]) -> str:
    """Draw a value that holds for the minute before it was read."""
    path = ""
    for same, group in groupby(samples, key=value):
        minutes = list(group)
        start, end = panel.x(minutes[0].time - PERIOD), panel.x(minutes[-1].time)
        y = panel.y(same)
        path += f"V{y:.1f}H{end:.1f}" if path else f"M{start:.1f} {y:.1f}H{end:.1f}"
    return path


def _rule(panel: _Panel, limit: int) -> str:
    y = panel.y(limit)
    line = f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{LIMIT}" stroke-dasharray="5 4"/>'
    return line + _text(WIDTH - RIGHT, y - 5, f"max_size={limit}", anchor="end", fill=LIMIT)


def _hours(panel: _Panel, top: float) -> Iterator[str]:
    hours = panel.seconds / HOUR
    step = next((step for step in STEPS if hours / step <= 12), math.ceil(hours / 12))
    for number in range(int(hours / step + 1e-9) + 1):
        x = panel.x(number * step * HOUR)
        yield f'<path d="M{x:.1f} {top:g}V{panel.top + PANEL:g}" stroke="{GRID}" opacity="0.6"/>'
        yield _text(x, panel.top + PANEL + 18, _clock(number * step), anchor="middle")


def _clock(hours: float) -> str:
    return f"{hours:g} h" if hours == int(hours) else f"{round(hours * 60)} min"


def _strokes(count: int) -> list[str]:
    dashes = ("", ' stroke-dasharray="6 3"', ' stroke-dasharray="2 2"')
    return [
        f'stroke="{COLOURS[number % len(COLOURS)]}"{dashes[number // len(COLOURS) % len(dashes)]}'
        for number in range(count)
    ]


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    size: int = 12,
    weight: int = 400,
    fill: str = INK,
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'font-weight="{weight}" fill="{fill}">{escape(text)}</text>'
    )
