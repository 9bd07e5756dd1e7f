"""Route tables, and the moment from which a subnet may be used."""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws


def join(
    name: str,
    subnets: Mapping[str, pulumi.Output[str]],
    tables: Mapping[str, aws.ec2.RouteTable],
    *,
    parent: pulumi.Resource,
    after: Sequence[pulumi.Resource] = (),
) -> dict[str, pulumi.Output[str]]:
    """Join each zone's subnet to its table, and return ids that wait for it.

    An instance that boots in a subnet before its route out finds no packages and no image; a
    balancer is refused in a subnet that no gateway serves.

    Args:
        name: Of the joins, which add their zone to it.
        subnets: Ids by zone.
        tables: Route tables by zone.
        parent: The component they belong to.
        after: What must be there first: what the tables lead to.
    """
    joined: dict[str, pulumi.Output[str]] = {}
    for zone, subnet_id in subnets.items():
        association = aws.ec2.RouteTableAssociation(
            f"{name}-{zone}",
            subnet_id=subnet_id,
            route_table_id=tables[zone].id,
            # A subnet has one table: the old join must go first.
            opts=pulumi.ResourceOptions(
                parent=parent, delete_before_replace=True, depends_on=list(after)
            ),
        )
        joined[zone] = pulumi.Output.all(subnet_id, association.id).apply(lambda ids: ids[0])
    return joined
