"""What ``plinth:stack`` in a ``Pulumi.<stack>.yaml`` may say, as one document."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from plinth import (
    AlarmTopicSettings,
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
from plinth.certificate import covers
from plinth.settings import Settings


class Compute(StrEnum):
    """What the app's processes run on."""

    EC2 = "ec2"
    """Autoscaling groups of instances."""
    KUBERNETES = "kubernetes"
    """A cluster: see ``plinth:kubernetes``."""


class Stack(Settings, frozen=True):
    """Everything that differs between stacks. Secrets are separate, encrypted keys."""

    compute: Compute | None = Compute.EC2
    """What the app runs on; ``null`` makes all but the app, for a cluster that comes next."""

    alarms: AlarmTopicSettings | None = AlarmTopicSettings()
    """Who is told when something goes wrong; ``null`` watches nothing, and costs nothing."""

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
    def _fits_together(self) -> Self:
        if problems := [*self._of_domains(), *self._of_zones(), *self._of_time()]:
            raise ValueError("; ".join(problems))
        return self

    def _of_domains(self) -> Iterator[str]:
        domains = {"balancer": self.balancer.domain, "cdn": self.cdn.domain}
        named = [f"{part}.domain={domain!r}" for part, domain in domains.items() if domain]
        if named and self.zone_id is None:
            yield f"{' and '.join(named)} need a zone to be written in: set zone_id"
        visited = [name for name in (self.cdn.domain, *self.cdn.alternative_names) if name]
        if self.balancer.domain is None:
            return
        if self.balancer.domain in visited:
            yield (
                f"balancer.domain={self.balancer.domain!r} is the cdn's own, which would fetch "
                f"from itself: give the balancer another, such as 'origin.{self.balancer.domain}'"
            )
        certified = (self.balancer.domain, *self.balancer.alternative_names)
        for name in visited:
            if not any(covers(pattern, name) for pattern in certified):
                yield (
                    f"cdn answers to {name!r}, which the balancer's certificate does not cover: "
                    f"add it to balancer.alternative_names"
                )

    def _of_zones(self) -> Iterator[str]:
        zones = self.network.zones
        if len(zones) < 2:
            yield f"network.zones={list(zones)} are too few for a balancer or a database: name two"
        for key, replica in self.database.replicas.items():
            if replica.zone not in zones:
                yield (
                    f"database.replicas.{key}.zone={replica.zone!r} is none of the network's "
                    f"{list(zones)}: choose one of them, or add it to network.zones"
                )

    def _of_time(self) -> Iterator[str]:
        if self.web.request_seconds > self.balancer.idle_timeout:
            yield (
                f"web.request_seconds={self.web.request_seconds} is longer than the balancer waits "
                f"with idle_timeout={self.balancer.idle_timeout}: raise that, or shorten requests"
            )
