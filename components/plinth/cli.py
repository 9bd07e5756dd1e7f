"""The ``plinth`` command.

Results go to stdout, progress and failures to stderr. Every subcommand ends with

- 0: all is well;
- 1: it did what was asked, and the answer is bad: the program of some stack failed;
- 2: it could not be done as asked: an unknown stack, a broken file, a wrong option.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .diff.arguments import DESCRIPTION, comparison
from .rollout.arguments import DESCRIPTION as ROLLOUT
from .rollout.arguments import rollout
from .simulate.arguments import simulation

_CODES = (
    "exit codes: 0 all is well; 1 the program of some stack failed; 2 wrong usage or files; "
    "3 what --fail-on names was found"
)


@dataclass(frozen=True, kw_only=True)
class Command:
    """A subcommand: one function, in a module that is imported only when the command runs."""

    name: str
    help: str
    description: str
    arguments: Callable[[argparse.ArgumentParser], None]
    """Adds its arguments to its parser."""
    run: str
    """``module:function``; it takes the parsed arguments and returns the exit code."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line, and return its exit code."""
    arguments = _parser().parse_args(argv)
    module, _, function = arguments.command.run.partition(":")
    try:
        return int(getattr(importlib.import_module(module), function)(arguments))
    except BrokenPipeError:  # whoever reads the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="plinth",
        description="See what a Pulumi program would make of a cloud, without an account for it.",
        epilog=_CODES,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        sub = commands.add_parser(
            command.name, help=command.help, description=command.description, epilog=_CODES
        )
        command.arguments(sub)
        sub.set_defaults(command=command)
    return parser


class _Version(argparse.Action):
    """Looks the version up only where it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        version = importlib.import_module("importlib.metadata").version("plinth-iac")
        sys.stdout.write(f"plinth {version}\n")
        parser.exit()


def _preview(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("stacks", nargs="*", metavar="STACK", help="stacks to preview (default: all with a file)")
    _project(parser)
    add("--json", action="store_true", help="print JSON of a versioned schema, and no tree")
    add("--inputs", action="store_true", help="show every resource by itself, with its inputs")
    add("--no-color", action="store_true", help="print no colours (as does NO_COLOR)")


def _diff(parser: argparse.ArgumentParser) -> None:
    comparison(parser)
    _project(parser)


def _simulate(parser: argparse.ArgumentParser) -> None:
    simulation(parser)
    _project(parser)


def _cost(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("stacks", nargs="*", metavar="STACK", help="stacks to price (default: all with a file)")
    _project(parser)
    add(
        "--usage",
        action="append",
        default=[],
        metavar="FILE|NAME=NUMBER",
        help="what a month is like: a YAML or JSON file, or one value (docs/cost.md)",
    )
    add("--detail", action="store_true", help="show every charge, its quantity and its price")
    add("--json", action="store_true", help="print JSON of a versioned schema, and no table")
    add("--no-color", action="store_true", help="print no colours (as does NO_COLOR)")


def _graph(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("stack", nargs="?", metavar="STACK", help="stack to draw (default: the only one)")
    _project(parser)
    add("--format", choices=("mermaid", "svg"), default="mermaid", help="default: mermaid")
    add("--level", choices=("component", "resource"), default="component", help="what a box is")
    add("--output", type=Path, metavar="FILE", help="write there instead of to stdout")
    add(
        "--base-json",
        type=Path,
        metavar="FILE",
        help="colour what differs from an earlier 'plinth preview --json' of the stack",
    )


def _check(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("stacks", nargs="*", metavar="STACK", help="stacks to check (default: all with a file)")
    _project(parser)
    add(
        "--fail-on",
        choices=("error", "warning", "never"),
        default="error",
        help="the mildest violation that ends with exit code 3 (default: error)",
    )
    add(
        "--protected",
        action="append",
        default=[],
        metavar="STACK",
        help="hold a stack to the rules for protected ones, whatever its name says",
    )
    add("--json", action="store_true", help="print JSON of a versioned schema, and no text")
    add("--rules", action="store_true", help="print all rules as a table, and check nothing")
    add(
        "--terraform-plan",
        type=Path,
        metavar="FILE",
        help="also write the stack as 'terraform show -json' would, for scanners that read that",
    )
    add("--no-color", action="store_true", help="print no colours (as does NO_COLOR)")


def _compose(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("stack", nargs="?", default="local", metavar="STACK", help="default: local")
    _project(parser)
    add("--output", type=Path, metavar="FILE", help="write there instead of to stdout")


def _manifests(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("stack", metavar="STACK", help="stack to write")
    _project(parser)
    add("--output", type=Path, metavar="DIR", help="write a file for each object there")


def _project(parser: argparse.ArgumentParser) -> None:
    """Add what every command needs to run a project's program."""
    parser.add_argument(
        "--cwd",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="a directory in the Pulumi project (default: here)",
    )
    parser.add_argument(
        "--stand-in",
        action="append",
        default=[],
        type=_pair,
        metavar="KEY=TEXT",
        help="text to use for an encrypted configuration value, which cannot be read offline",
    )


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        msg = f"{text!r} needs the form KEY=TEXT"
        raise argparse.ArgumentTypeError(msg)
    return key, value


COMMANDS = (
    Command(
        name="preview",
        help="show what stacks would create",
        description=(
            "Run the program of a Pulumi project for the configuration of each stack, and show "
            "what it would create. This needs no cloud account, no Pulumi CLI and no network: "
            "what only the cloud can compute shows as a placeholder, such as "
            "${rds.Instance/db.arn}. The program runs a second time with nothing in place of "
            "those, as it does in a real first preview, and must not fail then either."
        ),
        arguments=_preview,
        run="plinth.preview.command:preview",
    ),
    Command(
        name="diff",
        help="show what a change would do to stacks",
        description=DESCRIPTION,
        arguments=_diff,
        run="plinth.diff.command:diff",
    ),
    Command(
        name="simulate",
        help="show how a pool of workers would cope with a load",
        description=(
            "Read the settings of a pool of Celery workers from a stack's program, as a preview "
            "does, and simulate it under a load: the queue task by task, and autoscaling as AWS "
            "evaluates it. Prints how long tasks wait, what it costs and how often the pool is "
            "scaled."
        ),
        arguments=_simulate,
        run="plinth.simulate.command:run",
    ),
    Command(
        name="cost",
        help="estimate what stacks cost in a month",
        description=(
            "Preview stacks and price what they would create, from a dated price book: for each "
            "component the least, with every fleet at its smallest, and the most that it may "
            "grow to by itself. What depends on use is assumed, and the assumptions are printed."
        ),
        arguments=_cost,
        run="plinth.cost.command:cost",
    ),
    Command(
        name="graph",
        help="draw a stack",
        description=(
            "Preview a stack and draw its components: networks, what is in them, and who "
            "connects to whom by the security groups. As Mermaid, which GitHub and GitLab show "
            "in Markdown, or as an SVG file that needs nothing else."
        ),
        arguments=_graph,
        run="plinth.picture.command:graph",
    ),
    Command(
        name="compose",
        help="write the compose.yaml of a stack's LocalPlatform",
        description=(
            "Run a stack's program as a preview does, and write what its LocalPlatform would "
            "start on this machine as a file for 'docker compose'. Paths in it begin at the "
            "file's directory, or at the project's where it goes to stdout."
        ),
        arguments=_compose,
        run="plinth._local.command:compose",
    ),
    Command(
        name="check",
        help="hold stacks to the rules of plinth.policies",
        description=(
            "Run the program of a Pulumi project for each stack, as a preview does, and hold what "
            "it would create to rules on exposure, encryption, identity, protection, queues and "
            "logs. Exceptions are on the components, with a reason and a last day. Ends with 3 "
            "where a rule is broken."
        ),
        arguments=_check,
        run="plinth.policies.command:check",
    ),
    Command(
        name="rollout",
        help="wait until instances run what was deployed",
        description=ROLLOUT,
        arguments=rollout,
        run="plinth.rollout.command:wait",
    ),
    Command(
        name="manifests",
        help="write the Kubernetes objects of a stack as YAML",
        description=(
            "Preview a stack and write what it would make in a Kubernetes cluster, for tools that "
            "read YAML: to stdout, or a file for each object. Secrets show as [secret], and what "
            "only AWS computes as a placeholder. Ends with 2 where there is nothing of Kubernetes."
        ),
        arguments=_manifests,
        run="plinth.manifests.command:write",
    ),
)
