"""``plinth compose``."""

import argparse
import sys
from pathlib import Path
from typing import Any

from plinth.console import FAILED, OK, results_only, tell, unusable
from plinth.preview.failures import ProgramFailed
from plinth.preview.graph import Graph, Node
from plinth.preview.manifest import Project, find_project
from plinth.preview.project import Runner
from plinth.preview.values import reveal
from plinth.preview.yaml_core import ConfigError

from .compose import Platform, compose_text
from .settings import LocalPlatformSettings

PLATFORM = "plinth:index:LocalPlatform"
IMAGE = "docker:index/remoteImage:RemoteImage"


def compose(arguments: argparse.Namespace) -> int:
    """Write the compose file of a stack's platform."""
    try:
        project = find_project(arguments.cwd)
        with results_only():
            graph = Runner(project, stand_ins=dict(arguments.stand_in)).run(arguments.stack)
        output: Path | None = arguments.output
        directory = output.absolute().parent if output else project.root
        text = compose_text(find_platform(graph, project), directory)
        if output:
            output.write_text(text, encoding="utf-8")
            tell(f"wrote {output}")
        else:
            sys.stdout.write(text)
    except ProgramFailed as error:
        tell(f"{arguments.stack}: the program failed, as plinth preview {arguments.stack} shows:")
        tell(f"  {error}")
        return FAILED
    except (ConfigError, LookupError, OSError, ValueError) as error:
        return unusable(error)
    return OK


def find_platform(graph: Graph, project: Project) -> Platform:
    """Return the only ``LocalPlatform`` that a stack has.

    Raises:
        LookupError: There is none, or more than one.
    """
    found = [node for node in graph.nodes.values() if node.type == PLATFORM]
    if len(found) != 1:
        there = ", ".join(node.name for node in found)
        has = f"{len(found)} LocalPlatforms ({there})" if found else "no LocalPlatform"
        msg = f"stack {graph.stack!r} has {has}, and a compose.yaml is of one: name another stack"
        raise LookupError(msg)
    [node] = found
    return Platform(
        stack=graph.stack,
        name=node.name,
        settings=_settings(node),
        image=_image(graph, node),
        root=Path(project.root),
    )


def _settings(node: Node) -> LocalPlatformSettings:
    given = reveal(node.inputs)
    # Pulumi leaves out what is null at the top.
    every: dict[str, Any] = {name: given.get(name) for name in LocalPlatformSettings.model_fields}
    return LocalPlatformSettings.model_validate(every)


def _image(graph: Graph, platform: Node) -> str | None:
    """Return the image that the program gives, unless something else has yet to build it."""
    [node] = [
        node
        for node in graph.nodes.values()
        if node.type == IMAGE
        and node.parent == platform.urn
        and node.name == f"{platform.name}-app"
    ]
    name = str(reveal(node.inputs)["name"])
    return None if "${" in name else name
