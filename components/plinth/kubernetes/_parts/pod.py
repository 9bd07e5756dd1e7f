"""Pods: one container, with no more rights than it needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_kubernetes as k8s

from plinth._fleet.instances import Architecture, architecture

from .labels import labels, selector
from .resources import resources
from .secrets import Delivered
from .site import Site

ARCHITECTURES = {Architecture.ARM64: "arm64", Architecture.X86_64: "amd64"}
"""As Kubernetes calls them."""

SCRATCH = "1Gi"
"""What a pod may write to ``/tmp``, the one place on disk that it can write to."""

SHARED_MEMORY = "64Mi"
"""What a pod may keep in ``/dev/shm``, as much as docker gives. It counts as the pod's memory."""

ZONE, HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"


@dataclass(frozen=True, kw_only=True)
class Container:
    """What a pod runs."""

    part: str
    """Which part of its tier: ``web``, ``release``, or a pool."""
    image: pulumi.Input[str]
    instance_type: str
    """The instance that it stands for: its processor, and unless told otherwise its size."""
    variables: pulumi.Input[str]
    """Name of the ``ConfigMap`` with its variables."""
    secrets: Delivered
    command: pulumi.Input[Sequence[str]] | None = None
    """In place of the image's entry point and of its command."""
    args: Sequence[str] = ()
    """In place of the image's command; its entry point stays."""
    cpu: float | None = None
    """vCPUs that it is promised, if not those that the tier's pods are."""
    port: int | None = None
    lifecycle: k8s.core.v1.LifecycleArgsDict | None = None
    startup: k8s.core.v1.ProbeArgsDict | None = None
    readiness: k8s.core.v1.ProbeArgsDict | None = None
    liveness: k8s.core.v1.ProbeArgsDict | None = None
    files: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])
    """Directories to find the texts of a ``ConfigMap`` in, by path."""
    stop_seconds: int = 30
    """Time it has to end, ``pre_stop`` among it; then it is killed."""
    annotations: Mapping[str, str] = field(default_factory=dict[str, str])
    """What whoever looks after the nodes is told about its pods."""
    once: bool = False
    """Whether it runs to its end, rather than for ever."""
    nodes: k8s.core.v1.NodeAffinityArgsDict | None = None
    """Which nodes it keeps to or keeps off, beside those of its processor."""


def template(site: Site, container: Container) -> k8s.core.v1.PodTemplateSpecArgsDict:
    """Write what a Deployment or a Job makes pods from."""
    user = site.pods.user
    spec: k8s.core.v1.PodSpecArgsDict = {
        "service_account_name": site.account,
        "automount_service_account_token": False,
        # Kubernetes would add a variable for every Service: WEB_PORT=tcp://172.20.0.7:80.
        "enable_service_links": False,
        "security_context": {
            "run_as_non_root": True,
            "run_as_user": user,
            "run_as_group": user,
            "fs_group": user,
            "seccomp_profile": {"type": "RuntimeDefault"},
        },
        "termination_grace_period_seconds": container.stop_seconds,
        "node_selector": {
            "kubernetes.io/arch": ARCHITECTURES[architecture(container.instance_type)],
            **site.pods.node_selector,
        },
        "containers": [_container(site, container)],
        "volumes": [
            {"name": "tmp", "empty_dir": {"size_limit": SCRATCH}},
            {"name": "shm", "empty_dir": {"medium": "Memory", "size_limit": SHARED_MEMORY}},
            *(
                {"name": _volume(path), "config_map": {"name": name}}
                for path, name in container.files.items()
            ),
        ],
    }
    if site.pods.priority_class is not None:
        spec["priority_class_name"] = site.pods.priority_class
    if container.once:
        spec["restart_policy"] = "Never"
    else:
        spec["topology_spread_constraints"] = [
            _spread(site, container, key) for key in (ZONE, HOST)
        ]
    if container.nodes is not None:
        affinity: k8s.core.v1.AffinityArgsDict = {"node_affinity": container.nodes}
        spec["affinity"] = affinity
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {"labels": labels(site.name, container.part)}
    if container.annotations:
        metadata["annotations"] = container.annotations
    return {"metadata": metadata, "spec": spec}


def _container(site: Site, container: Container) -> k8s.core.v1.ContainerArgsDict:
    secret = container.secrets.name
    described: k8s.core.v1.ContainerArgsDict = {
        "name": container.part,
        "image": container.image,
        "env_from": [
            {"config_map_ref": {"name": container.variables}},
            *([{"secret_ref": {"name": secret}}] if secret is not None else []),
        ],
        "env": [
            {"name": "AWS_DEFAULT_REGION", "value": site.region},
            {"name": "INSTANCE_ID", "value_from": {"field_ref": {"field_path": "metadata.name"}}},
        ],
        "resources": resources(site.pods, container.instance_type, cpu=container.cpu),
        "security_context": {
            "allow_privilege_escalation": False,
            "read_only_root_filesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volume_mounts": [
            {"name": "tmp", "mount_path": "/tmp"},  # noqa: S108 - a volume of the pod's own
            {"name": "shm", "mount_path": "/dev/shm"},  # noqa: S108
            *(
                {"name": _volume(path), "mount_path": path, "read_only": True}
                for path in container.files
            ),
        ],
    }
    if container.command is not None:
        described["command"] = container.command
    if container.args:
        described["args"] = container.args
    if container.port is not None:
        described["ports"] = [{"name": "http", "container_port": container.port}]
    if container.lifecycle is not None:
        described["lifecycle"] = container.lifecycle
    if container.startup is not None:
        described["startup_probe"] = container.startup
    if container.readiness is not None:
        described["readiness_probe"] = container.readiness
    if container.liveness is not None:
        described["liveness_probe"] = container.liveness
    return described


def _spread(
    site: Site, container: Container, key: str
) -> k8s.core.v1.TopologySpreadConstraintArgsDict:
    """Spread pods over zones and nodes, as far as there is room; each release by itself."""
    return {
        "max_skew": 1,
        "topology_key": key,
        "when_unsatisfiable": "ScheduleAnyway",
        "label_selector": {"match_labels": selector(site.name, container.part)},
        "match_label_keys": ["pod-template-hash"],
    }


def _volume(path: str) -> str:
    return path.strip("/").replace("/", "-")
