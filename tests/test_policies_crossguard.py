"""The rules under CrossGuard: the policy pack, fed as Pulumi's engine feeds it.

The pack is run by pulumi-policy's own servicer, in this process: only the wire is left out.
"""

import copy
import importlib
import runpy
from dataclasses import replace
from datetime import date
from typing import Any, cast

import pulumi
import pulumi_aws as aws
import pytest
from pulumi.runtime.proto import analyzer_pb2

from plinth.policies import RULES, Severity, accept, crossguard
from plinth.preview.graph import Graph, Kind, Mode, Node
from plinth.preview.values import OUTPUT, RESOURCE, UNKNOWN, secret, signature, to_struct
from plinth.testing import deploy
from stacks import ROOT, deployed_stack

pack: Any = pytest.importorskip(
    "pulumi_policy", reason="pulumi-policy is not installed: it wants an older protobuf"
)
TODAY = date(2026, 11, 22)
WHY = "a public mirror, checked by hand"


class Door(pulumi.ComponentResource):
    """A component with an open security group and a plain bucket."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("tests:index:Door", name, {}, opts)
        inside = pulumi.ResourceOptions(parent=self)
        group = aws.ec2.SecurityGroup(name, tags={"Name": name}, opts=inside)
        aws.vpc.SecurityGroupIngressRule(
            name,
            security_group_id=group.id,
            ip_protocol="tcp",
            from_port=22,
            to_port=22,
            cidr_ipv4="0.0.0.0/0",
            opts=inside,
        )
        aws.cloudwatch.LogGroup(name, tags={"Name": name}, opts=inside)
        self.register_outputs({})


class Engine:
    """What Pulumi's engine does with a pack."""

    def __init__(self, policies: list[Any]) -> None:
        servicer: Any = importlib.import_module("pulumi_policy.policy")
        make = servicer._PolicyAnalyzerServicer  # noqa: SLF001
        self.servicer = make("plinth", "0.0.1", policies, pack.EnforcementLevel.ADVISORY)

    def configure(self, name: str, **properties: Any) -> None:
        """Configure one policy."""
        config = analyzer_pb2.PolicyConfig(
            enforcementLevel=analyzer_pb2.MANDATORY, properties=to_struct(properties)
        )
        self.servicer.Configure(
            analyzer_pb2.ConfigureAnalyzerRequest(policyConfig={name: config}), None
        )

    def run(self, graph: Graph) -> list[tuple[str, str, str]]:
        """Show every resource, then the stack, and return level, policy and message of each."""
        found: list[Any] = []
        for node in graph.nodes.values():
            request = analyzer_pb2.AnalyzeRequest(**_shown(node, node.inputs))
            found += self.servicer.Analyze(request, None).diagnostics
        stack = [_joined(node) for node in graph.nodes.values()]
        request = analyzer_pb2.AnalyzeStackRequest(resources=stack)
        found += self.servicer.AnalyzeStack(request, None).diagnostics
        level = analyzer_pb2.EnforcementLevel.Name
        return [(level(d.enforcementLevel), d.policyName, d.message) for d in found]


def _shown(node: Node, properties: dict[str, Any]) -> dict[str, Any]:
    options = analyzer_pb2.AnalyzerResourceOptions(
        protect=bool(node.options.get("protect")), parent=node.parent
    )
    shown: dict[str, Any] = {
        "type": node.type,
        "name": node.name,
        "urn": node.urn,
        "properties": to_struct(_sent(properties)),
        "options": options,
    }
    if node.kind is Kind.CUSTOM:
        shown["provider"] = analyzer_pb2.AnalyzerProviderResource(
            type="pulumi:providers:aws", name="default", properties=to_struct({})
        )
    return shown


def _joined(node: Node) -> Any:
    behind = {
        name: analyzer_pb2.AnalyzerPropertyDependencies(urns=urns)
        for name, urns in node.property_dependencies.items()
    }
    computed = {name: value for name, value in node.state.items() if isinstance(value, str)}
    outputs = {**computed, **node.inputs} if node.kind is Kind.CUSTOM else node.outputs
    return analyzer_pb2.AnalyzerResource(
        parent=node.parent,
        dependencies=node.dependencies,
        propertyDependencies=behind,
        **_shown(node, outputs),
    )


def _sent(value: Any) -> Any:
    """Return a value as the engine hands it to analyzers: no outputs and no references."""
    mark = signature(value)
    if mark == RESOURCE:
        return value.get("id", value["urn"])
    if mark == OUTPUT:
        inner = _sent(value.get("value", UNKNOWN))
        return secret(inner) if value.get("secret") else inner
    if isinstance(value, dict):
        return {key: _sent(item) for key, item in cast("dict[str, Any]", value).items()}
    return [_sent(i) for i in cast("list[Any]", value)] if isinstance(value, list) else value


def _graph(*transforms: pulumi.ResourceTransform, mode: Mode = Mode.UNKNOWN) -> Graph:
    options = pulumi.ResourceOptions(transforms=list(transforms))
    return deploy(lambda: Door("door", opts=options), mode=mode).graph


def test_the_pack_serves_every_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program in infra/policy makes a pack of all rules, with their levels."""
    served: dict[str, Any] = {}

    def serve(name: str, policies: list[Any]) -> None:
        served.update(name=name, policies=policies)

    monkeypatch.setattr(pack, "PolicyPack", serve)
    runpy.run_path(str(ROOT / "infra" / "policy" / "__main__.py"), run_name="__main__")
    levels = {policy.name: policy.enforcement_level for policy in served["policies"]}
    wanted = {
        Severity.ERROR: pack.EnforcementLevel.MANDATORY,
        Severity.WARNING: pack.EnforcementLevel.ADVISORY,
    }
    assert served["name"] == "plinth"
    assert levels == {"exceptions": pack.EnforcementLevel.ADVISORY} | {
        rule.id: wanted[rule.severity] for rule in RULES
    }


@pytest.mark.parametrize("mode", list(Mode))
def test_violations_stop_the_engine(mode: Mode) -> None:
    """In a first preview and in an update, both kinds of rules end the run."""
    found = Engine(crossguard.policies(TODAY)).run(_graph(mode=mode))
    assert {(level, name) for level, name, _ in found} == {
        ("MANDATORY", "sg-not-open"),
        ("MANDATORY", "log-retention"),
    }
    [message] = [message for _, name, message in found if name == "sg-not-open"]
    assert "0.0.0.0/0 reaches port 22" in message
    assert "in tests.Door/door" in message


def test_exceptions_count_under_the_engine() -> None:
    """They reach the pack with the component, for rules of both kinds."""
    graph = _graph(
        accept("sg-not-open", because=WHY, until="2027-01-01"),
        accept("log-retention", because=WHY, until="2027-01-01", on="door"),
    )
    assert Engine(crossguard.policies(TODAY)).run(graph) == []


def test_an_ended_exception_counts_no_more() -> None:
    """The day of the run decides."""
    graph = _graph(accept("sg-not-open", because=WHY, until="2026-11-21"))
    names = [name for _, name, _ in Engine(crossguard.policies(TODAY)).run(graph)]
    assert names == ["log-retention", "sg-not-open"]


def test_a_stack_passes_under_the_engine() -> None:
    """A whole stack: none of the rules fails to run, and two speak of the domain it lacks."""
    found = Engine(crossguard.policies(TODAY)).run(deployed_stack("dev").graph)
    assert {name for _, name, _ in found} == {"balancer-https", "cdn-origin-tls"}


def test_the_broker_is_found_under_the_engine() -> None:
    """Boot scripts are read there too: a broker that evicts stops the engine."""
    whole = deployed_stack("prod").graph
    parts = {u: n for u, n in whole.nodes.items() if "RedisBroker" in u or "CeleryBeat" in u}
    graph = copy.deepcopy(replace(whole, nodes=parts))
    [group] = [n for n in graph.nodes.values() if n.label == "elasticache.ParameterGroup/queue"]
    group.inputs["parameters"] = []
    found = Engine(crossguard.policies(TODAY)).run(graph)
    assert [name for _, name, _ in found] == ["broker-never-evicts"]


def test_a_stack_is_protected_by_configuration() -> None:
    """A rule for protected stacks looks at others where the pack's configuration says so."""

    def program() -> None:
        aws.rds.Instance(
            "db",
            instance_class="db.t4g.small",
            engine="postgres",
            storage_encrypted=True,
            enabled_cloudwatch_logs_exports=["postgresql"],
            backup_retention_period=1,
            tags={"Name": "db"},
        )

    graph = deploy(program).graph
    engine = Engine(crossguard.policies(TODAY))
    assert engine.run(graph) == []
    engine.configure("rds-backups", protected=True)
    assert [name for _, name, _ in engine.run(graph)] == ["rds-backups"]
