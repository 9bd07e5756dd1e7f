"""Which containers a platform has, worked out from its settings. Pure data, no Pulumi."""

from . import app, stores
from .model import Service
from .nginx import nginx
from .settings import LocalPlatformSettings


def services(settings: LocalPlatformSettings) -> tuple[Service, ...]:
    """Work out the containers, each after those that it needs."""
    pools = settings.workers.pools.items()
    return (
        stores.postgres(settings),
        stores.broker(settings),
        stores.cache(settings),
        *([app.release(settings)] if settings.web.release_command else []),
        app.web(settings),
        *(app.worker(settings, name, pool) for name, pool in pools),
        *([app.beat(settings, settings.beat)] if settings.beat else []),
        nginx(settings),
    )
