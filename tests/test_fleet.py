"""Environment, image, identity and group: what every tier of instances shares."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from pulumi.runtime import set_all_config

from booted import user_data_files
from plinth._fleet import environment as fleet_environment
from plinth._fleet import group as group_module
from plinth._fleet.boot import boot_document
from plinth._fleet.environment import Environment, gather
from plinth._fleet.group import (
    GroupPlan,
    Hook,
    Spot,
    make_group,
    make_log_group,
    stack_tags,
)
from plinth._fleet.identity import Needs, make_identity
from plinth._fleet.image import check_image, ecr_registry, ecr_repository_arn
from plinth._fleet.units import Process, Stop
from plinth._fleet.user_data import Known, pinned, user_data
from plinth.existing import ExistingNetwork, ExistingService
from plinth.testing import Deployment, deploy
from plinth.wiring import Grant, SecretText

DIGEST = f"sha256:{'a' * 64}"
IMAGE = f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/shop@{DIGEST}"
NETWORK = ExistingNetwork(
    vpc_id="vpc-1", cidr_block="10.0.0.0/16", private_subnet_ids=["subnet-a", "subnet-b"]
)
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-1a2b3c"  # noqa: S105 - its ARN
DATABASE = ExistingService(
    pulumi_resource_name="db",
    environment={"DATABASE_NAME": "app"},
    secrets={
        "DATABASE_URL": SecretText(secret_arn=SECRET, template="postgresql://{username}@db/app"),
        "DATABASE_REPLICA_URL": SecretText(secret_arn=SECRET, template="{username}"),
    },
)
MEDIA = ExistingService(
    pulumi_resource_name="media",
    grants=[Grant(actions=["s3:PutObject"], resources=["arn:aws:s3:::media/*"])],
)
TAGS = {"Name": "fleet", "team": "core"}


@pytest.fixture
def restored_config() -> Iterator[None]:
    """Start without configuration, and leave none."""
    set_all_config({})
    yield
    set_all_config({})


def describe(known: Known) -> str:
    """Write the document of one process."""
    return boot_document(
        [
            Process(
                name="app",
                image=known.image,
                log_group=known.log_group,
                variables=known.variables,
                secrets=known.secrets,
                stop=Stop(seconds=10),
            )
        ]
    )


def fleet(
    *,
    image: pulumi.Input[str] = IMAGE,
    environment: Callable[[], Environment] = Environment,
    **plan: Any,
) -> Deployment:
    """Deploy an identity and a group on it."""

    def program() -> None:
        parent = pulumi.ComponentResource("test:index:Tier", "fleet")
        logs = make_log_group("fleet", parent=parent, days=30, tags=TAGS)
        needs = Needs(images=[image], log_group_arns=[logs.arn], uses=[DATABASE, MEDIA])
        identity = make_identity("fleet", needs, parent=parent, network=NETWORK, tags=TAGS)
        document = user_data(
            describe,
            image=image,
            environment=environment(),
            log_group=logs.name,
        )
        given: dict[str, Any] = {
            "instance_types": ["t4g.small"],
            "min_size": 1,
            "max_size": 2,
            **plan,
        }
        whole = GroupPlan(
            user_data=document,
            identity=identity,
            subnet_ids=NETWORK.private_subnet_ids,
            tags=TAGS,
            **given,
        )
        make_group("fleet", whole, parent=parent)

    return deploy(program)


def statements(deployed: Deployment) -> dict[str, dict[str, Any]]:
    """Return the statements of the role's only policy, by their first action."""
    document = json.loads(deployed.one(aws.iam.RolePolicy).inputs["policy"])
    assert all(statement["Effect"] == "Allow" for statement in document["Statement"])
    return {statement["Action"][0]: statement for statement in document["Statement"]}


def test_variables_of_all_sources_are_merged() -> None:
    """A tier's own and its services' variables come together, secrets apart from the rest."""
    merged = gather("web tier", "web", {"itself": {"PORT": "8000"}}, [DATABASE, MEDIA])

    assert merged.variables == {"PORT": "8000", "DATABASE_NAME": "app"}
    assert merged.secrets == DATABASE.secrets


@pytest.mark.parametrize(
    ("own", "reason"),
    [
        ({"DATABASE_URL": "x"}, "DATABASE_URL from both settings.environment and 'db'"),
        ({"INSTANCE_ID": "x"}, "INSTANCE_ID from both every instance and settings.environment"),
        ({"1ST": "x"}, "'1ST' from settings.environment, which needs a name of letters"),
        ({"A B": "x"}, "'A B' from settings.environment"),
        ({"KEY": "a\nb"}, "variable KEY has a line break"),
    ],
)
def test_variables_are_refused(own: Mapping[str, str], reason: str) -> None:
    """What two sources bring, or no container can be given, says where it comes from."""
    with pytest.raises(ValueError, match=reason):
        gather("web tier", "web", {"settings.environment": own}, [DATABASE])


def test_two_services_with_one_variable_are_refused() -> None:
    """Which of two databases DATABASE_URL means must not be left to their order."""
    other = ExistingService(pulumi_resource_name="other", environment={"DATABASE_URL": "x"})
    with pytest.raises(ValueError, match="from both 'db' and 'other': drop one of them"):
        gather("web tier", "web", {}, [DATABASE, other])


def test_instance_variables_are_in_the_contract() -> None:
    """What first_boot.sh writes is what the table of variables promises."""
    files = user_data_files(fleet().one(aws.ec2.LaunchTemplate).inputs)

    written = files["/usr/local/lib/plinth/first_boot.sh"]
    assert all(f"{v.name}=%s" in written for v in fleet_environment.VARIABLES)


@pytest.mark.parametrize("image", ["shop", "shop:1.2", "shop@sha256:abc", f"@{DIGEST}", ""])
def test_unpinned_images_are_refused(image: str) -> None:
    """Anything but a whole digest may mean another image at the next launch."""
    with pytest.raises(ValueError, match="is not pinned: give it as name@sha256"):
        check_image("web tier", "web", image, allow_tags=False)


def test_tag_is_taken_where_the_setting_says_so() -> None:
    """A tag may do in a development stack; no image at all never does."""
    assert check_image("web tier", "web", "shop:1.2", allow_tags=True) == "shop:1.2"
    with pytest.raises(ValueError, match="is not pinned"):
        check_image("web tier", "web", "", allow_tags=True)


def test_unpinned_output_fails_once_it_is_known() -> None:
    """An image from another resource is checked as well, when it comes in."""

    def program() -> dict[str, pulumi.Output[str]]:
        late = pulumi.Output.from_input("shop:latest")
        return {"image": pinned("web tier", "web", late, allow_tags=False)}

    with pytest.raises(ValueError, match="is not pinned"):
        deploy(program)


@pytest.mark.parametrize(
    ("image", "host", "arn"),
    [
        (
            IMAGE,
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            "arn:aws:ecr:eu-west-1:123456789012:repository/team/shop",
        ),
        (
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/shop:1",
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
            "arn:aws-cn:ecr:cn-north-1:123456789012:repository/shop",
        ),
        (
            "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/shop:1",
            "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
            "arn:aws-us-gov:ecr:us-gov-west-1:123456789012:repository/shop",
        ),
        ("public.ecr.aws/nginx/nginx:1", None, None),
        ("nginx", None, None),
    ],
)
def test_private_repositories_are_told(image: str, host: str | None, arn: str | None) -> None:
    """Login and permission are for the image's own repository, in any partition."""
    assert ecr_registry(image) == host
    assert ecr_repository_arn(image) == arn


def test_role_may_do_what_its_uses_bring_and_no_more() -> None:
    """One policy has it all; no managed policy opens what nobody asked for."""
    deployed = fleet()

    allowed = statements(deployed)
    assert {action: statement["Resource"] for action, statement in allowed.items()} == {
        "ssm:UpdateInstanceInformation": ["*"],
        "logs:CreateLogStream": [f"{deployed.one(aws.cloudwatch.LogGroup).output('arn')}:*"],
        "ecr:GetAuthorizationToken": ["*"],
        "ecr:BatchCheckLayerAvailability": [
            "arn:aws:ecr:eu-west-1:123456789012:repository/team/shop"
        ],
        "secretsmanager:GetSecretValue": [SECRET],
        "s3:PutObject": ["arn:aws:s3:::media/*"],
    }
    assert not deployed.all(aws.iam.RolePolicyAttachment)
    assert "managedPolicyArns" not in deployed.one(aws.iam.Role).inputs


def test_shell_goes_through_session_manager_only() -> None:
    """No key, no port 22; and no right to read the account's parameters comes with the shell."""
    deployed = fleet()

    assert "keyName" not in deployed.one(aws.ec2.LaunchTemplate).inputs
    assert "ingress" not in deployed.one(aws.ec2.SecurityGroup).inputs
    assert not deployed.all(aws.vpc.SecurityGroupIngressRule)
    shell = statements(deployed)["ssm:UpdateInstanceInformation"]["Action"]
    assert "ssmmessages:OpenDataChannel" in shell
    assert not any("Parameter" in action for action in shell)


def test_public_image_needs_no_permission() -> None:
    """Only a private repository of ECR asks who pulls."""
    assert not [a for a in statements(fleet(image=f"nginx@{DIGEST}")) if a.startswith("ecr:")]


def test_only_ec2_takes_the_role_on() -> None:
    """The profile carries the role to the instances, and nobody else can have it."""
    deployed = fleet()

    role = deployed.one(aws.iam.Role)
    [trust] = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"Service": "ec2.amazonaws.com"}
    profile = deployed.one(aws.iam.InstanceProfile)
    assert profile.inputs["role"] == role.output("name")
    template = deployed.one(aws.ec2.LaunchTemplate).inputs
    assert template["iamInstanceProfile"] == {"arn": profile.output("arn")}
    assert template["vpcSecurityGroupIds"] == [deployed.one(aws.ec2.SecurityGroup).id]


def test_instances_are_hardened() -> None:
    """Metadata needs a token that a container can get, and the disk is encrypted gp3."""
    template = fleet(root_volume_gib=33).one(aws.ec2.LaunchTemplate).inputs

    assert template["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 2,
    }
    [disk] = template["blockDeviceMappings"]
    assert disk["ebs"] == {
        "volumeSize": 33,
        "volumeType": "gp3",
        "encrypted": "true",
        "deleteOnTermination": "true",
    }


def test_machine_image_fits_the_instance_type() -> None:
    """The image is looked up at each launch, for the processor of the type."""
    arm = fleet().one(aws.ec2.LaunchTemplate).inputs["imageId"]
    intel = fleet(instance_types=["t3.small"]).one(aws.ec2.LaunchTemplate).inputs["imageId"]

    assert arm.startswith("resolve:ssm:")
    assert arm.endswith("arm64")
    assert intel.endswith("x86_64")


def test_group_follows_the_templates_version() -> None:
    """With "$Latest" a change would never start a refresh."""
    deployed = fleet()

    template = deployed.one(aws.ec2.LaunchTemplate)
    group = deployed.one(aws.autoscaling.Group).inputs
    assert group["launchTemplate"]["id"] == template.id
    version = group["launchTemplate"]["version"]
    assert isinstance(version, str)
    assert version not in {"$Latest", "$Default"}
    assert template.inputs["updateDefaultVersion"] is True


def test_refresh_never_falls_below_full_capacity() -> None:
    """New instances start before old ones go, in a refresh and in every other replacement."""
    group = fleet(warmup_seconds=90).one(aws.autoscaling.Group).inputs

    assert group["instanceRefresh"]["strategy"] == "Rolling"
    assert group["instanceRefresh"]["preferences"] == {
        "minHealthyPercentage": 100,
        "maxHealthyPercentage": 150,
        "instanceWarmup": "90",
        "skipMatching": True,
        "scaleInProtectedInstances": "Ignore",
    }
    policy = {"minHealthyPercentage": 100, "maxHealthyPercentage": 150}
    assert group["instanceMaintenancePolicy"] == policy
    assert group["defaultInstanceWarmup"] == 90


def test_nothing_counts_instances_but_the_group() -> None:
    """A desired capacity in the program would undo every scaling at the next deployment."""
    assert "desiredCapacity" not in fleet().one(aws.autoscaling.Group).inputs
    assert fleet(desired=1).one(aws.autoscaling.Group).inputs["desiredCapacity"] == 1


def test_no_physical_names() -> None:
    """What AWS must replace can then be made before the old one goes."""
    kinds = (aws.ec2.LaunchTemplate, aws.autoscaling.Group, aws.cloudwatch.LogGroup, aws.iam.Role)
    deployed = fleet()

    assert not [kind for kind in kinds if "name" in deployed.one(kind).inputs]


def test_spot_makes_a_mixed_group() -> None:
    """The share and the types are told, and a likely interruption is met with a substitute."""
    types = ["m7g.large", "c7g.large"]
    deployed = fleet(instance_types=types, spot=Spot(percent=75, on_demand=1))

    group = deployed.one(aws.autoscaling.Group).inputs
    assert "launchTemplate" not in group
    mixed = group["mixedInstancesPolicy"]
    assert mixed["launchTemplate"]["overrides"] == [{"instanceType": t} for t in types]
    specification = mixed["launchTemplate"]["launchTemplateSpecification"]
    assert specification["launchTemplateId"] == deployed.one(aws.ec2.LaunchTemplate).id
    assert not specification["version"].startswith("$L")
    distribution = mixed["instancesDistribution"]
    assert distribution["onDemandBaseCapacity"] == 1
    assert distribution["onDemandPercentageAboveBaseCapacity"] == 25
    assert distribution["spotAllocationStrategy"] == "price-capacity-optimized"
    assert group["capacityRebalance"] is True


def test_several_types_need_no_spot() -> None:
    """A second type stands in where the first is short, at the ordinary price."""
    group = fleet(instance_types=["m7g.large", "c7g.large"]).one(aws.autoscaling.Group).inputs

    share = group["mixedInstancesPolicy"]["instancesDistribution"]
    assert share["onDemandPercentageAboveBaseCapacity"] == 100
    assert group["capacityRebalance"] is False


def test_types_of_two_architectures_are_refused() -> None:
    """One image cannot boot both."""
    with pytest.raises(ValueError, match="one architecture"):
        fleet(instance_types=["m7g.large", "m7i.large"])


def test_hooks_hold_the_first_instances_too() -> None:
    """They are part of the group, so that no instance is older than they are."""
    group = fleet(hooks=[Hook(name="drain", seconds=720)]).one(aws.autoscaling.Group).inputs

    assert group["initialLifecycleHooks"] == [
        {
            "name": "drain",
            "lifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
            "heartbeatTimeout": 720,
            "defaultResult": "CONTINUE",
        }
    ]


def test_health_is_the_balancers_where_there_is_one() -> None:
    """EC2's own check would keep an instance whose app is dead."""
    behind = fleet(target_group_arns=["arn:tg"], grace_seconds=120).one(aws.autoscaling.Group)
    alone = fleet().one(aws.autoscaling.Group)

    assert behind.inputs["healthCheckType"] == "ELB"
    assert behind.inputs["healthCheckGracePeriod"] == 120
    assert behind.inputs["targetGroupArns"] == ["arn:tg"]
    assert alone.inputs["healthCheckType"] == "EC2"


def test_age_is_given_in_seconds() -> None:
    """A day is the shortest life that Auto Scaling knows; 0 sets no end."""
    aged = fleet(max_age_days=30).one(aws.autoscaling.Group).inputs

    assert aged["maxInstanceLifetime"] == 30 * 86400
    assert fleet().one(aws.autoscaling.Group).inputs["maxInstanceLifetime"] == 0


@pytest.mark.usefixtures("restored_config")
def test_default_tags_are_the_stacks() -> None:
    """They are where the AWS provider reads them too; without any there are none."""
    assert stack_tags() == {}
    set_all_config({"aws:defaultTags": json.dumps({"tags": {"app": "shop"}})})
    assert stack_tags() == {"app": "shop"}
    set_all_config({"aws:defaultTags": "{}"})
    assert stack_tags() == {}


def test_default_tags_reach_instances_and_volumes(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's provider tags what it makes itself; instances are made by Auto Scaling."""
    monkeypatch.setattr(group_module, "stack_tags", lambda: {"app": "shop", "team": "default"})
    deployed = fleet()

    tags = {"app": "shop", **TAGS}
    template = deployed.one(aws.ec2.LaunchTemplate).inputs
    assert template["tagSpecifications"] == [
        {"resourceType": "instance", "tags": tags},
        {"resourceType": "volume", "tags": tags},
    ]
    group = deployed.one(aws.autoscaling.Group).inputs
    marked = {**tags, "plinth:stack": "project/stack"}
    assert {tag["key"]: tag["value"] for tag in group["tags"]} == marked
    assert all(tag["propagateAtLaunch"] for tag in group["tags"])


def test_user_data_waits_for_outputs() -> None:
    """Names that AWS makes up and values of other resources are in the document."""

    def environment() -> Environment:
        bucket, arn = map(pulumi.Output.from_input, ("media-1a2b3c4", SECRET))
        secret = SecretText(secret_arn=arn, template="{a}")
        return Environment(variables={"BUCKET": bucket}, secrets={"KEY": secret})

    deployed = fleet(environment=environment)

    files = user_data_files(deployed.one(aws.ec2.LaunchTemplate).inputs)
    assert files["/etc/plinth/app.env"] == "BUCKET=media-1a2b3c4\n"
    recipe = json.loads(files["/etc/plinth/app.secrets.json"])
    assert recipe == {"KEY": {"secret": SECRET, "template": "{a}"}}
    group = deployed.one(aws.cloudwatch.LogGroup).output("name")
    unit = files["/etc/systemd/system/plinth-app.service"]
    assert f"awslogs-group={group}" in unit.replace("$$", "$")
