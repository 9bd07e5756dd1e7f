"""Run a project's program for a stack, in this process, as Pulumi's own executor would start it."""

import importlib
import os
import runpy
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from .answers import Answer
from .config import StackConfig, load_stack
from .failures import ProgramFailed
from .graph import Graph, Kind, Mode
from .manifest import Project, find_project
from .session import record

_OURS = __name__.partition(".")[0]

_REFERENCE = "pulumi:pulumi:StackReference"
_CIRCLE = "stacks refer to each other in a circle"


def run_project(
    root: Path | str,
    stack: str,
    mode: Mode = Mode.SYMBOLIC,
    *,
    answers: Mapping[str, Answer] | None = None,
    stack_outputs: Mapping[str, Mapping[str, Any]] | None = None,
    stand_ins: Mapping[str, str] | None = None,
) -> Graph:
    """Run the program of the project that a directory is in; see :class:`Runner` for several runs.

    Raises:
        ConfigError: The project's or the stack's files are not right.
        ProgramFailed: The program raised.
    """
    project = find_project(Path(root))
    return Runner(
        project,
        answers=answers or {},
        stack_outputs=stack_outputs or {},
        stand_ins=stand_ins or {},
    ).run(stack, mode)


@dataclass
class Runner:
    """Runs one project's stacks, each in each mode once.

    A stack that refers to another one of the project gets the outputs of that one's own preview.
    """

    project: Project
    answers: Mapping[str, Answer] = field(default_factory=dict[str, Answer])
    """What data sources return, by token; see :func:`plinth.preview.session.record`."""
    stack_outputs: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict[str, Mapping[str, Any]]
    )
    """Outputs of stacks of other projects, by full name: ``acme/network/prod``."""
    stand_ins: Mapping[str, str] = field(default_factory=dict[str, str])
    """Texts for encrypted configuration, by key."""
    _graphs: dict[tuple[str, Mode], Graph] = field(default_factory=dict[tuple[str, Mode], Graph])
    _running: list[str] = field(default_factory=list[str])

    def run(self, stack: str, mode: Mode = Mode.SYMBOLIC) -> Graph:
        """Run the program for one stack.

        Raises:
            ConfigError: The stack's file is not right, or there is no such stack.
            ProgramFailed: The program raised.
        """
        if (stack, mode) not in self._graphs:
            config = load_stack(self.project, stack, stand_ins=self.stand_ins)
            self._running.append(config.stack)
            try:
                self._graphs[stack, mode] = self._settle(config, mode)
            finally:
                self._running.pop()
        return self._graphs[stack, mode]

    def _settle(self, config: StackConfig, mode: Mode) -> Graph:
        """Run until every stack of the project that the program refers to has been asked once."""
        outputs = dict(self.stack_outputs)
        asked: set[str] = set(outputs)
        problems: list[str] = list(config.warnings)
        while True:
            failure: ProgramFailed | None = None
            try:
                graph = self._once(config, mode, outputs)
            except ProgramFailed as failed:
                failure, graph = failed, failed.graph
            news = self._siblings(graph) - asked
            asked |= news
            answered = [name for name in sorted(news) if self._ask(name, mode, outputs, problems)]
            if answered:
                continue
            if failure:
                raise failure
            graph.problems[:0] = problems
            return graph

    def _once(
        self, config: StackConfig, mode: Mode, outputs: Mapping[str, Mapping[str, Any]]
    ) -> Graph:
        with _as_started(self.project):
            return record(
                lambda: _start(self.project.entry),
                project=self.project.name,
                stack=config.stack,
                organization=config.organization,
                root=self.project.root,
                mode=mode,
                config=config.values,
                secret_keys=config.secret_keys,
                answers=self.answers,
                stack_outputs=outputs,
            )

    def _siblings(self, graph: Graph) -> set[str]:
        """Return the references to stacks of this project, as the program spells them."""
        references = {n.id for n in graph.nodes.values() if n.kind is Kind.READ}
        names = {n.id for n in graph.nodes.values() if n.type == _REFERENCE} & references
        known = set(self.project.stacks())
        return {
            name
            for name in names
            if name.split("/")[-1] in known
            and (name.count("/") < 2 or name.split("/")[-2] == self.project.name)
        }

    def _ask(
        self, name: str, mode: Mode, outputs: dict[str, Mapping[str, Any]], problems: list[str]
    ) -> bool:
        """Add the outputs of another stack; where there are none, say why."""
        stack = name.rsplit("/", maxsplit=1)[-1]
        if stack in self._running:
            circle = " -> ".join([*self._running[self._running.index(stack) :], stack])
            problems.append(f"{_CIRCLE}, {circle}: their outputs are unknown")
            return False
        try:
            graph = self.run(stack, mode)
        except ProgramFailed as failed:
            problems.append(f"stack {stack!r} fails, so its outputs are unknown: {failed}")
            return False
        problems += [problem for problem in graph.problems if problem.startswith(_CIRCLE)]
        outputs[name] = graph.exports
        return True


def _start(entry: str) -> None:
    """Run the program's file; ``sys.exit()`` in it ends it well, as it does in the executor."""
    try:
        runpy.run_path(entry, run_name="__main__")
    except SystemExit as end:
        if end.code in (None, 0):
            return
        msg = f"the program ended itself by sys.exit({end.code!r})"
        raise RuntimeError(msg).with_traceback(end.__traceback__) from None


@contextmanager
def _as_started(project: Project) -> Generator[None]:
    """Give a program what it would find in a process of its own, and put everything back."""
    directory, environment = Path.cwd(), dict(os.environ)
    arguments, path, before = sys.argv, list(sys.path), dict(sys.modules)
    os.chdir(project.directory)
    sys.argv = [project.entry]
    for name in [name for name, module in before.items() if _shadows(project, name, module)]:
        del sys.modules[name]
    _look_again()
    try:
        yield
    finally:
        _unload(project, before)
        sys.modules.update(before)
        sys.argv, sys.path[:] = arguments, path
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(directory)
        _look_again()


def _look_again() -> None:
    """Make imports see files as they are now: ``.`` on ``sys.path`` is another directory."""
    sys.path_importer_cache.pop(".", None)
    importlib.invalidate_caches()


def _unload(project: Project, before: Mapping[str, ModuleType]) -> None:
    """Unload what the program imported of its own, so that its next run starts it afresh."""
    for name, module in list(sys.modules.items()):
        if before.get(name) is module or not _belongs_to(project, module):
            continue
        del sys.modules[name]
        parent, _, leaf = name.rpartition(".")
        if parent in sys.modules and vars(sys.modules[parent]).get(leaf) is module:
            delattr(sys.modules[parent], leaf)


def _shadows(project: Project, name: str, module: ModuleType) -> bool:
    """Tell whether a loaded module hides one of the same name that lies beside the program."""
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or top in (_OURS, "__main__") or _installed(module):
        return False
    beside = project.directory / top
    return beside.is_dir() or beside.with_suffix(".py").is_file()


def _belongs_to(project: Project, module: ModuleType) -> bool:
    # Plinth's own modules stay, where it is developed in the project: they keep nothing of a run.
    if module.__name__.partition(".")[0] == _OURS or _installed(module):
        return False
    return any(Path(file).is_relative_to(project.root) for file in _files(module))


def _installed(module: ModuleType) -> bool:
    return any("site-packages" in Path(file).parts for file in _files(module))


def _files(module: ModuleType) -> list[str]:
    """Return where a module was loaded from; a package without ``__init__.py`` has directories."""
    file = getattr(module, "__file__", None)
    return [file] if file else [str(path) for path in getattr(module, "__path__", ())]
