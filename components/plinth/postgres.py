"""Postgres on RDS: a primary, its read replicas, and one name to read from."""

from collections.abc import Mapping, Sequence
from typing import cast

import pulumi
import pulumi_aws as aws

from plinth._admitted import Admitted
from plinth._postgres.access import allow, make_guard
from plinth._postgres.instances import make_primary, make_replicas, shared_arguments
from plinth._postgres.monitoring import make_monitoring_role
from plinth._postgres.parameters import parameters
from plinth._postgres.passwords import make_password, managed_secret
from plinth._postgres.proxy import make_proxy
from plinth._postgres.reader import make_reader
from plinth._postgres.settings import (
    Password,
    PointInTimeRestore,
    PostgresSettings,
    ProxySettings,
    ReplicaSettings,
    SnapshotRestore,
)
from plinth._postgres.site import PORT, Site
from plinth._texts import filled
from plinth.environment import Variable
from plinth.names import check_name
from plinth.wiring import Grant, NetworkLike, Peer, SecretText

__all__ = [
    "PORT",
    "VARIABLES",
    "Password",
    "PointInTimeRestore",
    "Postgres",
    "PostgresSettings",
    "ProxySettings",
    "ReplicaSettings",
    "SnapshotRestore",
]

VARIABLES = (
    Variable(
        name="DATABASE_URL",
        meaning="URL to write to, as libpq, psycopg, SQLAlchemy and dj-database-url take it: the "
        "proxy's where there is one, the primary's otherwise.",
        secret=True,
    ),
    Variable(
        name="DATABASE_REPLICA_URL",
        meaning="URL to read from: a replica's that keeps up, or the primary's while there is "
        "none; always set.",
        secret=True,
    ),
)


class Postgres(pulumi.ComponentResource):
    """A Postgres in a network's data subnets, encrypted, backed up and protected.

    Nothing reaches it until :meth:`allow_from` says who may. Applications find it in
    ``DATABASE_URL`` and ``DATABASE_REPLICA_URL``, which an instance puts together at boot.

    Args:
        name: Names the component and its children.
        settings: How big it is, how it is kept, and who reads beside the primary; the defaults
            suit a small site.
        network: Where it goes. RDS wants data subnets in two zones, and replicas the network's
            zones by letter. The reader endpoint needs DNS support and DNS host names in its VPC.
        tags: Added to every child, over the provider's default tags.
        opts: Reaches every child; ``transforms`` is the escape hatch.
    """

    endpoint: pulumi.Output[str]
    """Host name to write to: the proxy's where there is one, the primary's otherwise."""

    reader_endpoint: pulumi.Output[str]
    """Host name to read from, the same for any number of replicas; in the VPC only."""

    security_group_id: pulumi.Output[str]
    """The group that guards the primary and the replicas."""

    secret_arn: pulumi.Output[str]
    """The secret with the ``username`` and the ``password``."""

    identifier: pulumi.Output[str]
    """The primary's name in AWS, and in its metrics."""

    replica_identifiers: pulumi.Output[Mapping[str, str]]
    """Each replica's name in AWS, by its name in the settings."""

    def __init__(
        self,
        name: str,
        settings: PostgresSettings = PostgresSettings(),
        *,
        network: NetworkLike,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check_name("postgres", name)
        _check_network(name, settings, network)
        super().__init__("plinth:index:Postgres", name, settings.model_dump(mode="json"), opts)
        site = Site(name=name, settings=settings, tags={"Name": name, **(tags or {})}, parent=self)

        guard = make_guard(site, name, network, "Postgres")
        subnets = aws.rds.SubnetGroup(
            name, subnet_ids=network.data_subnet_ids, tags=site.tags, opts=site.child
        )
        group = aws.rds.ParameterGroup(
            name,
            family=f"postgres{settings.version}",
            # New words here replace the group, so each new database gets a group of its own,
            # and with its random suffix a final snapshot of its own.
            description=f"Postgres {site.identifier}",
            parameters=parameters(settings.slow_query_ms, settings.parameters),
            tags=site.tags,
            opts=site.child,
        )
        generated = make_password(site)
        shared = shared_arguments(
            site, guard=guard, parameters=group, monitoring_role_arn=make_monitoring_role(site)
        )
        primary = make_primary(
            site, shared, subnets=subnets, password=generated.password if generated else None
        )
        replicas = make_replicas(site, shared, primary=primary, network=network)

        self.endpoint = primary.address
        self.reader_endpoint = make_reader(site, network, primary, replicas)
        self.security_group_id = guard.id
        self.secret_arn = generated.arn if generated else managed_secret(site, primary)
        self.identifier = primary.identifier
        names = {key: replica.identifier for key, replica in replicas.items()}
        self.replica_identifiers = cast(
            "pulumi.Output[Mapping[str, str]]", pulumi.Output.from_input(names)
        )
        self._proxy = None
        if settings.proxy is not None:
            self._proxy = make_proxy(
                site,
                settings.proxy,
                network=network,
                primary=primary,
                guard=guard,
                secret_arn=self.secret_arn,
            )
            allow(site, name, guard.id, self._proxy)
            self.endpoint = self._proxy.endpoint
        self._site = site
        self._password = generated.password if generated else None
        self._admitted = Admitted()
        self.register_outputs(
            {
                "endpoint": self.endpoint,
                "reader_endpoint": self.reader_endpoint,
                "security_group_id": self.security_group_id,
                "secret_arn": self.secret_arn,
                "identifier": self.identifier,
                "replica_identifiers": self.replica_identifiers,
            }
        )

    @property
    def environment(self) -> Mapping[str, pulumi.Input[str]]:
        """Nothing: both URLs hold the password."""
        return {}

    @property
    def secrets(self) -> Mapping[str, SecretText]:
        """``DATABASE_URL`` to write to, and ``DATABASE_REPLICA_URL`` to read from."""
        return {
            "DATABASE_URL": self._url(self.endpoint),
            "DATABASE_REPLICA_URL": self._url(self.reader_endpoint),
        }

    @property
    def grants(self) -> Sequence[Grant]:
        """Nothing beyond the secret."""
        return ()

    @property
    def ports(self) -> Sequence[int]:
        """Postgres's own."""
        return (PORT,)

    def allow_from(self, peer: Peer) -> None:
        """Let a peer connect, to the proxy as well where there is one.

        The rules belong to the database and go when it goes. To ask for the same peer again, as
        each tier on a cluster does, changes nothing.
        """
        if not self._admitted.is_new(peer):
            return
        # Reads pass the proxy by, so the database is open to the peer as well.
        allow(self._site, self.pulumi_resource_name, self.security_group_id, peer)
        if self._proxy is not None:
            through, group = self._proxy.pulumi_resource_name, self._proxy.security_group_id
            allow(self._site, through, group, peer)

    def _url(self, host: pulumi.Output[str]) -> SecretText:
        form = "postgresql://{{username:url}}:{{password:url}}@{0}:{1}/{2}?sslmode=require"
        user, database = self._site.settings.username, self._site.settings.database
        template = pulumi.Output.format(form, host, PORT, database)
        password = self._password
        return SecretText(
            secret_arn=self.secret_arn,
            template=template,
            value=filled(template, username=user, password=password) if password else None,
        )


def _check_network(name: str, settings: PostgresSettings, network: NetworkLike) -> None:
    zones = len(network.data_subnet_ids)
    if zones < 2:
        msg = (
            f"postgres {name!r} needs data subnets in two zones, which RDS wants of any database, "
            f"and its network has {zones}: add a zone"
        )
        raise ValueError(msg)
    for key, replica in settings.replicas.items():
        if replica.zone not in network.availability_zones:
            known = ", ".join(sorted(network.availability_zones)) or "no zone"
            msg = (
                f"postgres {name!r} has replica {key!r} in zone {replica.zone!r}, and its network "
                f"knows {known}: choose one of them, or add the zone to the network"
            )
            raise ValueError(msg)
