"""Tests of what traffic, logs, alarms and functions cost, in figures to check by hand."""

from bills import NOTHING, dollars, line, priced, record
from plinth.testing import monthly_cost
from stacks import deployed_stack

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
NAT = "aws:ec2/natGateway:NatGateway"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


def test_gateways_of_a_network_share_its_traffic() -> None:
    """Three gateways process 90 GB together, and not each."""
    usage = NOTHING.model_copy(update={"nat_gb": 90})
    found = priced(*(record(NAT, f"nat-{zone}") for zone in "abc"), usage=usage)

    assert found.max == 3 * 730 * dollars("0.045") + 90 * dollars("0.045")


def test_a_balancer_pays_for_an_address_in_each_subnet() -> None:
    """Only where it faces the internet."""
    subnets = ["subnet-a", "subnet-b"]
    hours = 730 * dollars("0.0225")

    assert priced(record(BALANCER, subnets=subnets)).max == hours + 2 * 730 * dollars("0.005")
    assert priced(record(BALANCER, subnets=subnets, internal=True)).max == hours


def test_what_a_balancer_sends_to_cloudfront_is_free() -> None:
    """The CDN pays for the visitors then; without one the balancer does."""
    usage = NOTHING.model_copy(update={"visitors_gb": 100})
    balancer = record(BALANCER, "edge")
    cdn = record("aws:cloudfront/distribution:Distribution", "cdn")
    cdn["dependencies"] = [balancer["urn"]]

    assert line(priced(balancer, usage=usage), "data out").monthly_max == 100 * dollars("0.09")
    sent = line(priced(balancer, cdn, usage=usage), "data out")
    assert (sent.name, sent.monthly_max) == ("cdn", 100 * dollars("0.085"))


def test_the_cdn_of_prod_is_in_front_though_it_knows_only_a_name() -> None:
    """It waits for the secret that comes with the balancer."""
    sent = [each for each in monthly_cost(deployed_stack("prod")).lines if "visitors" in each.what]

    assert [each.name for each in sent] == ["cdn"]


def test_capacity_units_follow_the_larger_of_requests_and_bytes() -> None:
    """A unit is 25 connections a second or a GB an hour."""
    busy = NOTHING.model_copy(update={"requests_millions": 65.7 * 2})
    heavy = NOTHING.model_copy(update={"visitors_gb": 730 * 3})

    units = [
        line(priced(record(BALANCER, internal=True), usage=usage), "capacity").quantity_max
        for usage in (busy, heavy)
    ]
    assert units == [2 * 730, 3 * 730]


def test_an_interface_endpoint_is_paid_in_each_zone_and_a_gateway_is_free() -> None:
    """S3 and DynamoDB are reached through gateways."""
    token = "aws:ec2/vpcEndpoint:VpcEndpoint"  # noqa: S105 - a type
    interface = {"vpcEndpointType": "Interface", "subnetIds": ["a", "b"]}

    assert priced(record(token, **interface)).max == 2 * 730 * dollars("0.01")
    assert priced(record(token, vpcEndpointType="Gateway")).lines == []


def test_flow_logs_fill_their_own_log_group() -> None:
    """Written once at 0.50, and kept compressed for a month at 0.03."""
    token = "aws:cloudwatch/logGroup:LogGroup"  # noqa: S105 - a type
    usage = NOTHING.model_copy(update={"flow_log_gb": 20, "log_stored_ratio": 0.1})
    groups = [record(token, name, retentionInDays=30) for name in ("flows", "app")]
    log = record("aws:ec2/flowLog:FlowLog", logDestination="${cloudwatch.LogGroup/flows.arn}")
    found = priced(*groups, log, usage=usage)

    assert {each.name for each in found.lines} == {"flows"}
    assert line(found, "logs written").monthly_max == 10
    assert round(line(found, "logs kept").monthly_max, 2) == dollars("0.06")


def test_an_alarm_is_paid_for_each_metric() -> None:
    """Thrice as much where it looks more often than each minute."""
    metrics = [{"metric": {"period": 60}}, {"metric": {"period": 60}}, {"expression": "a/b"}]

    assert priced(record(ALARM, period=60)).max == dollars("0.1")
    assert priced(record(ALARM, period=10)).max == dollars("0.3")
    assert priced(record(ALARM, metricQueries=metrics)).max == dollars("0.2")


def test_a_function_is_paid_by_call_and_by_time() -> None:
    """A million calls of a second at 1 GiB on arm64."""
    usage = NOTHING.model_copy(
        update={"function_calls_thousands": 1000, "function_milliseconds": 1000}
    )
    made = record("aws:lambda/function:Function", memorySize=1024, architectures=["arm64"])

    assert priced(made, usage=usage).max == dollars("0.2") + dollars("13.3334")
