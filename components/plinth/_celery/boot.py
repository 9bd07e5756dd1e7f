"""What boots a worker's instance, and beat's. Pure text, no Pulumi."""

from dataclasses import dataclass
from pathlib import Path

from plinth._fleet import units
from plinth._fleet.boot import boot_document, shipped
from plinth._fleet.release import Release
from plinth._fleet.units import INSTANCE, LIB, Process, Stop, Unit, quote
from plinth._fleet.user_data import Known

from .drain import SPOT_DRAIN, Drain

HOOK = "drain"
"""Names the lifecycle hook, one to a group, which is known before the group is."""

ANSWERED = "answered"
"""Names the hook that holds a new instance back until its worker answers."""

BEAT_STOP = 15
"""Seconds; beat gives its lock back and goes in two."""

_FILES = Path(__file__).parent / "files"


@dataclass(frozen=True, kw_only=True)
class Ping:
    """What it takes to ask a worker whether it is there."""

    app: str
    node: str
    """The worker's name before the ``@``."""


def worker_document(
    known: Known, command: list[str], times: Drain, ping: Ping, release: Release | None = None
) -> str:
    """Write the boot document of a worker, of who waits for it, and of who sees it off."""
    stop = ["/usr/bin/python3", f"{LIB}/celery_stop.py", "celery", str(times.drain)]
    process = Process(
        name="celery",
        image=known.image,
        log_group=known.log_group,
        stop=Stop(seconds=times.stop_timeout - units.GRACE, command=stop),
        command=command,
        variables=known.variables,
        secrets=known.secrets,
        release=release,
    )
    programs = ("celery_stop.py", "celery_answers.sh", "drain_agent.py")
    files = [shipped(_FILES / program) for program in programs]
    return boot_document([process], files, [_agent(process), _greeter(ping)])


def beat_document(known: Known, command: list[str]) -> str:
    """Write the boot document of beat."""
    process = Process(
        name="beat",
        image=known.image,
        log_group=known.log_group,
        stop=Stop(seconds=BEAT_STOP),
        command=command,
        variables=known.variables,
        secrets=known.secrets,
    )
    return boot_document([process])


def _agent(process: Process) -> Unit:
    options = f"--unit {quote(process.unit)} --hook {HOOK} --spot-seconds {SPOT_DRAIN}"
    content = f"""\
[Unit]
Description=Plinth drain agent
After=network-online.target
Wants=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=/usr/bin/python3 {LIB}/drain_agent.py {options}
Restart=on-failure
RestartSec=5

[Install]
WantedBy=multi-user.target
"""
    return Unit(name="plinth-drain.service", content=content)


def _greeter(ping: Ping) -> Unit:
    words = " ".join(quote(word) for word in ("celery", ping.app, ping.node, ANSWERED))
    content = f"""\
[Unit]
Description=Plinth reports the worker in service once it answers
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
Environment=HOME=/root
EnvironmentFile={INSTANCE}
ExecStart=/bin/sh {LIB}/celery_answers.sh {words}
TimeoutStartSec=infinity

[Install]
WantedBy=multi-user.target
"""
    return Unit(name="plinth-answers.service", content=content)
