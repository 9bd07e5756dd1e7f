"""Reads a boot document as cloud-init, docker and systemd would."""

import base64
import gzip
import re
from typing import Any, cast

import yaml


def cloud_config(document: str) -> dict[str, Any]:
    """Parse a document."""
    assert document.startswith("#cloud-config\n")
    return cast("dict[str, Any]", yaml.safe_load(document))


def written_files(document: str) -> dict[str, str]:
    """Return the content of each file that a document writes, by its path."""
    return {
        file["path"]: base64.b64decode(file["content"]).decode()
        if file.get("encoding") == "b64"
        else file["content"]
        for file in cloud_config(document)["write_files"]
    }


def user_data_files(launch_template: dict[str, Any]) -> dict[str, str]:
    """Return the files that the user data of a launch template's inputs writes."""
    sent = base64.b64decode(launch_template["userData"])
    return written_files(unpacked(sent))


def unpacked(sent: bytes) -> str:
    """Return user data as text, as cloud-init does whether it is compressed or not."""
    return (gzip.decompress(sent) if sent.startswith(b"\x1f\x8b") else sent).decode()


def docker_variables(env_file: str) -> dict[str, str]:
    """Parse what ``docker run --env-file`` reads: github.com/docker/cli, pkg/kvfile."""
    pairs: dict[str, str] = {}
    for raw in env_file.split("\n"):
        line = raw.removesuffix("\r").lstrip()
        if line and not line.startswith("#"):
            name, _, value = line.partition("=")
            assert not re.search(r"\s", name)
            pairs[name] = value
    return pairs


def systemd_words(unit: str, setting: str, about: str = "") -> list[str]:
    """Split a unit's command line as systemd.service(5) says, and leave its variables alone.

    Of several, it is the one that has a word ``about`` what is wanted.
    """
    joined = unit.replace("\\\n", " ")
    lines = [x.partition("=")[2] for x in joined.split("\n") if x.startswith(f"{setting}=")]
    [line] = [x for x in lines if about in x]
    words = re.findall(r'"(?:[^"\\]|\\.)*"|\S+', line)
    return [_unquoted(word) for word in words]


def _unquoted(word: str) -> str:
    if not word.startswith('"'):
        return word
    escapes = {"n": "\n", "r": "\r"}
    inner = re.sub(r"\\(.)", lambda m: escapes.get(m[1], m[1]), word[1:-1])
    assert not re.search(r"(?<!%)(%%)*%(?!%)", inner), "a specifier was left"
    assert not re.search(r"(?<!\$)(\$\$)*\$(?!\$)", inner), "a variable was left"
    return inner.replace("%%", "%").replace("$$", "$")
