"""A replication group and all it stands on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from plinth._admitted import Admitted
from plinth._texts import filled
from plinth.credentials import Credentials
from plinth.wiring import NetworkLike, Peer, SecretText

from .engines import family, reserved_percent
from .settings import StoreSettings
from .users import APP, make_users, physical_id

PORT = 6379


@dataclass(frozen=True, kw_only=True)
class Role:
    """What tells a broker from a cache."""

    kind: str
    """``broker`` or ``cache``."""
    eviction: str
    """``maxmemory-policy``: what happens once memory is full."""
    access: Mapping[str, str]
    """What each user may do, by user name, as Redis writes it."""
    protected: bool = False
    """Whether Pulumi refuses to delete it, and it leaves a last snapshot if it goes."""


@dataclass(frozen=True, kw_only=True)
class Store:
    """What a component keeps of what it made."""

    endpoint: pulumi.Output[str]
    reader_endpoint: pulumi.Output[str]
    security_group_id: pulumi.Output[str]
    credentials: Mapping[str, Credentials]
    """Of each user, by user name."""
    node_ids: Sequence[pulumi.Output[str]]
    """The nodes, as CloudWatch knows them."""
    tags: Mapping[str, str]
    admitted: Admitted = field(default_factory=Admitted)

    @property
    def secret_arn(self) -> pulumi.Output[str]:
        """The app's own user name and password."""
        return self.credentials[APP].arn

    @property
    def outputs(self) -> dict[str, pulumi.Output[str]]:
        """What the component registers."""
        return {
            "endpoint": self.endpoint,
            "reader_endpoint": self.reader_endpoint,
            "security_group_id": self.security_group_id,
            "secret_arn": self.secret_arn,
        }

    def url(self, user: str = APP) -> SecretText:
        """Database 0 as one of the users, spelled so that kombu, Celery and redis-py accept it.

        Without ``ssl_cert_reqs`` kombu checks no certificate and Celery's result backend refuses
        the URL; ``required`` is the one value that all three know.
        """
        template = pulumi.Output.format(
            "rediss://{{username:url}}:{{password:url}}@{0}:{1}/0?ssl_cert_reqs=required",
            self.endpoint,
            PORT,
        )
        signed = self.credentials[user]
        return SecretText(
            secret_arn=signed.arn,
            template=template,
            value=filled(template, username=user, password=signed.password),
        )


def check_zones(kind: str, name: str, settings: StoreSettings, network: NetworkLike) -> None:
    """Refuse a network with too few data subnets for the nodes asked for."""
    zones = len(network.data_subnet_ids)
    if zones == 0:
        msg = f"redis {kind} {name!r} needs a data subnet, and its network has none: add a zone"
        raise ValueError(msg)
    if settings.replicas and zones < 2:
        msg = (
            f"redis {kind} {name!r} has replicas={settings.replicas}, which needs data subnets "
            f"in two zones, and its network has {zones}: add a zone, or set replicas=0"
        )
        raise ValueError(msg)


def make_store(
    parent: pulumi.ComponentResource,
    role: Role,
    settings: StoreSettings,
    *,
    network: NetworkLike,
    tags: Mapping[str, str] | None,
) -> Store:
    """Create a replication group, its guard, its users and its log.

    Args:
        parent: The component; it names every child.
        role: What it is for.
        settings: How big it is, and how it is kept.
        network: Where it goes.
        tags: Added to every child.
    """
    name, kind = parent.pulumi_resource_name, role.kind
    child = pulumi.ResourceOptions(parent=parent)
    tags = {"Name": name, **(tags or {})}

    guard = aws.ec2.SecurityGroup(
        name,
        # AWS cannot edit a group's description: new words here replace the group.
        description=f"Redis {kind} {name}",
        vpc_id=network.vpc_id,
        tags=tags,
        opts=child,
    )
    subnets = aws.elasticache.SubnetGroup(
        name, subnet_ids=network.data_subnet_ids, tags=tags, opts=child
    )
    parameters = aws.elasticache.ParameterGroup(
        name,
        family=family(settings.engine, settings.version),
        # Nor a parameter group's.
        description=f"Redis {kind} {name}",
        parameters=[
            {"name": "maxmemory-policy", "value": role.eviction},
            {
                "name": "reserved-memory-percent",
                "value": str(reserved_percent(settings.node_type)),
            },
        ],
        tags=tags,
        opts=child,
    )
    log = aws.cloudwatch.LogGroup(name, retention_in_days=settings.log_days, tags=tags, opts=child)
    users = make_users(name, kind, role.access, parent=parent, tags=tags)
    nodes = 1 + settings.replicas
    group = aws.elasticache.ReplicationGroup(
        name,
        description=f"Redis {kind} {name}",
        engine=settings.engine,
        engine_version=settings.version,
        node_type=settings.node_type,
        # Cluster mode stays off: kombu's commands span hash slots.
        num_cache_clusters=nodes,
        automatic_failover_enabled=settings.replicas > 0,
        multi_az_enabled=settings.replicas > 0,
        at_rest_encryption_enabled=True,
        transit_encryption_enabled=True,
        transit_encryption_mode="required",
        user_group_ids=[users.group_id],
        port=PORT,
        parameter_group_name=parameters.name,
        subnet_group_name=subnets.name,
        security_group_ids=[guard.id],
        snapshot_retention_limit=settings.snapshot_days,
        final_snapshot_identifier=physical_id(name, kind, "final") if role.protected else None,
        maintenance_window=settings.maintenance_window,
        apply_immediately=settings.apply_immediately,
        # Both, always: ElastiCache refuses to change them in a maintenance window.
        log_delivery_configurations=[
            {
                "destination": log.name,
                "destination_type": "cloudwatch-logs",
                "log_format": "json",
                "log_type": log_type,
            }
            for log_type in ("slow-log", "engine-log")
        ],
        tags=tags,
        opts=pulumi.ResourceOptions(parent=parent, protect=role.protected or None),
    )
    return Store(
        endpoint=group.primary_endpoint_address,
        reader_endpoint=group.reader_endpoint_address,
        security_group_id=guard.id,
        credentials=users.credentials,
        node_ids=[
            pulumi.Output.format("{0}-{1:03}", group.id, number) for number in range(1, nodes + 1)
        ],
        tags=tags,
    )


def allow(parent: pulumi.ComponentResource, store: Store, peer: Peer) -> None:
    """Let a peer connect to a component's store, by a rule that goes when the component goes."""
    if not store.admitted.is_new(peer):
        return
    aws.vpc.SecurityGroupIngressRule(
        f"{parent.pulumi_resource_name}-from-{peer.pulumi_resource_name}",
        description=f"Redis from {peer.pulumi_resource_name}",
        security_group_id=store.security_group_id,
        referenced_security_group_id=peer.security_group_id,
        ip_protocol="tcp",
        from_port=PORT,
        to_port=PORT,
        tags=store.tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )
