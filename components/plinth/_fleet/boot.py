"""The boot document: what cloud-init makes of a bare Amazon Linux 2023. Pure text, no Pulumi."""

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from struct import pack

from .image import ecr_registry
from .release import PROGRAM as RELEASE
from .units import DOCKER, INSTANCE, LIB, RELEASER, Process, Unit, process_unit

LARGEST = 16 * 1024
"""Bytes of user data that EC2 takes, before base64
(https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html)."""

PROGRAMS = Path(__file__).parent / "files"


@dataclass(frozen=True, kw_only=True)
class BootFile:
    """A file that is there before anything starts. It belongs to root."""

    path: str
    content: str
    mode: str = "0600"


def shipped(program: Path) -> BootFile:
    """Take a program along, to ``/usr/local/lib/plinth`` and under its own name."""
    return BootFile(path=f"{LIB}/{program.name}", content=program.read_text(), mode="0755")


def boot_document(
    processes: Sequence[Process], files: Sequence[BootFile] = (), units: Sequence[Unit] = ()
) -> str:
    """Write the cloud-init document that turns a bare instance into a running tier.

    Args:
        processes: The containers to run; each needs its own name.
        files: What they need beside that, such as a ``shipped()`` program.
        units: Further units to start.

    Raises:
        ValueError: EC2 would refuse it, or a value cannot be handed to a container.
    """
    _check_names(processes)
    own = [file for process in processes for file in _process_files(process)]
    extra = [_unit_file(unit.name, unit.content) for unit in units]
    needed = [shipped(PROGRAMS / "first_boot.sh"), *_docker_login(processes)]
    if any(process.secrets for process in processes):
        needed.append(shipped(PROGRAMS / "resolve_secrets.py"))
    if any(process.release for process in processes):
        needed += [shipped(PROGRAMS / RELEASER), shipped(RELEASE)]
    started = [*(process.unit for process in processes), *(unit.name for unit in units)]
    command = ["sh", f"{LIB}/first_boot.sh", INSTANCE, *started]
    written = "".join(_entry(file) for file in [*needed, *files, *own, *extra])
    document = f"#cloud-config\nwrite_files:\n{written}runcmd:\n  - {json.dumps(command)}\n"
    as_sent(document)
    return document


def as_sent(document: str) -> bytes:
    """Encode a document as EC2 takes it: as it is, or compressed where that is too long.

    cloud-init unpacks it. The header is written here because Python's differs between versions,
    and instances are replaced when a byte differs.
    """
    raw = document.encode()
    if len(raw) <= LARGEST:
        return raw
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflate.compress(raw) + deflate.flush()
    packed = b"\x1f\x8b\x08\0\0\0\0\0\2\xff" + body + pack("<II", zlib.crc32(raw), len(raw))
    if len(packed) > LARGEST:
        msg = (
            f"boot document has {len(packed)} bytes even compressed, and EC2 takes {LARGEST}: "
            "set fewer or shorter variables"
        )
        raise ValueError(msg)
    return packed


def env_file(variables: Mapping[str, str]) -> str:
    """Write variables as ``docker run --env-file`` reads them: raw, one to a line."""
    for name, value in variables.items():
        if any(mark in value for mark in "\n\r\0"):
            msg = f"variable {name} has a line break, which no container can be given: take it out"
            raise ValueError(msg)
    return "".join(f"{name}={variables[name]}\n" for name in sorted(variables))


def _process_files(process: Process) -> list[BootFile]:
    files = [
        BootFile(path=process.variables_path, content=env_file(process.variables)),
        _unit_file(process.unit, process_unit(process)),
    ]
    if process.secrets:
        recipe = {
            name: {"secret": secret.arn, "template": secret.template}
            for name, secret in process.secrets.items()
        }
        text = json.dumps(recipe, indent=1, sort_keys=True) + "\n"
        files.append(BootFile(path=process.recipe_path, content=text))
    return files


def _unit_file(name: str, content: str) -> BootFile:
    return BootFile(path=f"/etc/systemd/system/{name}", content=content, mode="0644")


def _docker_login(processes: Sequence[Process]) -> list[BootFile]:
    registries = sorted({r for p in processes if (r := ecr_registry(p.image))})
    config = {"credHelpers": dict.fromkeys(registries, "ecr-login")} if registries else {}
    return [BootFile(path=f"{DOCKER}/config.json", content=json.dumps(config) + "\n")]


def _entry(file: BootFile) -> str:
    """Write a file so that it can be read in a preview, and as base64 where YAML could spoil it."""
    head = f"  - path: {json.dumps(file.path)}\n    permissions: {json.dumps(file.mode)}\n"
    *lines, rest = file.content.split("\n")
    if rest or not all(line.isascii() and line.isprintable() for line in lines):
        encoded = base64.b64encode(file.content.encode()).decode()
        return f'{head}    encoding: b64\n    content: "{encoded}"\n'
    return f"{head}    content: |2+\n" + "".join(f"      {x}\n" if x else "\n" for x in lines)


def _check_names(processes: Sequence[Process]) -> None:
    names = [process.name for process in processes]
    if len(set(names)) < len(names):
        msg = f"processes {names} of one instance need a name each: rename one"
        raise ValueError(msg)
