"""EC2: instances alone and in fleets, with their disks and addresses."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from typing import Any

from plinth.cost.bill import Bill, number, section, sections, times, truth
from plinth.cost.book import HOURS, NoPriceError, Price
from plinth.cost.lines import ZERO, Range
from plinth.preview.export import ResourceRecord

POLICY = "aws:autoscaling/policy:Policy"

_ONE = Range(Decimal(1), Decimal(1))

_DETAILED_METRICS = 7
"""That EC2 publishes of an instance with detailed monitoring."""

_GP3_IOPS, _GP3_THROUGHPUT = 3000, 125
"""Included with every gp3 volume (https://aws.amazon.com/ebs/pricing/)."""


def group(bill: Bill) -> None:
    """Charge a fleet between its least and its most instances."""
    count = _count(bill)
    mixed = section(bill.inputs, "mixedInstancesPolicy")
    choice = section(mixed, "launchTemplate")
    template = _template(bill, section(choice, "launchTemplateSpecification")) or _template(
        bill, section(bill.inputs, "launchTemplate")
    )
    if count is None or template is None:
        bill.skip("fleet whose size or launch template is known only after a deployment")
        return
    own = template["inputs"].get("instanceType")
    types = [o.get("instanceType", own) for o in sections(choice, "overrides")] or [own]
    _fleet(bill, types, count, section(mixed, "instancesDistribution"))
    _disks(bill, sections(template["inputs"], "blockDeviceMappings"), count)
    _extras(bill, template["inputs"], count)


def instance(bill: Bill) -> None:
    """Charge one instance; what it does not say itself, its launch template says."""
    template = _template(bill, section(bill.inputs, "launchTemplate"))
    inputs: dict[str, Any] = {**(template["inputs"] if template else {}), **bill.inputs}
    _hours(bill, [inputs.get("instanceType")], _ONE, Decimal(1), "on demand")
    own = section(bill.inputs, "rootBlockDevice")
    _disks(bill, [{"ebs": own}] if own else sections(inputs, "blockDeviceMappings"), _ONE)
    _extras(bill, inputs, _ONE)
    if truth(bill.inputs.get("associatePublicIpAddress")):
        bill.hours("public IPv4 address", "ipv4.hour")


def volume(bill: Bill) -> None:
    """Charge a volume of its own."""
    given = {**bill.inputs, "volumeSize": bill.inputs.get("size")}
    given["volumeType"] = bill.inputs.get("type", "gp2")
    _disks(bill, [{"ebs": given}], _ONE)


def _count(bill: Bill) -> Range | None:
    """Return how many instances a fleet has: what it says where nothing scales it."""
    least, most = bill.number("minSize"), bill.number("maxSize")
    wanted = bill.number("desiredCapacity")
    scaled = any(
        bill.stack.find(policy["inputs"].get("autoscalingGroupName")) is bill.resource
        for policy in bill.stack.all(POLICY)
    )
    if wanted is not None and not scaled:
        return Range(wanted, wanted)
    return None if least is None or most is None else Range(least, most)


def _template(bill: Bill, named: Mapping[str, Any]) -> ResourceRecord | None:
    given = (named.get(name) for name in ("launchTemplateId", "id", "launchTemplateName", "name"))
    return next(filter(None, map(bill.stack.find, given)), None)


def _fleet(bill: Bill, types: list[Any], count: Range, given: Mapping[str, Any]) -> None:
    """Split a fleet into instances on demand and Spot, as its distribution says."""
    base = number(given.get("onDemandBaseCapacity"), 0) or ZERO
    share = number(given.get("onDemandPercentageAboveBaseCapacity"), 100)
    share = Decimal(100) if share is None else share
    fixed = Range(*(_on_demand_of(nodes, base, share) for nodes in count))
    prioritized = given.get("onDemandAllocationStrategy", "prioritized") == "prioritized"
    _hours(bill, types[:1] if prioritized else types, fixed, Decimal(1), "on demand")
    spot = Range(count.min - fixed.min, count.max - fixed.max)
    if spot.max:
        ratio = bill.assume("spot_price_ratio")
        _hours(bill, types, spot, ratio, "Spot")


def _on_demand_of(nodes: Decimal, base: Decimal, share: Decimal) -> Decimal:
    """Return how many of some instances are on demand; AWS rounds up."""
    above = max(nodes - base, ZERO)
    return min(nodes, base) + (above * share / 100).to_integral_value(ROUND_CEILING)


def _hours(bill: Bill, types: list[Any], count: Range, ratio: Decimal, how: str) -> None:
    if not count.max:
        return
    try:
        names = sorted(map(str, types), key=lambda name: bill.book.instance("ec2", name).amount)
    except NoPriceError as error:
        bill.skip(f"instances: {error}; add the type to the price book, or use one of its family")
        return
    low, high = (_scaled(bill.book.instance("ec2", n), ratio) for n in (names[0], names[-1]))
    both = " to ".join(dict.fromkeys((names[0], names[-1])))
    note = "" if ratio == 1 else f"{ratio:%} of the price on demand"
    bill.add(f"{both}, {how}", low, times(count, HOURS), dearest=high, note=note)


def _scaled(price: Price, ratio: Decimal) -> Price:
    return Price(amount=price.amount * ratio, unit=price.unit, source=price.source, note=price.note)


def _disks(bill: Bill, mappings: Sequence[Mapping[str, Any]], count: Range) -> None:
    for mapping in mappings or [{}]:
        disk = section(mapping, "ebs")
        kind = disk.get("volumeType", "gp3")
        size = number(disk.get("volumeSize"))
        size = bill.assume("image_gib") if size is None else size
        bill.charge(f"{kind} disks", f"ebs.{kind}.gb_month", times(count, size))
        if kind != "gp3":
            continue
        iops = number(disk.get("iops"), 0) or ZERO
        bill.charge("disk IOPS", "ebs.gp3.iops", times(count, max(iops - _GP3_IOPS, ZERO)))
        speed = number(disk.get("throughput"), 0) or ZERO
        more = max(speed - _GP3_THROUGHPUT, ZERO)
        bill.charge("disk throughput", "ebs.gp3.throughput", times(count, more))


def _extras(bill: Bill, inputs: Mapping[str, Any], count: Range) -> None:
    """Charge what a launch template may ask for beside the instances."""
    if truth(section(inputs, "monitoring").get("enabled", inputs.get("monitoring"))):
        bill.charge("detailed monitoring", "metric", times(count, Decimal(_DETAILED_METRICS)))
    faces = sections(inputs, "networkInterfaces")
    public = sum(truth(face.get("associatePublicIpAddress")) for face in faces)
    bill.hours("public IPv4 addresses", "ipv4.hour", times(count, Decimal(public)))
