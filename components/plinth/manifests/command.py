"""``plinth manifests``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from plinth.console import FAILED, OK, results_only, tell, unusable
from plinth.preview.failures import ProgramFailed
from plinth.preview.manifest import find_project
from plinth.preview.project import Runner
from plinth.preview.rows import count
from plinth.preview.yaml_core import ConfigError

from .objects import Manifest, manifests, skipped
from .write import to_yaml


def write(arguments: argparse.Namespace) -> int:
    """Write the Kubernetes objects of one stack."""
    stack: str = arguments.stack
    try:
        runner = Runner(find_project(arguments.cwd), stand_ins=dict(arguments.stand_in))
        with results_only():
            graph = runner.run(stack)
    except ConfigError as error:
        return unusable(error)
    except ProgramFailed as error:
        for failure in error.failures:
            tell(f"{stack}: {failure.source}: {failure.message.strip()}")
        return FAILED
    for node in skipped(graph):
        tell(f"{stack}: {node.label} is left out: its objects are not the stack's own")
    found = manifests(graph)
    if not found:
        return unusable(f"stack {stack!r} has no Kubernetes objects: name one that runs there")
    if arguments.output is None:
        sys.stdout.write(to_yaml(found))
        return OK
    try:
        _to_files(arguments.output, found)
    except OSError as error:
        return unusable(error)
    tell(f"{stack}: {count(len(found), 'object')} in {arguments.output}")
    return OK


def _to_files(folder: Path, found: Sequence[Manifest]) -> None:
    """Write one file for each object; those of one kind and name in two groups share it."""
    files: dict[str, list[Manifest]] = {}
    for manifest in found:
        files.setdefault(manifest.file, []).append(manifest)
    for name, objects in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(to_yaml(objects), encoding="utf-8")
