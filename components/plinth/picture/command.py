"""``plinth graph``."""

import argparse
import sys
from pathlib import Path

from plinth.console import FAILED, OK, results_only, tell, unusable
from plinth.preview.export import Document, SchemaError, from_text, to_document
from plinth.preview.failures import ProgramFailed
from plinth.preview.manifest import Project, find_project
from plinth.preview.project import Runner
from plinth.preview.yaml_core import ConfigError

from .changes import painted, states_between
from .components import components
from .mermaid import mermaid
from .model import Picture
from .resources import resources
from .svg import svg

LEVELS = ("component", "resource")
FORMATS = ("mermaid", "svg")


class _NoBaseError(ValueError):
    """The preview to compare with is not there."""


def graph(arguments: argparse.Namespace) -> int:
    """Draw one stack."""
    try:
        project = find_project(arguments.cwd)
        stack = arguments.stack or _only(project)
        before = _before(arguments.base_json, stack) if arguments.base_json else None
    except (ConfigError, SchemaError, _NoBaseError, OSError) as error:
        return unusable(error)
    try:
        with results_only():
            found = Runner(project, stand_ins=dict(arguments.stand_in)).run(stack)
    except ConfigError as error:
        return unusable(error)
    except ProgramFailed as error:
        for failure in error.failures:
            tell(f"{stack}: {failure.source}: {failure.message.strip()}")
        return FAILED
    text = drawn(to_document(found, key=None), arguments.format, arguments.level, before=before)
    if arguments.output:
        arguments.output.write_text(text, encoding="utf-8")
        tell(f"{stack}: {arguments.output}")
    else:
        sys.stdout.write(text)
    return OK


def drawn(
    document: Document,
    form: str = "svg",
    level: str = "component",
    *,
    before: Document | None = None,
) -> str:
    """Draw a stack.

    Args:
        document: Its preview.
        form: One of :data:`FORMATS`.
        level: One of :data:`LEVELS`.
        before: An earlier preview of the stack; what differs from it is coloured.
    """
    whole = _picture(document, level, before)
    if form == "svg":
        return svg(whole)
    return mermaid(whole, _picture(document, "component", before))


def _picture(document: Document, level: str, before: Document | None) -> Picture:
    def draw(of: Document) -> Picture:
        whole = components(of) if level == "component" else None
        return whole if whole and whole.boxes else resources(of)

    if before is None:
        return draw(document)
    return painted(draw(document), states_between(before, document), before=draw(before))


def _only(project: Project) -> str:
    stacks = project.stacks()
    if len(stacks) == 1:
        return stacks[0]
    there = f"there are {', '.join(stacks)}" if stacks else "there is no Pulumi.<stack>.yaml"
    msg = f"a picture is of one stack, and {there}: name it"
    raise ConfigError(msg)


def _before(file: Path, stack: str) -> Document:
    try:
        documents = from_text(file.read_text(encoding="utf-8"))
    except SchemaError as error:
        msg = f"{file} {error}"
        raise SchemaError(msg) from None
    for document in documents:
        if document["stack"] == stack:
            return document
    msg = f"{file} has no preview of stack {stack!r}: make it by 'plinth preview {stack} --json'"
    raise _NoBaseError(msg)
