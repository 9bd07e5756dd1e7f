"""The settings of a network, and what follows from them."""

from enum import StrEnum

from pydantic import field_validator

from plinth._fleet.instances import architecture
from plinth.retention import check_retention
from plinth.settings import Settings
from plinth.subnets import check_cidr, check_zones

from .endpoints import WITHOUT_NAT, check_service


class Nat(StrEnum):
    """How private subnets reach the internet."""

    NONE = "none"
    """They do not. AWS's services are reached through endpoints, whose price per zone adds up to
    more than a gateway's: this is for isolation, not for thrift."""
    INSTANCE = "instance"
    """Through one small instance, at a tenth of a gateway's price. It is down for minutes when it
    is replaced or its zone fails."""
    SINGLE = "single"
    """Through one managed gateway in the first zone named; if that zone fails, all lose it."""
    PER_ZONE = "per_zone"
    """Through a gateway in each zone: no zone depends on another, and none pays for traffic
    between zones."""


class NetworkSettings(Settings, frozen=True):
    """How big a network is, where it is, and what leaves it how."""

    cidr: str = "10.0.0.0/16"
    """IPv4 range, from /16 to /22, which cannot change later. The largest costs nothing; give each
    stack another if they may ever be peered."""

    zones: tuple[str, ...] = ("a", "b")
    """Availability zones by their letters, ``a`` to ``h``, of those that the account has in the
    region. Two, as balancers and databases need. Add new ones at the end: a single NAT sits in the
    first."""

    nat: Nat = Nat.SINGLE
    """How private subnets reach the internet. One gateway needs no care and serves any traffic;
    production wants one per zone."""

    nat_instance_type: str = "t4g.nano"
    """EC2 type of the NAT instance, where ``nat`` is ``instance``. The smallest passes 32 Mbit/s at
    length and 5 Gbit/s in bursts
    (https://docs.aws.amazon.com/ec2/latest/instancetypes/gp.html)."""

    endpoints: tuple[str, ...] = ()
    """Interface endpoints to have in every zone, by service: ``kms``, ``ecr.api``. Each costs by
    the hour and zone, so there are none; ``nat: none`` brings those that a tier cannot do
    without. S3 and DynamoDB always have their free gateway endpoints."""

    flow_log_days: int = 30
    """Days to keep the flow logs, of those that CloudWatch Logs offers; 0 writes none. A month
    covers most questions of what happened."""

    @property
    def services(self) -> tuple[str, ...]:
        """Every service that gets an interface endpoint."""
        needed = WITHOUT_NAT if self.nat is Nat.NONE else ()
        return tuple(sorted({*needed, *self.endpoints}))

    @property
    def nat_zones(self) -> tuple[str, ...]:
        """Zones with a NAT of their own; the others use the first's."""
        counts = {Nat.NONE: 0, Nat.PER_ZONE: len(self.zones)}
        return self.zones[: counts.get(self.nat, 1)]

    @field_validator("cidr")
    @classmethod
    def _suits_a_vpc(cls, cidr: str) -> str:
        return str(check_cidr(cidr))

    @field_validator("zones")
    @classmethod
    def _are_letters(cls, zones: tuple[str, ...]) -> tuple[str, ...]:
        check_zones(zones)
        return zones

    @field_validator("nat_instance_type")
    @classmethod
    def _forwards(cls, nat_instance_type: str) -> str:
        architecture(nat_instance_type)
        if ".metal" in nat_instance_type:
            msg = (
                f"nat_instance_type {nat_instance_type!r} needs a virtual machine, which AWS "
                "recovers by itself: use one such as t4g.nano"
            )
            raise ValueError(msg)
        return nat_instance_type

    @field_validator("endpoints")
    @classmethod
    def _are_services(cls, endpoints: tuple[str, ...]) -> tuple[str, ...]:
        for service in endpoints:
            check_service(service)
        return endpoints

    @field_validator("flow_log_days")
    @classmethod
    def _is_offered(cls, days: int) -> int:
        return check_retention(days) if days else 0
