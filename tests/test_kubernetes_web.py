"""KubernetesWebTier, deployed to nowhere."""

import importlib.util
import json
import re
import runpy
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pulumi_aws as aws
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import plinth.kubernetes
from balancers import Balancer
from parts import CLUSTER, IMAGE, NETWORK, NEXT_IMAGE, TOPIC
from plinth import ExistingCertificate, ExistingService, Grant, RedisCache, SecretText, WebSettings
from plinth._fleet.boot import PROGRAMS
from plinth._texts import fill
from plinth.kubernetes import KubernetesWebTier, WebPodSettings
from plinth.kubernetes._parts.resources import quantity, resources
from plinth.kubernetes._parts.secrets import external
from plinth.kubernetes.provider import cluster_provider, kubeconfig
from plinth.testing import Deployment, Requested, deploy

DATABASE = ExistingService(
    pulumi_resource_name="db",
    environment={"DATABASE_NAME": "app"},
    secrets={
        "DATABASE_URL": SecretText(
            secret_arn="arn:aws:secretsmanager:us-east-1:123456789012:secret:db-1a2b3c",
            template="postgresql://app:{password:url}@db.internal:5432/app",
            value="postgresql://app:pw@db.internal:5432/app",
        )
    },
    grants=[Grant(actions=["s3:PutObject"], resources=["arn:aws:s3:::media/*"])],
    ports=[5432],
)
OPEN = ExistingService(pulumi_resource_name="open", secrets=DATABASE.secrets)
RELEASE = {"release_command": ["alembic", "upgrade", "head"]}
CERTIFICATE = ExistingCertificate(certificate_arn="arn:aws:acm:us-east-1:123456789012:cert/1")


def web(
    settings: dict[str, Any] | None = None, pods: dict[str, Any] | None = None, **options: Any
) -> KubernetesWebTier:
    """Make a tier that uses a database."""
    given: dict[str, Any] = {
        "image": IMAGE,
        "network": NETWORK,
        "balancer": Balancer(),
        "uses": [DATABASE],
        **options,
    }
    return KubernetesWebTier(
        "web",
        WebSettings.model_validate(settings or {}),
        pods=WebPodSettings.model_validate(pods or {}),
        cluster=CLUSTER,
        **given,
    )


@cache
def tier() -> Deployment:
    """Deploy a tier behind a balancer, with a release, once for all tests."""
    return deploy(lambda: web(RELEASE) and None)


@cache
def alone() -> Deployment:
    """Deploy a tier that has what it needs from the cluster, and its secrets from Pulumi."""
    pods = {"secret_delivery": "secret", "controller": "controller", "cpu": 0.5}
    return deploy(
        lambda: (
            web({"hosts": ["shop.example.com"]}, pods, balancer=None, certificate=CERTIFICATE)
            and None
        )
    )


def find(made: Deployment, kind: str, name: str = "web") -> Requested:
    """Find an object of the cluster by its kind, such as ``Deployment``."""
    [found] = [r for r in made.resources if r.type.endswith(f":{kind}") and r.name == name]
    return found


def spec(made: Deployment, kind: str, name: str = "web") -> dict[str, Any]:
    """Return what an object shall be."""
    return find(made, kind, name).inputs["spec"]


def pod(made: Deployment, kind: str = "Deployment", name: str = "web") -> dict[str, Any]:
    """Return the pods that a Deployment or a Job makes."""
    return spec(made, kind, name)["template"]["spec"]


def container(made: Deployment, kind: str = "Deployment", name: str = "web") -> dict[str, Any]:
    """Return the one container of those pods."""
    [only] = pod(made, kind, name)["containers"]
    return only


def test_the_library_does_not_need_the_extra() -> None:
    """Outside of the package that is named after it, nothing imports what it brings."""
    package = Path(plinth.kubernetes.__file__).parent
    needing = re.compile(
        r"^\s*(import|from) (pulumi_kubernetes|(plinth)?\.kubernetes)\b", re.MULTILINE
    )
    found = [
        str(path)
        for path in package.parent.rglob("*.py")
        if package not in path.parents and needing.search(path.read_text())
    ]

    assert found == []


def test_whoever_lacks_the_extra_is_told_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first import says what to install."""
    monkeypatch.setitem(sys.modules, "pulumi_kubernetes", None)
    with pytest.raises(
        ModuleNotFoundError, match=re.escape("pip install 'plinth-iac[kubernetes]'")
    ):
        runpy.run_path(str(plinth.kubernetes.__file__))


def test_it_comes_after_its_namespace() -> None:
    """Whatever is in a namespace is made after it, and goes before it."""
    namespace = find(tier(), "Namespace")
    inside = [r for r in tier().resources if "namespace" in r.inputs.get("metadata", {})]

    assert namespace.inputs["metadata"]["name"] == "project-stack-web"
    assert len(inside) >= 10
    for each in inside:
        assert each.inputs["metadata"]["namespace"] == "project-stack-web"
        assert namespace.urn in each.depends_on, each.urn


def test_a_namespace_that_exists_is_used_as_it_is() -> None:
    """Its owner says what may run in it, and who may connect; the tier still lets itself out."""
    types = {r.type.rpartition(":")[2] for r in told().resources}
    policies = [r.name for r in told().resources if r.type.endswith(":NetworkPolicy")]

    assert "Namespace" not in types
    assert sorted(policies) == ["web-in", "web-out"]


@pytest.mark.parametrize(("kind", "name"), [("Deployment", "web"), ("Job", "web-release")])
def test_pods_have_no_more_rights_than_they_need(kind: str, name: str) -> None:
    """The namespace enforces the restricted standard, and the pods meet it and then some."""
    enforced = find(tier(), "Namespace").inputs["metadata"]["labels"]
    assert enforced["pod-security.kubernetes.io/enforce"] == "restricted"

    pods, only = pod(tier(), kind, name), container(tier(), kind, name)
    assert pods["securityContext"]["runAsNonRoot"] is True
    assert pods["securityContext"]["runAsUser"] == 10001
    assert pods["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pods["automountServiceAccountToken"] is False
    assert only["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    mounted = {m["mountPath"]: m["name"] for m in only["volumeMounts"]}
    volumes = {v["name"]: v for v in pods["volumes"]}
    assert volumes[mounted["/tmp"]]["emptyDir"]  # noqa: S108 - a volume
    assert volumes[mounted["/dev/shm"]]["emptyDir"]["medium"] == "Memory"  # noqa: S108


def test_a_new_image_is_released_before_it_serves() -> None:
    """The Job runs the instances' own release program, and its failure stops the pods."""
    job = find(tier(), "Job", "web-release")
    only = container(tier(), "Job", "web-release")
    [mount] = [m for m in only["volumeMounts"] if m["mountPath"] == "/plinth"]
    [volume] = [v for v in pod(tier(), "Job", "web-release")["volumes"] if v["name"] == "plinth"]
    program = find(tier(), "ConfigMap", "web-release")

    assert job.urn in find(tier(), "Deployment").depends_on
    assert only["image"] == IMAGE
    assert only["command"][:2] == ["python3", "/plinth/release.py"]
    assert only["command"][-3:] == ["alembic", "upgrade", "head"]
    assert mount["readOnly"] is True
    assert volume["configMap"]["name"] == program.inputs["metadata"]["name"]
    assert "release.py" in program.inputs["data"]
    assert only["envFrom"] == container(tier())["envFrom"]


def test_a_release_is_run_once_for_each_image() -> None:
    """Another image makes another Job; one that is done stays, and one that failed runs again."""
    made = deploy(lambda: web(RELEASE, image=NEXT_IMAGE) and None)
    first, second = (find(each, "Job", "web-release") for each in (tier(), made))

    assert first.inputs["metadata"]["name"] != second.inputs["metadata"]["name"]
    assert "ttlSecondsAfterFinished" not in first.inputs["spec"]
    assert first.inputs["spec"]["backoffLimit"] == 0
    assert first.inputs["metadata"]["annotations"] == {"pulumi.com/replaceUnready": "true"}
    assert first.inputs["spec"]["activeDeadlineSeconds"] > 2 * 900


def test_pods_are_replaced_new_before_old() -> None:
    """None goes before its heir is ready, which it is once the balancer has found it healthy."""
    wanted = spec(tier(), "Deployment")
    labels = find(tier(), "Namespace").inputs["metadata"]["labels"]
    binding = find(tier(), "TargetGroupBinding")
    rule = tier().one(aws.lb.ListenerRule, "edge-to-web")

    assert wanted["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": "25%"}
    assert "replicas" not in wanted
    assert labels["eks.amazonaws.com/pod-readiness-gate-inject"] == "enabled"
    door = find(tier(), "NetworkPolicy", "web-in")
    assert {binding.urn, rule.urn, door.urn} <= set(find(tier(), "Deployment").depends_on)


def test_a_pod_that_goes_finishes_what_it_began() -> None:
    """It serves on until the balancer has left it, and then has the longest request's time."""
    sleep = container(tier())["lifecycle"]["preStop"]["sleep"]["seconds"]

    assert sleep >= 15
    assert pod(tier())["terminationGracePeriodSeconds"] > sleep + WebSettings().request_seconds


def test_health_is_asked_for_twice() -> None:
    """A pod without its database gets no requests, and is not killed for it."""
    only = container(tier())

    assert only["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}
    assert only["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    startup = only["startupProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] == 300


def test_another_variable_makes_other_pods() -> None:
    """Pods read variables only as they start: the name of what holds them follows the content."""
    made = deploy(lambda: web({**RELEASE, "environment": {"LANG": "C"}}) and None)
    before, after = (container(each)["envFrom"][0]["configMapRef"] for each in (tier(), made))

    assert before != after
    config = find(made, "ConfigMap")
    assert config.inputs["metadata"]["name"] == after["name"]
    assert config.inputs["immutable"] is True
    assert config.inputs["data"]["LANG"] == "C"
    assert config.inputs["data"]["DATABASE_NAME"] == "app"
    assert config.urn in find(made, "Deployment").depends_on


def test_pods_know_where_they_are() -> None:
    """The variables that every instance has are there, with what is true of a pod."""
    known = {each["name"]: each for each in container(tier())["env"]}

    assert known["AWS_DEFAULT_REGION"]["value"] == "us-east-1"
    assert known["INSTANCE_ID"]["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name"


def test_a_smaller_pod_has_fewer_workers() -> None:
    """A pod that is told its vCPUs has workers for those, not for the instance it stands for."""
    assert find(tier(), "ConfigMap").inputs["data"]["WEB_CONCURRENCY"] == "5"
    assert container(alone())["resources"]["requests"]["cpu"] == "500m"
    assert find(alone(), "ConfigMap").inputs["data"]["WEB_CONCURRENCY"] == "3"


@pytest.mark.parametrize(
    ("instance_type", "cpu", "memory"),
    [
        ("t4g.nano", "100m", "358Mi"),
        ("t3.micro", "200m", "717Mi"),
        ("t4g.large", "600m", "5734Mi"),
        ("m7g.large", "1800m", "5734Mi"),
        ("c7g.xlarge", "3600m", "5734Mi"),
        ("r7i.2xlarge", "7200m", "45875Mi"),
    ],
)
def test_a_pod_is_promised_what_its_instance_can_keep(
    instance_type: str, cpu: str, memory: str
) -> None:
    """A node of that type has room for it, and a burstable one's credits run out for nobody."""
    assert resources(WebPodSettings(), instance_type) == {
        "requests": {"cpu": cpu, "memory": memory},
        "limits": {"memory": memory},
    }


@given(st.integers(min_value=1, max_value=96_000))
def test_quantities_are_read_back(thousandths: int) -> None:
    """No vCPU is lost in writing."""
    text = quantity(thousandths / 1000)
    read = int(text[:-1]) if text.endswith("m") else int(text) * 1000

    assert read == thousandths


def test_secrets_are_read_in_the_cluster() -> None:
    """The operator reads them by a role that can read nothing else, and no value is in Pulumi."""
    secret, store = find(tier(), "ExternalSecret"), find(tier(), "SecretStore", "web-store")
    role = tier().one(aws.iam.Role, "web-secrets")
    [allowed] = json.loads(tier().one(aws.iam.RolePolicy, "web-secrets").inputs["policy"])[
        "Statement"
    ]
    [trust] = json.loads(role.inputs["assumeRolePolicy"])["Statement"]

    assert secret.inputs["spec"]["target"]["name"] == secret.inputs["metadata"]["name"]
    assert container(tier())["envFrom"][1]["secretRef"] == {
        "name": secret.inputs["metadata"]["name"]
    }
    assert secret.inputs["metadata"]["annotations"] == {"pulumi.com/waitFor": "condition=Ready"}
    assert secret.urn in find(tier(), "Deployment").depends_on
    assert store.inputs["spec"]["provider"]["aws"]["role"] == role.output("arn")
    assert allowed["Resource"] == [DATABASE.secrets["DATABASE_URL"].secret_arn]
    assert trust["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}
    assert trust["Condition"]["StringEquals"] == {
        "aws:PrincipalTag/eks-cluster-arn": CLUSTER.cluster_arn,
        "aws:PrincipalTag/kubernetes-namespace": "external-secrets",
        "aws:PrincipalTag/kubernetes-service-account": "external-secrets",
    }
    assert "pw@db" not in json.dumps([r.inputs for r in tier().resources])


PART = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="{}$"), max_size=8),
    st.sampled_from(["{user}", "{user:url}", "{word}", "{api-key:url}", "${db.Instance/x.host}"]),
)


@given(st.lists(PART, max_size=6).map("".join), st.text(max_size=8), st.text(max_size=8))
def test_the_operator_makes_of_a_secret_what_an_instance_does(
    template: str, user: str, word: str
) -> None:
    """Both put the same text together, whatever is in the fields."""
    fields = {"user": user, "word": word, "api-key": word}
    parts = external({"URL": {"arn": "arn:1", "template": template}})
    keys = {each["secretKey"]: fields[each["remoteRef"]["property"]] for each in parts["fields"]}

    def evaluate(action: re.Match[str]) -> str:
        name, *functions = [each.strip() for each in action[1].split("|")]
        value = keys[name.removeprefix(".")]
        for function in functions:
            value = {
                "urlquery": quote_plus(value, safe="~"),
                'replace "+" "%20"': value.replace("+", "%20"),
            }[function]
        return value

    assert re.sub(r"\{\{(.*?)\}\}", evaluate, parts["texts"]["URL"]) == fill(template, fields)


def test_an_instance_reads_templates_alike() -> None:
    """The program on instances stands alone, and so has the reading of fields for itself."""
    found = importlib.util.spec_from_file_location(
        "resolve_secrets", PROGRAMS / "resolve_secrets.py"
    )
    assert found is not None
    assert found.loader is not None
    there: Any = importlib.util.module_from_spec(found)
    found.loader.exec_module(there)

    template, fields = "a:{user}:{word:url}@h", {"user": "u", "word": "p w/+"}
    assert there.fill("URL", template, fields) == fill(template, fields)


def test_secrets_can_be_written_by_pulumi() -> None:
    """Without the operator the values come from the program, and stay secret in it."""
    secret = find(alone(), "Secret")

    assert secret.inputs["stringData"]["DATABASE_URL"] == "postgresql://app:pw@db.internal:5432/app"
    assert any(path.startswith("stringData") for path in secret.secrets)
    assert "metadata.name" not in secret.secrets
    assert (
        container(alone())["envFrom"][1]["secretRef"]["name"] == secret.inputs["metadata"]["name"]
    )
    assert alone().all(aws.iam.Role) == [alone().one(aws.iam.Role, "web")]


def test_pods_may_do_what_their_services_grant() -> None:
    """In AWS they are a role that only this account of this namespace of this cluster has."""
    role = tier().one(aws.iam.Role, "web")
    [trust] = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    [allowed] = json.loads(tier().one(aws.iam.RolePolicy, "web").inputs["policy"])["Statement"]
    joined = tier().one(aws.eks.PodIdentityAssociation)

    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert trust["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert trust["Condition"]["StringEquals"] == {
        "aws:RequestTag/eks-cluster-arn": CLUSTER.cluster_arn,
        "aws:RequestTag/kubernetes-namespace": "project-stack-web",
        "aws:RequestTag/kubernetes-service-account": "web",
    }
    assert allowed["Action"] == ["s3:PutObject"]
    assert joined.inputs["roleArn"] == role.output("arn")
    assert joined.inputs["serviceAccount"] == pod(tier())["serviceAccountName"] == "web"
    assert joined.urn in find(tier(), "Deployment").depends_on


def test_nothing_connects_that_is_not_allowed_to() -> None:
    """All is closed; the tier reaches what it uses, and the balancer reaches its servers."""
    closed, out, way_in = (
        spec(tier(), "NetworkPolicy", f"web-{each}") for each in ("closed", "out", "in")
    )
    reached = {
        (block["ipBlock"]["cidr"], port["port"])
        for rule in out["egress"]
        for block in rule.get("to", [{"ipBlock": {"cidr": "dns"}}])
        for port in rule["ports"]
    }

    assert closed == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert reached == {
        ("dns", 53),
        ("169.254.170.23/32", 80),
        ("fd00:ec2::23/128", 80),
        ("10.0.0.0/16", 5432),
        ("0.0.0.0/0", 443),
        ("::/0", 443),
    }
    assert way_in["ingress"] == [
        {
            "from": [{"ipBlock": {"cidr": "10.0.0.0/16"}}],
            "ports": [{"port": 8000, "protocol": "TCP"}],
        }
    ]
    # The release is let out with the servers, and nobody in to it.
    release = spec(tier(), "Job", "web-release")["template"]["metadata"]["labels"]
    assert release.items() >= out["podSelector"]["matchLabels"].items()
    assert not release.items() >= way_in["podSelector"]["matchLabels"].items()


@pytest.mark.parametrize(
    ("controller", "api", "tag"),
    [("auto_mode", "eks.amazonaws.com/v1", "main"), ("controller", "elbv2.k8s.aws/v1beta1", None)],
)
def test_the_balancer_finds_the_pods(controller: str, api: str, tag: str | None) -> None:
    """Each kind of controller is asked in its own words to register pods by their addresses."""
    made = deploy(lambda: web(pods={"controller": controller}) and None)
    targets, rule = made.one(aws.lb.TargetGroup), made.one(aws.vpc.SecurityGroupIngressRule)
    binding = find(made, "TargetGroupBinding")

    assert binding.inputs["apiVersion"] == api
    assert binding.inputs["spec"]["targetGroupARN"] == targets.output("arn")
    assert binding.inputs["spec"]["serviceRef"] == {"name": "web", "port": "http"}
    assert targets.inputs["targetType"] == "ip"
    assert targets.inputs["tags"].get("eks:eks-cluster-name") == tag
    assert rule.inputs["securityGroupId"] == CLUSTER.security_group_id
    assert rule.inputs["referencedSecurityGroupId"] == Balancer.security_group_id
    assert (rule.inputs["fromPort"], rule.inputs["toPort"]) == (8000, 8000)


def test_an_ingress_makes_a_balancer_of_its_own() -> None:
    """Without a balancer, the cluster's controller is told what ours does by default."""
    ingress = find(alone(), "Ingress")
    said = {
        key.removeprefix("alb.ingress.kubernetes.io/"): value
        for key, value in ingress.inputs["metadata"]["annotations"].items()
    }

    assert said["target-type"] == "ip"
    assert said["certificate-arn"] == CERTIFICATE.certificate_arn
    assert said["ssl-policy"].startswith("ELBSecurityPolicy-TLS13-")
    assert json.loads(said["listen-ports"]) == [{"HTTP": 80}, {"HTTPS": 443}]
    assert said["healthcheck-path"] == "/healthz"
    assert all(isinstance(value, str) for value in said.values())
    assert [r["host"] for r in ingress.inputs["spec"]["rules"]] == ["shop.example.com"]
    assert alone().all(aws.lb.TargetGroup) == []
    assert ingress.urn in find(alone(), "Deployment").depends_on


def test_it_scales_between_its_bounds() -> None:
    """By the CPU target of the settings; whoever empties nodes takes one pod at a time."""
    wanted, budget = spec(tier(), "HorizontalPodAutoscaler"), spec(tier(), "PodDisruptionBudget")

    assert (wanted["minReplicas"], wanted["maxReplicas"]) == (2, 4)
    assert wanted["metrics"][0]["resource"]["target"]["averageUtilization"] == 60
    assert wanted["scaleTargetRef"]["name"] == find(tier(), "Deployment").inputs["metadata"]["name"]
    assert budget["maxUnavailable"] == 1
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    chosen = spec(tier(), "Deployment")["selector"]["matchLabels"]
    assert budget["selector"]["matchLabels"] == spec(tier(), "Service")["selector"] == chosen


def test_tiers_of_a_cluster_open_a_store_once() -> None:
    """They share its security group, and AWS refuses the same rule a second time."""

    def program() -> None:
        cache_ = RedisCache("cache", network=NETWORK)
        for name in ("web", "admin"):
            KubernetesWebTier(
                name,
                WebSettings(port=8000 if name == "web" else 8001),
                image=IMAGE,
                cluster=CLUSTER,
                network=NETWORK,
                balancer=Balancer(),
                uses=[cache_],
            )

    made = deploy(program)
    [rule] = [r for r in made.all(aws.vpc.SecurityGroupIngressRule) if r.inputs["fromPort"] == 6379]
    assert rule.name == "cache-from-cluster"
    assert rule.inputs["referencedSecurityGroupId"] == CLUSTER.security_group_id
    assert [6379] in ports(made, "admin-out")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"settings": {"request_seconds": 90, "deregistration_delay": 90}}, "idle_timeout=60"),
        ({"settings": {"blue_green": {}}}, "blue_green"),
        ({"certificate": CERTIFICATE}, "drop one of them"),
        ({"balancer": None, "alarms": TOPIC}, "give it a balancer"),
        ({"pods": {"pod_identity": False}}, "db grants it permissions"),
        ({"settings": RELEASE, "uses": []}, "DATABASE_URL"),
    ],
)
def test_what_could_not_work_is_refused(change: dict[str, Any], reason: str) -> None:
    """With the change to make, and before anything is registered."""
    with pytest.raises(ValueError, match=reason):
        deploy(lambda: web(**change) and None)


def test_a_value_that_only_aws_knows_cannot_be_written() -> None:
    """Whoever has no operator is told which service to give a value."""
    managed = ExistingService(
        pulumi_resource_name="managed",
        secrets={"DATABASE_URL": SecretText(secret_arn="arn:1", template="{url}")},
    )
    with pytest.raises(ValueError, match="DATABASE_URL of 'managed'"):
        deploy(lambda: web(pods={"secret_delivery": "secret"}, uses=[managed]) and None)


def test_a_store_is_read_by_the_operator_alone() -> None:
    """Two ways to deliver secrets at once are a mistake."""
    with pytest.raises(ValidationError, match="drop one of them"):
        WebPodSettings.model_validate({"secret_store": "aws", "secret_delivery": "secret"})


PODS = {
    "namespace": "shop",
    "cpu": 1.5,
    "memory_mib": 512,
    "user": 1000,
    "secrets_operator": "secrets/operator",
    "egress_ports": [443, 587],
    "node_selector": {"disk": "fast"},
    "priority_class": "urgent",
    "readiness_path": "/up",
    "drain_seconds": 25,
    "scale_down_seconds": 60,
}
BARE = {"pod_identity": False, "secret_store": "aws", "ingress_class": "public"}


@cache
def told() -> Deployment:
    """Deploy a tier with as many settings of its pods as go together."""
    return deploy(lambda: web(pods=PODS) and None)


@cache
def bare() -> Deployment:
    """Deploy a tier with the others."""
    return deploy(lambda: web(pods=BARE, balancer=None, uses=[OPEN]) and None)


SEEN: dict[str, tuple[Callable[[], Any], Any]] = {
    "namespace": (lambda: find(told(), "Deployment").inputs["metadata"]["namespace"], "shop"),
    "cpu": (lambda: container(told())["resources"]["requests"]["cpu"], "1500m"),
    "memory_mib": (lambda: container(told())["resources"]["limits"]["memory"], "512Mi"),
    "user": (lambda: pod(told())["securityContext"]["runAsUser"], 1000),
    "secrets_operator": (lambda: trusted(told(), "web-secrets")[1:], ["secrets", "operator"]),
    "egress_ports": (lambda: ports(told())[-1], [443, 587]),
    "node_selector": (lambda: pod(told())["nodeSelector"]["disk"], "fast"),
    "priority_class": (lambda: pod(told())["priorityClassName"], "urgent"),
    "readiness_path": (lambda: container(told())["readinessProbe"]["httpGet"]["path"], "/up"),
    "drain_seconds": (lambda: container(told())["lifecycle"]["preStop"]["sleep"]["seconds"], 25),
    "scale_down_seconds": (
        lambda: list(spec(told(), "HorizontalPodAutoscaler")["behavior"]["scaleDown"].values()),
        [60],
    ),
    "pod_identity": (lambda: bare().all(aws.iam.Role), []),
    "secret_store": (
        lambda: spec(bare(), "ExternalSecret")["secretStoreRef"],
        {"kind": "ClusterSecretStore", "name": "aws"},
    ),
    "ingress_class": (lambda: spec(bare(), "Ingress")["ingressClassName"], "public"),
    "secret_delivery": (lambda: find(alone(), "Secret").inputs["type"], "Opaque"),
    "controller": (
        lambda: find(alone(), "Namespace").inputs["metadata"]["labels"][
            "elbv2.k8s.aws/pod-readiness-gate-inject"
        ],
        "enabled",
    ),
}


@pytest.mark.parametrize("field", WebPodSettings.model_fields)
def test_every_pod_setting_reaches_a_resource(field: str) -> None:
    """A setting that changes nothing is a lie."""
    seen, wanted = SEEN[field]

    assert seen() == wanted


def trusted(made: Deployment, role: str) -> list[str]:
    """Return the marks of whoever may take on a role: cluster, namespace and account."""
    [trust] = json.loads(made.one(aws.iam.Role, role).inputs["assumeRolePolicy"])["Statement"]
    return list(trust["Condition"]["StringEquals"].values())


def ports(made: Deployment, name: str = "web-out") -> list[list[int]]:
    """Return the ports that a tier is let out to, by the rules of its policy."""
    rules = spec(made, "NetworkPolicy", name)["egress"]
    return [[port["port"] for port in rule["ports"]] for rule in rules]


def test_alarms_watch_its_targets() -> None:
    """Whoever is on duty hears of failing requests, and of a tier without healthy pods."""
    made = deploy(lambda: web(alarms=TOPIC) and None)

    alarms = {r.name: r.inputs for r in made.all(aws.cloudwatch.MetricAlarm)}
    assert set(alarms) == {"web-errors", "web-down"}
    assert all(each["alarmActions"] == [TOPIC.topic_arn] for each in alarms.values())


def test_a_provider_reaches_the_cluster() -> None:
    """By a token of whoever runs Pulumi; the same cluster is known by its ARN."""
    made = deploy(lambda: cluster_provider("cluster", CLUSTER) and None)
    [provider] = [r for r in made.resources if r.type == "pulumi:providers:kubernetes"]
    written = json.loads(kubeconfig("main", str(CLUSTER.cluster_arn), "https://api", "Q0E="))

    assert provider.inputs["clusterIdentifier"] == CLUSTER.cluster_arn
    assert json.loads(provider.inputs["kubeconfig"])["current-context"] == "main"
    run = written["users"][0]["user"]["exec"]
    assert [run["command"], *run["args"]][:5] == [
        "aws",
        "eks",
        "get-token",
        "--cluster-name",
        "main",
    ]
    assert run["args"][run["args"].index("--region") + 1] == "us-east-1"
    assert written["clusters"][0]["cluster"]["server"] == "https://api"
