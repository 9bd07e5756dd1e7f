"""The app's image: a repository that keeps what runs, and a build without its provider's traps."""

import builtins
import json
import shutil
import sys
from decimal import Decimal
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_docker_build as docker_build
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from parts import CONTEXT, IMAGE
from plinth import BuildSettings, ContainerImage, ContainerImageSettings
from plinth._image.lifecycle import lifecycle_policy
from plinth.cost import Usage
from plinth.preview.graph import Mode
from plinth.testing import Deployment, deploy, deploy_project, monthly_cost
from stacks import ROOT

BUILD = BuildSettings(context=str(CONTEXT), tag="git-1")


def made(*, image: pulumi.Input[str] | None = None, **more: Any) -> Deployment:
    """Make an image that CI built, or that is built here."""
    return deploy(
        lambda: {"image": ContainerImage("app", _settings(more), image=image, **more).reference}
    )


def _settings(more: dict[str, Any]) -> ContainerImageSettings:
    fields = ContainerImageSettings.model_fields
    return ContainerImageSettings(**{key: more.pop(key) for key in list(more) if key in fields})


@pytest.fixture(scope="module")
def built() -> Deployment:
    """Build an image, once for all tests that look at it."""
    return made(build=BUILD)


def repository(deployed: Deployment) -> dict[str, Any]:
    """Return what is asked of ECR."""
    return deployed.one(aws.ecr.Repository, "app").inputs


def test_tags_never_move_but_those_of_caches(built: Deployment) -> None:
    """A tag that moves leaves a digest without one, which instances may pin."""
    inputs = repository(built)
    assert inputs["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    assert inputs["imageTagMutabilityExclusionFilters"] == [
        {"filter": "cache-*", "filterType": "WILDCARD"}
    ]


def test_images_are_scanned_and_kept(built: Deployment) -> None:
    """Deleting the stack does not delete what another stack may run."""
    assert repository(built)["imageScanningConfiguration"] == {"scanOnPush": True}
    assert repository(built)["forceDelete"] is False
    assert built.one(aws.ecr.Repository).protect


def test_an_unprotected_repository_goes_with_its_images() -> None:
    """ECR refuses to delete one that is not empty."""
    deployed = made(protected=False)
    assert repository(deployed)["forceDelete"] is True
    assert not deployed.one(aws.ecr.Repository).protect


def test_nobody_else_may_pull_by_default(built: Deployment) -> None:
    """Without a policy, only roles of the account that are granted it."""
    assert built.all(aws.ecr.RepositoryPolicy) == []


def test_named_accounts_may_pull_and_nothing_more() -> None:
    """As where each stack has an account, and the image comes from a third."""
    deployed = made(pull_accounts=("210987654321",))
    policy = deployed.one(aws.ecr.RepositoryPolicy)

    assert policy.inputs["repository"] == deployed.one(aws.ecr.Repository).output("name")
    [statement] = json.loads(policy.inputs["policy"])["Statement"]
    assert statement["Principal"] == {"AWS": ["210987654321"]}
    assert set(statement["Action"]) == {
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetDownloadUrlForLayer",
    }


# What the repository keeps


def expired(policy: str, images: list[tuple[int, list[str]]]) -> set[int]:
    """Apply a lifecycle policy as ECR documents it; images are (age in days, tags), newest first.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
    """
    gone: set[int] = set()
    claimed: set[int] = set()
    for rule in sorted(json.loads(policy)["rules"], key=lambda each: each["rulePriority"]):
        chosen = rule["selection"]
        matching = [n for n, (_, tags) in enumerate(images) if _selects(chosen, tags)]
        if chosen["countType"] == "imageCountMoreThan":
            old = matching[chosen["countNumber"] :]
        else:
            old = [n for n in matching if images[n][0] > chosen["countNumber"]]
        gone |= set(old) - claimed
        claimed |= set(matching)
    return gone


def _selects(chosen: dict[str, Any], tags: list[str]) -> bool:
    if chosen["tagStatus"] == "untagged":
        return not tags
    patterns = chosen["tagPatternList"]
    return all(any(fnmatch(tag, pattern) for tag in tags) for pattern in patterns)


@settings(max_examples=50)
@given(
    keep=st.integers(10, 20),
    ages=st.lists(st.integers(0, 900), min_size=1, max_size=60).map(sorted),
    data=st.data(),
)
def test_the_newest_builds_are_kept_whatever_their_age(
    keep: int, ages: list[int], data: st.DataObject
) -> None:
    """What went out a year ago and still serves is there; caches among the images do not count."""
    kinds = st.sampled_from(["git", "release", "cache", ""])
    images: list[tuple[int, list[str]]] = []
    for n, age in enumerate(ages):
        kind = data.draw(kinds)
        images.append((age, [f"{kind}-{n}"] if kind else []))

    gone = expired(lifecycle_policy(ContainerImageSettings(keep=keep)), images)

    builds = [n for n, (_, tags) in enumerate(images) if tags and tags[0].startswith("git-")]
    assert gone.isdisjoint(builds[:keep])
    assert gone >= set(builds[keep:])
    others = {n for n, (_, tags) in enumerate(images) if tags and tags[0].startswith("release-")}
    assert gone.isdisjoint(others)


def test_rules_are_in_the_order_of_their_priority(built: Deployment) -> None:
    """ECR returns them so; in another order each deployment would see a change."""
    policy = built.one(aws.ecr.LifecyclePolicy)
    rules = json.loads(policy.inputs["policy"])["rules"]
    assert [rule["rulePriority"] for rule in rules] == [1, 2, 3]
    assert policy.node.options["deleteBeforeReplace"] is True


# The build


def image(deployed: Deployment) -> dict[str, Any]:
    """Return what is asked of the build."""
    return deployed.one(docker_build.Image, "app").inputs


def test_it_is_exported_and_not_pushed(built: Deployment) -> None:
    """With ``push=True`` the provider never builds in a preview."""
    assert image(built)["push"] is False
    assert image(built)["exports"] == [{"registry": {"ociMediaTypes": True}}]
    assert "load" not in image(built)


def test_an_image_outlives_its_resource(built: Deployment) -> None:
    """Deleting one removes the manifest, for every tag and instance that shares it."""
    assert built.one(docker_build.Image).retain_on_delete


@pytest.mark.parametrize(
    ("instance_types", "platform"),
    [(("t4g.small", "m7g.large"), "linux/arm64"), (("m7i.large",), "linux/amd64")],
)
def test_it_is_built_for_the_fleets_processor(
    instance_types: tuple[str, ...], platform: str
) -> None:
    """For one platform, which has a cache of its own."""
    inputs = image(made(build=BUILD.model_copy(update={"instance_types": instance_types})))
    assert inputs["platforms"] == [platform]


def test_processors_that_differ_are_refused() -> None:
    """One image for both would be an index, which caches badly."""
    with pytest.raises(ValidationError, match=r"t4g\.small is arm64, m7i\.large is x86_64"):
        BuildSettings(context=".", tag="git-1", instance_types=("t4g.small", "m7i.large"))


def test_the_cache_is_of_the_form_that_ecr_takes(built: Deployment) -> None:
    """It is written under a tag that may move, and a failure to write it stops nothing."""
    url = built.one(aws.ecr.Repository).output("repositoryUrl")
    [source], [target] = image(built)["cacheFrom"], image(built)["cacheTo"]
    assert source == {"registry": {"ref": f"{url}:cache-arm64"}}
    assert target == {
        "registry": {
            "ref": f"{url}:cache-arm64",
            "mode": "max",
            "imageManifest": True,
            "ociMediaTypes": True,
            "ignoreError": True,
        }
    }


def test_the_cache_can_be_left_out() -> None:
    """Where CI has one of its own."""
    inputs = image(made(build=BUILD.model_copy(update={"cache": False})))
    assert {"cacheFrom", "cacheTo"}.isdisjoint(inputs)


def test_tags_are_known_one_by_one() -> None:
    """In a first preview the repository is unknown; a list that is wholly so would be refused."""
    unknown = deploy(
        lambda: ContainerImage("app", ContainerImageSettings(build=BUILD)) and None,
        mode=Mode.UNKNOWN,
    )
    assert unknown.one(docker_build.Image).unknowns == {
        "tags[0]",
        "cacheFrom[0].registry.ref",
        "cacheTo[0].registry.ref",
    }


def test_nothing_changes_by_itself(built: Deployment) -> None:
    """``pull`` would build each time, and a digest of the machine is nowhere among the inputs."""
    assert {"pull", "noCache", "buildArgs", "secrets", "exec"}.isdisjoint(image(built))
    assert image(built)["context"] == {"location": str(CONTEXT)}


def test_a_preview_builds_nothing_unless_asked(built: Deployment) -> None:
    """It would need Docker, and the right to write to the registry."""
    assert image(built)["buildOnPreview"] is False
    asked = made(build=BUILD.model_copy(update={"on_preview": True}))
    assert image(asked)["buildOnPreview"] is True


def test_the_reference_is_pinned(built: Deployment) -> None:
    """By the digest of what was pushed, never by the tag."""
    url = built.one(aws.ecr.Repository).output("repositoryUrl")
    digest = built.one(docker_build.Image).output("digest")
    assert built.outputs["image"] == f"{url}@{digest}"
    assert image(built)["tags"] == [f"{url}:git-1"]


def test_the_machine_signs_in(built: Deployment) -> None:
    """No token is asked of AWS, which a preview could not do."""
    assert "registries" not in image(built)


def test_a_password_stays_secret() -> None:
    """Where the program was given one."""
    deployed = made(build=BUILD, password="hunter2")
    url = deployed.one(aws.ecr.Repository).output("repositoryUrl")
    assert image(deployed)["registries"] == [
        {"address": url, "username": "AWS", "password": "hunter2"}
    ]
    assert deployed.one(docker_build.Image).secrets == {"registries[0].password"}


def test_a_context_needs_a_dockerignore(tmp_path: Path) -> None:
    """``.git`` and caches would be part of what decides whether to build."""
    shutil.copy(CONTEXT / "Dockerfile", tmp_path)
    with pytest.raises(ValueError, match=r"without a \.dockerignore, so \.git and caches"):
        made(build=BUILD.model_copy(update={"context": str(tmp_path)}))

    (tmp_path / "Dockerfile.dockerignore").touch()
    assert made(build=BUILD.model_copy(update={"context": str(tmp_path)})).outputs["image"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"context": "no/such"}, "needs build.context, and there is none at 'no/such'"),
        ({"context": "tests"}, "needs its Dockerfile, and there is none at 'tests/Dockerfile'"),
        ({"dockerfile": "no/such"}, "needs its Dockerfile, and there is none at 'no/such'"),
    ],
)
def test_what_is_not_there_is_refused(
    change: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, and not by a provider half-way through."""
    monkeypatch.chdir(ROOT)
    with pytest.raises(ValueError, match=words):
        made(build=BUILD.model_copy(update=change))


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only those who build need the provider: a repository alone does without."""
    monkeypatch.setitem(sys.modules, "pulumi_docker_build", None)

    with pytest.raises(builtins.ModuleNotFoundError, match=r"pip install 'plinth-iac\[build\]'"):
        made(build=BUILD)
    assert made(image=IMAGE).outputs["image"] == IMAGE


# What CI built


def test_an_image_of_cis_is_handed_on() -> None:
    """Nothing is built; the repository is there to push the next one to."""
    deployed = made(image=IMAGE)
    assert deployed.outputs["image"] == IMAGE
    assert deployed.all(docker_build.Image) == []


def test_a_repository_comes_before_its_first_image() -> None:
    """There is nothing to refer to yet, and a tier refuses the empty reference."""
    assert made().outputs["image"] == ""


def test_an_image_that_is_not_pinned_is_refused() -> None:
    """Its tag may mean another one tomorrow."""
    with pytest.raises(ValueError, match="which is not pinned"):
        made(image="ghcr.io/example/shop:latest")


def test_two_sources_are_refused() -> None:
    """Which one counts would be a guess."""
    with pytest.raises(ValueError, match="has both build and image: keep one"):
        made(build=BUILD, image=IMAGE)
    with pytest.raises(ValueError, match="has a password and no build"):
        made(image=IMAGE, password="hunter2")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"build": {"context": ".", "tag": "v1"}}, "'v1' would be kept for ever: begin it with"),
        ({"build": {"context": ".", "tag": "git-a/b"}}, "should match pattern"),
        ({"tag_prefix": "cache-x"}, "also means cache-*"),
        ({"tag_prefix": "c"}, "also means cache-*"),
        ({"keep": 9}, "greater than or equal to 10"),
        ({"pull_accounts": ["1234"]}, "'1234' is no AWS account: give its 12 digits"),
    ],
)
def test_settings_that_would_lose_images_are_refused(fields: dict[str, Any], words: str) -> None:
    """Before anything is registered."""
    with pytest.raises(ValidationError, match=words.replace("*", r"\*")):
        ContainerImageSettings.model_validate(fields)


def test_it_costs_what_it_stores(built: Deployment) -> None:
    """Layers by the month; the build and the rules are free, and nothing is left unpriced."""
    found = monthly_cost(built, Usage(repository_gb=20), region="us-east-1")

    assert found.not_priced == []
    assert found.max == Decimal(2)


def test_the_example_builds_the_sample_app() -> None:
    """From a context that is there, with a Dockerfile and a ``.dockerignore``."""
    deployed = deploy_project(ROOT / "examples" / "image", "dev")
    inputs = deployed.one(docker_build.Image).inputs

    assert inputs["context"] == {"location": "../shop"}
    assert deployed.outputs["image"].endswith(".digest}")
