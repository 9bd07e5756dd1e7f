"""The stacks of this repository, for tests that look at a whole platform."""

from functools import cache
from pathlib import Path

from plinth.testing import Deployment, deploy_project

ROOT = Path(__file__).parent.parent
STACKS = sorted(p.name.split(".")[1] for p in ROOT.glob("Pulumi.*.yaml"))


@cache
def deployed_stack(stack: str) -> Deployment:
    """Run the program for a stack's real configuration, once for all tests."""
    return deploy_project(ROOT, stack)
