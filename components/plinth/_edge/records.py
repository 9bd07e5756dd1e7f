"""Records that lead host names to a balancer or a distribution."""

from collections.abc import Sequence
from itertools import product

import pulumi
import pulumi_aws as aws

from plinth.wiring import ZoneLike


def point(
    name: str,
    hosts: Sequence[str],
    target: aws.route53.RecordAliasArgsDict,
    *,
    kinds: Sequence[str],
    zone: ZoneLike,
    parent: pulumi.Resource,
) -> None:
    """Write alias records, each named ``{name}-{host}-{kind}``.

    A record that is there already makes the deployment fail: it may lead to something in use.

    Args:
        name: Names the records.
        hosts: The host names to write.
        target: What it leads to.
        kinds: ``A``, and ``AAAA`` where the target speaks IPv6.
        zone: Where the records go.
        parent: The component they belong to.
    """
    for host, kind in product(hosts, kinds):
        aws.route53.Record(
            f"{name}-{host}-{kind.lower()}",
            zone_id=zone.zone_id,
            name=host,
            type=kind,
            aliases=[target],
            opts=pulumi.ResourceOptions(parent=parent),
        )
