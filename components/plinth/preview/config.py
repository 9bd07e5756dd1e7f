"""A stack's configuration, put together as the CLI does before it starts a program.

Rules and wording of the keys: https://www.pulumi.com/docs/iac/concepts/config/ and, where that is
silent, the CLI's ``pkg/workspace/config.go`` and ``sdk/go/common/resource/config/value.go``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import yaml

from .manifest import Declaration, Project, fits, full_key
from .yaml_core import ConfigError, items, read, value


class SecretText(str):
    """Stands for an encrypted value, which nobody can read offline.

    It passes for text, for a number and for ``true``, so that a program reads it whatever the
    type it asks for.
    """

    __slots__ = ()

    def __int__(self) -> int:
        """Pass for a number."""
        return 1

    def __float__(self) -> float:
        """Pass for a number."""
        return 1.0

    def __eq__(self, other: object) -> bool:
        """Pass for ``true``, which is how ``pulumi.Config`` tells a boolean."""
        return other == "true" or str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        """Be the opposite of equal; ``str`` has its own idea of it."""
        return not self == other

    __hash__ = str.__hash__


@dataclass(frozen=True, kw_only=True)
class StackConfig:
    """What a program of one stack is started with."""

    project: Project
    stack: str
    organization: str
    values: dict[str, str]
    """Every key with its namespace; what is not text is JSON."""
    secret_keys: list[str]
    """The keys with something encrypted in them, sorted."""
    warnings: list[str] = field(default_factory=list[str])
    """What could not be read, and is missing therefore."""


def load_stack(
    project: Project, stack: str, *, stand_ins: Mapping[str, str] | None = None
) -> StackConfig:
    """Read a stack's file, and merge into it what ``Pulumi.yaml`` declares.

    Args:
        project: Where the stack is.
        stack: Its name, which may have its organization before it: ``acme/dev``.
        stand_ins: Texts for keys that are encrypted as a whole, in place of ``[secret ns:key]``.

    Raises:
        ConfigError: There is no such stack, or something in a file is not right.
    """
    *organization, stack = stack.split("/")
    file = project.file(stack)
    written = _stack_file(project, stack)
    answers = {full_key(project.name, key): text for key, text in (stand_ins or {}).items()}
    values: dict[str, Any] = {}
    secret_keys: set[str] = set()
    for key, node in items(written["config"]).items() if "config" in written else ():
        full = full_key(project.name, key)
        values[full], secret = _reveal(_written(node), full, answers)
        secret_keys |= {full} if secret else set()
    warnings = [] if file.is_file() else [f"there is no {file.name}: previewed without it"]
    for word in ("environment", "mainEnvironment"):
        if word in written:
            reason = "its imports (Pulumi ESC) cannot be resolved offline, and are missing"
            warnings.append(f"{file.name}: {word}: {reason}")
    warnings += _declared(project, file.name, values, secret_keys)
    return StackConfig(
        project=project,
        stack=stack,
        organization=organization[0] if organization else "organization",
        values={key: _flat(file.name, key, given) for key, given in sorted(values.items())},
        secret_keys=sorted(secret_keys),
        warnings=warnings,
    )


def _stack_file(project: Project, stack: str) -> dict[str, yaml.Node]:
    file, known = project.file(stack), project.stacks()
    if file.is_file():
        return read(file)
    if known:
        msg = f"there is no stack {stack!r} ({file.name}): use one of {', '.join(known)}"
        raise ConfigError(msg)
    return {}  # a project that needs no configuration has no files, and the CLI asks for none


def _written(node: yaml.Node) -> Any:
    """Return a value of a stack's file: a scalar as it is written, whatever YAML makes of it."""
    found = value(node)
    if isinstance(node, yaml.ScalarNode):
        return "" if found is None else cast("str", node.value)
    return found


def _reveal(given: Any, key: str, answers: Mapping[str, str]) -> tuple[Any, bool]:
    """Put a stand-in for everything encrypted, at any depth; tell whether there was something."""
    if isinstance(given, dict):
        fields = cast("dict[str, Any]", given)
        if fields.keys() == {"secure"} and isinstance(fields["secure"], str):
            return answers.get(key, SecretText(f"[secret {key}]")), True
        shown = {name: _reveal(item, f"{key}.{name}", answers) for name, item in fields.items()}
        return {name: item for name, (item, _) in shown.items()}, any(s for _, s in shown.values())
    if isinstance(given, list):
        parts = enumerate(cast("list[Any]", given))
        found = [_reveal(item, f"{key}[{index}]", answers) for index, item in parts]
        return [item for item, _ in found], any(secret for _, secret in found)
    return given, False


def _declared(
    project: Project, file: str, values: dict[str, Any], secret_keys: set[str]
) -> list[str]:
    """Add defaults to a stack's values, and check them against what is declared."""
    missing: list[str] = []
    warnings: list[str] = []
    for written, declaration in sorted(project.declarations.items()):
        if "." in written or "[" in written:
            warnings.append(f"Pulumi.yaml: {written}: a key that is a path is left out")
        elif declaration.key in values:
            _check(declaration, file, values[declaration.key], declaration.key in secret_keys)
        elif declaration.default is not None:
            values[declaration.key] = declaration.default
        else:
            missing.append(declaration.key)
    if missing:
        keys = " and ".join(missing)
        msg = f"{file}: {keys} must be set, says Pulumi.yaml: add it, or give it a default"
        raise ConfigError(msg)
    return warnings


def _check(declaration: Declaration, file: str, given: Any, secret: bool) -> None:  # noqa: FBT001
    key = declaration.key
    if declaration.secret and not secret:
        msg = f"{file}: {key} must be secret, says Pulumi.yaml: pulumi config set --secret {key}"
        raise ConfigError(msg)
    if not declaration.type or isinstance(given, SecretText):
        return
    if not fits(declaration.type, declaration.items, given):
        shown = "" if secret else f", and is {json.dumps(given)}"
        msg = f"{file}: {key} must be of type {declaration.type_name}, says Pulumi.yaml{shown}"
        raise ConfigError(msg)


def _flat(file: str, key: str, given: Any) -> str:
    if isinstance(given, str):
        return given
    try:
        return json.dumps(_whole(given), separators=(",", ":"), sort_keys=True, allow_nan=False)
    except ValueError:
        msg = f"{file}: {key} holds .nan or .inf, which JSON cannot carry: write a number"
        raise ConfigError(msg) from None


def _whole(given: Any) -> Any:
    """Write ``1.0`` as ``1``, as Go's JSON does."""
    if isinstance(given, float) and given.is_integer() and abs(given) < 1e21:
        return int(given)
    if isinstance(given, dict):
        return {key: _whole(item) for key, item in cast("dict[str, Any]", given).items()}
    if isinstance(given, list):
        return [_whole(item) for item in cast("list[Any]", given)]
    return given
