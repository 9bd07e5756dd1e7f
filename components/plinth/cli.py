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

_CODES = "exit codes: 0 all is well; 1 the program of some stack failed; 2 wrong usage or files"


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
)
