"""Redis, as far as counting goes: its protocol over one connection."""

import socket
import ssl
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, cast
from urllib.parse import parse_qs, unquote, urlsplit

PORT = 6379

SECONDS = 5.0
"""Patience with a Redis that does not answer; the function has some more."""


class RedisError(Exception):
    """Redis refused a command; the text is its own."""

    @property
    def is_about_the_password(self) -> bool:
        """Whether signing in again with what the secret holds now may help."""
        return str(self).startswith(("WRONGPASS", "NOAUTH"))


class Redis:
    """Sends commands and reads the answers."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def ask(self, *words: str) -> Any:
        """Send one command."""
        return self.ask_all([words])[0]

    def ask_all(self, commands: Sequence[Sequence[str]]) -> list[Any]:
        """Send commands in one go, and read as many answers."""
        self._stream.write(b"".join(_command(words) for words in commands))
        self._stream.flush()
        return [self._answer() for _ in commands]

    def scan(self, key: str, count: int) -> Iterator[list[bytes]]:
        """Read a hash's values in parts of about ``count``, so that Redis serves others between."""
        cursor = "0"
        while True:
            raw, pairs = self.ask("HSCAN", key, cursor, "COUNT", str(count))
            yield pairs[1::2]
            cursor = raw.decode()
            if cursor == "0":
                return

    def _answer(self) -> Any:
        line = self._stream.readline()
        if not line.endswith(b"\r\n"):
            message = "Redis closed the connection"
            raise ConnectionError(message)
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            raise RedisError(rest.decode(errors="replace"))
        if kind == b"$":
            return self._stream.read(int(rest) + 2)[:-2] if int(rest) >= 0 else None
        if kind == b"*":
            return [self._answer() for _ in range(int(rest))]
        return int(rest) if kind == b":" else rest.decode()


@contextmanager
def connected(url: str, seconds: float = SECONDS) -> Generator[Redis]:
    """Connect and sign in as a URL says: ``rediss://user:password@host:6379/0``.

    ``rediss`` checks the server's certificate, against ``ssl_ca_certs`` where the URL names it.
    """
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    with socket.create_connection((host, parts.port or PORT), seconds) as plain:
        wire = _encrypted(plain, host, parts.query) if parts.scheme == "rediss" else plain
        with wire, cast("BinaryIO", wire.makefile("rwb")) as stream:
            redis = Redis(stream)
            if parts.password:
                redis.ask("AUTH", unquote(parts.username or "default"), unquote(parts.password))
            database = parts.path.strip("/")
            if database not in ("", "0"):
                redis.ask("SELECT", database)
            yield redis


def _encrypted(plain: socket.socket, host: str, query: str) -> ssl.SSLSocket:
    trusted = parse_qs(query).get("ssl_ca_certs", [None])[0]
    return ssl.create_default_context(cafile=trusted).wrap_socket(plain, server_hostname=host)


def _command(words: Sequence[str]) -> bytes:
    encoded = [word.encode() for word in words]
    head = b"*%d\r\n" % len(encoded)
    return head + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)
