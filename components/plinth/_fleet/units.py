"""A process as a systemd unit that runs one container in the foreground."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .release import MOUNTED, PROGRAM, Release

ETC = "/etc/plinth"
LIB = "/usr/local/lib/plinth"
DOCKER = f"{ETC}/docker"
"""Where docker finds how to log in; it is the same for every process."""

INSTANCE = f"{ETC}/instance.env"
"""What the instance knows about itself; ``first_boot.sh`` writes it."""

GRACE = 15
"""Seconds that systemd allows beyond the time a process has to stop."""

RELEASE_PAUSE = 30
"""Seconds after a failed release until the same instance tries it again."""

RELEASE_STOP = 20
"""Seconds that a release has to stop in; its command has ten of them."""

RELEASER = "release.sh"

_NAME = re.compile(r"[a-z](-?[a-z0-9])*")


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A systemd unit beside those of the processes."""

    name: str
    """With its suffix: ``drain.service``. It is enabled and started after first boot."""
    content: str


@dataclass(frozen=True, kw_only=True)
class Stop:
    """How a process is asked to end."""

    seconds: int
    """Time it has. Past that, and a few seconds more, systemd kills it."""
    command: Sequence[str] = ()
    """What asks it. Empty sends the container SIGTERM, and SIGKILL once the time is over."""


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A variable put together at boot: ``wiring.SecretText``, its values known."""

    arn: str
    template: str


@dataclass(frozen=True, kw_only=True)
class Process:
    """One container that runs as long as the instance does."""

    name: str
    """Names the container, and its unit: ``plinth-{name}.service``."""
    image: str
    log_group: str
    """CloudWatch log group; the stream is ``{name}/{instance id}``."""
    stop: Stop
    command: Sequence[str] = ()
    """Empty runs the image's own."""
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    secrets: Mapping[str, Secret] = field(default_factory=dict[str, Secret])
    port: int | None = None
    """Port that the container listens on, opened on the instance under the same number."""
    release: Release | None = None
    """What its image must have run before it starts."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            msg = f"process {self.name!r} needs a name of lower-case letters, digits and dashes"
            raise ValueError(msg)

    @property
    def unit(self) -> str:
        """Its systemd unit."""
        return f"plinth-{self.name}.service"

    @property
    def variables_path(self) -> str:
        """File of its variables that are no secret."""
        return f"{ETC}/{self.name}.env"

    @property
    def recipe_path(self) -> str:
        """File that says which secrets to read, and what to make of them."""
        return f"{ETC}/{self.name}.secrets.json"

    @property
    def secrets_path(self) -> str:
        """File of its secret variables: in memory, root's alone, gone when the unit stops."""
        return f"/run/plinth/{self.name}/secrets.env"


def process_unit(process: Process) -> str:
    """Write the unit of a process; it is started again however it ended.

    Its main process is ``docker run``, which hands on to the container the signals it gets. An
    image that cannot be released is never started.
    """
    return f"""\
[Unit]
Description=Plinth process {process.name}
Requires=docker.service
After=docker.service network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
Environment=HOME=/root DOCKER_CONFIG={DOCKER}
EnvironmentFile={INSTANCE}
{_prepare(process)}ExecStart={_lines(_run(process))}
ExecStop={_lines(_stop(process))}
{_clear(process)}ExecStopPost=-/usr/bin/docker rm --force {process.name}
KillMode=mixed
TimeoutStartSec=infinity
TimeoutStopSec={process.stop.seconds + GRACE}
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
"""


def quote(word: str) -> str:
    """Write a word so that systemd passes it on as it is: no specifier, no variable, no split."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r") + '"'


def _prepare(process: Process) -> str:
    resolve = f"{LIB}/resolve_secrets.py {process.recipe_path} {process.secrets_path}"
    secrets = (
        f"RuntimeDirectory=plinth/{process.name}\n"
        "RuntimeDirectoryMode=0700\n"
        f"ExecStartPre=/usr/bin/python3 {resolve}\n"
    )
    remove = f"ExecStartPre=-/usr/bin/docker rm --force {process.name}\n"
    return f"{secrets if process.secrets else ''}{remove}{_release(process)}"


def _release(process: Process) -> str:
    """Hold the process back until its image is released; once is enough for an instance's life."""
    if process.release is None:
        return ""
    program, *arguments = process.release.words(process.image)
    words = [
        f"/bin/sh {LIB}/{RELEASER} /run/plinth-{process.name}.released {RELEASE_PAUSE}",
        *_container(process, _releasing(process)),
        f"--volume {LIB}/{PROGRAM.name}:{MOUNTED}:ro",
        # Whatever the image starts otherwise, it must not start now.
        f"--entrypoint {program}",
        quote(process.image),
        *map(quote, arguments),
    ]
    return f"ExecStartPre={_lines(words)}\n"


def _releasing(process: Process) -> str:
    return f"{process.name}-release"


def _clear(process: Process) -> str:
    """End a release with the unit that waits for it."""
    if process.release is None:
        return ""
    return f"ExecStopPost=-/usr/bin/docker stop -t {RELEASE_STOP} {_releasing(process)}\n"


def _run(process: Process) -> list[str]:
    return [
        *_container(process, process.name),
        *([f"--publish {process.port}:{process.port}"] if process.port else []),
        quote(process.image),
        *map(quote, process.command),
    ]


def _container(process: Process, name: str) -> list[str]:
    """Write what every container of a process has in common: its variables and its log."""
    files = [INSTANCE, process.variables_path, *([process.secrets_path] if process.secrets else [])]
    return [
        f"/usr/bin/docker run --rm --name {name}",
        *(f"--env-file {path}" for path in files),
        "--log-driver awslogs",
        f"--log-opt {quote(f'awslogs-group={process.log_group}')}",
        f"--log-opt awslogs-stream={name}/${{INSTANCE_ID}}",
        # Logs that cannot be sent are dropped in the end; an app must not stop for them.
        "--log-opt mode=non-blocking --log-opt max-buffer-size=25m",
        # The image's check is the web server's, and nobody would ask docker how it went.
        "--no-healthcheck",
        "--security-opt no-new-privileges",
    ]


def _stop(process: Process) -> list[str]:
    if process.stop.command:
        return [quote(word) for word in process.stop.command]
    return [f"-/usr/bin/docker stop -t {process.stop.seconds} {process.name}"]


def _lines(words: Sequence[str]) -> str:
    return " \\\n    ".join(words)
