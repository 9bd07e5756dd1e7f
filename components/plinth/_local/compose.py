"""The services of a platform as a ``compose.yaml``."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from .model import LOOPBACK, Health, Service
from .services import services
from .settings import LocalPlatformSettings

_HEAD = """\
# The platform {name!r} of stack {stack!r}, written by {command!r}: change that, not this.
#
#   docker compose {up:<22} start it, and browse to http://{address}
#   docker compose logs --follow          see what it says
#   docker compose down                   stop it, and keep its data
#   docker compose down --volumes         stop it, and lose them
#
# The passwords are no secret, and need be none: ports are open to this machine alone.
"""


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A ``LocalPlatform`` of a stack, as its program asks for it."""

    stack: str
    name: str
    settings: LocalPlatformSettings
    image: str | None
    """The app's image; None where it is not known before it is built."""
    root: Path
    """The project's directory, which paths in the settings begin at."""


def compose_text(platform: Platform, directory: Path) -> str:
    """Write the file.

    Args:
        platform: What it is to start.
        directory: Where the file goes: its own paths begin there.

    Raises:
        ValueError: The app's image is neither known nor to be built.
    """
    settings = platform.settings
    if platform.image is None and settings.context is None:
        msg = (
            f"the image of {platform.name!r} is known only after a deployment: give it a tag, or "
            "set context to the directory of its Dockerfile"
        )
        raise ValueError(msg)
    head = _HEAD.format(
        name=platform.name,
        stack=platform.stack,
        command=f"plinth compose {platform.stack}",
        address=f"{LOOPBACK}:{settings.nginx.port}",
        up=f"up {'--build ' if settings.context else ''}--detach",
    )
    return f"{head}\n{as_yaml(_document(platform, directory))}"


def as_yaml(document: Mapping[str, Any]) -> str:
    """Write a document, every value of which arrives as it is."""
    return yaml.dump(_escaped(document), Dumper=_Dumper, sort_keys=False, width=10_000)


def _document(platform: Platform, directory: Path) -> dict[str, Any]:
    planned = services(platform.settings)
    first = next(service for service in planned if service.image is None)
    volumes = sorted({volume.name for service in planned for volume in service.volumes})
    files = {_config(s, path): text for s in planned for path, text in s.files.items()}
    return {
        "name": platform.name,
        "services": {
            each.name: _service(each, platform, directory, builds=each is first) for each in planned
        },
        "volumes": {volume: {} for volume in volumes},
        "configs": {name: {"content": text} for name, text in files.items()},
    }


def _service(
    service: Service, platform: Platform, directory: Path, *, builds: bool
) -> dict[str, Any]:
    source = [
        f"{_path(platform.root / path, directory)}:{there}"
        for there, path in service.source.items()
    ]
    written = {
        **_image(service, platform, directory, builds=builds),
        "command": list(service.command),
        # Celery's workers are known by it.
        "hostname": service.name,
        "environment": dict(sorted(service.environment.items())),
        "ports": [f"{LOOPBACK}:{port.host}:{port.container}" for port in service.ports],
        "volumes": [*_volumes(service), *source],
        "configs": [{"source": _config(service, p), "target": p} for p in service.files],
        "tmpfs": list(service.memory_dirs),
        "healthcheck": _healthcheck(service.health),
        "depends_on": {name: {"condition": r.value} for name, r in service.needs.items()},
        "restart": "no" if service.once else "unless-stopped",
        "stop_grace_period": f"{service.stop_seconds}s",
    }
    return {key: value for key, value in written.items() if value}


def _image(
    service: Service, platform: Platform, directory: Path, *, builds: bool
) -> dict[str, str]:
    """Say where an image comes from. One service builds the app's for all that run it.

    Two that build one name at the same time fail where the image is new: "already exists"
    (https://github.com/docker/buildx/issues/3576).
    """
    context = None if service.image else platform.settings.context
    image = service.image or platform.image or f"{platform.name}-app"
    if context is None:
        return {"image": image}
    if builds:
        return {"image": image, "build": _path(platform.root / context, directory)}
    return {"image": image, "pull_policy": "never"}


def _volumes(service: Service) -> list[str]:
    return [f"{v.name}:{v.path}{':ro' if v.read_only else ''}" for v in service.volumes]


def _config(service: Service, path: str) -> str:
    return f"{service.name}-{Path(path).stem}"


def _path(path: Path, directory: Path) -> str:
    """Write a path so that compose takes it for one, and not for a volume's name."""
    return f"./{os.path.relpath(path, directory)}".replace("./..", "..", 1)


def _healthcheck(health: Health | None) -> dict[str, Any]:
    if health is None:
        return {"disable": True}
    return {
        "test": ["CMD", *health.test],
        "interval": f"{health.interval}s",
        "timeout": f"{health.timeout}s",
        "retries": health.retries,
    }


def _escaped(value: Any) -> Any:
    """Keep compose from putting this machine's variables where a dollar sign stands."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, Mapping):
        return {key: _escaped(item) for key, item in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, Sequence):
        return [_escaped(item) for item in cast("Sequence[Any]", value)]
    return value


class _Dumper(yaml.SafeDumper):
    """Writes YAML as people do: lists indented, short ones on a line, nothing by reference."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - PyYAML's own signature
        return super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's own signature
        return True


def _text(_dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style=style)


def _list(dumper: yaml.SafeDumper, items: list[Any]) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=_short(items))


def _mapping(dumper: yaml.SafeDumper, fields: dict[str, Any]) -> yaml.MappingNode:
    alone = len(fields) < 2 and _short([*fields.values()])
    return dumper.represent_mapping("tag:yaml.org,2002:map", fields.items(), flow_style=alone)


def _short(items: Sequence[Any]) -> bool:
    """Tell whether some values go on one line."""
    words = [item for item in items if isinstance(item, str) and "\n" not in item]
    return len(words) == len(items) and sum(len(word) + 2 for word in words) <= _LINE


_LINE = 70
"""Characters of values that go on one line."""

_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)
_Dumper.add_representer(dict, _mapping)
