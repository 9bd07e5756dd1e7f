"""A VPC with three tiers of subnets: public, private, and data without a way out."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from ._network.endpoints import make_gateway_endpoints, make_interface_endpoints
from ._network.flow_logs import make_flow_logs
from ._network.nat import WayOut, make_gateway, make_instance
from ._network.settings import Nat, NetworkSettings
from ._network.tables import join
from .names import check_name
from .subnets import Tier, plan

ANYWHERE = "0.0.0.0/0"


class Network(pulumi.ComponentResource):
    """A VPC, its subnets in every zone, and the ways between them and out.

    Subnet ids are given out only once what their instances need on the first boot is there:
    routes, NAT and endpoints.

    Args:
        name: Names the component and its children.
        settings: Its range, zones and ways out.
        tags: Added to every child that takes tags, over the provider's default tags.
        opts: Reaches every child; ``transforms`` is the escape hatch.
    """

    vpc_id: pulumi.Output[str]
    """The VPC."""

    cidr_block: pulumi.Output[str]
    """The VPC's IPv4 range."""

    public_subnet_ids: list[pulumi.Output[str]]
    """Subnets with a route to the internet gateway, in the order of their zones' letters."""

    private_subnet_ids: list[pulumi.Output[str]]
    """Subnets whose way out is NAT and endpoints, in the same order."""

    data_subnet_ids: list[pulumi.Output[str]]
    """Subnets without a route out, in the same order."""

    availability_zones: dict[str, pulumi.Output[str]]
    """Zone names, such as ``eu-west-1a``, by their letters."""

    nat_addresses: dict[str, pulumi.Output[str]]
    """Public address of each NAT by its zone's letter, for the allow lists of others."""

    def __init__(
        self,
        name: str,
        settings: NetworkSettings = NetworkSettings(),
        *,
        tags: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        check_name("network", name)

        super().__init__("plinth:index:Network", name, settings.model_dump(mode="json"), opts)
        child = pulumi.ResourceOptions(parent=self)
        self._tags = tags or {}

        vpc = aws.ec2.Vpc(
            name,
            cidr_block=settings.cidr,
            # Private names of endpoints and of the reader's zone need both.
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._tagged(name),
            opts=child,
        )
        # Named without a rule, the group that AWS makes open among its members loses its rules.
        aws.ec2.DefaultSecurityGroup(name, vpc_id=vpc.id, tags=self._tagged(name), opts=child)
        self.availability_zones = {
            zone: pulumi.Output.format("{0}{1}", vpc.region, zone)
            for zone in sorted(settings.zones)
        }
        ranges = plan(settings.cidr, settings.zones)
        subnets = {tier: self._make_subnets(vpc, tier, ranges[tier]) for tier in Tier}

        public = self._open_public(vpc, subnets[Tier.PUBLIC])
        ways_out = self._make_nat(vpc, settings, public)
        private = self._open_private(vpc, settings, subnets[Tier.PRIVATE], ways_out)
        data = self._close_data(vpc, subnets[Tier.DATA])
        if settings.flow_log_days:
            make_flow_logs(
                name, vpc=vpc, days=settings.flow_log_days, parent=self, tags=self._tagged
            )

        self.vpc_id = vpc.id
        self.cidr_block = vpc.cidr_block
        self.public_subnet_ids = list(public.values())
        self.private_subnet_ids = list(private.values())
        self.data_subnet_ids = list(data.values())
        self.nat_addresses = {zone: way.address for zone, way in ways_out.items()}
        self.register_outputs(
            {
                "vpc_id": self.vpc_id,
                "cidr_block": self.cidr_block,
                "public_subnet_ids": self.public_subnet_ids,
                "private_subnet_ids": self.private_subnet_ids,
                "data_subnet_ids": self.data_subnet_ids,
                "availability_zones": self.availability_zones,
                "nat_addresses": self.nat_addresses,
            }
        )

    def _tagged(self, name: str) -> dict[str, str]:
        return {"Name": name, **self._tags}

    def _make_subnets(
        self, vpc: aws.ec2.Vpc, tier: Tier, ranges: Mapping[str, str]
    ) -> dict[str, pulumi.Output[str]]:
        """Make one subnet per zone. None gives out public addresses: what needs one brings it."""
        return {
            zone: aws.ec2.Subnet(
                name,
                vpc_id=vpc.id,
                availability_zone=self.availability_zones[zone],
                cidr_block=cidr,
                tags=self._tagged(name),
                # Two subnets cannot hold one range.
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            ).id
            for zone, cidr in ranges.items()
            for name in [f"{self.pulumi_resource_name}-{tier}-{zone}"]
        }

    def _open_public(
        self, vpc: aws.ec2.Vpc, subnets: Mapping[str, pulumi.Output[str]]
    ) -> dict[str, pulumi.Output[str]]:
        """Route the public subnets to the internet, and give out their ids once it is so."""
        name, child = self.pulumi_resource_name, pulumi.ResourceOptions(parent=self)
        gateway = aws.ec2.InternetGateway(name, vpc_id=vpc.id, tags=self._tagged(name), opts=child)
        table = self._table(vpc, "public")
        route = aws.ec2.Route(
            f"{name}-public",
            route_table_id=table.id,
            destination_cidr_block=ANYWHERE,
            gateway_id=gateway.id,
            opts=child,
        )
        return join(
            f"{name}-public", subnets, dict.fromkeys(subnets, table), parent=self, after=[route]
        )

    def _make_nat(
        self,
        vpc: aws.ec2.Vpc,
        settings: NetworkSettings,
        public: Mapping[str, pulumi.Output[str]],
    ) -> dict[str, WayOut]:
        """Make the NAT that the settings ask for, by zone."""
        name = f"{self.pulumi_resource_name}-nat"
        if settings.nat is Nat.INSTANCE:
            [zone] = settings.nat_zones
            made = make_instance(
                name,
                settings.nat_instance_type,
                vpc_id=vpc.id,
                cidr=settings.cidr,
                subnet_id=public[zone],
                parent=self,
                tags=self._tagged,
            )
            return {zone: made}
        return {
            zone: make_gateway(
                f"{name}-{zone}", subnet_id=public[zone], parent=self, tags=self._tagged
            )
            for zone in settings.nat_zones
        }

    def _open_private(
        self,
        vpc: aws.ec2.Vpc,
        settings: NetworkSettings,
        subnets: Mapping[str, pulumi.Output[str]],
        ways_out: Mapping[str, WayOut],
    ) -> dict[str, pulumi.Output[str]]:
        """Route each private subnet to its NAT and to AWS, and give out its id once it is so."""
        name = self.pulumi_resource_name
        tables = {zone: self._table(vpc, f"private-{zone}") for zone in subnets}
        gateways = make_gateway_endpoints(
            name,
            vpc=vpc,
            route_table_ids=[table.id for table in tables.values()],
            parent=self,
            tags=self._tagged,
        )
        interfaces = make_interface_endpoints(
            name,
            settings.services,
            vpc=vpc,
            cidr=settings.cidr,
            subnet_ids=list(subnets.values()),
            parent=self,
            tags=self._tagged,
        )
        routes = self._route_out(tables, ways_out)
        ready = [*gateways, *interfaces, *routes]
        return join(f"{name}-private", subnets, tables, parent=self, after=ready)

    def _route_out(
        self, tables: Mapping[str, aws.ec2.RouteTable], ways_out: Mapping[str, WayOut]
    ) -> list[aws.ec2.Route]:
        """Send each zone through its own NAT, or through the first where it has none."""
        if not ways_out:
            return []
        first = next(iter(ways_out.values()))
        return [
            aws.ec2.Route(
                f"{self.pulumi_resource_name}-private-{zone}",
                route_table_id=table.id,
                destination_cidr_block=ANYWHERE,
                nat_gateway_id=way.nat_gateway_id,
                network_interface_id=way.network_interface_id,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[way.server]),
            )
            for zone, table in tables.items()
            for way in [ways_out.get(zone, first)]
        ]

    def _close_data(
        self, vpc: aws.ec2.Vpc, subnets: Mapping[str, pulumi.Output[str]]
    ) -> dict[str, pulumi.Output[str]]:
        """Give the data subnets a table of their own, and no route in it."""
        table = self._table(vpc, "data")
        name = f"{self.pulumi_resource_name}-data"
        return join(name, subnets, dict.fromkeys(subnets, table), parent=self)

    def _table(self, vpc: aws.ec2.Vpc, role: str) -> aws.ec2.RouteTable:
        name = f"{self.pulumi_resource_name}-{role}"
        child = pulumi.ResourceOptions(parent=self)
        return aws.ec2.RouteTable(name, vpc_id=vpc.id, tags=self._tagged(name), opts=child)
