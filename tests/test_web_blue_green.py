"""WebTier with a second fleet beside its own."""

from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from pydantic import ValidationError

from balancers import Balancer
from booted import systemd_words, user_data_files
from once import once
from parts import IMAGE, NETWORK, NEXT_IMAGE, TOPIC
from plinth import LoadBalancer, WebSettings, WebTier
from plinth.testing import Deployment, deploy

OUTPUTS = ("group_name", "group_names", "target_group_arn", "target_group_suffix")


@once
def web(*, green: str | None = NEXT_IMAGE, **plan: Any) -> Deployment:
    """Deploy a tier whose green has an image, under a plan."""
    settings = WebSettings.model_validate({"blue_green": plan})

    def program() -> dict[str, pulumi.Output[Any]]:
        tier = WebTier(
            "web",
            settings,
            image=IMAGE,
            green_image=green,
            network=NETWORK,
            balancer=Balancer(),
            alarms=TOPIC,
        )
        return {name: getattr(tier, name) for name in OUTPUTS}

    return deploy(program)


@pytest.fixture(scope="module")
def ready() -> Deployment:
    """Deploy a green that has no requests yet."""
    return web()


@pytest.fixture(scope="module")
def shifted() -> Deployment:
    """Deploy a green that has most of the requests."""
    return web(green_percent=90, sticky_seconds=600)


def sizes(deployed: Deployment) -> dict[str, tuple[int, int]]:
    """Return the sizes of each group, by its name."""
    groups = deployed.all(aws.autoscaling.Group)
    return {each.name: (each.inputs["minSize"], each.inputs["maxSize"]) for each in groups}


def names(deployed: Deployment, kind: type[pulumi.Resource]) -> set[str]:
    """Return the names of a tier's children of one kind."""
    return {each.name for each in deployed.all(kind)}


def test_colours_differ_in_their_image_alone(ready: Deployment) -> None:
    """Each has a group, a template and a target group; role, log and way in are the tier's."""
    images = {
        each.name: systemd_words(
            user_data_files(each.inputs)["/etc/systemd/system/plinth-web.service"], "ExecStart"
        )[-1]
        for each in ready.all(aws.ec2.LaunchTemplate)
    }
    assert images == {"web": IMAGE, "web-green": NEXT_IMAGE}
    for group in ready.all(aws.autoscaling.Group):
        targets = ready.one(aws.lb.TargetGroup, group.name)
        assert group.inputs["targetGroupArns"] == [targets.output("arn")]
    for kind in (aws.iam.Role, aws.cloudwatch.LogGroup, aws.ec2.SecurityGroup):
        assert names(ready, kind) == {"web"}


def test_blue_is_the_tier_itself(ready: Deployment) -> None:
    """Taking up blue/green, with an image or without, changes nothing about what serves."""
    plain = deploy(lambda: WebTier("web", image=IMAGE, network=NETWORK, balancer=Balancer()))

    assert plain.urns < ready.urns
    assert names(web(green=None), aws.autoscaling.Group) == {"web"}
    old, new = (d.one(aws.ec2.LaunchTemplate, "web").inputs for d in (plain, ready))
    assert old == new


def test_shift_moves_requests_and_nothing_else(ready: Deployment, shifted: Deployment) -> None:
    """The weights change; groups, templates and target groups are the same, and stay."""
    kinds = (aws.autoscaling.Group, aws.ec2.LaunchTemplate, aws.lb.TargetGroup)
    for kind in (*kinds, aws.autoscaling.Policy, aws.lb.ListenerRule):
        assert names(ready, kind) == names(shifted, kind)
    for template in ready.all(aws.ec2.LaunchTemplate):
        assert template.inputs == shifted.one(aws.ec2.LaunchTemplate, template.name).inputs
    assert sizes(ready) == sizes(shifted) == {"web": (2, 4), "web-green": (2, 4)}


def test_requests_are_shared_by_weight(ready: Deployment, shifted: Deployment) -> None:
    """Both target groups hang on the one rule, also the one that gets nothing."""

    def weights(deployed: Deployment) -> dict[str, int]:
        [action] = deployed.one(aws.lb.ListenerRule).inputs["actions"]
        return {each["arn"]: each["weight"] for each in action["forward"]["targetGroups"]}

    blue, green = (ready.one(aws.lb.TargetGroup, n).output("arn") for n in ("web", "web-green"))
    assert weights(ready) == {blue: 100, green: 0}
    assert weights(shifted) == {blue: 10, green: 90}


def test_visitors_may_stay_with_a_colour(ready: Deployment, shifted: Deployment) -> None:
    """Only where it is asked for, since it makes a shift take as long."""
    [anew], [stays] = (d.one(aws.lb.ListenerRule).inputs["actions"] for d in (ready, shifted))

    assert "stickiness" not in anew["forward"]
    assert stays["forward"]["stickiness"] == {"enabled": True, "duration": 600}


def test_librarys_balancer_shares_too() -> None:
    """The rule is the balancer's, whose own implementation does what the test's stand-in does."""

    def program() -> None:
        settings = WebSettings.model_validate({"blue_green": {"green_percent": 5}})
        edge = LoadBalancer("edge", network=NETWORK)
        wired: dict[str, Any] = {"network": NETWORK, "balancer": edge}
        WebTier("web", settings, image=IMAGE, green_image=NEXT_IMAGE, **wired)

    [action] = deploy(program).one(aws.lb.ListenerRule, "edge-to-web").inputs["actions"]
    assert [each["weight"] for each in action["forward"]["targetGroups"]] == [95, 5]


@pytest.mark.parametrize(
    ("percent", "blue", "green"), [(0, (2, 4), (0, 0)), (50, (2, 4), (2, 4)), (100, (0, 0), (2, 4))]
)
def test_colour_without_requests_can_rest(
    percent: int, blue: tuple[int, int], green: tuple[int, int]
) -> None:
    """Without standby it has no instances; whoever gets requests always has."""
    deployed = web(green_percent=percent, standby=False)

    assert sizes(deployed) == {"web": blue, "web-green": green}


def test_each_colour_scales_by_its_own_requests(ready: Deployment) -> None:
    """The label is the colour's target group, which is attached whatever its weight."""
    for name in ("web", "web-green"):
        policy = ready.one(aws.autoscaling.Policy, f"{name}-requests").inputs
        metric = policy["targetTrackingConfiguration"]["predefinedMetricSpecification"]
        suffix = ready.one(aws.lb.TargetGroup, name).output("arnSuffix")
        assert metric["resourceLabel"] == f"app/edge/1a2b3c/{suffix}"
        group = ready.one(aws.autoscaling.Group, name)
        assert policy["autoscalingGroupName"] == group.output("name")


def test_only_colours_with_requests_are_watched(ready: Deployment, shifted: Deployment) -> None:
    """What is broken and serves nobody wakes nobody up, and can be replaced."""
    assert names(ready, aws.cloudwatch.MetricAlarm) == {"web-errors", "web-down"}
    resting = ready.one(aws.autoscaling.Group, "web-green").inputs["instanceRefresh"]
    assert "alarmSpecification" not in resting["preferences"]
    assert names(shifted, aws.cloudwatch.MetricAlarm) == {
        *("web-errors", "web-down", "web-green-errors", "web-green-down")
    }


def test_outputs_are_those_of_the_colour_that_serves(
    ready: Deployment, shifted: Deployment
) -> None:
    """Whoever follows the tier from outside follows the requests."""
    for deployed, name in ((ready, "web"), (shifted, "web-green"), (web(green_percent=50), "web")):
        groups = {n: deployed.one(aws.autoscaling.Group, n) for n in ("web", "web-green")}
        targets = deployed.one(aws.lb.TargetGroup, name)
        assert deployed.outputs == {
            "group_name": groups[name].output("name"),
            "group_names": {
                "blue": groups["web"].output("name"),
                "green": groups["web-green"].output("name"),
            },
            "target_group_arn": targets.output("arn"),
            "target_group_suffix": targets.output("arnSuffix"),
        }


def test_both_images_may_be_pulled() -> None:
    """Green's may be in another repository, and each repository is named once."""
    other = NEXT_IMAGE.replace("/shop@", "/next@")

    policies = [
        deployed.one(aws.iam.RolePolicy).inputs["policy"] for deployed in (web(), web(green=other))
    ]
    assert [policy.count(":repository/shop") for policy in policies] == [1, 1]
    assert [policy.count(":repository/next") for policy in policies] == [0, 1]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"green_image": None}, "green_percent=10, and no green to send requests to: give it"),
        ({"settings": WebSettings()}, r"without blue_green nothing would run it: set blue_green"),
        ({"green_image": "shop:next"}, "'shop:next', which is not pinned"),
        ({"name": "w" * 19}, "at most 18 characters"),
    ],
)
def test_wiring_is_refused(changed: dict[str, Any], reason: str) -> None:
    """What would lose requests, or do nothing, says what to change."""
    plan = WebSettings.model_validate({"blue_green": {"green_percent": 10}})
    wired: dict[str, Any] = {"name": "web", "settings": plan, "network": NETWORK}
    images: dict[str, Any] = {"image": IMAGE, "green_image": NEXT_IMAGE, "balancer": Balancer()}
    given = {**wired, **images, **changed}
    with pytest.raises(ValueError, match=reason):
        deploy(lambda: WebTier(**given) and None)


@pytest.mark.parametrize("percent", [-1, 101])
def test_percent_is_one(percent: int) -> None:
    """The rest is blue's, so that it cannot be more than all."""
    with pytest.raises(ValidationError, match="green_percent"):
        WebSettings.model_validate({"blue_green": {"green_percent": percent}})
