"""Network, deployed to nowhere."""

import base64
import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from once import once
from plinth._network.endpoints import WITHOUT_NAT
from plinth._network.nat import cloud_config
from plinth._network.settings import Nat, NetworkSettings
from plinth.network import Network
from plinth.subnets import LETTERS
from plinth.testing import Deployment, Requested, deploy
from plinth.wiring import NetworkLike
from reachability import INTERNET, reach, routes_out


@once
def network(**given: Any) -> Deployment:
    """Deploy a network with some settings, and return its outputs."""
    return deploy_once(NetworkSettings.model_validate(given))


@cache
def deploy_once(chosen: NetworkSettings) -> Deployment:
    """Deploy a network that several tests only look at."""
    computed: dict[type[pulumi.Resource], dict[str, int]] = {
        aws.ec2.LaunchTemplate: {"latestVersion": 3}
    }
    return deploy(lambda: outputs_of(Network("main", chosen)), computed=computed)


def outputs_of(made: NetworkLike) -> dict[str, Any]:
    """Return what other components ask of a network."""
    return {
        "vpc": made.vpc_id,
        "cidr": made.cidr_block,
        "public": list(made.public_subnet_ids),
        "private": list(made.private_subnet_ids),
        "data": list(made.data_subnet_ids),
        "zones": dict(made.availability_zones),
    }


def subnet(deployed: Deployment, tier: str, zone: str) -> Requested:
    """Find a subnet."""
    return deployed.one(aws.ec2.Subnet, f"main-{tier}-{zone}")


def route(deployed: Deployment, role: str) -> dict[str, Any]:
    """Find a route's inputs."""
    return deployed.one(aws.ec2.Route, f"main-{role}").inputs


def services(deployed: Deployment, kind: str) -> list[str]:
    """List the services that have an endpoint of a kind, without the region."""
    region = deployed.one(aws.ec2.Vpc).output("region")
    return sorted(
        each.inputs["serviceName"].removeprefix(f"com.amazonaws.{region}.")
        for each in deployed.all(aws.ec2.VpcEndpoint)
        if each.inputs["vpcEndpointType"] == kind
    )


def test_every_tier_has_a_subnet_in_every_zone() -> None:
    """Subnets are named and tagged by tier and letter, and none gives out public addresses."""
    deployed = network(zones=["c", "a"])

    made = deployed.all(aws.ec2.Subnet)
    assert sorted(each.name for each in made) == sorted(
        f"main-{tier}-{zone}" for tier in ("public", "private", "data") for zone in "ac"
    )
    assert all(each.inputs["tags"]["Name"] == each.name for each in made)
    assert not [each for each in made if each.inputs.get("mapPublicIpOnLaunch")]


def test_zones_are_in_the_providers_region() -> None:
    """A letter becomes a zone's name without asking AWS for its zones."""
    deployed = network()

    region = deployed.one(aws.ec2.Vpc).output("region")
    assert subnet(deployed, "data", "b").inputs["availabilityZone"] == f"{region}b"
    assert deployed.outputs["zones"] == {"a": f"{region}a", "b": f"{region}b"}


def test_outputs_are_in_the_order_of_letters() -> None:
    """The n-th subnet of each tier is in the same zone, however the settings order them."""
    deployed = network(zones=["b", "a"])

    for tier in ("public", "private", "data"):
        assert deployed.outputs[tier] == [subnet(deployed, tier, zone).id for zone in "ab"]
    assert deployed.outputs["vpc"] == deployed.one(aws.ec2.Vpc).id
    assert deployed.outputs["cidr"] == "10.0.0.0/16"


def test_private_names_work() -> None:
    """Endpoints and private zones need both DNS attributes, one of which AWS leaves off."""
    vpc = network().one(aws.ec2.Vpc).inputs

    assert vpc["enableDnsSupport"]
    assert vpc["enableDnsHostnames"]


def test_the_default_security_group_is_emptied() -> None:
    """What is launched without a group can talk to nothing."""
    deployed = network()

    group = deployed.one(aws.ec2.DefaultSecurityGroup).inputs
    assert group["vpcId"] == deployed.one(aws.ec2.Vpc).id
    assert not {"ingress", "egress"} & group.keys()


@pytest.mark.parametrize("nat", Nat)
def test_data_has_no_way_out(nat: Nat) -> None:
    """Whatever the NAT, stores have no route out, and no endpoint in their table."""
    deployed = network(nat=nat)

    table = deployed.one(aws.ec2.RouteTable, "main-data").id
    tables = [e.inputs.get("routeTableIds", []) for e in deployed.all(aws.ec2.VpcEndpoint)]
    assert not [ids for ids in tables if table in ids]
    assert not [z for z in "ab" if routes_out(deployed, subnet(deployed, "data", z).id)]


def test_public_subnets_lead_to_the_internet() -> None:
    """One table serves them all."""
    deployed = network()

    gateway = deployed.one(aws.ec2.InternetGateway).id
    assert [routes_out(deployed, subnet(deployed, "public", z).id) for z in "ab"] == [{gateway}] * 2


def test_one_gateway_serves_all_zones_by_default() -> None:
    """It is in the first zone named, and has an address of its own."""
    deployed = network(zones=["b", "a"])

    gateway = deployed.one(aws.ec2.NatGateway, "main-nat-b")
    assert gateway.inputs["subnetId"] == subnet(deployed, "public", "b").id
    assert gateway.inputs["allocationId"] == deployed.one(aws.ec2.Eip).output("allocationId")
    assert {route(deployed, f"private-{z}")["natGatewayId"] for z in "ab"} == {gateway.id}


def test_a_gateway_per_zone() -> None:
    """Each private subnet goes out through its own zone's gateway, and so depends on no other."""
    deployed = network(zones=["a", "b", "c"], nat="per_zone")

    assert len(deployed.all(aws.ec2.NatGateway)) == 3
    for zone in "abc":
        gateway = deployed.one(aws.ec2.NatGateway, f"main-nat-{zone}")
        assert gateway.inputs["subnetId"] == subnet(deployed, "public", zone).id
        assert routes_out(deployed, subnet(deployed, "private", zone).id) == {gateway.id}


def test_without_nat_endpoints_lead_to_aws() -> None:
    """An instance boots, logs and is reached; what else is named comes on top, once."""
    deployed = network(nat="none", endpoints=["kms", "logs"])

    assert not deployed.all(aws.ec2.NatGateway)
    assert not [z for z in "ab" if routes_out(deployed, subnet(deployed, "private", z).id)]
    assert services(deployed, "Interface") == sorted([*WITHOUT_NAT, "kms"])


def test_interface_endpoints_serve_the_private_subnets() -> None:
    """They answer to the services' usual names, and to HTTPS from within the VPC alone."""
    deployed = network(endpoints=["ecr.api"])

    endpoint = deployed.one(aws.ec2.VpcEndpoint, "main-ecr-api").inputs
    guard = deployed.one(aws.ec2.SecurityGroup, "main-endpoints").id
    rule = deployed.one(aws.vpc.SecurityGroupIngressRule).inputs
    assert endpoint["subnetIds"] == deployed.outputs["private"]
    assert endpoint["privateDnsEnabled"]
    assert endpoint["securityGroupIds"] == [guard] == [rule["securityGroupId"]]
    assert (rule["cidrIpv4"], rule["fromPort"], rule["toPort"]) == ("10.0.0.0/16", 443, 443)


def test_s3_and_dynamodb_are_routed_from_every_private_subnet() -> None:
    """Their gateway endpoints are free, and images are pulled through them."""
    deployed = network()

    tables = [deployed.one(aws.ec2.RouteTable, f"main-private-{zone}").id for zone in "ab"]
    routed = [each.inputs["routeTableIds"] for each in deployed.all(aws.ec2.VpcEndpoint)]
    assert services(deployed, "Gateway") == ["dynamodb", "s3"]
    assert services(deployed, "Interface") == []
    assert routed == [tables, tables]


def test_flow_logs_are_written_and_forgotten() -> None:
    """All traffic goes to a group with retention, by a role that only this account's logs take."""
    deployed = network(flow_log_days=90)

    group = deployed.one(aws.cloudwatch.LogGroup)
    log = deployed.one(aws.ec2.FlowLog).inputs
    role = deployed.one(aws.iam.Role)
    [trust] = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    policy = deployed.one(aws.iam.RolePolicy).inputs
    assert group.inputs["retentionInDays"] == 90
    assert log["trafficType"] == "ALL"
    assert log["vpcId"] == deployed.one(aws.ec2.Vpc).id
    assert (log["logDestination"], log["iamRoleArn"]) == (group.output("arn"), role.output("arn"))
    assert trust["Condition"]["StringEquals"] == {
        "aws:SourceAccount": deployed.one(aws.ec2.Vpc).output("ownerId")
    }
    assert json.loads(policy["policy"])["Statement"][0]["Resource"] == f"{group.output('arn')}:*"


def test_zero_days_mean_no_flow_logs() -> None:
    """CloudWatch would take 0 for ever; here it is none, and null is not a number of days."""
    deployed = network(flow_log_days=0)

    assert not deployed.all(aws.ec2.FlowLog)
    assert not deployed.all(aws.cloudwatch.LogGroup)
    with pytest.raises(ValidationError, match="valid integer"):
        NetworkSettings.model_validate({"flow_log_days": None})


def test_a_nat_instance_forwards() -> None:
    """Private subnets route to an interface that may carry others' packets and has an address."""
    deployed = network(nat="instance", zones=["b", "a"])

    interface = deployed.one(aws.ec2.NetworkInterface)
    instance = deployed.one(aws.ec2.Instance).inputs
    assert {route(deployed, f"private-{z}")["networkInterfaceId"] for z in "ab"} == {interface.id}
    assert interface.inputs["sourceDestCheck"] is False
    assert interface.inputs["subnetId"] == subnet(deployed, "public", "b").id
    assert deployed.one(aws.ec2.Eip).inputs["networkInterface"] == interface.id
    assert instance["primaryNetworkInterface"] == {"networkInterfaceId": interface.id}
    assert instance["maintenanceOptions"] == {"autoRecovery": "default"}


def test_a_nat_instance_keeps_its_image() -> None:
    """The template alone names the image, so a new release does not replace the instance."""
    deployed = network(nat="instance")

    instance = deployed.one(aws.ec2.Instance).inputs
    template = deployed.one(aws.ec2.LaunchTemplate).id
    assert instance["launchTemplate"] == {"id": template, "version": "3"}
    assert not {"ami", "userData"} & instance.keys()


@pytest.mark.parametrize(
    ("instance_type", "built"), [("t4g.nano", "arm64"), ("t3a.small", "x86_64")]
)
def test_a_nat_instance_boots_the_image_of_its_processor(instance_type: str, built: str) -> None:
    """It is the newest Amazon Linux 2023, and its type can change without a new instance."""
    deployed = network(nat="instance", nat_instance_type=instance_type)

    template = deployed.one(aws.ec2.LaunchTemplate).inputs
    assert template["imageId"].startswith("resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023")
    assert template["imageId"].endswith(f"-{built}")
    assert "instanceType" not in template
    assert deployed.one(aws.ec2.Instance).inputs["instanceType"] == instance_type


def test_a_nat_instance_is_closed_and_reached_by_session_manager() -> None:
    """Nothing on the internet reaches it; tokens are required, and its disk is encrypted."""
    deployed = network(nat="instance")

    template = deployed.one(aws.ec2.LaunchTemplate).inputs
    guard = deployed.one(aws.ec2.SecurityGroup).id
    policy = deployed.one(aws.iam.RolePolicyAttachment).inputs["policyArn"]
    assert template["metadataOptions"]["httpTokens"] == "required"
    assert template["blockDeviceMappings"][0]["ebs"]["encrypted"] == "true"
    assert deployed.one(aws.ec2.NetworkInterface).inputs["securityGroups"] == [guard]
    assert reach(deployed, INTERNET) == set()
    assert reach(deployed, "10.0.0.0/16") == {guard}
    assert policy.endswith("AmazonSSMManagedInstanceCore")


def test_a_nat_instance_translates_its_own_range() -> None:
    """What goes to another address of the VPC keeps its sender."""
    deployed = network(nat="instance", cidr="10.7.0.0/16")

    sent = deployed.one(aws.ec2.LaunchTemplate).inputs["userData"]
    text = base64.b64decode(sent).decode()
    assert text == cloud_config("10.7.0.0/16")
    assert "ip saddr 10.7.0.0/16 ip daddr != 10.7.0.0/16 masquerade" in text
    assert "net.ipv4.ip_forward = 1" in text


@pytest.mark.skipif(not shutil.which("cloud-init"), reason="cloud-init is not installed")
def test_cloud_init_accepts_the_nat(tmp_path: Path) -> None:
    """The document is what cloud-init's own schema allows."""
    document = tmp_path / "nat.yaml"
    document.write_text(cloud_config("10.0.0.0/16"))

    tool = str(shutil.which("cloud-init"))
    checked = subprocess.run(  # noqa: S603
        [tool, "schema", "--config-file", str(document)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("nat", Nat)
def test_a_new_zone_only_adds(nat: Nat) -> None:
    """No resource is lost or changed, but for endpoints, which get the new zone as well."""
    before, after = (inputs(network(zones=list(zones), nat=nat)) for zones in ("ab", "abc"))

    assert before.keys() < after.keys()
    changed = [key for key, had in before.items() if after[key] != had]
    assert {kind for kind, _ in changed} == {pulumi.get_type_token(aws.ec2.VpcEndpoint)}
    for key in changed:
        had, has = before[key], after[key]
        grown = {"subnetIds", "routeTableIds"} & had.keys()
        assert {**has, **{each: has[each][:2] for each in grown}} == had


def inputs(deployed: Deployment) -> dict[tuple[str, str], dict[str, Any]]:
    """Index the children's inputs by what identifies them."""
    return {(r.type, r.name): r.inputs for r in deployed.resources if r.type.startswith("aws:")}


@given(st.lists(st.sampled_from(LETTERS), min_size=1, unique=True), st.sampled_from(Nat))
def test_nat_is_in_the_zones_that_the_mode_says(zones: list[str], nat: Nat) -> None:
    """None, the first one named, or each of them."""
    expected = {Nat.NONE: [], Nat.PER_ZONE: zones}.get(nat, zones[:1])

    assert list(NetworkSettings(zones=tuple(zones), nat=nat).nat_zones) == expected


@pytest.mark.parametrize(
    ("nat", "servers"),
    [
        ("none", {aws.ec2.VpcEndpoint}),
        ("single", {aws.ec2.NatGateway, aws.ec2.Route}),
        ("instance", {aws.ec2.Instance, aws.ec2.Route}),
    ],
)
def test_a_private_subnet_is_given_out_once_it_is_served(
    nat: str, servers: set[type[pulumi.Resource]]
) -> None:
    """An instance that boots before its way out finds neither packages nor its image."""
    deployed = network(nat=nat)

    order = [(r.type, r.name) for r in deployed.resources]
    joined = deployed.one(aws.ec2.RouteTableAssociation, "main-private-a")
    needed = [r for kind in servers for r in deployed.all(kind)]
    assert needed
    assert max(order.index((r.type, r.name)) for r in needed) < order.index(
        (joined.type, joined.name)
    )
    assert waited_for("private") == {"Subnet", "RouteTableAssociation"}


def waited_for(tier: str) -> set[str]:
    """Name the kinds of resources that the subnet ids of a tier wait for."""

    async def kinds(made: Network) -> list[str]:
        found = await getattr(made, f"{tier}_subnet_ids")[0].resources()
        return [type(each).__name__ for each in found]

    deployed = deploy(lambda: {"kinds": pulumi.Output.from_input(kinds(Network("main")))})
    return set(deployed.outputs["kinds"])


def test_what_cannot_exist_twice_is_replaced_in_that_order() -> None:
    """Creating the new one first would be refused: a range, an address or a name is taken."""
    first_deleted: set[str] = set()

    def spy(args: pulumi.ResourceTransformationArgs) -> None:
        if args.opts.delete_before_replace:
            first_deleted.add(args.type_.rpartition(":")[2])

    opts = pulumi.ResourceOptions(transformations=[spy])
    deploy(lambda: Network("main", NetworkSettings(endpoints=("kms",)), opts=opts))
    deploy(lambda: Network("main", NetworkSettings(nat=Nat.INSTANCE), opts=opts))

    assert first_deleted == {
        *("Subnet", "RouteTableAssociation", "NatGateway", "Instance", "FlowLog", "VpcEndpoint")
    }


def test_tags_reach_every_subnet_and_disk() -> None:
    """A bill can be split by them; the name stays the resource's own."""
    chosen = NetworkSettings(nat=Nat.INSTANCE)
    deployed = deploy(lambda: Network("main", chosen, tags={"team": "core"}))

    expected = {"Name": "main-public-a", "team": "core"}
    assert subnet(deployed, "public", "a").inputs["tags"] == expected
    volume = deployed.one(aws.ec2.Instance).inputs["volumeTags"]
    assert volume == {"Name": "main-nat", "team": "core"}


def test_addresses_are_known_to_those_who_allow_them() -> None:
    """A partner's allow list needs the address that each zone's traffic comes from."""
    chosen = NetworkSettings(nat=Nat.PER_ZONE)
    deployed = deploy(lambda: {"addresses": Network("main", chosen).nat_addresses})

    assert deployed.outputs["addresses"] == {
        zone: deployed.one(aws.ec2.Eip, f"main-nat-{zone}").output("publicIp") for zone in "ab"
    }


@pytest.mark.parametrize(
    ("wrong", "fix"),
    [
        ({"cidr": "10.0.0.0/24"}, "use 10.0.0.0/22"),
        ({"cidr": "8.8.0.0/16"}, "private addresses"),
        ({"zones": ["a", "a"]}, "name a once"),
        ({"zones": ["z"]}, "from a to h"),
        ({"zones": []}, "name the zones"),
        ({"nat": "two"}, "per_zone"),
        ({"nat_instance_type": "m7g.metal"}, "use one such as t4g.nano"),
        ({"nat_instance_type": "nano"}, "'nano'"),
        ({"endpoints": ["s3"]}, "leave it out"),
        ({"endpoints": ["com.amazonaws.eu-west-1.kms"]}, "write ecr.api"),
        ({"endpoints": ["KMS"]}, "write ecr.api"),
        ({"flow_log_days": 31}, "use 30"),
        ({"flow_log_days": -1}, "use 1"),
        ({"zone": "a"}, "zone"),
    ],
)
def test_settings_refuse(wrong: dict[str, object], fix: str) -> None:
    """What AWS would not take is refused before a preview, with the change to make."""
    with pytest.raises(ValidationError, match=fix):
        NetworkSettings.model_validate(wrong)


def test_a_name_that_some_child_could_not_carry_is_refused() -> None:
    """The error comes before anything is registered."""
    with pytest.raises(ValueError, match="network 'Main'"):
        deploy(lambda: Network("Main"))
