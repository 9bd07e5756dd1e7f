"""The arguments of ``plinth rollout``. Every command line reads this; it imports nothing heavy."""

import argparse
import math
from contextlib import suppress
from pathlib import Path

DESCRIPTION = (
    "Follow what 'pulumi up' has started on instances. It returns once the groups have their new "
    "launch template, while Auto Scaling replaces their instances, and may yet give up."
)
_CODES = (
    "exit codes: 0 every group runs what was deployed; 1 a refresh failed, was cancelled or rolled "
    "back, or the time is over; 2 wrong usage, no such group, or AWS cannot be asked"
)
_WAIT = (
    "Follow the instance refreshes of a stack's autoscaling groups until all have ended, and end "
    "with the reason where one did not succeed. Needs the extra [aws], and credentials that may "
    "autoscaling:Describe*."
)


def rollout(parser: argparse.ArgumentParser) -> None:
    """Add the actions."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    wait = actions.add_parser(
        "wait", help="wait for a stack's instances", description=_WAIT, epilog=_CODES
    )
    add = wait.add_argument
    add("stack", metavar="STACK", help="the stack, as 'pulumi up --stack' takes it")
    add(
        "--cwd",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="a directory in the Pulumi project (default: here)",
    )
    add(
        "--group",
        action="append",
        default=[],
        metavar="NAME",
        help="follow this autoscaling group alone (default: all that are tagged with the stack)",
    )
    add("--region", metavar="REGION", help="where the groups are (default: the stack's aws:region)")
    add(
        "--timeout",
        type=_positive,
        default=60.0,
        metavar="MINUTES",
        help="give up after so long; the refreshes go on (default: 60)",
    )
    add(
        "--settle",
        type=_positive,
        default=20.0,
        metavar="SECONDS",
        help="wait so long for a refresh to begin where none runs (default: 20)",
    )
    add(
        "--every",
        type=_positive,
        default=10.0,
        metavar="SECONDS",
        help="time between two looks (default: 10)",
    )


def _positive(text: str) -> float:
    value = math.nan
    with suppress(ValueError):
        value = float(text)
    if not (math.isfinite(value) and value > 0):
        msg = f"{text!r} is no such number: need one above 0"
        raise argparse.ArgumentTypeError(msg)
    return value
