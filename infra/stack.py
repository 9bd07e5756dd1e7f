"""What ``plinth:stack`` in a ``Pulumi.<stack>.yaml`` may say, as one document."""

from typing import Self

from pydantic import Field, model_validator

from plinth import (
    AppSecretsSettings,
    CdnSettings,
    CeleryBeatSettings,
    CeleryWorkersSettings,
    LoadBalancerSettings,
    NetworkSettings,
    PostgresSettings,
    RedisBrokerSettings,
    RedisCacheSettings,
    WebSettings,
)
from plinth.settings import Settings


class Stack(Settings, frozen=True):
    """Everything that differs between stacks. Secrets are separate, encrypted keys."""

    network: NetworkSettings = NetworkSettings()
    """Zones, address range and the way out."""

    database: PostgresSettings = PostgresSettings()
    """Postgres: its size, its standby and its read replicas."""

    broker: RedisBrokerSettings = RedisBrokerSettings()
    """The Redis that Celery queues in."""

    cache: RedisCacheSettings = RedisCacheSettings()
    """The Redis that may forget."""

    secrets: AppSecretsSettings = AppSecretsSettings()
    """Which secrets the app gets: made up here, or given as encrypted configuration keys."""

    balancer: LoadBalancerSettings = LoadBalancerSettings()
    """The way in."""

    cdn: CdnSettings = CdnSettings()
    """CloudFront before the balancer, and the bucket of static files and uploads."""

    web: WebSettings = WebSettings()
    """The web servers."""

    workers: CeleryWorkersSettings = CeleryWorkersSettings()
    """The pools of Celery workers."""

    beat: CeleryBeatSettings | None = CeleryBeatSettings()
    """The scheduler of periodic tasks; ``null`` where the app has none."""

    zone_id: str | None = Field(default=None, pattern=r"^Z[A-Z0-9]+$")
    """Public hosted zone that the domains are written in; none where no domain is set."""

    @model_validator(mode="after")
    def _domains_need_a_zone(self) -> Self:
        domains = {"balancer": self.balancer.domain, "cdn": self.cdn.domain}
        named = [f"{part}.domain={domain!r}" for part, domain in domains.items() if domain]
        if named and self.zone_id is None:
            msg = f"{' and '.join(named)} need a zone to be written in: set zone_id"
            raise ValueError(msg)
        return self
