"""A shop that runs: its services, and its web server."""
# pyright: reportUnknownMemberType=false

import socket
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from sqlalchemy import Engine

from shop.app import create_app
from shop.settings import Settings
from shop.store import connect

STAFF = {"Authorization": f"Bearer {'t' * 32}"}
NOWHERE = "redis://127.0.0.1:1/0"
"""A port that nothing listens on."""


@dataclass(frozen=True)
class Services:
    """What the shop finds in its environment, and the database's owner's way in."""

    variables: dict[str, str]
    owner: Engine

    def settings(self, **changed: str) -> Settings:
        """Read the environment, but for what is changed."""
        given = {name.lower(): value for name, value in self.variables.items()}
        return Settings.model_validate({**given, **changed})

    def flush(self) -> None:
        """Empty the broker and the cache."""
        with closing(connect(self.variables["REDIS_URL"])) as redis:
            redis.flushall()


def take(celery: Any, queue: str) -> Any:
    """Take the oldest message out of a queue."""
    with celery.connection_for_read() as connection:
        message = connection.SimpleQueue(queue).get(block=False)
        message.ack()
    return message


def count(celery: Any) -> int:
    """Count what waits in Celery's own queue."""
    with celery.connection_for_read() as connection:
        return int(connection.default_channel.client.llen("celery"))


@contextmanager
def opened(settings: Settings) -> Generator[httpx.Client]:
    """Serve the app on loopback, and visit it."""
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_config=None, lifespan="on"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()
