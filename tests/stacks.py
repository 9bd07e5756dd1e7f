"""The stacks of this repository, for tests that look at a whole platform."""

from functools import cache
from pathlib import Path

from plinth.preview.config import load_stack
from plinth.preview.manifest import find_project
from plinth.testing import Deployment, deploy_project

ROOT = Path(__file__).parent.parent

_VALUES = {
    stack: load_stack(find_project(ROOT), stack).values
    for stack in find_project(ROOT).stacks()
    if stack != "emulated"  # made by ``make emulate``, and not ours
}

ALL_STACKS = sorted(_VALUES)
"""Every stack that has a file."""

CLOUD_STACKS = [stack for stack in ALL_STACKS if "plinth:stack" in _VALUES[stack]]
"""Those in AWS."""

STACKS = [s for s in CLOUD_STACKS if "kubernetes" not in _VALUES[s]["plinth:stack"]]
"""Those whose app runs on instances."""


@cache
def deployed_stack(stack: str) -> Deployment:
    """Run the program for a stack's real configuration, once for all tests."""
    return deploy_project(ROOT, stack)
