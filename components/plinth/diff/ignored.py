"""Properties that a resource does not look at: its option ``ignoreChanges``."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

_STEP = re.compile(r"""\["((?:[^"\\]|\\.)*)"\]|\[([^\]]*)\]|([^.\[\]]+)""")


def is_ignored(path: str, options: Mapping[str, Any]) -> bool:
    """Tell whether a property is, or is within, one that ``ignoreChanges`` names."""
    return any(is_within(path, ignored) for ignored in options.get("ignoreChanges", []))


def is_within(path: str, pattern: str) -> bool:
    """Tell whether a property is at a path or below it; ``*`` stands for any one step."""
    steps, wanted = split(path), split(pattern)
    return len(wanted) <= len(steps) and all(
        want in ("*", step) for want, step in zip(wanted, steps, strict=False)
    )


def split(path: str) -> Sequence[str]:
    """Take a path apart: ``tags["a.b"][0].c`` is ``tags``, ``a.b``, ``0`` and ``c``."""
    return [quoted or index or name for quoted, index, name in _STEP.findall(path)]
