"""Objects as YAML, the same to the byte for the same stack."""

import re
from collections.abc import Iterable
from typing import Any

import yaml

from .objects import Manifest

_NUMBER = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|0[xXoO][0-9a-fA-F]+")
"""A text that some reader of YAML takes for a number, such as the digest ``1e10``."""


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such, and the items of lists indented."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - PyYAML calls it so
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML asks for each
        return True


def _text(_dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else "'" if _NUMBER.fullmatch(text) else None
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def to_yaml(objects: Iterable[Manifest]) -> str:
    """Write objects as one stream of documents."""
    return "".join(
        "---\n"
        + yaml.dump(
            dict(manifest.body),
            Dumper=_Dumper,
            sort_keys=False,
            width=float("inf"),
            allow_unicode=True,
        )
        for manifest in objects
    )
