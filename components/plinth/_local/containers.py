"""The services of a platform as Docker's resources."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi
import pulumi_docker as docker

from .model import LOOPBACK, Health, Service

WAIT = 180
"""Seconds for a container to become healthy; a first Postgres makes its database meanwhile."""

KEPT_IN_VAIN = ["healthcheck", "init", "tmpfs"]
"""Inputs that the provider changes in its state and not in the container: replaced instead
(https://github.com/kreuzwerker/terraform-provider-docker/issues/988)."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """What all containers of a platform share."""

    name: str
    """The platform's."""
    network: docker.Network
    volumes: Mapping[str, docker.Volume]
    labels: Mapping[str, str]
    parent: pulumi.Resource


def make_network(
    name: str, *, labels: Mapping[str, str], parent: pulumi.Resource
) -> docker.Network:
    """Create a network of the platform's own, in which a service's name is a host name."""
    return docker.Network(
        name,
        name=name,
        driver="bridge",
        labels=_labels(labels),
        # Its name can be had once only.
        opts=pulumi.ResourceOptions(parent=parent, delete_before_replace=True),
    )


def make_volumes(
    name: str, services: Sequence[Service], *, parent: pulumi.Resource
) -> dict[str, docker.Volume]:
    """Create the volumes that services name. Nothing that Pulumi does deletes one.

    The engine hands out a volume that is there already by its name, so that the next
    ``pulumi up`` finds its data.
    """
    wanted = sorted({volume.name for service in services for volume in service.volumes})
    return {
        role: docker.Volume(
            f"{name}-{role}",
            name=f"{name}-{role}",
            opts=pulumi.ResourceOptions(parent=parent, retain_on_delete=True),
        )
        for role in wanted
    }


def make_containers(
    site: Site, services: Sequence[Service], image: pulumi.Input[str]
) -> dict[str, docker.Container]:
    """Create the containers of services, which come after those that they need.

    Args:
        site: What they share.
        services: What they are.
        image: The app's image.
    """
    ours = _image(f"{site.name}-app", image, site.parent)
    made: dict[str, docker.Container] = {}
    for service in services:
        theirs = service.image and _image(f"{site.name}-{service.name}", service.image, site.parent)
        after = [made[needed] for needed in service.needs]
        made[service.name] = _container(site, service, theirs or ours, after)
        if service.once:
            ours = _released(ours, made[service.name])
    return made


def _image(name: str, reference: pulumi.Input[str], parent: pulumi.Resource) -> pulumi.Output[str]:
    """Find an image in the engine, or pull it, and return its id.

    By its name or digest, a container would be replaced at every deployment
    (https://github.com/pulumi/pulumi-docker/issues/325).
    """
    image = docker.RemoteImage(
        name,
        name=reference,
        # Other projects use it too, and the app's own may be nowhere else.
        keep_locally=True,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return image.image_id


def _container(
    site: Site, service: Service, image: pulumi.Input[str], after: Sequence[pulumi.Resource]
) -> docker.Container:
    """Create a container, after those that it needs."""
    called = f"{site.name}-{service.name}"
    return docker.Container(
        called,
        # What runs once gets a name from Pulumi, and so another beside the last. Were that deleted
        # first, Pulumi would also delete all whose image waits for it: the app, before it is known
        # that there will be a new one.
        name=None if service.once else called,
        image=image,
        command=list(service.command) or None,
        envs=[f"{key}={value}" for key, value in sorted(service.environment.items())] or None,
        hostname=service.name,
        networks_advanced=[{"name": site.network.name, "aliases": [service.name]}],
        ports=[
            {"internal": port.container, "external": port.host, "ip": LOOPBACK}
            for port in service.ports
        ]
        or None,
        volumes=[*_volumes(site, service), *_source(service)] or None,
        uploads=[{"file": path, "content": text} for path, text in service.files.items()] or None,
        tmpfs=dict.fromkeys(service.memory_dirs, "") or None,
        healthcheck=_healthcheck(service.health),
        labels=_labels(site.labels),
        opts=pulumi.ResourceOptions(
            parent=site.parent,
            depends_on=list(after),
            # A name and ports can be had once only.
            delete_before_replace=not service.once,
            replace_on_changes=KEPT_IN_VAIN,
        ),
        **(_once() if service.once else _lasting(service)),
    )


def _released(image: pulumi.Output[str], release: docker.Container) -> pulumi.Output[str]:
    """Hold an image back until its release has ended well.

    The provider waits for the end and takes any for a good one. Here a bad one fails the
    deployment before a container of the new image is asked for, and the old ones run on.
    """
    late: pulumi.Output[dict[str, Any]] = pulumi.Output.all(
        image=image, name=release.name, code=release.exit_code, urn=release.urn
    )
    return late.apply(_ended_well)


def _ended_well(known: Mapping[str, Any]) -> str:
    code = known["code"]
    if isinstance(code, int | float) and code != 0:
        msg = (
            f"release {known['name']!r} ended with exit code {code:g}, so nothing of its image was "
            f"started: see 'docker logs {known['name']}', and either build another image or run "
            f"it again by 'pulumi up --replace {known['urn']}'"
        )
        raise RuntimeError(msg)
    return known["image"]


def _once() -> dict[str, Any]:
    """Wait for the end, and keep what the container wrote in the stack's state."""
    return {"must_run": False, "attach": True, "logs": True, "restart": "no"}


def _lasting(service: Service) -> dict[str, Any]:
    return {
        "restart": "unless-stopped",
        "wait": service.health is not None,
        "wait_timeout": WAIT,
        "stop_timeout": service.stop_seconds,
        # Without, the provider kills at once whatever it deletes or replaces.
        "destroy_grace_seconds": service.stop_seconds,
    }


def _volumes(site: Site, service: Service) -> list[docker.ContainerVolumeArgsDict]:
    return [
        {
            "volume_name": site.volumes[volume.name].name,
            "container_path": volume.path,
            "read_only": volume.read_only,
        }
        for volume in service.volumes
    ]


def _source(service: Service) -> list[docker.ContainerVolumeArgsDict]:
    """Mount directories of the project, which the engine wants by absolute paths."""
    root = Path(pulumi.get_root_directory() or ".").absolute()
    return [
        {"host_path": os.path.normpath(root / path), "container_path": there}
        for there, path in service.source.items()
    ]


def _healthcheck(health: Health | None) -> docker.ContainerHealthcheckArgsDict:
    if health is None:
        return {"tests": ["NONE"]}
    return {
        "tests": ["CMD", *health.test],
        "interval": f"{health.interval}s",
        "timeout": f"{health.timeout}s",
        "retries": health.retries,
    }


def _labels(labels: Mapping[str, str]) -> list[Any]:
    return [{"label": key, "value": value} for key, value in sorted(labels.items())]
