"""The platform on one machine: the app, its stores and its workers, in containers."""

import re
from collections.abc import Mapping

import pulumi

try:
    from ._local.containers import Site, make_containers, make_network, make_volumes
except ModuleNotFoundError as error:
    if error.name != "pulumi_docker":
        raise
    _NEED = "plinth.local needs pulumi_docker: pip install 'plinth-iac[docker]'"
    raise ModuleNotFoundError(_NEED, name=error.name) from None

from ._local.model import LOOPBACK
from ._local.services import services
from ._local.settings import (
    IMAGE,
    LocalBrokerSettings,
    LocalCacheSettings,
    LocalNginxSettings,
    LocalPlatformSettings,
    LocalPostgresSettings,
)
from .names import check_name

__all__ = [
    "LocalBrokerSettings",
    "LocalCacheSettings",
    "LocalNginxSettings",
    "LocalPlatform",
    "LocalPlatformSettings",
    "LocalPostgresSettings",
]


class LocalPlatform(pulumi.ComponentResource):
    """What runs in the cloud, on the Docker engine of one machine.

    Postgres, two Redis, the app's release step, its web server, its workers and beat, behind
    nginx. Ports are published on 127.0.0.1 alone, where fixed passwords harm nobody. The app finds
    the variables that it finds in the cloud.

    Containers and volumes are called ``{name}-{service}``, so that two platforms on one machine
    need two names, and ports of their own. Only a release gets a name from Pulumi.

    Args:
        name: Names the component, its children, and what Docker shows.
        settings: What runs, by the blocks of the cloud's own settings.
        image: The app's image: a tag that the engine has, as ``docker build --tag`` leaves it, or
            can pull. After another build under the same tag, ``pulumi up --refresh`` sees it.
        tags: Labels for containers and network. A volume has none: a label that changes would
            replace it, by an empty one.
        opts: Reaches every child; ``transforms`` is the escape hatch.
    """

    url: pulumi.Output[str]
    """Where to browse to."""

    network_name: pulumi.Output[str]
    """Docker's network, for further containers that are to reach these."""

    container_names: pulumi.Output[dict[str, str]]
    """The container of each service, as ``docker logs`` wants it."""

    volume_names: pulumi.Output[dict[str, str]]
    """What outlives the containers, and ``pulumi destroy``: ``docker volume rm`` ends it."""

    def __init__(
        self,
        name: str,
        settings: LocalPlatformSettings = LocalPlatformSettings(),
        *,
        image: pulumi.Input[str],
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check_name("local platform", name)
        _check_image(name, image)
        planned = services(settings)

        super().__init__("plinth:index:LocalPlatform", name, settings.model_dump(mode="json"), opts)
        labels = {"Name": name, **(tags or {})}
        network = make_network(name, labels=labels, parent=self)
        volumes = make_volumes(name, planned, parent=self)
        site = Site(name=name, network=network, volumes=volumes, labels=labels, parent=self)
        containers = make_containers(site, planned, image)

        self.url = pulumi.Output.from_input(f"http://{LOOPBACK}:{settings.nginx.port}")
        self.network_name = network.name
        self.container_names = pulumi.Output.all(**{s: c.name for s, c in containers.items()})
        self.volume_names = pulumi.Output.all(**{role: v.name for role, v in volumes.items()})
        self.register_outputs(
            {
                "url": self.url,
                "network_name": self.network_name,
                "container_names": self.container_names,
                "volume_names": self.volume_names,
            }
        )


def _check_image(name: str, image: pulumi.Input[str]) -> None:
    if isinstance(image, str) and not re.fullmatch(IMAGE, image):
        msg = (
            f"local platform {name!r} has image={image!r}, which is no image's name: "
            "give it the tag that 'docker build --tag' gave, such as 'shop:local'"
        )
        raise ValueError(msg)
