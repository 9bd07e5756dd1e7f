"""Another revision of a project beside the working tree, for as long as it is looked at."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "requirements.txt")
"""Files that say which dependencies a project runs with."""

_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
"""Variables with which git starts its hooks, and which would point it at the wrong tree."""


class RevisionError(Exception):
    """A revision cannot be had; one line that says what to do."""


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """The files of a revision, for as long as they are needed."""

    top: Path
    """Where the repository's files are."""
    project: Path
    """Where the project is in them; it need not exist."""
    commit: str
    """The commit's short name."""
    origin: Path
    """The working tree's top, which it stands beside."""

    def environment(self) -> dict[str, str]:
        """Return variables under which Python imports this revision's own modules.

        What is imported from the working tree, by an editable install or a path, comes from the
        same place in this revision; everything else from the current environment.
        """
        own = [self.top / path.relative_to(self.origin) for path in _imported_from(self.origin)]
        given = os.environ.get("PYTHONPATH", "")
        paths = [str(path) for path in own if path.is_dir()] + ([given] if given else [])
        return {"PYTHONPATH": os.pathsep.join(paths)} if paths else {}

    def differing_locks(self) -> list[str]:
        """Return the lock files that are not the same in the working tree."""
        here = self.project.relative_to(self.top)
        places = dict.fromkeys((Path(), here))
        names = [place / lock for place in places for lock in _LOCKS]
        return [str(n) for n in names if _bytes(self.top / n) != _bytes(self.origin / n)]


@contextmanager
def checkout(directory: Path, revision: str) -> Generator[Checkout]:
    """Check a revision out beside the working tree, and take it away afterwards.

    Args:
        directory: A directory in the working tree, where the project is.
        revision: Anything that git takes for a commit.

    Raises:
        RevisionError: There is no repository, or no such revision in it.
    """
    top = Path(_git(directory, "rev-parse", "--show-toplevel").strip()).resolve()
    commit = _commit(top, revision)
    temporary = Path(tempfile.mkdtemp(prefix="plinth-diff-")).resolve()
    tree = temporary / "base"
    try:
        with _ended_in_order():
            _git(top, "worktree", "add", "--detach", "--force", str(tree), commit)
            yield Checkout(
                top=tree,
                project=tree / directory.resolve().relative_to(top),
                commit=_git(top, "rev-parse", "--short", commit).strip(),
                origin=top,
            )
    finally:
        if tree.exists():
            _git(top, "worktree", "remove", "--force", str(tree))
        shutil.rmtree(temporary, ignore_errors=True)


def _commit(top: Path, revision: str) -> str:
    try:
        words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        return _git(top, *words).strip()
    except RevisionError:
        msg = (
            f"there is no revision {revision!r} in {top}: fetch it first, such as by "
            f"'git fetch origin {revision.removeprefix('origin/')}'"
        )
        raise RevisionError(msg) from None


def _git(directory: Path, *arguments: str) -> str:
    environment = {name: text for name, text in os.environ.items() if name not in _HOOKS}
    # The user's hooks are for the user's own checkouts.
    command = ["git", "-C", str(directory), "-c", f"core.hooksPath={os.devnull}", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - git, and no shell
            command, capture_output=True, text=True, check=True, env=environment
        )
    except FileNotFoundError:
        msg = "git is not installed, and --base needs it"
        raise RevisionError(msg) from None
    except subprocess.CalledProcessError as error:
        lines = str(error.stderr).strip().splitlines() or [f"ended with {error.returncode}"]
        msg = f"git {arguments[0]}: {lines[-1]}"
        raise RevisionError(msg) from None
    return done.stdout


@contextmanager
def _ended_in_order() -> Generator[None]:
    """Let a request to end, which a cancelled job gets, run what cleans up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)


def _imported_from(top: Path) -> Sequence[Path]:
    found = [Path(entry).resolve() for entry in sys.path if entry]
    return [path for path in dict.fromkeys(found) if path.is_relative_to(top)]


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
