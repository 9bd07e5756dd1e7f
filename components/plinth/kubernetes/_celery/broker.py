"""The broker's database in KEDA's words, which knows no URL: address, user and password apart."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

import pulumi

from plinth.wiring import SecretText

PORT = "6379"

_URL = re.compile(
    r"(?P<scheme>rediss?)://"
    r"((?P<user>\{[^{}]*\}|[^:@/{}]*)(:(?P<password>\{[^{}]*\}|[^@{}]*))?@)?"
    r"(?P<host>[^@]*?)(:(?P<port>\d+))?(/(?P<database>\d*))?(\?.*)?"
)


@dataclass(frozen=True, kw_only=True)
class Located:
    """A URL's parts. Of a template, user and password are templates too."""

    address: str
    database: str
    tls: str
    user: str
    password: str


def located(url: str | None) -> Located:
    """Take apart the URL of a Redis database, or the template of one.

    Raises:
        ValueError: It has no such parts: it is one field of a secret, or of another scheme.
    """
    if url is None:
        return Located(address="", database="0", tls="true", user="", password="")
    found = _URL.fullmatch(url)
    if found is None:
        msg = (
            f"KEDA must be told address, user and password apart, and the broker's URL {url!r} "
            "does not tell them: write it as 'rediss://{username:url}:{password:url}@host:6379/0', "
            "or set autoscaler=cpu"
        )
        raise ValueError(msg)
    return Located(
        address=f"{found['host']}:{found['port'] or PORT}",
        database=found["database"] or "0",
        tls=str(found["scheme"] == "rediss").lower(),
        user=_plain(found["user"]),
        password=_plain(found["password"]),
    )


def part(url: pulumi.Input[str], which: Callable[[Located], str]) -> pulumi.Output[str]:
    """Take one part of a URL that may not be known yet."""
    late: pulumi.Output[str | None] = pulumi.Output.from_input(url)
    return late.apply(lambda known: which(located(known)))


def signing_in(url: SecretText | pulumi.Input[str]) -> dict[str, SecretText]:
    """Tell user and password, as secrets of their own."""
    if not isinstance(url, SecretText):
        url = SecretText(secret_arn="", template=url, value=url)
    return {
        "username": _field(url, lambda found: found.user),
        "password": _field(url, lambda found: found.password),
    }


def _field(url: SecretText, which: Callable[[Located], str]) -> SecretText:
    return SecretText(
        secret_arn=url.secret_arn,
        template=part(url.template, which),
        value=None if url.value is None else part(url.value, which),
    )


def _plain(text: str | None) -> str:
    """Undo what a URL needs and nobody else: a field's encoding, or the text's own."""
    if text is None:
        return ""
    return text.replace(":url}", "}") if text.startswith("{") else unquote(text)
