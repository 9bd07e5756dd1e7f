"""What the app's processes are put together from, wherever they run."""

from collections.abc import Sequence
from dataclasses import dataclass

from plinth import BalancerLike, BrokerLike, NetworkLike, Service, TopicLike


@dataclass(frozen=True, kw_only=True)
class App:
    """An image, and the platform that its processes use."""

    image: str
    green_image: str | None
    """The second image of web servers that are released blue/green."""
    network: NetworkLike
    balancer: BalancerLike
    broker: BrokerLike
    stores: Sequence[Service]
    """What every process uses, beside the broker."""
    cdn: Service
    """Where web servers and workers keep uploads; beat does not."""
    alarms: TopicLike | None
