"""What carries traffic: gateways, addresses, endpoints, balancers, the CDN and DNS."""

from decimal import Decimal

from plinth.cost.bill import Bill, truth
from plinth.cost.book import HOURS

NAT_GATEWAY = "aws:ec2/natGateway:NatGateway"
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"

_CONNECTIONS_PER_LCU = 25
"""New connections a second, and a GB an hour, make a capacity unit of a balancer
(https://aws.amazon.com/elasticloadbalancing/pricing/)."""

_THOUSANDTH = Decimal("0.001")
_SECONDS = HOURS * 3600
_TEN_THOUSANDS = 100
"""In a million."""


def nat_gateway(bill: Bill) -> None:
    """Charge a gateway, and its part of what goes through all of its network's."""
    bill.hours("NAT gateway", "nat.hour")
    beside = [r for r in bill.stack.all(NAT_GATEWAY) if r["parent"] == bill.resource["parent"]]
    part = bill.assume("nat_gb") / len(beside)
    bill.charge("data through it", "nat.gb", part.quantize(_THOUSANDTH))


def address(bill: Bill) -> None:
    """Charge a public address, in use or not."""
    bill.hours("public IPv4 address", "ipv4.hour")


def vpc(bill: Bill) -> None:
    """Charge what moves in a network and leaves it, which no resource of its own stands for."""
    crossing = 2 * bill.assume("cross_zone_gb")
    bill.charge("data from zone to zone", "transfer.zone_gb", crossing)
    bill.charge("data out to the internet", "transfer.out_gb", bill.assume("nat_out_gb"))


def endpoint(bill: Bill) -> None:
    """Charge an interface endpoint in each of its zones; gateway endpoints are free."""
    if bill.inputs.get("vpcEndpointType", "Gateway") == "Gateway":
        return
    bill.hours("interface endpoint", "endpoint.hour", len(bill.inputs.get("subnetIds") or [0]))
    bill.charge("data through it", "endpoint.gb", bill.assume("endpoint_gb"))


def balancer(bill: Bill) -> None:
    """Charge a balancer, its capacity units, its addresses, and what it sends to visitors."""
    kind = "nlb" if bill.inputs.get("loadBalancerType") == "network" else "alb"
    visits, loaded = bill.assume("requests_millions"), bill.assume("visitors_gb")
    connections = visits * 1_000_000 / _SECONDS
    units = max(connections / _CONNECTIONS_PER_LCU, loaded / HOURS)
    bill.hours("load balancer", f"{kind}.hour")
    bill.hours("capacity units", f"{kind}.lcu_hour", units.quantize(_THOUSANDTH))
    if truth(bill.inputs.get("internal")):
        return
    addresses = len(bill.inputs.get("subnets") or bill.inputs.get("subnetMappings") or [])
    bill.hours("public IPv4 addresses", "ipv4.hour", addresses)
    if not _behind_cdn(bill):
        bill.charge("data out to visitors", "transfer.out_gb", loaded)


def distribution(bill: Bill) -> None:
    """Charge what a CDN sends to visitors, who are taken to be in America or Europe."""
    bill.charge_global("data out to visitors", "cloudfront.gb", bill.assume("visitors_gb"))
    visits = bill.assume("requests_millions") * _TEN_THOUSANDS
    bill.charge_global("requests", "cloudfront.requests", visits)


def zone(bill: Bill) -> None:
    """Charge a hosted zone; queries to a private one are free."""
    bill.charge_global("hosted zone", "route53.zone", 1)
    if not bill.inputs.get("vpcs"):
        queries = bill.assume("dns_queries_millions")
        bill.charge_global("queries", "route53.queries", queries)


def health_check(bill: Bill) -> None:
    """Charge a health check; one of an alarm or of other checks has no endpoint outside AWS."""
    kind = str(bill.inputs.get("type"))
    outside = ".outside" if kind.startswith(("HTTP", "TCP")) else ""
    bill.charge_global("health check", f"route53.check{outside}", 1)
    options = sum(
        (
            kind.startswith("HTTPS"),
            "STR_MATCH" in kind,
            str(bill.inputs.get("requestInterval")) == "10",
            truth(bill.inputs.get("measureLatency")),
        )
    )
    bill.charge_global("its options", f"route53.check{outside}.option", options)


def _behind_cdn(bill: Bill) -> bool:
    """Tell whether a CDN of the stack waits for the balancer, or for what comes with it.

    What a balancer sends to CloudFront is free.
    """
    parent = bill.stack.by_urn.get(bill.resource["parent"])
    inside = parent["urn"] if parent and parent["kind"] == "component" else None
    urns = {
        urn
        for urn, resource in bill.stack.by_urn.items()
        if resource is bill.resource or resource["parent"] == inside
    }
    return any(urns & set(cdn["dependencies"]) for cdn in bill.stack.all(DISTRIBUTION))
