"""How large things are drawn. Widths of text are estimates: nobody knows the reader's font."""

from collections.abc import Iterable

from .model import DASH, TIMES, Box, Frame

TITLE, FACT, SMALL = 13.0, 11.5, 10.5
"""Sizes of text in pixels."""

LINE = 16.0
PADDING = 12.0
ICON = 26.0
NARROWEST = 132.0

_NARROW, _WIDE = frozenset("iIjlt.,:;|!'()[]{}fr-/ "), frozenset(f"mwMW@%→{TIMES}{DASH}")
_SAFETY = 1.14
"""Fonts differ; DejaVu, the widest common one, still fits."""


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return about how many pixels wide a text is in a common sans-serif font."""
    units = sum(_units(character) for character in text)
    return units * size * _SAFETY * (1.12 if bold else 1)


def _units(character: str) -> float:
    if character in _NARROW:
        return 0.33
    if character in _WIDE:
        return 0.86
    if ord(character) > 0x2E80:  # from there on mostly square scripts
        return 1.0
    return 0.66 if character.isupper() else 0.56


def box_size(box: Box, inside: tuple[float, float] | None = None) -> tuple[float, float]:
    """Return width and height of a box around its texts, and around what is inside it."""
    head = text_width(f"{box.kind} ", TITLE, bold=True) + text_width(box.name, TITLE)
    note = text_width(box.note, SMALL, bold=True) + 10 if box.note else 0
    widths = [ICON + head + note, *(ICON + text_width(fact, FACT) for fact in box.facts)]
    height = 2 * PADDING + LINE * (1 + len(box.facts)) - 2
    if inside:
        widths.append(inside[0])
        height += inside[1] + 4
    return max(NARROWEST, max(widths) + 2 * PADDING), height


def gutter(bands: Iterable[str]) -> float:
    """Return the width of the column in which a frame's bands say what they are."""
    return max((text_width(band, FACT) + PADDING for band in bands), default=0.0)


def caption_width(frame: Frame) -> float:
    """Return the width of the line in which a frame says what it is."""
    return text_width(frame.title, TITLE, bold=True) + text_width(caption(frame), FACT) + 8


def caption(frame: Frame) -> str:
    """Return what a frame says behind its title."""
    return " · ".join(filter(None, [*frame.facts, frame.note]))
