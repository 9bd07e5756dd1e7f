"""What the environment says, under the names of docs/environment.md, and nothing else."""

from pathlib import Path
from typing import Any, Self

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class DatabaseSettings(BaseSettings):
    """All that a migration needs."""

    model_config = SettingsConfigDict(frozen=True)

    database_url: SecretStr
    """Where to write."""

    @classmethod
    def from_environment(cls) -> Self:
        """Read what is set; what is missing or wrong ends the process, with every name."""
        return cls()  # pyright: ignore[reportCallIssue] - the environment fills it


class Settings(DatabaseSettings):
    """All that the app needs. What has no default is always set; a secret is never printed."""

    database_replica_url: SecretStr
    """Where to read what may lag by a moment."""

    database_pool: int = Field(default=5, ge=1)
    """Connections that a process keeps open, to each of the two."""

    database_overflow: int = Field(default=5, ge=0)
    """Connections that it opens on top for a burst. Both together, for each process and each URL,
    and half as many again while a release runs, must stay below ``max_connections``."""

    celery_broker_url: SecretStr
    """The Redis that never forgets: tasks and their schedule."""

    celery_settings: dict[str, Any] = Field(default_factory=dict[str, Any])
    """What a pool of workers is told about itself; web servers are told nothing."""

    redis_url: SecretStr
    """The Redis that may forget: cached reads and sessions."""

    secret_key: SecretStr = Field(min_length=32)
    """Signs the session's cookie."""

    static_url: str = "/static/"
    """Where static files are; the default has the app serve them, as on a laptop."""

    media_url: str = "/media/"
    """Where uploads are."""

    media_bucket: str | None = None
    """Where uploads go, below ``media/``; none puts them into ``media_dir``."""

    media_dir: Path = Path("media")
    """The directory of uploads where there is no bucket."""

    staff_token: SecretStr | None = Field(default=None, min_length=32)
    """What a request that changes the catalog has to bear; none lets nobody."""

    log_level: str = "INFO"
    """The least important line that is logged."""

    @field_validator("static_url", "media_url")
    @classmethod
    def _ends_in_slash(cls, url: str) -> str:
        if not url.endswith("/"):
            msg = f"{url!r} does not end in a slash: names are put right behind it, so add one"
            raise ValueError(msg)
        return url

    @property
    def threads(self) -> int:
        """Requests that a process works on at once: none of them waits for a connection."""
        return self.database_pool + self.database_overflow

    @property
    def behind_cdn(self) -> bool:
        """Whether visitors come by TLS, whatever the way from the CDN to here speaks."""
        return self.static_url.startswith("https://")
