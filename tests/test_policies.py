"""The rules: what this repository's stacks hold to, and that each rule can be broken."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broken import BROKEN, add, document, drop, one, policy, put, rewrite
from plinth.policies import RULES, Severity, check, examine
from plinth.policies.platform import Platform
from plinth.policies.queues import broker_groups, fleets
from plinth.policies.reading import boot_script, is_off, is_on, statements
from plinth.policies.render import table
from stacks import STACKS

TODAY = date(2026, 11, 22)
DOCS = Path(__file__).parent.parent / "docs" / "policies.md"


@pytest.mark.parametrize("stack", STACKS)
def test_stacks_of_this_repository_break_no_rule_badly(stack: str) -> None:
    """What the components make by themselves holds to every rule that is an error."""
    errors = [v for v in check(document(stack), TODAY) if v.severity is Severity.ERROR]
    assert errors == []


def test_production_has_nothing_to_accept() -> None:
    """The production stack gets by without a warning and without an exception."""
    report = examine(document("prod"), TODAY)
    assert (report.protected, report.violations, report.accepted) == (True, (), ())


@pytest.mark.parametrize("rule", [rule.id for rule in RULES])
def test_each_rule_finds_what_breaks_it(rule: str) -> None:
    """A stack that is changed to break a rule breaks that rule, where it was changed."""
    whole = document()
    wrong = BROKEN[rule](whole)
    found = [v for v in check(whole, TODAY) if v.rule == rule]
    assert [v.resource for v in found] == [wrong]
    assert all(v.sentence and not v.sentence.endswith(".") for v in found)


def test_ids_are_there_once() -> None:
    """No two rules share an id, and the table of ways to break them names no other."""
    assert sorted(BROKEN) == sorted(rule.id for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_rule_says_what_a_reader_needs(rule: object) -> None:
    """A rule has a sentence, a remedy, an address, and controls in the two known forms."""
    known = next(r for r in RULES if r is rule)
    assert re.fullmatch(r"[A-Z][^.]*[^.]\.", known.sentence.replace("1.2", "12"))
    assert known.remedy[0].islower()
    assert known.link.startswith("https://")
    for control in known.controls:
        assert re.fullmatch(r"[A-Z][A-Za-z0-9]+\.\d+|CIS \d+(\.\d+)+", control)


def test_the_documentation_shows_the_rules_as_they_are() -> None:
    """The table in docs/policies.md is the one that 'plinth check --rules' prints."""
    assert table() in DOCS.read_text()


def test_protected_rules_leave_other_stacks_alone() -> None:
    """A stack without a name that says production may go without a standby."""
    whole = document()
    put("rds.Instance/db", multiAz=False)(whole)
    assert "rds-multi-az" not in {v.rule for v in check(whole, TODAY, protected=False)}
    whole["stack"] = "staging"
    assert "rds-multi-az" not in {v.rule for v in check(whole, TODAY)}


@pytest.mark.parametrize(
    ("name", "protected"),
    [
        ("prod", True),
        ("eu-production", True),
        ("prod2", True),
        ("shop.live", True),
        ("products", False),
        ("dev", False),
        ("delivery", False),
        ("preprod", False),
    ],
)
def test_the_name_of_a_stack_says_whether_it_is_protected(name: str, *, protected: bool) -> None:
    """A word of the name decides, and no part of a word."""
    whole = document()
    whole["stack"] = name
    assert Platform(whole).protected is protected


@pytest.mark.parametrize(
    ("source", "port"), [("0.0.0.0/0", 22), ("::/0", 443), ("0.0.0.0/1", 5432), ("2000::/3", 80)]
)
def test_the_internet_in_any_spelling_is_seen(source: str, port: int) -> None:
    """Halves of the internet, and IPv6, are as open as 0.0.0.0/0."""
    whole = document()
    key = "cidrIpv6" if ":" in source else "cidrIpv4"
    rule = "vpc.SecurityGroupIngressRule/web-from-edge"
    put(rule, referencedSecurityGroupId=None, fromPort=port, toPort=port, **{key: source})(whole)
    assert [(v.rule, v.resource) for v in check(whole, TODAY)] == [("sg-not-open", rule)]


def test_a_balancer_may_be_open_on_web_ports_only() -> None:
    """The edge answers on 443 for everybody, and on nothing else."""
    whole = document()
    rule = "vpc.SecurityGroupIngressRule/edge-https"
    put(rule, prefixListId=None, cidrIpv4="0.0.0.0/0")(whole)
    assert check(whole, TODAY) == []
    put(rule, fromPort=8443, toPort=8443)(whole)
    assert [v.rule for v in check(whole, TODAY)] == ["sg-not-open"]


def test_a_group_that_is_shared_with_instances_is_no_edge() -> None:
    """A balancer's group that a fleet holds too may not be open."""
    whole = document()
    put("vpc.SecurityGroupIngressRule/edge-https", prefixListId=None, cidrIpv4="0.0.0.0/0")(whole)
    group = one(whole, "ec2.SecurityGroup/edge")["urn"]
    one(whole, "ec2.LaunchTemplate/web")["propertyDependencies"]["vpcSecurityGroupIds"] = [group]
    assert [v.rule for v in check(whole, TODAY)] == ["sg-not-open"]


@pytest.mark.parametrize(
    ("statement", "rules"),
    [
        ({"Action": ["ssmmessages:OpenDataChannel"], "Resource": "*"}, []),
        ({"Action": "s3:*", "Resource": "arn:aws:s3:::mine/*"}, []),
        ({"Action": "s3:Get*", "Resource": "*"}, ["iam-sensitive-scoped"]),
        ({"NotAction": "iam:*", "Resource": "*"}, ["iam-no-admin"]),
        ({"Action": "iam:PassRole", "NotResource": "a"}, ["iam-sensitive-scoped"]),
        ({"Action": "kms:Decrypt", "Resource": "*", "Condition": {}}, ["iam-sensitive-scoped"]),
        ({"Action": "kms:Decrypt", "Resource": "*", "Condition": {"Null": {"a": "b"}}}, []),
        ({"Effect": "Deny", "Action": "*", "Resource": "*"}, []),
    ],
)
def test_what_a_policy_may_say(statement: dict[str, object], rules: list[str]) -> None:
    """Every resource is for actions that know no resources, or under a condition."""
    whole = document()
    policy("iam.RolePolicy/web", **statement)(whole)
    assert [v.rule for v in check(whole, TODAY)] == rules


@pytest.mark.parametrize(
    ("subject", "fine"),
    [("repo:acme/shop:ref:refs/heads/main", True), ("repo:*", False), ("*", False), (None, False)],
)
def test_a_role_of_github_names_its_repository(subject: str | None, *, fine: bool) -> None:
    """Without a subject, every workflow on GitHub could deploy."""
    whole = document()
    key = "token.actions.githubusercontent.com:sub"
    principal = {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{key[:-4]}"}
    condition = {"Condition": {"StringLike": {key: [subject]}}} if subject else {}
    action = "sts:AssumeRoleWithWebIdentity"
    policy("iam.Role/web", Principal=principal, Action=action, **condition)(whole)
    assert [v.rule for v in check(whole, TODAY)] == ([] if fine else ["iam-trust"])


def test_the_parts_of_celery_are_found_by_what_they_run() -> None:
    """Rules on workers and brokers look at something: none of them holds for want of a worker."""
    platform = Platform(document())
    assert [group["name"] for group, _ in fleets(platform, "worker")] == [
        "celery-default",
        "celery-mail",
        "celery-reports",
    ]
    assert [group["name"] for group, _ in fleets(platform, "beat")] == ["beat"]
    assert [store["name"] for store in broker_groups(platform)] == ["queue"]


def test_the_default_parameter_group_evicts() -> None:
    """A broker without a parameter group of its own has AWS's volatile-lru."""
    whole = document()
    one(whole, "elasticache.ReplicationGroup/queue")["propertyDependencies"].pop(
        "parameterGroupName"
    )
    [found] = check(whole, TODAY)
    assert (found.rule, "volatile-lru" in found.sentence) == ("broker-never-evicts", True)


@pytest.mark.parametrize("flag", ["--beat", "-B", "-EB"])
def test_a_scheduler_in_a_worker_is_seen_in_every_form(flag: str) -> None:
    """All forms of the option start a scheduler in each worker."""
    whole = document()
    rewrite("ec2.LaunchTemplate/celery-default", '"worker" \\', f'"worker" {flag} \\')(whole)
    assert [v.rule for v in check(whole, TODAY)] == ["workers-without-beat"]


def test_what_is_not_known_breaks_no_rule() -> None:
    """An input that only the cloud can tell is given the benefit of the doubt."""
    whole = document()
    put("rds.Instance/db", storageEncrypted="<computed>", backupRetentionPeriod="<computed>")(whole)
    put("iam.RolePolicy/web", policy="<computed>")(whole)
    put("ec2.LaunchTemplate/web", userData="<computed>")(whole)
    put("s3.BucketPolicy/cdn", policy="<computed>")(whole)
    put("lb.Listener/edge-https", sslPolicy="${config.Policy/x.name}")(whole)
    assert check(whole, TODAY) == []


def test_what_exists_already_is_not_ours_to_judge() -> None:
    """A resource that is only looked up breaks no rule."""
    whole = document()
    label = add(whole, "aws:ec2/vpc:Vpc", "ec2.Vpc/old")
    one(whole, label)["kind"] = "read"
    assert check(whole, TODAY) == []


def test_a_violation_names_the_component_and_the_line() -> None:
    """Whoever reads it finds the component, and the line of the program that made it."""
    whole = document()
    put("rds.Instance/db", publiclyAccessible=True)(whole)
    [found] = check(whole, TODAY)
    assert found.component == "plinth.Postgres/db"
    assert found.urn == one(whole, "rds.Instance/db")["urn"]
    assert found.source.startswith("infra/cloud.py:")
    assert found.controls == ("RDS.2", "CIS 2.2.3")


def test_a_bare_resource_is_in_no_component() -> None:
    """A resource that the program makes itself is checked as well."""
    whole = document()
    add(whole, "aws:cloudwatch/logGroup:LogGroup", "cloudwatch.LogGroup/own", tags={"a": "b"})
    [found] = check(whole, TODAY)
    assert (found.rule, found.component) == ("log-retention", "")


def test_images_without_a_tag_are_seen() -> None:
    """No tag means latest."""
    whole = document()
    digest = re.search(r"@sha256:\w+", boot_script(one(whole, "ec2.LaunchTemplate/web")))
    assert digest is not None
    rewrite("ec2.LaunchTemplate/web", digest[0], "")(whole)
    [found] = check(whole, TODAY)
    assert (found.rule, "no tag" in found.sentence) == ("image-pinned", True)


def test_replicas_share_the_encryption_of_their_source() -> None:
    """A replica that does not say how it is encrypted is so as its source is."""
    whole = document()
    put("rds.Instance/db-replica-a", storageEncrypted=None)(whole)
    assert check(whole, TODAY) == []


def test_a_document_without_resources_has_nothing_wrong() -> None:
    """An empty stack is fine."""
    whole = document()
    for label in [r["label"] for r in whole["resources"][1:]]:
        drop(whole, label)
    assert check(whole, TODAY) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(json_values)
def test_a_switch_is_not_on_and_off(value: object) -> None:
    """Whatever an input holds, a switch is on, off or not known."""
    assert not (is_on(value) and is_off(value))


@given(json_values)
def test_policies_of_any_form_can_be_read(value: object) -> None:
    """What is no policy states nothing, and is no failure."""
    assert all(isinstance(statement, dict) for statement in statements(json.dumps(value)))
