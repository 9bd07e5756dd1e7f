"""The program in infra: what its stacks hold, and what its configuration accepts."""

import copy
import json
import re
import runpy
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pulumi_aws as aws
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booted import user_data_files
from parts import IMAGE
from plinth.preview.config import load_stack
from plinth.preview.graph import Mode
from plinth.preview.manifest import find_project
from plinth.testing import Deployment, deploy
from stacks import ROOT, STACKS, deployed_stack

VALUES = {stack: load_stack(find_project(ROOT), stack).values for stack in STACKS}
DOCUMENTS = {stack: json.loads(values["plinth:stack"]) for stack, values in VALUES.items()}
SIZES = {"t4g.small", "m7g.large", "c7g.xlarge"}


def program(document: dict[str, Any]) -> Deployment:
    """Run the program as prod would, with another ``plinth:stack``."""
    config = {**VALUES["prod"], "plinth:stack": json.dumps(document)}
    return deploy(_main, project="plinth", stack="prod", config=config)


def refusal(document: dict[str, Any]) -> str:
    """Run the program with a configuration that it must refuse, and return its words."""
    with pytest.raises(Exception, match="plinth:stack") as refused:
        program(document)
    return str(refused.value)


def paths(value: Any, *above: str) -> Iterator[tuple[str, ...]]:
    """List the keys of nested objects, each with those above it."""
    if isinstance(value, dict):
        for key, inner in cast("dict[str, Any]", value).items():
            yield (*above, key)
            yield from paths(inner, *above, key)


@pytest.mark.parametrize("stack", STACKS)
def test_stacks_survive_a_first_preview(stack: str) -> None:
    """Where nothing is known yet, as many resources are asked for as where all is."""
    config = VALUES[stack]
    first = deploy(_main, project="plinth", stack=stack, config=config, mode=Mode.UNKNOWN)

    assert first.urns == deployed_stack(stack).urns


def test_prod_is_kept() -> None:
    """What holds data in production is protected, doubled and backed up."""
    prod = deployed_stack("prod")

    primary = prod.one(aws.rds.Instance, "db")
    assert primary.protect
    assert primary.inputs["multiAz"]
    assert primary.inputs["backupRetentionPeriod"] >= 14
    queue = prod.one(aws.elasticache.ReplicationGroup, "queue")
    assert queue.protect
    assert queue.inputs["multiAzEnabled"]
    assert prod.one(aws.s3.Bucket, "cdn").protect


def test_dev_can_be_thrown_away() -> None:
    """Nothing in dev stands in the way of ``pulumi destroy``."""
    assert [r.name for r in deployed_stack("dev").resources if r.protect] == []


def test_tiers_find_every_variable() -> None:
    """The app finds its stores under the names of the contract, wherever it runs."""
    shared = {"DATABASE_URL", "DATABASE_REPLICA_URL", "CELERY_BROKER_URL", "SECRET_KEY"}
    for template in ("web", "celery-default", "beat"):
        found = _variables(deployed_stack("dev"), template)
        assert shared <= found, template


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"netwrok": {}}, "plinth:stack.netwrok: there is no such setting: did you mean 'network'"),
        ({"database": {"replicas": {"a": {"zne": "a"}}}}, "database.replicas.a.zne: .* 'zone'"),
        ({"web": {"min_size": "two"}}, "plinth:stack.web.min_size: .* integer, and it is 'two'"),
        ({"database": {"multi_az": "yes"}}, "plinth:stack.database.multi_az: .* boolean"),
        ({"cdn": {"domain": "x.example.com"}}, "set zone_id"),
        ({"network": {"zones": ["a"]}}, r"network.zones=\['a'\] are too few .* name two"),
        ({"database": {"replicas": {"a": {"zone": "f"}}}}, "database.replicas.a.zone='f' is none"),
        ({"web": {"request_seconds": 61, "deregistration_delay": 61}}, "idle_timeout=60"),
        (
            {"zone_id": "Z1", "balancer": {"domain": "a.test"}, "cdn": {"domain": "a.test"}},
            "such as 'origin.a.test'",
        ),
        (
            {"zone_id": "Z1", "balancer": {"domain": "o.a.test"}, "cdn": {"domain": "a.test"}},
            "cdn answers to 'a.test', .* add it to balancer.alternative_names",
        ),
    ],
)
def test_mistakes_are_told_with_their_path(change: dict[str, Any], words: str) -> None:
    """Whoever edits a stack file learns where the mistake is, and what would be right."""
    with pytest.raises(Exception, match=words):
        program({**DOCUMENTS["dev"], **change})


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(STACKS), st.data())
def test_any_misspelt_key_is_found(stack: str, data: st.DataObject) -> None:
    """A key that no model knows is refused wherever it stands, with its whole path."""
    document = copy.deepcopy(DOCUMENTS[stack])
    known = [p for p in paths(document) if p[-2:-1] not in {("pools",), ("replicas",)}]
    path = data.draw(st.sampled_from(known))
    here = document
    for part in path[:-1]:
        here = here[part]
    here[f"{path[-1]}x"] = here.pop(path[-1])

    assert f"plinth:stack.{'.'.join(path)}x: there is no such setting" in refusal(document)


@settings(max_examples=2, deadline=None)
@given(
    zones=st.sampled_from([["a", "b"], ["c", "a", "f"]]),
    nat=st.sampled_from(["none", "instance", "single", "per_zone"]),
    engine=st.sampled_from(["redis", "valkey"]),
    replicas=st.integers(min_value=0, max_value=2),
    pools=st.lists(st.sampled_from(sorted(SIZES)), min_size=1, max_size=2, unique=True),
    beat=st.booleans(),
    domain=st.booleans(),
)
def test_a_valid_stack_composes(**choice: Any) -> None:
    """Whatever the model accepts, the components accept together."""
    zones = choice["zones"]
    document: dict[str, Any] = {
        "network": {"zones": zones, "nat": choice["nat"]},
        "database": {"replicas": {z: {"zone": z} for z in zones[: choice["replicas"]]}},
        "broker": {"engine": choice["engine"]},
        "cache": {"replicas": choice["replicas"]},
        "workers": {
            "pools": {f"pool-{n}": {"instance_types": [t]} for n, t in enumerate(choice["pools"])}
        },
    }
    if not choice["beat"]:
        document["beat"] = None
    if choice["domain"]:
        document["zone_id"] = "Z0123456789"
        document["balancer"] = {
            "domain": "origin.example.com",
            "alternative_names": ["www.example.com"],
        }
        document["cdn"] = {"domain": "www.example.com"}

    deployed = program(document)

    assert len(deployed.all(aws.rds.Instance)) == 1 + choice["replicas"]
    assert len(deployed.all(aws.autoscaling.Group)) == 1 + len(choice["pools"]) + choice["beat"]


def _main() -> None:
    runpy.run_path(str(ROOT / "infra"), run_name="__main__")


def _variables(deployed: Deployment, template: str) -> set[str]:
    files = user_data_files(deployed.one(aws.ec2.LaunchTemplate, template).inputs)
    recipes = [json.loads(text) for path, text in files.items() if path.endswith("secrets.json")]
    return {name for recipe in recipes for name in recipe}


@pytest.mark.parametrize("compute", ["kubernetes", None])
def test_compute_moves_the_app_alone(compute: str | None) -> None:
    """One key says what runs the app; of the rest, only who may connect to the stores changes."""
    before = {each.urn: each for each in deployed_stack("prod").resources}
    after = {
        each.urn: each for each in program({**DOCUMENTS["prod"], "compute": compute}).resources
    }

    theirs = re.compile("WebTier|Celery|-to-web$|-from-(web|celery|celery-metrics|beat)$")
    kept = {urn for urn in before if not theirs.search(urn)}
    assert kept < before.keys()
    assert kept <= after.keys()
    assert all(before[urn].inputs == after[urn].inputs for urn in kept)
    new = {each.name for urn, each in after.items() if urn not in before and "Kube" not in urn}
    rules = {f"{store}-from-cluster" for store in ("cache", "db", "queue")}
    assert new == (rules | {"cluster", "organization/cluster/prod"} if compute else set())


CLUSTER = {
    "name": "shop",
    "arn": "arn:aws:eks:eu-west-1:123456789012:cluster/shop",
    "endpoint": "https://0a.eks.amazonaws.com",
    "certificate_authority": "Y2E=",
    "security_group_id": "sg-1",
}


def test_what_says_nothing_of_pods_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second image, which pods are not released by, and a cluster that is told twice or wrong."""
    monkeypatch.setattr(sys, "path", [str(ROOT / "infra"), *sys.path])
    module = runpy.run_path(str(ROOT / "infra" / "on_kubernetes.py"))
    with pytest.raises(ValueError, match="give the new image as image"):
        module["on_kubernetes"](None, SimpleNamespace(green_image=IMAGE))
    read = module["Kubernetes"].model_validate
    with pytest.raises(ValueError, match="drop one of them"):
        read({"stack": "organization/cluster/prod", "cluster": CLUSTER})
    with pytest.raises(ValueError, match=r"cluster\.arn"):
        read({"cluster": {**CLUSTER, "arn": "shop"}})

    assert read({"cluster": CLUSTER}).cluster.name == "shop"
