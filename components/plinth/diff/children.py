"""Previews in processes of their own, several at a time."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plinth.preview.export import Document, SchemaError, from_text


class ChildError(Exception):
    """A preview could not be done as asked; what it said."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """One side of a comparison: stacks of one tree."""

    name: str
    """What to call it, such as ``main`` or ``the working tree``."""
    project: Path
    stacks: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    rename: Mapping[str, str] = field(default_factory=dict[str, str])
    """Paths that are to read as others: a temporary directory as the one it stands for."""


@dataclass(frozen=True, kw_only=True)
class Previews:
    """What came of a side."""

    documents: dict[str, Document]
    """By stack."""
    failures: list[dict[str, str]]


def run(sides: Sequence[Side], *, stand_ins: Iterable[tuple[str, str]], key: str) -> list[Previews]:
    """Preview all stacks of all sides at once, as far as there are processors.

    Args:
        sides: What to preview.
        stand_ins: Texts for encrypted configuration.
        key: Keys the digests of secrets, so that the sides can be compared.

    Raises:
        ChildError: A preview could not be done as asked.
    """
    words = [word for name, text in stand_ins for word in ("--stand-in", f"{name}={text}")]
    # What a process imports serves all its stacks, so that more processes than processors lose.
    each = max(1, (os.cpu_count() or 1) // max(1, len(sides)))
    jobs = [
        (side, batch)
        for side in sides
        for batch in (side.stacks[start::each] for start in range(each))
        if batch
    ]
    with ThreadPoolExecutor(max_workers=max(1, len(jobs))) as pool:
        waiting = [pool.submit(_preview, side, batch, words, key) for side, batch in jobs]
    return [
        _together(
            found.result() for job, found in zip(jobs, waiting, strict=True) if job[0] is side
        )
        for side in sides
    ]


def _preview(side: Side, stacks: Sequence[str], words: Sequence[str], key: str) -> Previews:
    # -P keeps the current directory out of what is imported.
    command = [sys.executable, "-P", "-m", "plinth", "preview", "--json"]
    command += ["--cwd", str(side.project), *words, "--", *stacks]
    environment = {**os.environ, **side.environment, "PLINTH_DIGEST_KEY": key}
    done = subprocess.run(  # noqa: S603 - this Python, and no shell
        command, capture_output=True, text=True, encoding="utf-8", check=False, env=environment
    )
    text = done.stdout
    for path, other in side.rename.items():
        text = text.replace(json.dumps(path)[1:-1], json.dumps(other)[1:-1])
    try:
        documents = from_text(text)
    except SchemaError as error:
        said = done.stderr.strip() or f"{error} (exit code {done.returncode})"
        msg = f"{side.name}: {said}"
        raise ChildError(msg) from None
    if len(documents) < len(stacks) and done.returncode not in (0, 1):
        msg = f"{side.name}: {done.stderr.strip()}"
        raise ChildError(msg)
    failures: list[dict[str, Any]] = json.loads(text)["failures"]
    return Previews(documents={d["stack"]: d for d in documents}, failures=failures)


def _together(parts: Iterable[Previews]) -> Previews:
    found = list(parts)
    return Previews(
        documents={stack: d for part in found for stack, d in part.documents.items()},
        failures=[failure for part in found for failure in part.failures],
    )
