"""How long a pod may stay once it is told to go, and what is done with that time. Pure text."""

from dataclasses import dataclass
from pathlib import Path

from plinth._celery.drain import QUIT_WAIT, SPOT_DRAIN, plan_drain
from plinth._celery.settings import Pool

SPARE = 30
"""Seconds between the end of the way out and the end of the pod."""

HOLD = 3600
"""Seconds of the longest task from which on no node is emptied for the sake of tidiness: it would
be paid for until its last task ends."""

ANSWER_SECONDS = 600
"""Time in which a new pod's worker must answer, its image pulled and its app imported."""

ANSWER_EVERY = 10
ANSWER_PATIENCE = 30
"""Seconds between two questions, and for each: to ask one, Celery and the app are imported."""

_FILES = Path(__file__).parent / "files"


@dataclass(frozen=True, kw_only=True)
class Leave:
    """The times of a pool's pods, in seconds."""

    drain: int
    """Running tasks have that long to end before they are put back."""
    grace: int
    """A pod is killed then: ``terminationGracePeriodSeconds``. What ``preStop`` takes counts."""


def plan_leave(plan: Pool) -> Leave:
    """Work out a pool's times.

    A spot node gives two minutes' notice, whatever its pods are promised; ``max_task`` of a pool
    with any is short enough for :data:`SPOT_DRAIN`.
    """
    drain = plan_drain(plan.max_task).drain
    drain = min(drain, SPOT_DRAIN) if plan.spot else drain
    return Leave(drain=drain, grace=drain + QUIT_WAIT + SPARE)


def leave_command(leave: Leave) -> list[str]:
    """Write what a pod runs before it goes.

    It is given its program as text. Were there no Python in the image, Kubernetes would go on to
    SIGTERM, after which running tasks may still end until the grace period does.
    """
    return [*_python("celery_leave.py"), "1", str(leave.drain), str(QUIT_WAIT)]


def answer_command(app: str, node: str) -> list[str]:
    """Write what asks a pod's worker whether it is there."""
    return [*_python("celery_answers.py"), app, node]


def _python(program: str) -> list[str]:
    return ["python3", "-c", (_FILES / program).read_text()]
