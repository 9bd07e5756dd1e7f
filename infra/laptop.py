"""The shop on one machine, for those who work on it."""

import pulumi

from plinth.configuration import read
from plinth.local import LocalPlatform, LocalPlatformSettings


def laptop(config: pulumi.Config) -> None:
    """Compose the platform of ``plinth:local``."""
    settings = read(LocalPlatformSettings, "local", config=config)
    platform = LocalPlatform("shop", settings, image=config.require("image"))
    pulumi.export("url", platform.url)
