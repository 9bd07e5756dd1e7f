"""What nobody can read from a program: how much a stack is used in a month."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from plinth.configuration import explain
from plinth.preview.yaml_core import ConfigError, read, resolve, value
from plinth.settings import Settings


class Usage(Settings, frozen=True, allow_inf_nan=False):
    """Assumptions about a month. The defaults are those of a small shop with steady visitors.

    Each is for one resource of its kind, unless it says otherwise.
    """

    visitors_gb: float = Field(default=100, ge=0)
    """GB that visitors load, through the CDN or, where none is in front, from the load balancer."""

    requests_millions: float = Field(default=10, ge=0)
    """Requests of visitors, in millions: 4 a second, day and night. Where a CDN is in front, each
    counts there and, since a shop's pages are seldom cached, at the load balancer again."""

    nat_gb: float = Field(default=100, ge=0)
    """GB through the NAT of a network in both directions, shared by its gateways."""

    nat_out_gb: float = Field(default=10, ge=0)
    """GB of that which leave for the internet: calls of other companies' APIs, mail."""

    cross_zone_gb: float = Field(default=100, ge=0)
    """GB that cross from zone to zone in a network, as between an app server and the primary
    database; charged on either side."""

    endpoint_gb: float = Field(default=10, ge=0)
    """GB through an interface endpoint."""

    bucket_gb: float = Field(default=10, ge=0)
    """GB in a bucket, on the average of the month."""

    bucket_puts_thousands: float = Field(default=10, ge=0)
    """Objects written to a bucket, in thousands."""

    bucket_gets_thousands: float = Field(default=100, ge=0)
    """Objects read from a bucket, in thousands; a CDN reads each only when it is not cached."""

    log_gb: float = Field(default=1, ge=0)
    """GB written to a log group."""

    flow_log_gb: float = Field(default=5, ge=0)
    """GB that a network's flow logs write: about 5 % of what is transferred."""

    log_stored_ratio: float = Field(default=0.15, ge=0, le=1)
    """Share of what is written to a log group that its compressed copy takes
    (https://aws.amazon.com/cloudwatch/pricing/)."""

    monitoring_gb: float = Field(default=0.5, ge=0)
    """GB of logs by RDS Enhanced Monitoring at one measurement a minute: 12 kB each."""

    database_backup_gb: float = Field(default=0, ge=0)
    """GB of a database's backups beyond its size; up to its size they are free."""

    snapshot_gb: float = Field(default=1, ge=0)
    """GB in one daily snapshot of a Redis store."""

    repository_gb: float = Field(default=5, ge=0)
    """GB of compressed layers in an image repository: 50 builds that differ by 80 MB, over a base
    that they share."""

    secret_reads_thousands: float = Field(default=10, ge=0)
    """Times a secret is read, in thousands."""

    key_uses_thousands: float = Field(default=100, ge=0)
    """Requests that use a KMS key, in thousands."""

    dns_queries_millions: float = Field(default=1, ge=0)
    """Queries to a public hosted zone, in millions; those to a private one are free."""

    function_calls_thousands: float = Field(default=43.8, ge=0)
    """Times a Lambda function runs, in thousands: once a minute."""

    function_milliseconds: float = Field(default=1000, ge=0)
    """How long each of those takes."""

    function_metrics: float = Field(default=10, ge=0)
    """CloudWatch metrics of its own that a Lambda function publishes: for the one that watches
    Celery's queues, six for each pool."""

    topic_messages_thousands: float = Field(default=1, ge=0)
    """Messages to an SNS topic, in thousands."""

    queue_requests_millions: float = Field(default=1, ge=0)
    """Requests to an SQS queue, in millions."""

    image_gib: float = Field(default=8, ge=0)
    """Size of a server's disk where the program does not say it: that of the image's own, 8 GiB
    for Amazon Linux 2023."""

    node_spare_ratio: float = Field(default=0.3, ge=0, lt=1)
    """Share of a Kubernetes node that its pods leave idle, or that the system takes."""

    node_fee_ratio: float = Field(default=0.12, ge=0)
    """What EKS Auto Mode adds to the price of a node, as a share of it; 0 on nodes of your own
    (https://aws.amazon.com/eks/pricing/)."""

    spot_price_ratio: float = Field(default=0.4, gt=0, le=1)
    """Price of Spot as a share of the price on demand. It moves all the time, and AWS promises up
    to 90 % off; look at your own in the console
    (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-spot-instances-history.html)."""


def read_usage(given: Iterable[str]) -> Usage:
    """Make assumptions of what a command line says: files, and single values over them.

    Args:
        given: Each a ``name=value``, or the path of a YAML or JSON file of such.

    Raises:
        ConfigError: A file cannot be read, or says what is no assumption.
    """
    found: dict[str, Any] = {}
    for text in given:
        name, equals, single = text.partition("=")
        found |= {name.strip(): resolve(single.strip())} if equals else _file(Path(text))
    try:
        return Usage.model_validate(found)
    except ValidationError as error:
        raise ConfigError(explain(error, Usage, "usage")) from None


def _file(path: Path) -> dict[str, Any]:
    try:
        return {name: value(node) for name, node in read(path).items()}
    except OSError as error:
        msg = f"{path}: cannot be read: {error.strerror}"
        raise ConfigError(msg) from None
