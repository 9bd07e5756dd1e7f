"""Subjects: how GitHub says in a token which workflow it is for."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class GithubRepository:
    """A repository, as GitHub writes it into the subject of a token.

    Those made, renamed or transferred since the summer of 2026 have their ids in it, so that
    nobody can take over a name that became free; older ones do not until they opt in. The settings
    of the repository, under Actions, show the prefix that holds.
    """

    owner: str
    name: str
    owner_id: int | None = None
    """With ``repository_id``: makes subjects of the new form, ``repo:acme@12/shop@34:...``."""
    repository_id: int | None = None

    def __post_init__(self) -> None:
        """Refuse one id without the other.

        Raises:
            ValueError: Only one is given.
        """
        if (self.owner_id is None) != (self.repository_id is None):
            msg = f"repository {self.owner}/{self.name} needs owner_id and repository_id, or none"
            raise ValueError(msg)

    @property
    def prefix(self) -> str:
        """What every subject of it starts with."""
        if self.owner_id is None:
            return f"repo:{self.owner}/{self.name}"
        return f"repo:{self.owner}@{self.owner_id}/{self.name}@{self.repository_id}"

    def pull_requests(self) -> str:
        """Return the subject of workflows on pull requests; those from forks get no token."""
        return f"{self.prefix}:pull_request"

    def branch(self, name: str) -> str:
        """Return the subject of jobs on a branch that name no environment."""
        return f"{self.prefix}:ref:refs/heads/{name}"

    def environment(self, name: str) -> str:
        """Return the subject of jobs that name an environment, on whatever branch it allows."""
        return f"{self.prefix}:environment:{name.replace(':', '%3A')}"


def check_subjects(subjects: Sequence[str]) -> None:
    """Refuse subjects that would let in more than one kind of job.

    Raises:
        ValueError: One has a wildcard, or is no subject.
    """
    for subject in subjects:
        parts = subject.split(":")
        if set(subject) & set("*?") or len(parts) < 2 or not all(parts):
            msg = (
                f"{subject!r} is no exact subject, without * and ?: "
                f"give one such as 'repo:acme/shop:environment:production'"
            )
            raise ValueError(msg)


def check_apart(preview: Sequence[str], drift: Sequence[str], deploy: Sequence[str]) -> None:
    """Refuse what would give pull requests more than a preview, before anybody reviewed them.

    Raises:
        ValueError: A subject stands in two lists, or pull requests may do more than preview.
    """
    for setting, subjects in (("drift_subjects", drift), ("deploy_subjects", deploy)):
        shared = sorted(set(subjects) & set(preview))
        open_ = [subject for subject in subjects if subject.endswith(":pull_request")]
        if shared or open_:
            msg = (
                f"{setting} has {(shared + open_)[0]!r}, whose jobs run code before its review: "
                f"leave it to preview_subjects, and name an environment or a branch here"
            )
            raise ValueError(msg)
    if not (preview or drift or deploy):
        msg = "there are no subjects, and so no role: give preview_subjects or deploy_subjects"
        raise ValueError(msg)
