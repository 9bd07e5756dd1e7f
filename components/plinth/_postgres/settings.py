"""How a Postgres is shaped: everything about it that is known before a deployment."""

from datetime import UTC
from enum import StrEnum
from typing import Any, Self

from pydantic import AwareDatetime, Field, field_validator, model_validator

from plinth._postgres.refusals import refusals
from plinth.retention import check_retention
from plinth.settings import Settings

INSTANCE_CLASS = r"^db\.[a-z0-9]+\.[a-z0-9]+$"


class Password(StrEnum):
    """Who makes the master user's password up, and keeps it."""

    GENERATED = "generated"
    """This program, once; it lives in a secret of its own and, encrypted, in the stack's state."""
    MANAGED = "managed"
    """RDS, in a secret that RDS owns. Neither replicas nor blue/green updates work with it
    (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html). Its weekly
    rotation is switched off, since instances read the password only as they boot."""


class ReplicaSettings(Settings, frozen=True):
    """One read replica."""

    zone: str = Field(pattern=r"^[a-z]$")
    """Letter of the network's zone to put it in. Another letter makes another replica."""

    instance_class: str | None = Field(default=None, pattern=INSTANCE_CLASS)
    """RDS instance class; the primary's unless set. A smaller one has a lower
    ``max_connections``, with which replay can stop: set that parameter yourself then."""


class ProxySettings(Settings, frozen=True):
    """An RDS Proxy: many short connections of the app over few lasting ones of the database."""

    max_connections_percent: int = Field(default=90, ge=2, le=100)
    """Share of the database's ``max_connections`` that it may take; the rest stays for you."""

    borrow_seconds: int = Field(default=30, ge=0, le=300)
    """Seconds that a client waits for a free connection; well under a balancer's patience."""

    idle_client_seconds: int = Field(default=1800, ge=1, le=28800)
    """Seconds until a silent client is cut off."""


class SnapshotRestore(Settings, frozen=True):
    """Start from a snapshot, which must be encrypted: RDS encrypts none as it restores."""

    snapshot: str = Field(min_length=1)
    """Identifier of the snapshot, or its ARN."""

    def arguments(self) -> dict[str, Any]:
        """Say it as the provider does."""
        return {"snapshot_identifier": self.snapshot}


class PointInTimeRestore(Settings, frozen=True):
    """Start from the backups of another database, or of one that is deleted, as of a moment."""

    source: str = Field(min_length=1)
    """Identifier of the database, or the ARN of the retained backups of a deleted one."""

    time: AwareDatetime | None = None
    """The moment, with its offset from UTC; the latest there is unless set."""

    def arguments(self) -> dict[str, Any]:
        """Say it as the provider does."""
        deleted = self.source.startswith("arn:")
        of = "automated_backups_arn" if deleted else "identifier"
        moment = {"use_latest_restorable_time": True}
        if self.time is not None:
            moment = {"restore_time": f"{self.time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        return {"restore_to_point_in_time": {f"source_db_instance_{of}": self.source, **moment}}


class PostgresSettings(Settings, frozen=True):
    """How big a Postgres is, how it is kept, and who reads beside the primary."""

    version: int = Field(default=17, ge=14, le=18)
    """Major version; the parameter group follows, and minor versions come by themselves. A later
    one upgrades the database and its replicas: set ``apply_immediately`` for that deployment,
    because the old parameter group goes in it."""

    instance_class: str = Field(default="db.t4g.small", pattern=INSTANCE_CLASS)
    """RDS instance class. The default is the smallest that every major version is sold on."""

    multi_az: bool = False
    """Whether a standby in another zone takes over, within a minute or two; it doubles the price
    and serves no reads."""

    storage_gib: int = Field(default=20, ge=20, le=65536)
    """GiB of gp3 storage. It never shrinks."""

    max_storage_gib: int | None = Field(default=100, le=65536)
    """GiB that RDS may grow the storage to as it fills, 10 % more at least; ``null`` for never."""

    iops: int | None = Field(default=None, ge=12000, le=64000)
    """I/O operations per second, from 400 GiB on, where 12000 are included
    (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html#gp3-storage)."""

    throughput: int | None = Field(default=None, ge=500, le=4000)
    """MiB per second, from 400 GiB on, where 500 are included; a quarter of the iops at most."""

    replicas: dict[str, ReplicaSettings] = Field(
        default_factory=dict[str, ReplicaSettings], max_length=15
    )
    """Read replicas by a name of your choice, which their resources keep."""

    replica_lag_seconds: int = Field(default=600, ge=360)
    """Seconds that a replica may be behind before the reader endpoint leaves it out. A database
    that nobody writes to shows up to 300 by nature
    (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.Monitoring.html)."""

    database: str = Field(default="app", pattern=r"^[a-z][a-z0-9_]{0,62}$")
    """Name of the database that is made, or that a restored snapshot has. With another name the
    instance is replaced, by an empty one."""

    username: str = Field(default="app", pattern=r"^[a-z][a-z0-9_]{0,62}$")
    """The master user, made or restored. With another name the instance is replaced as well."""

    password: Password = Password.GENERATED
    """Generated unless said otherwise, since only that lets replicas be added later."""

    backup_days: int = Field(default=7, ge=0, le=35)
    """Days back that a moment can be restored; 0 takes no backups, and allows no replica."""

    backup_window: str = "03:00-04:00"
    """When the daily backup starts, in UTC."""

    maintenance_window: str = "sun:04:30-sun:05:30"
    """When RDS may upgrade and restart, in UTC; it must stay clear of the backup window."""

    protected: bool = True
    """Whether both Pulumi and RDS refuse to delete or replace the primary. Deleting it takes one
    deployment with false before; a final snapshot is taken and kept even then."""

    log_days: int = 30
    """Days to keep the logs in CloudWatch, one of the numbers that it offers."""

    performance_insights_days: int = 7
    """Days to keep which queries loaded the database: 7 is free; a multiple of 31 or 731 is paid;
    0 turns it off. Every class has it for Postgres
    (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DatabaseInsights.Engines.html)."""

    monitoring_seconds: int = 60
    """Seconds between measurements of the operating system; 0 turns them off."""

    apply_immediately: bool = False
    """Whether changes that may restart the database happen at once, or in the next maintenance
    window."""

    blue_green: bool = False
    """Whether updates are tried on a copy that then takes over, for a shorter outage. A new major
    version needs the parameter ``rds.logical_replication`` at 1 a deployment earlier."""

    restore: SnapshotRestore | PointInTimeRestore | None = None
    """What the database starts from; empty unless set. It is part of the database's identity:
    leave it in for as long as that lives, and name the user and the database that come with it.
    Set on a running one that is not ``protected``, it makes a restored one beside it, and then
    deletes the old."""

    proxy: ProxySettings | None = None
    """An RDS Proxy before the primary; RDS offers none for replicas, which are read directly
    (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy.html)."""

    slow_query_ms: int = Field(default=1000, ge=-1)
    """Milliseconds from which a statement is logged; 0 logs all of them, -1 none."""

    parameters: dict[str, str] = Field(default_factory=dict[str, str])
    """Further Postgres parameters, in RDS's spelling and units. Those that need a restart wait
    for the next one."""

    @field_validator("log_days")
    @classmethod
    def _offered(cls, days: int) -> int:
        return check_retention(days)

    @model_validator(mode="after")
    def _refuse_what_rds_refuses(self) -> Self:
        if problems := list(refusals(self)):
            raise ValueError("; ".join(problems))
        return self
