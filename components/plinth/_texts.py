"""Secret texts: a template of ``wiring.SecretText``, read and filled in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

import pulumi

FIELD = re.compile(r"(?<!\$)\{([^{}]*?)(:url)?\}")
"""``{field}`` or ``{field:url}``, as ``resolve_secrets.py`` reads them on an instance. The
``${rds.Instance/db.address}`` that a preview has for what AWS will compute is none."""


@dataclass(frozen=True)
class Field:
    """A place in a template where a field of the secret goes."""

    name: str
    encoded: bool
    """Whether it is percent-encoded there, as a part of a URL."""


def pieces(template: str) -> list[str | Field]:
    """Take a template apart: its own text, and the fields between."""
    found: list[str | Field] = []
    end = 0
    for match in FIELD.finditer(template):
        found += [template[end : match.start()], Field(match[1], bool(match[2]))]
        end = match.end()
    return [*found, template[end:]]


def fill(template: str, fields: Mapping[str, str]) -> str:
    """Put a secret's fields into a template."""

    def text(piece: str | Field) -> str:
        if isinstance(piece, str):
            return piece
        value = fields[piece.name]
        return quote(value, safe="") if piece.encoded else value

    return "".join(map(text, pieces(template)))


def filled(template: pulumi.Input[str], **fields: pulumi.Input[str]) -> pulumi.Output[str]:
    """Put a secret's fields into a template, once both are known; the text is a Pulumi secret."""
    known = pulumi.Output.all(template=template, fields=fields)
    return pulumi.Output.secret(known.apply(lambda k: fill(str(k["template"]), k["fields"])))
