"""``plinth manifests``, and what the tiers on Kubernetes put into a cluster."""

import copy
import functools
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate  # pyright: ignore[reportMissingTypeStubs]
import pulumi
import pulumi_kubernetes as k8s
import pytest
import yaml
from kubernetes_validate import utils  # pyright: ignore[reportMissingTypeStubs]
from packaging.version import Version

from custom_resources import SPECS, schema_of
from parts import BROKER, IMAGE, NETWORK, STORE, TOPIC
from plinth import (
    CeleryBeatSettings,
    CeleryWorkersSettings,
    ExistingCertificate,
    ExistingCluster,
    WebSettings,
)
from plinth.cli import main
from plinth.kubernetes import (
    BalancerController,
    CeleryPodSettings,
    KubernetesCeleryBeat,
    KubernetesCeleryWorkers,
    KubernetesWebTier,
    PodSettings,
    WebPodSettings,
)
from plinth.manifests import Manifest, manifests, skipped, to_yaml
from plinth.policies import Severity, check
from plinth.preview.export import to_document
from plinth.preview.graph import Graph
from plinth.preview.session import record
from stacks import deployed_stack

VERSIONS = sorted({utils.major_minor(v) for v in utils.all_versions()}, key=Version)[-4:]
"""The latest that there are schemas of."""

CLUSTER = ExistingCluster(
    pulumi_resource_name="cluster",
    cluster_name="shop",
    cluster_arn="arn:aws:eks:us-east-1:123456789012:cluster/shop",
    endpoint="https://0a.eks.amazonaws.com",
    certificate_authority="Y2E=",
    security_group_id="sg-cluster",
)


def other_ways() -> None:
    """Make each tier in the ways that the stack of this repository does not take."""
    KubernetesWebTier(
        "shop",
        WebSettings(release_command=("alembic", "upgrade", "head"), hosts=("shop.example.com",)),
        pods=WebPodSettings(
            controller=BalancerController.CONTROLLER,
            cpu=0.25,
            priority_class="high",
            secret_store="aws",
        ),
        image=IMAGE,
        cluster=CLUSTER,
        network=NETWORK,
        balancer=None,
        certificate=ExistingCertificate(certificate_arn="arn:aws:acm:us-east-1:1:certificate/a"),
        uses=[STORE],
    )
    KubernetesCeleryWorkers(
        "jobs",
        CeleryWorkersSettings.model_validate(
            {"pools": {"default": {}, "long": {"queues": ["long"], "max_task": 7200}}}
        ),
        pods=CeleryPodSettings.model_validate({"autoscaler": "cpu", "namespace": "shared"}),
        image=IMAGE,
        cluster=CLUSTER,
        network=NETWORK,
        broker=BROKER,
        uses=[STORE],
        alarms=TOPIC,
    )
    KubernetesCeleryBeat(
        "clock",
        CeleryBeatSettings(),
        pods=PodSettings(pod_identity=False),
        image=IMAGE,
        cluster=CLUSTER,
        network=NETWORK,
        broker=BROKER,
    )


@cache
def graph(which: str) -> Graph:
    """Run the stack that is named, or the tiers in other ways, once for all tests."""
    return deployed_stack("k8s").graph if which == "k8s" else record(other_ways)


@cache
def made(which: str) -> list[Manifest]:
    """Return the objects of a graph."""
    return manifests(graph(which))


OBJECTS = ("k8s", "other ways")


@pytest.fixture(scope="module", autouse=True)
def _read_once() -> Any:
    """Let the validator read each file of schemas once; it would for every object."""
    original = utils.schema_contents
    utils.schema_contents = functools.cache(original)
    yield
    utils.schema_contents = original


# validity


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("which", OBJECTS)
def test_objects_are_what_kubernetes_knows(which: str, version: str) -> None:
    """Strictly: a field that its version does not know is as wrong as one of a wrong type."""
    found = [m for m in made(which) if (m.body["apiVersion"], m.kind) not in SPECS]
    assert len(found) > 10
    for manifest in found:
        kubernetes_validate.validate(dict(manifest.body), version, strict=True)


@pytest.mark.parametrize("which", OBJECTS)
def test_custom_resources_are_what_their_definitions_know(which: str) -> None:
    """Of External Secrets, KEDA and the load balancer's controller."""
    found = [m for m in made(which) if (m.body["apiVersion"], m.kind) in SPECS]
    assert found
    for manifest in found:
        jsonschema.validate(manifest.body, schema_of(manifest.body))


def test_every_kind_of_custom_resource_is_tested() -> None:
    """In one of the two programs, so that no schema is there for nothing."""
    found = {(m.body["apiVersion"], m.kind) for which in OBJECTS for m in made(which)}
    assert found >= SPECS.keys() - {("elbv2.k8s.aws/v1beta1", "TargetGroupBinding")}


@pytest.mark.parametrize("path", ["spec.replica", "spec.template.spec.containers.0.portss"])
def test_a_misspelt_field_is_found(path: str) -> None:
    """By the strict validator, or these tests would prove nothing."""
    body: Any = copy.deepcopy(next(m.body for m in made("k8s") if m.kind == "Deployment"))
    *steps, last = path.split(".")
    here: Any = body
    for step in steps:
        here = here[int(step)] if step.isdigit() else here[step]
    here[last] = 1
    with pytest.raises(jsonschema.ValidationError):
        kubernetes_validate.validate(body, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("which", OBJECTS)
def test_objects_break_no_rule(which: str) -> None:
    """Pod security, closed namespaces, pinned images, budgets: nothing to report, as an error."""
    whole = to_document(graph(which), key=None)
    ours = [v for v in check(whole, protected=True) if "kubernetes:" in v.urn.split("::")[2]]
    assert [(v.rule, v.resource) for v in ours if v.severity is Severity.ERROR] == []


def test_names_fit() -> None:
    """No name is a placeholder, or one that no API server takes."""
    for which in OBJECTS:
        for manifest in made(which):
            assert len(manifest.name) <= 63
            assert manifest.name.replace("-", "").replace(".", "").isalnum(), manifest.name
            assert "$" not in manifest.namespace


# the forms


def program() -> None:
    """Make objects of which each has something to be put right."""
    secret = pulumi.Output.secret
    k8s.core.v1.Namespace("shop", metadata={"name": "shop"})
    config = k8s.core.v1.ConfigMap(
        "config",
        metadata={"namespace": "shop", "annotations": {"pulumi.com/skipAwait": "true"}},
        data={"DIGEST": "1e10", "LINES": "a\nb\n", "KEY": secret("hunter2")},
    )
    k8s.core.v1.Secret(
        "keys",
        metadata={"name": "keys", "namespace": "shop", "annotations": {"a": "b"}},
        string_data={"KEY": "hunter2"},
        data={"OTHER": "aHVudGVyMg=="},
    )
    k8s.core.v1.Pod(
        "pod",
        metadata={"name": "pod", "namespace": "shop"},
        spec={
            "containers": [
                {
                    "name": "app",
                    "image": IMAGE,
                    "ports": [{"container_port": 8000}],
                    "env_from": [{"config_map_ref": {"name": config.metadata["name"]}}],
                }
            ]
        },
    )
    k8s.core.v1.ConfigMapPatch("patch", metadata={"name": "theirs"}, data={"A": "b"})


@cache
def small() -> dict[str, Manifest]:
    """Return those objects by kind."""
    return {manifest.kind: manifest for manifest in manifests(record(program))}


def test_what_others_need_comes_first() -> None:
    """As kubectl would want it: a namespace before what is in it, and pods last."""
    assert list(small()) == ["Namespace", "Secret", "ConfigMap", "Pod"]
    kinds = [manifest.kind for manifest in made("k8s")]
    assert kinds.index("ServiceAccount") < kinds.index("ExternalSecret") < kinds.index("Deployment")


def test_secrets_are_hidden_wherever_they_are() -> None:
    """A Secret's values always, others where the program says that they are secret."""
    assert small()["Secret"].body["stringData"] == {"KEY": "[secret]"}
    assert small()["Secret"].body["data"] == {"OTHER": "[secret]"}
    assert small()["ConfigMap"].body["data"]["KEY"] == "[secret]"
    assert "hunter2" not in to_yaml(small().values())


def test_an_object_that_pulumi_names_has_its_logical_name() -> None:
    """Wherever it is named; Pulumi's random digits would be other ones each time."""
    assert small()["ConfigMap"].name == "config"
    [container] = small()["Pod"].body["spec"]["containers"]
    assert container["envFrom"] == [{"configMapRef": {"name": "config"}}]


def test_words_for_pulumi_are_left_out() -> None:
    """Its annotations say how to deploy, and mean nothing to a cluster."""
    assert "annotations" not in small()["ConfigMap"].body["metadata"]
    assert small()["Secret"].body["metadata"]["annotations"] == {"a": "b"}


def test_yaml_reads_back_as_it_was() -> None:
    """Numbers stay whole numbers, and texts that look like numbers stay texts."""
    text = to_yaml(small().values())
    assert list(yaml.safe_load_all(text)) == [dict(m.body) for m in small().values()]
    assert "containerPort: 8000\n" in text
    assert "DIGEST: '1e10'" in text
    assert "LINES: |\n    a\n    b\n" in text


def test_patches_are_told_apart() -> None:
    """They change objects that others own, and are none."""
    assert [node.name for node in skipped(record(program))] == ["patch"]


def test_the_same_stack_gives_the_same_text() -> None:
    """To the byte, whatever the order in which things resolve."""
    whole = graph("other ways")
    backwards = replace(whole, nodes=dict(reversed(whole.nodes.items())))
    assert to_yaml(manifests(backwards)) == to_yaml(made("other ways"))


# the command

PROJECT = """
import pulumi_kubernetes as k8s
k8s.core.v1.Namespace("shop", metadata={"name": "shop"})
k8s.core.v1.ServiceAccount("app", metadata={"name": "app", "namespace": "shop"})
"""

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that runs the command in a project with some program."""

    def write(*words: str, text: str = PROJECT) -> int:
        (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        (tmp_path / "Pulumi.dev.yaml").write_text("")
        (tmp_path / "__main__.py").write_text(text)
        return main(["manifests", *words, "--cwd", str(tmp_path)])

    return write


def test_the_command_writes_one_stream(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """To stdout, and nothing else there."""
    assert run("dev") == 0
    found = list(yaml.safe_load_all(capsys.readouterr().out))
    assert [each["kind"] for each in found] == ["Namespace", "ServiceAccount"]


def test_the_command_writes_a_file_for_each(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a directory for each namespace."""
    assert run("dev", "--output", str(tmp_path / "out")) == 0
    files = {str(file.relative_to(tmp_path / "out")) for file in (tmp_path / "out").rglob("*.yaml")}
    assert files == {"namespace-shop.yaml", "shop/serviceaccount-app.yaml"}
    assert "2 objects" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "text", "told"),
    [
        (("dev",), "", (2, "stack 'dev' has no Kubernetes objects")),
        (("prod",), "", (2, "prod")),
        (("dev",), "1 / 0", (1, "ZeroDivisionError")),
        (("dev", "--output", "/dev/null/x"), PROJECT, (2, "/dev/null/x")),
    ],
)
def test_the_command_says_why_it_cannot(
    run: Run,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    text: str,
    told: tuple[int, str],
) -> None:
    """With the exit codes of all commands."""
    code, message = told
    assert run(*words, text=text) == code
    found = capsys.readouterr()
    assert (found.out, message in found.err) == ("", True)
