"""What is compared with what, by the options of the command."""

import argparse
import os
import secrets
from collections.abc import Sequence

from plinth.preview.manifest import Project, find_project
from plinth.preview.yaml_core import ConfigError

from .children import Previews, Side, run
from .pairs import KEY, Comparison, Pair, UsageError, with_empty
from .revisions import Checkout, checkout
from .saved import plans, saved


def gather(arguments: argparse.Namespace) -> Comparison:
    """Preview or read both sides.

    Raises:
        UsageError: The options name nothing to compare.
    """
    stacks = list(dict.fromkeys(arguments.stacks))
    if stacks and not arguments.base:
        msg = f"the stacks {', '.join(stacks)} need a revision to compare with: --base REV"
        raise UsageError(msg)
    if arguments.base:
        return _revisions(arguments, stacks)
    if arguments.from_stack or arguments.to_stack:
        return _stacks(arguments)
    if arguments.saved:
        return saved(*arguments.saved)
    if arguments.preview_json:
        return plans(arguments.preview_json)
    msg = "say what to compare: --base REV, --from STACK --to STACK, --saved or --preview-json"
    raise UsageError(msg)


def _revisions(arguments: argparse.Namespace, given: Sequence[str]) -> Comparison:
    project = find_project(arguments.cwd)
    with checkout(project.root, arguments.base) as base:
        former, notes = _project_of(base)
        wanted = given or sorted({*_known(former), *_known(project)})
        sides = [
            Side(
                name=f"base {arguments.base}",
                project=base.project,
                stacks=_on(former, wanted),
                environment=base.environment(),
                rename={str(base.top): str(base.origin)},
            ),
            Side(name="working tree", project=project.root, stacks=_on(project, wanted)),
        ]
        for stack in wanted:
            if not any(stack in side.stacks for side in sides):
                msg = f"there is no stack {stack!r} on either side: there are {_known(project)}"
                raise UsageError(msg)
        previews = _run(arguments, sides)
        notes += [
            f"{lock} differs, and the base was previewed with the dependencies installed here"
            for lock in base.differing_locks()
        ]
        return Comparison(
            before=f"{arguments.base} ({base.commit})",
            after="working tree",
            pairs=[_pair(stack, sides, previews) for stack in wanted],
            notes=notes,
        )


def _stacks(arguments: argparse.Namespace) -> Comparison:
    project = find_project(arguments.cwd)
    names = [arguments.from_stack, arguments.to_stack]
    if None in names or names[0] == names[1]:
        msg = "two stacks are compared by --from STACK and --to ANOTHER"
        raise UsageError(msg)
    sides = [Side(name=name, project=project.root, stacks=[name]) for name in names]
    before, after = _run(arguments, sides)
    pair = Pair(
        title=f"{names[0]} → {names[1]}",
        before=before.documents.get(_short(names[0])),
        after=after.documents.get(_short(names[1])),
        parity=True,
        failures=[_told(failure) for side in (before, after) for failure in side.failures],
    )
    return Comparison(before=names[0], after=names[1], pairs=[pair])


def _run(arguments: argparse.Namespace, sides: Sequence[Side]) -> list[Previews]:
    key = os.environ.get(KEY) or secrets.token_hex()
    return run(sides, stand_ins=arguments.stand_in, key=key)


def _project_of(base: Checkout) -> tuple[Project | None, list[str]]:
    try:
        project = find_project(base.project)
    except (ConfigError, OSError) as error:
        return None, [f"the base has no project that can be previewed: {error}"]
    # A project of the repository further up is another one.
    return (project, []) if project.root == base.project else (None, [])


def _known(project: Project | None) -> list[str]:
    return project.stacks() if project else []


def _on(project: Project | None, wanted: Sequence[str]) -> list[str]:
    """Return the stacks that a project has; one without stack files takes any name."""
    known = _known(project)
    if project is None:
        return []
    return [stack for stack in wanted if not known or _short(stack) in known]


def _pair(stack: str, sides: Sequence[Side], previews: Sequence[Previews]) -> Pair:
    name = _short(stack)
    failures = [
        f"{side.name}: {_told(failure)}"
        for side, preview in zip(sides, previews, strict=True)
        for failure in preview.failures
        if failure["stack"] in (stack, name)
    ]
    before, after = (preview.documents.get(name) for preview in previews)
    there = [stack in side.stacks for side in sides]
    if all(there):
        return Pair(title=stack, before=before, after=after, failures=failures)
    pair = with_empty(stack, before, after)
    failed = (before or after) is None
    return Pair(
        title=stack,
        before=None if failed else pair.before,
        after=None if failed else pair.after,
        failures=failures,
        notes=pair.notes,
    )


def _told(failure: dict[str, str]) -> str:
    at = f"{failure['source']}: " if failure.get("source") else ""
    return f"{at}{failure['message'].strip()}"


def _short(stack: str) -> str:
    return stack.rpartition("/")[2]
