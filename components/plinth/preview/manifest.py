"""``Pulumi.yaml``: what a project is called, where its program is, what it says of its keys."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import yaml

from .yaml_core import ConfigError, items, read, value, where

SUFFIXES = (".yaml", ".yml", ".json")

TYPES = ("string", "integer", "boolean", "array", "object")

_ATTRIBUTES = ("type", "description", "items", "default", "value", "secret")


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What ``Pulumi.yaml`` says of one configuration key."""

    key: str
    """With its namespace: ``aws:region``."""
    default: Any = None
    """Used where a stack sets nothing; a key without one must be set."""
    type: str = ""
    """One of :data:`TYPES`; empty if it may be anything."""
    items: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Type of an array's items, in the same words."""
    secret: bool = False
    """Whether a stack must encrypt it."""

    @property
    def type_name(self) -> str:
        """Return the type in words: ``array<string>``."""
        return _type_name(self.type, self.items)


@dataclass(frozen=True, kw_only=True)
class Project:
    """A directory with a ``Pulumi.yaml`` in it."""

    name: str
    root: Path
    """Where ``Pulumi.yaml`` is."""
    suffix: str
    """Of the project's file, and so of its stacks' files."""
    directory: Path
    """Where the program runs: the directory of its ``__main__.py``, or of its file."""
    entry: str
    """What runs there: ``.`` or the name of a file."""
    stack_directory: Path
    """Where the files of its stacks are."""
    declarations: Mapping[str, Declaration]
    """By key as written."""

    def file(self, stack: str) -> Path:
        """Return the path of a stack's file, whether it exists or not."""
        return self.stack_directory / f"Pulumi.{stack.replace('/', '-')}{self.suffix}"

    def stacks(self) -> list[str]:
        """Return the stacks that have a file, sorted."""
        found = self.stack_directory.glob(f"Pulumi.*{self.suffix}")
        names = (file.name[len("Pulumi.") : -len(self.suffix)] for file in found)
        return sorted(name for name in names if name and not name.endswith(".deploy"))


def find_project(start: Path) -> Project:
    """Read the project that a directory is in, as the CLI does: the nearest one upwards.

    Raises:
        ConfigError: There is none, or its file is not right.
    """
    start = start.resolve()
    for directory in (start, *start.parents):
        for suffix in SUFFIXES:
            if (directory / f"Pulumi{suffix}").is_file():
                return _project(directory, suffix)
    msg = f"there is no Pulumi.yaml in {start} or above it: name the project's directory by --cwd"
    raise ConfigError(msg)


def fits(type_: str, items_: Mapping[str, Any], given: Any) -> bool:
    """Tell whether a value is of a declared type; as in the CLI, text may spell a number."""
    if type_ == "string":
        return isinstance(given, str)
    if type_ == "integer":
        return _is_integer(given)
    if type_ == "boolean":
        return isinstance(given, bool) or given in ("true", "false")
    if type_ == "object":
        return isinstance(given, dict)
    if not isinstance(given, list):
        return False
    of, nested = str(items_.get("type", "")), cast("Mapping[str, Any]", items_.get("items") or {})
    return all(fits(of, nested, item) for item in cast("list[Any]", given))


def _project(root: Path, suffix: str) -> Project:
    file = f"Pulumi{suffix}"
    top = read(root / file)
    name = value(top["name"]) if "name" in top else None
    if not isinstance(name, str) or not name:
        msg = f"{file}: needs a 'name', the project's"
        raise ConfigError(msg)
    _check_runtime(file, value(top["runtime"]) if "runtime" in top else None)
    directory, entry = _program(root, file, value(top["main"]) if "main" in top else None)
    config, stack_directory = _config(top, file)
    declared = {key: _declaration(name, key, node) for key, node in config.items()}
    return Project(
        name=name,
        root=root,
        suffix=suffix,
        directory=directory,
        entry=entry,
        stack_directory=root / stack_directory,
        declarations=declared,
    )


def _check_runtime(file: str, runtime: Any) -> None:
    named = cast("dict[str, Any]", runtime).get("name") if isinstance(runtime, dict) else runtime
    if named != "python":
        msg = f"{file}: runtime is {named!r}, and only 'python' can be previewed"
        raise ConfigError(msg)


def _program(root: Path, file: str, main: Any) -> tuple[Path, str]:
    """Return the directory to run in, and what to run there."""
    path = Path(root, str(main or ".")).resolve()
    if not path.is_relative_to(root):
        msg = f"{file}: main is {main!r}, which is not below the project: name a path inside it"
        raise ConfigError(msg)
    if path.is_file():
        return path.parent, path.name
    if not (path / "__main__.py").is_file():
        shown = path.relative_to(root) / "__main__.py"
        msg = f"{file}: there is no {shown}: set 'main' to the directory or file of the program"
        raise ConfigError(msg)
    return path, "."


def _config(top: Mapping[str, yaml.Node], file: str) -> tuple[dict[str, yaml.Node], str]:
    """Return the declared keys, and the directory of the stacks' files."""
    node, directory = top.get("config"), top.get("stackConfigDir")
    stated = str(value(directory) or ".") if directory else "."
    if node is None:
        return {}, stated
    old_name = value(node)
    if not isinstance(old_name, str):
        return items(node), stated
    if directory:
        msg = f"{file}: both config and stackConfigDir name a directory: keep stackConfigDir"
        raise ConfigError(msg)
    return {}, old_name


def full_key(project: str, key: str) -> str:
    """Give a key its namespace: the project's if it has none; ``a:config:b`` is ``a:b``."""
    parts = key.split(":")
    if len(parts) == 1:
        return f"{project}:{key}"
    if len(parts) == 3 and parts[1] == "config":
        return f"{parts[0]}:{parts[2]}"
    if len(parts) != 2:
        msg = f"{key!r} is no configuration key: write it as 'key' or 'namespace:key'"
        raise ConfigError(msg)
    return key


def _declaration(project: str, key: str, node: yaml.Node) -> Declaration:
    full = full_key(project, key)
    own = full.startswith(f"{project}:")
    given = value(node)
    if given is None:
        given = {}
    elif not isinstance(given, dict):
        given = {"default" if own else "value": given}
    words = cast("dict[str, Any]", given)
    wrong = _mistake(key, words, own=own)
    if wrong:
        msg = f"{where(node)}: {wrong}"
        raise ConfigError(msg)
    return Declaration(
        key=full,
        default=words.get("default", words.get("value")),
        type=words.get("type", ""),
        items=words.get("items") or {},
        secret=bool(words.get("secret")),
    )


def _mistake(key: str, words: Mapping[str, Any], *, own: bool) -> str | None:
    """Say what the CLI would refuse in a declaration."""
    for word in words:
        if word not in _ATTRIBUTES:
            close = difflib.get_close_matches(word, _ATTRIBUTES, n=1) or [", ".join(_ATTRIBUTES)]
            return f"{key} has an attribute {word!r}, which there is not: use {close[0]}"
    if not own:
        only = list(words) == ["value"]
        return None if only else f"{key} belongs to a provider: give it a 'value' and nothing else"
    if "default" in words and "value" in words:
        return f"{key} has both a default and a value: keep one"
    return _type_mistake(key, words) if "type" in words else None


def _type_mistake(key: str, words: Mapping[str, Any]) -> str | None:
    type_, items_ = words["type"], cast("dict[str, Any]", words.get("items") or {})
    if type_ not in TYPES:
        return f"{key} has type {type_!r}: use one of {', '.join(TYPES)}"
    if type_ == "array" and not items_:
        return f"{key} is an array: say of what, by 'items'"
    if "default" in words and not fits(type_, items_, words["default"]):
        return f"{key} has a default that is no {_type_name(type_, items_)}"
    return None


def _type_name(type_: str, items_: Any) -> str:
    return f"array<{_type_name(items_['type'], items_.get('items'))}>" if items_ else type_


def _is_integer(given: Any) -> bool:
    if isinstance(given, str):
        return re.fullmatch(r"[-+]?[0-9]+", given) is not None
    return not isinstance(given, bool) and isinstance(given, int | float) and given == int(given)
