"""What every component promises, checked for each of them alike."""

import inspect
from collections.abc import Iterator
from functools import cache
from typing import Any, cast

import pulumi
import pytest

from parts import PARTS, TAGS, Versus
from plinth.preview.graph import Mode
from plinth.testing import Deployment, Requested, deploy
from settings_paths import changed, leaves

UNTAGGED = {
    "aws:acm/certificateValidation:CertificateValidation",
    "aws:autoscaling/lifecycleHook:LifecycleHook",
    "aws:autoscaling/policy:Policy",
    "aws:cloudfront/originAccessControl:OriginAccessControl",
    "aws:cloudwatch/eventTarget:EventTarget",
    "aws:cloudwatch/logDelivery:LogDelivery",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter",
    "aws:ec2/route:Route",
    "aws:ec2/routeTableAssociation:RouteTableAssociation",
    "aws:ecr/lifecyclePolicy:LifecyclePolicy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
    "aws:elasticache/userGroupAssociation:UserGroupAssociation",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
    "aws:lambda/permission:Permission",
    "aws:rds/proxyDefaultTargetGroup:ProxyDefaultTargetGroup",
    "aws:rds/proxyTarget:ProxyTarget",
    "aws:route53/record:Record",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:secretsmanager/secretRotation:SecretRotation",
    "aws:secretsmanager/secretVersion:SecretVersion",
    "aws:sns/topicSubscription:TopicSubscription",
    "docker-build:index:Image",  # its tags are names in a registry
    "docker:index/remoteImage:RemoteImage",
    "docker:index/volume:Volume",  # it has labels, and another one would be another volume
}
"""Types that AWS gives no tags."""

KINDS = list(PARTS)
SETTINGS = [(kind, path) for kind in KINDS for path in PARTS[kind].others]


@cache
def built(kind: str) -> tuple[Deployment, pulumi.ComponentResource]:
    """Deploy a component with every child it can have, once for all tests."""
    made: list[pulumi.ComponentResource] = []
    deployed = deploy(lambda: made.append(PARTS[kind].build()))
    return deployed, made[0]


def in_full(kind: str) -> Deployment:
    """Return what that asked for."""
    return built(kind)[0]


@cache
def _asked_in_full(kind: str) -> list[str]:
    return _requests(in_full(kind))


def children(kind: str) -> list[Requested]:
    """List what is in a component, whatever else the program had to make."""
    return [r for r in in_full(kind).resources if f"plinth:index:{kind}$" in r.urn]


@pytest.mark.parametrize("kind", KINDS)
def test_children_belong_to_the_component(kind: str) -> None:
    """Without a parent a child gets no provider, no transform and no place in the tree."""
    assert children(kind)
    strays = [r.urn for r in in_full(kind).resources if "plinth:index:" not in r.urn]
    assert strays == []


@pytest.mark.parametrize("kind", KINDS)
def test_children_are_named_and_tagged_after_it(kind: str) -> None:
    """Two instances never collide, and a bill can be split by tag."""
    for child in children(kind):
        assert child.name.startswith("thing")
        untagged = child.type in UNTAGGED or child.type.startswith(("plinth:", "kubernetes:"))
        assert untagged or dict(_tags(child)).items() >= TAGS.items(), child.urn


@pytest.mark.parametrize("kind", KINDS)
def test_two_live_side_by_side(kind: str) -> None:
    """A second instance shares no resource, and no name that AWS wants unique."""
    part = PARTS[kind]
    deployed = deploy(lambda: [part.build("one"), part.build("two")])

    assert len(set(deployed.urns)) == len(deployed.urns)
    for physical in ("userId", "userGroupId", "identifier", "finalSnapshotIdentifier"):
        given = [r.inputs[physical] for r in deployed.resources if physical in r.inputs]
        assert len(set(given)) == len(given)


@pytest.mark.parametrize("kind", KINDS)
def test_it_survives_a_first_preview(kind: str) -> None:
    """Where AWS has computed nothing yet, as many resources are asked for, and nothing raises."""
    unknown = deploy(lambda: PARTS[kind].build() and None, mode=Mode.UNKNOWN)

    assert unknown.urns == in_full(kind).urns


@pytest.mark.parametrize("kind", KINDS)
def test_declared_outputs_are_set(kind: str) -> None:
    """What the class body declares is what a reader and another language may rely on."""
    _, made = built(kind)
    declared = [name for name in inspect.get_annotations(type(made)) if name[0] != "_"]
    assert declared
    for name in declared:
        values = list(_flat(getattr(made, name)))
        assert values
        assert all(isinstance(value, pulumi.Output) for value in values), name


@pytest.mark.parametrize("kind", KINDS)
def test_declared_outputs_are_registered(kind: str) -> None:
    """The state shows the outputs, under the names of the class body."""
    deployed, made = built(kind)
    declared = {name for name in inspect.get_annotations(type(made)) if name[0] != "_"}
    [node] = [n for n in deployed.graph.nodes.values() if n.type == f"plinth:index:{kind}"]
    assert set(node.outputs) == declared


@pytest.mark.parametrize("kind", KINDS)
def test_every_setting_is_compared(kind: str) -> None:
    """A setting added to a model must be added to the table, and so be shown to do something."""
    part = PARTS[kind]
    assert set(leaves(part.settings)) == set(part.others) | part.gates


@pytest.mark.parametrize(("kind", "path"), SETTINGS)
def test_every_setting_reaches_a_resource(kind: str, path: str) -> None:
    """A setting that changes nothing is a lie."""
    part = PARTS[kind]
    other = part.others[path]
    if isinstance(other, Versus):
        assert _asked(kind, other.base) != _asked(kind, other.other)
    else:
        assert _asked_in_full(kind) != _asked(kind, changed(dict(part.full), path, other))


@pytest.mark.parametrize("kind", KINDS)
def test_the_shape_of_the_constructor(kind: str) -> None:
    """Name, settings, then wiring by keyword, tags and options: the same for all."""
    parameters = list(inspect.signature(type(built(kind)[1])).parameters.values())

    assert [p.name for p in parameters[:2]] == ["name", "settings"]
    assert [p.name for p in parameters[-2:]] == ["tags", "opts"]
    assert all(p.kind is p.KEYWORD_ONLY for p in parameters[2:])
    assert all(p.default is None for p in parameters[-2:])


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_name_is_refused_before_anything(kind: str) -> None:
    """A name that AWS would refuse stops the program at once, in words that say what to do."""
    with pytest.raises(Exception, match="needs a name of lower-case"):
        deploy(lambda: PARTS[kind].build("Bad_Name") and None)


def _asked(kind: str, settings: Any) -> list[str]:
    """List what is asked of AWS, by the component and by those it talks to."""
    return _requests(deploy(lambda: PARTS[kind].build(**settings) and None))


def _requests(deployed: Deployment) -> list[str]:
    return sorted(
        repr((r.urn, r.inputs, r.protect))
        for r in deployed.resources
        if not r.type.startswith("plinth:")
    )


def _tags(resource: Requested) -> Iterator[tuple[str, str]]:
    tags: Any = resource.inputs.get("tags") or {}
    for each in resource.inputs.get("labels") or ():
        yield each["label"], each["value"]
    if isinstance(tags, list):
        yield from ((tag["key"], tag["value"]) for tag in cast("list[dict[str, str]]", tags))
    else:
        yield from tags.items()


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for item in cast("dict[str, Any]", value).values():
            yield from _flat(item)
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _flat(item)
    else:
        yield value
