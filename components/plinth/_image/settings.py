"""How an image is built and kept, checked before anything is registered."""

import re
from typing import Self

from pydantic import Field, field_validator, model_validator

from plinth._fleet.instances import one_architecture
from plinth.settings import Settings

CACHE_PREFIX = "cache-"
"""Tags of what builds leave for the next ones. They are moved, and no instance ever runs them."""

_TAG = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$"
_ACCOUNT = re.compile(r"\d{12}")


class BuildSettings(Settings, frozen=True):
    """How the program builds the image, on the machine that it runs on."""

    context: str = Field(min_length=1)
    """Directory to build from, relative to the program's. It needs a ``.dockerignore``: every file
    that this does not name is part of what decides whether to build again."""

    tag: str = Field(pattern=_TAG)
    """Tag of this build alone, such as ``git-4f2a9c1``: the registry takes each tag once."""

    dockerfile: str | None = None
    """The Dockerfile, relative to the program's directory; by default the context's own."""

    target: str | None = None
    """Stage of the Dockerfile to build; by default the last one."""

    instance_types: tuple[str, ...] = ("t4g.small",)
    """Every EC2 instance type that is to run it. They share one processor, and the image is built
    for that one: a cache serves several platforms badly."""

    cache: bool = True
    """Whether layers are kept in the registry, so that a machine that is new builds only what
    changed."""

    args: dict[str, str] = Field(default_factory=dict[str, str])
    """Build arguments. They stay readable in the image: no secrets, and nothing that differs
    from run to run."""

    on_preview: bool = False
    """Whether a preview builds too, without pushing. It then needs Docker, and the right to write
    the cache, wherever previews run."""

    @field_validator("instance_types")
    @classmethod
    def _alike(cls, instance_types: tuple[str, ...]) -> tuple[str, ...]:
        one_architecture(instance_types)
        return instance_types


class ContainerImageSettings(Settings, frozen=True):
    """How an image is built and kept."""

    build: BuildSettings | None = None
    """How to build it here; without it, CI builds and pushes, and hands over a reference."""

    tag_prefix: str = Field(default="git-", pattern=_TAG)
    """What the tags of builds begin with. Images with other tags are kept for ever."""

    keep: int = Field(default=50, ge=10, le=1000)
    """Builds to keep, newest first. The oldest one that may still be started, by a group that
    scales out or by going back, has to be among them: push what may be deployed, and count the
    pushes between two deployments."""

    pull_accounts: tuple[str, ...] = ()
    """Other AWS accounts that may pull, where each stack has its own; none by default. Roles of
    this account need a grant of their own, which the tiers give themselves."""

    protected: bool = True
    """Whether the repository is guarded against deletion. Without it, it goes with its images."""

    @field_validator("pull_accounts")
    @classmethod
    def _accounts(cls, accounts: tuple[str, ...]) -> tuple[str, ...]:
        for account in accounts:
            if not _ACCOUNT.fullmatch(account):
                msg = f"{account!r} is no AWS account: give its 12 digits, in quotes"
                raise ValueError(msg)
        return accounts

    @model_validator(mode="after")
    def _agree(self) -> Self:
        prefixes = self.tag_prefix, CACHE_PREFIX
        if prefixes[0].startswith(prefixes[1]) or prefixes[1].startswith(prefixes[0]):
            msg = f"tag_prefix={self.tag_prefix!r} also means {CACHE_PREFIX}*: choose another"
            raise ValueError(msg)
        if self.build is not None and not self.build.tag.startswith(self.tag_prefix):
            msg = (
                f"build.tag={self.build.tag!r} would be kept for ever: begin it with "
                f"{self.tag_prefix!r}, or set tag_prefix"
            )
            raise ValueError(msg)
        return self
