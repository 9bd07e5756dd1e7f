"""The command line of ``plinth diff``."""

import argparse
from pathlib import Path

DESCRIPTION = (
    "Preview a project at an earlier revision and as it is now, and report what changes: first "
    "what loses data, what takes something away, what opens something, then capacity, cost and "
    "rules; and folded below, every property. Also compares two stacks, two saved previews, or "
    "reads the engine's own plan. This needs no cloud account, no Pulumi CLI and no network. "
    "Exit code 3: something of --fail-on came true."
)


def comparison(parser: argparse.ArgumentParser) -> None:
    """Add the arguments, but for those that every command has."""
    add = parser.add_argument
    add("stacks", nargs="*", metavar="STACK", help="stacks to compare (default: all with a file)")
    sides = parser.add_mutually_exclusive_group()
    sides.add_argument("--base", metavar="REV", help="compare the working tree with this revision")
    sides.add_argument(
        "--from", dest="from_stack", metavar="STACK", help="compare this stack with that of --to"
    )
    sides.add_argument(
        "--saved",
        nargs=2,
        type=Path,
        metavar=("BEFORE", "AFTER"),
        help="compare two files that 'plinth preview --json' printed",
    )
    sides.add_argument(
        "--preview-json",
        action="append",
        type=Path,
        metavar="FILE",
        help="report the plan that 'pulumi preview --json' printed; once for each stack",
    )
    add("--to", dest="to_stack", metavar="STACK", help="the stack that --from is compared with")
    add("--format", choices=("text", "markdown", "json"), default="text", help="default: text")
    add(
        "--fail-on",
        default="",
        metavar="LIST",
        help="end with 3 on any of data-loss, downtime, security, capacity, rules, cost>20%%, "
        "cost>100 (dollars a month), or omission (of two stacks)",
    )
    add(
        "--usage",
        action="append",
        default=[],
        metavar="FILE|NAME=NUMBER",
        help="what a month is like, as for 'plinth cost'",
    )
    add("--no-color", action="store_true", help="print no colours (as does NO_COLOR)")
