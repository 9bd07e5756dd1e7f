"""What all subcommands share of talking to a terminal."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, redirect_stdout

OK, FAILED, UNUSABLE = 0, 1, 2
"""Exit codes: all is well; the answer is bad; it could not be done as asked."""


def tell(line: str) -> None:
    """Say something to whoever watches, beside the results."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def unusable(error: Exception | str) -> int:
    """Say in one line why a command cannot be done, and return its exit code."""
    tell(f"plinth: {error}")
    return UNUSABLE


def wants_colour() -> bool:
    """Tell whether results go to a terminal whose user did not refuse colours.

    https://no-color.org
    """
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


@contextmanager
def results_only() -> Generator[None]:
    """Send to stderr what a program prints meanwhile, and what the commands print it starts."""
    sys.stdout.flush()
    saved = os.dup(1)
    os.dup2(2, 1)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)
