"""The release step: what an image runs once, before anything of it serves."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from plinth.settings import Settings

PROGRAM = Path(__file__).parent / "files" / "release.py"
"""Runs the command under the database's lock. It knows nothing of EC2."""

MOUNTED = f"/plinth/{PROGRAM.name}"
"""Where a container finds it."""

DATABASE = "DATABASE_URL"
"""The variable that names the database to release."""


class ReleaseSettings(Settings, frozen=True):
    """What is run once for each image."""

    release_command: tuple[str, ...] = ()
    """What an image runs once, before anything of it serves: ``["alembic", "upgrade", "head"]``.
    It needs ``DATABASE_URL`` and, in the image, Python and a PostgreSQL driver. Give every tier
    of the image the same, and each waits for whichever came first. Empty runs nothing."""

    release_seconds: int = Field(default=900, ge=10, le=3600)
    """The longest that a release may take, and that an instance waits for another's."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """A release step, ready to be run."""

    command: tuple[str, ...]
    seconds: int
    name: str
    """Releases of one name wait for one another, whichever tier they are of."""

    def words(self, image: str) -> list[str]:
        """Write the command line that a container of an image releases by."""
        options = ["--image", image, "--name", self.name, "--seconds", str(self.seconds)]
        return ["python3", MOUNTED, *options, "--", *self.command]


def plan_release(
    tier: str, settings: ReleaseSettings, *, stack: str, variables: Collection[str]
) -> Release | None:
    """Plan a tier's release step, if it has one.

    Args:
        tier: For the message: ``web tier 'web'``.
        settings: What it runs.
        stack: Project and stack, whose tiers wait for one another.
        variables: Names of what the tier's containers find in their environment.

    Raises:
        ValueError: Nothing tells the step which database it is for.
    """
    if not settings.release_command:
        return None
    if DATABASE not in variables:
        msg = (
            f"{tier} has release_command={list(settings.release_command)}, and nothing in uses "
            f"brings {DATABASE}: add the database, or drop the command"
        )
        raise ValueError(msg)
    return Release(command=settings.release_command, seconds=settings.release_seconds, name=stack)


def extra_seconds(settings: ReleaseSettings) -> int:
    """Tell how much longer an instance may take to be ready because of its release step."""
    return settings.release_seconds if settings.release_command else 0
