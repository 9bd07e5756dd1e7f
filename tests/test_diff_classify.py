"""How bad changes are."""

import json
from typing import Any

import pytest

from documents import (
    BALANCER,
    BUCKET,
    DATABASE,
    GROUP,
    INGRESS,
    LOGS,
    POLICY,
    SECURITY_GROUP,
    STORE,
    TEMPLATE,
    document,
    names,
    resource,
)
from plinth.diff.classify import Finding, Severity, classify
from plinth.diff.compare import compare
from plinth.preview.export import Document, ResourceRecord

LOSS, DOWN, OPEN, SIZE = (
    Severity.DATA_LOSS,
    Severity.DOWNTIME,
    Severity.SECURITY,
    Severity.CAPACITY,
)
PARAMETERS = "aws:rds/parameterGroup:ParameterGroup"
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
LISTENER = "aws:lb/listener:Listener"
RULE = "aws:lb/listenerRule:ListenerRule"
CLUSTER = "aws:eks/cluster:Cluster"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
JOB = "kubernetes:batch/v1:Job"
NAMESPACE = "kubernetes:core/v1:Namespace"
CONTAINER = {"name": "app", "securityContext": {"runAsNonRoot": True}}
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"


def judged(before: Document, after: Document) -> list[Finding]:
    """Judge all changes from one preview to another."""
    return classify(compare(before, after), before, after)


def found(
    token: str, before: dict[str, Any], after: dict[str, Any], severity: Severity
) -> list[str]:
    """Return what is said, of one severity, of a resource with two values."""
    sides = [document(resource(token, **inputs)) for inputs in (before, after)]
    return [f.sentence for f in judged(*sides) if f.severity is severity]


def gone(record: ResourceRecord) -> Finding:
    """Return the worst that is said of a removed resource."""
    return judged(document(record), document())[0]


@pytest.mark.parametrize(
    ("token", "before", "after", "severity"),
    [
        (DATABASE, {"dbName": "a"}, {"dbName": "b"}, LOSS),
        (DATABASE, {"backupRetentionPeriod": 7}, {"backupRetentionPeriod": 1}, LOSS),
        (DATABASE, {"backupRetentionPeriod": 7}, {}, LOSS),
        (STORE, {"port": 1}, {"port": 2}, LOSS),
        (BUCKET, {"bucket": "a"}, {"bucket": "b"}, LOSS),
        (LOGS, {"retentionInDays": 30}, {"retentionInDays": 7}, LOSS),
        (LOGS, {}, {"retentionInDays": 7}, LOSS),
        (DATABASE, {"identifier": "a"}, {"identifier": "b"}, DOWN),
        (DATABASE, {"instanceClass": "a"}, {"instanceClass": "b"}, DOWN),
        (DATABASE, {"applyImmediately": False}, {"applyImmediately": True}, DOWN),
        (STORE, {"nodeType": "a"}, {"nodeType": "b"}, DOWN),
        (BALANCER, {"name": "a"}, {"name": "b"}, DOWN),
        (GROUP, {"name": "a"}, {"name": "b"}, DOWN),
        (DISTRIBUTION, {"aliases": ["a", "b"]}, {"aliases": ["a"]}, DOWN),
        (DISTRIBUTION, {"enabled": True}, {"enabled": False}, DOWN),
        (NAMESPACE, {"metadata": {"name": "a"}}, {"metadata": {"name": "b"}}, LOSS),
        (CLUSTER, {"name": "a"}, {"name": "b"}, LOSS),
        (
            DEPLOYMENT,
            {"metadata": {"name": "web"}, "spec": {"selector": {"matchLabels": {"a": "b"}}}},
            {"metadata": {"name": "web"}, "spec": {"selector": {"matchLabels": {"a": "c"}}}},
            DOWN,
        ),
        (
            DEPLOYMENT,
            {"spec": {"template": {"spec": {"containers": [CONTAINER]}}}},
            {
                "spec": {
                    "template": {"spec": {"containers": [{**CONTAINER, "securityContext": {}}]}}
                }
            },
            OPEN,
        ),
        (
            CLUSTER,
            {"vpcConfig": {"endpointPublicAccess": False}},
            {"vpcConfig": {"endpointPublicAccess": True}},
            OPEN,
        ),
        (
            CLUSTER,
            {"vpcConfig": {"publicAccessCidrs": ["203.0.113.0/24"]}},
            {"vpcConfig": {"publicAccessCidrs": ["203.0.113.0/24", "198.51.100.7/32"]}},
            OPEN,
        ),
        (
            CLUSTER,
            {"vpcConfig": {"publicAccessCidrs": ["203.0.113.0/24"]}},
            {"vpcConfig": {"publicAccessCidrs": []}},
            OPEN,
        ),
        (DATABASE, {"storageEncrypted": True}, {"storageEncrypted": False}, OPEN),
        (DATABASE, {"publiclyAccessible": False}, {"publiclyAccessible": True}, OPEN),
        (DATABASE, {"deletionProtection": True}, {}, OPEN),
        (STORE, {"transitEncryptionEnabled": True}, {"transitEncryptionEnabled": False}, OPEN),
        (BALANCER, {"internal": True}, {"internal": False}, OPEN),
        (BLOCK, {"blockPublicAcls": True}, {"blockPublicAcls": False}, OPEN),
        (LISTENER, {"protocol": "HTTPS"}, {"protocol": "HTTP"}, OPEN),
        (
            LISTENER,
            {"sslPolicy": "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"},
            {"sslPolicy": "ELBSecurityPolicy-2016-08"},
            OPEN,
        ),
        (
            TEMPLATE,
            {"metadataOptions": {"httpTokens": "required"}},
            {"metadataOptions": {"httpTokens": "optional"}},
            OPEN,
        ),
        (GROUP, {"minSize": 1, "maxSize": 2}, {"minSize": 2, "maxSize": 4}, SIZE),
        (DATABASE, {"instanceClass": "a"}, {"instanceClass": "b"}, SIZE),
        (TEMPLATE, {"instanceType": "a"}, {"instanceType": "b"}, SIZE),
    ],
)
def test_change_is_found(
    token: str, before: dict[str, Any], after: dict[str, Any], severity: Severity
) -> None:
    """Every sort of harm is told under its title, once."""
    assert len(found(token, before, after, severity)) == 1


@pytest.mark.parametrize(
    ("token", "before", "after", "severity"),
    [
        (LOGS, {"retentionInDays": 7}, {"retentionInDays": 30}, LOSS),
        (LOGS, {"retentionInDays": 7}, {}, LOSS),
        (DATABASE, {"port": 1}, {"port": 2}, LOSS),
        (DATABASE, {"replicateSourceDb": "a"}, {"replicateSourceDb": "a", "dbName": "b"}, LOSS),
        (DATABASE, {"backupWindow": "a"}, {"backupWindow": "b"}, DOWN),
        (DATABASE, {"storageEncrypted": False}, {"storageEncrypted": True}, OPEN),
        (DATABASE, {"publiclyAccessible": True}, {"publiclyAccessible": False}, OPEN),
        (DISTRIBUTION, {"aliases": ["a"]}, {"aliases": ["a", "b"]}, DOWN),
        (GROUP, {"tags": {"a": 1}}, {"tags": {"a": 2}}, SIZE),
    ],
)
def test_harmless_change_is_not(
    token: str, before: dict[str, Any], after: dict[str, Any], severity: Severity
) -> None:
    """What gets safer or stays as good raises no alarm."""
    assert found(token, before, after, severity) == []


def test_guards_of_a_deleted_database_are_told() -> None:
    """A reviewer sees what would stop it, and what is left of it."""
    record = resource(
        DATABASE,
        deletionProtection=True,
        finalSnapshotIdentifier="last",
        options={"protect": True},
    )

    finding = gone(record)

    assert finding.severity is LOSS
    for words in ("protect is on", "deletion protection is on", "a final snapshot is kept"):
        assert words in finding.sentence


def test_what_is_retained_is_not_lost() -> None:
    """``retainOnDelete`` leaves it in the cloud."""
    assert gone(resource(BUCKET, options={"retainOnDelete": True})).severity is Severity.OTHER


def test_removed_replica_loses_no_data() -> None:
    """Its data are those of the primary."""
    assert gone(resource(DATABASE, replicateSourceDb="db")).severity is SIZE


def test_restart_tells_when_and_for_how_long() -> None:
    """A standby takes over; without one the database is away."""
    alone = {"maintenanceWindow": "sun:03:00-sun:04:00"}
    (sentence,) = found(DATABASE, {"engineVersion": "16"}, {"engineVersion": "17", **alone}, DOWN)
    assert "in its maintenance window (sun:03:00-sun:04:00)" in sentence
    assert "no standby" in sentence

    pair = {"multiAz": True, "applyImmediately": True}
    (sentence,) = found(
        DATABASE, {"engineVersion": "16", **pair}, {"engineVersion": "17", **pair}, DOWN
    )
    assert "fails over at once" in sentence


def test_static_parameter_waits_for_a_reboot() -> None:
    """The group says by ``applyMethod`` which parameters are static."""

    def group(value: str, method: str) -> dict[str, Any]:
        return {"parameters": [{"name": "x", "value": value, "applyMethod": method}]}

    assert found(PARAMETERS, group("1", "pending-reboot"), group("2", "pending-reboot"), DOWN)
    assert not found(PARAMETERS, group("1", "immediate"), group("2", "immediate"), DOWN)


def ingress(group: ResourceRecord, **inputs: Any) -> ResourceRecord:
    """Make a rule of a group."""
    ports: dict[str, Any] = {"ipProtocol": "tcp", "fromPort": 5432, "toPort": 5432}
    return resource(INGRESS, "in", refers={"securityGroupId": group}, **{**ports, **inputs})


def test_new_rule_of_an_old_group_is_an_opening() -> None:
    """Of a new group only what the internet may enter is."""
    group = resource(SECURITY_GROUP, "db")
    inner, outer = ingress(group, cidrIpv4="10.0.0.0/8"), ingress(group, cidrIpv4="0.0.0.0/0")

    (finding,) = judged(document(group), document(group, inner))
    assert finding.severity is OPEN
    assert finding.sentence.endswith("10.0.0.0/8 in to ec2.SecurityGroup/db, port 5432")
    assert judged(document(), document(group, inner)) == []
    (public,) = judged(document(), document(group, outer))
    assert "the whole internet" in public.sentence


@pytest.mark.parametrize(
    ("before", "after", "opens"),
    [
        ({"cidrIpv4": "10.0.0.0/16"}, {"cidrIpv4": "10.0.0.0/8"}, True),
        ({"cidrIpv4": "10.0.0.0/8"}, {"cidrIpv4": "10.0.0.0/16"}, False),
        ({"cidrIpv4": "10.0.0.0/8"}, {"cidrIpv4": "11.0.0.0/8"}, True),
        ({"cidrIpv4": "10.0.0.0/8"}, {"cidrIpv4": "10.0.0.0/8", "toPort": 6000}, True),
        (
            {"cidrIpv4": "10.0.0.0/8", "toPort": 6000},
            {"cidrIpv4": "10.0.0.0/8", "toPort": 5999},
            False,
        ),
        ({"cidrIpv4": "10.0.0.0/8"}, {"cidrIpv4": "10.0.0.0/8", "description": "x"}, False),
    ],
)
def test_wider_rule_is_an_opening(
    before: dict[str, Any], after: dict[str, Any], *, opens: bool
) -> None:
    """More addresses or more ports are; fewer are not."""
    group = resource(SECURITY_GROUP, "db")
    sides = [document(group, ingress(group, **inputs)) for inputs in (before, after)]

    assert bool(judged(*sides)) is opens


def test_rule_within_a_group_is_seen() -> None:
    """Groups may also carry their rules themselves."""
    rule = {"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["0.0.0.0/0"]}

    (sentence,) = found(SECURITY_GROUP, {"ingress": []}, {"ingress": [rule]}, OPEN)

    assert "the whole internet (0.0.0.0/0)" in sentence


def policy(*actions: str, on: str = "arn:a", **more: Any) -> str:
    """Write a policy that allows something."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize(
    ("before", "after", "wider"),
    [
        (policy("s3:GetObject"), policy("s3:GetObject", "s3:PutObject"), True),
        (policy("s3:GetObject", "s3:PutObject"), policy("s3:GetObject"), False),
        (policy("s3:Get*"), policy("s3:GetObject"), False),
        (policy("s3:GetObject"), policy("s3:GetObject", on="arn:b"), True),
        (policy("s3:GetObject", Condition={"Bool": {"x": "y"}}), policy("s3:GetObject"), True),
    ],
)
def test_wider_policy_is_an_opening(before: str, after: str, *, wider: bool) -> None:
    """What a policy grants is compared, not how it is written."""
    assert bool(found(POLICY, {"policy": before}, {"policy": after}, OPEN)) is wider


def test_missing_denial_is_an_opening() -> None:
    """A bucket that no longer refuses plain HTTP says so."""
    denial = json.dumps({"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}})

    (sentence,) = found(POLICY, {"policy": denial}, {"policy": '{"Statement": []}'}, OPEN)

    assert "no longer forbids s3:* on *" in sentence


def test_new_role_is_alarming_only_where_it_may_do_anything() -> None:
    """A new worker's own grants are no news."""
    role = resource("aws:iam/role:Role", "r")
    narrow = resource(POLICY, "p", refers={"role": role}, policy=policy("s3:GetObject"))
    wide = resource(POLICY, "p", refers={"role": role}, policy=policy("*", on="*"))

    assert judged(document(), document(role, narrow)) == []
    assert names(judged(document(), document(role, wide)), "severity") == [OPEN]
    assert names(judged(document(role), document(role, narrow)), "severity") == [OPEN]


def test_grant_on_something_new_is_no_opening() -> None:
    """It can be used for nothing that was there before."""
    role, logs = resource("aws:iam/role:Role", "r"), resource(LOGS, "new")
    before = resource(POLICY, "p", policy=policy("logs:Put", on="${cloudwatch.LogGroup/old.arn}"))
    after = resource(POLICY, "p", policy=policy("logs:Put", on="${cloudwatch.LogGroup/new.arn}"))

    assert judged(document(role, before), document(role, logs, after)) == []


def test_worst_comes_first() -> None:
    """Data before downtime, databases before logs, the internet before other doors."""
    group = resource(SECURITY_GROUP, "db")
    before = document(group, resource(LOGS, "a", name="x"), resource(DATABASE, "b", dbName="x"))
    rules = [
        resource(INGRESS, name, refers={"securityGroupId": group}, cidrIpv4=cidr)
        for name, cidr in (("one", "10.0.0.0/8"), ("two", "0.0.0.0/0"))
    ]
    after = document(
        group, resource(LOGS, "a", name="y"), resource(DATABASE, "b", dbName="y"), *rules
    )

    found = judged(before, after)

    assert names(found, "severity") == [LOSS, LOSS, OPEN, OPEN]
    assert [f.sentence.split()[0] for f in found] == [
        "rds.Instance/b",
        "cloudwatch.LogGroup/a",
        "vpc.SecurityGroupIngressRule/two",
        "vpc.SecurityGroupIngressRule/one",
    ]


def test_rolling_renewal_is_folded() -> None:
    """New instances, batch after batch, are worth a line and no alarm."""

    def stack(kind: str) -> Document:
        template = resource(TEMPLATE, "web", userData=kind)
        group = resource(GROUP, "web", launchTemplate={"version": "0"}, instanceRefresh={})
        group["propertyDependencies"] = {"launchTemplate": [template["urn"]]}
        return document(template, group)

    (finding,) = judged(stack("a"), stack("b"))

    assert finding.severity is Severity.OTHER
    assert "renews its instances" in finding.sentence


def shared(minimum: int, percent: int) -> Document:
    """Preview a green fleet of some size that gets some of a rule's requests."""
    targets = [{"arn": "green", "weight": percent}, {"arn": "blue", "weight": 100 - percent}]
    return document(
        resource(GROUP, "web-green", minSize=minimum, targetGroupArns=["green"]),
        resource(RULE, "web", actions=[{"type": "forward", "forward": {"targetGroups": targets}}]),
    )


def test_requests_that_shift_to_nobody_are_an_outage() -> None:
    """A fleet has its instances one deployment before its requests, unless all of it is new."""
    (down, _) = judged(shared(0, 0), shared(1, 10))

    assert down.severity is DOWN
    assert "gets 10 % of the requests before its first instance is there" in down.sentence
    for before, after in (
        (shared(0, 0), shared(1, 0)),
        (shared(1, 0), shared(1, 10)),
        (document(), shared(1, 10)),
    ):
        assert DOWN not in {finding.severity for finding in judged(before, after)}


def test_other_region_loses_everything() -> None:
    """It stands in the configuration, and no resource shows it."""
    before, after = document(resource(DATABASE)), document(resource(DATABASE))
    after["region"] = "eu-west-1"

    (finding,) = judged(before, after)

    assert finding.severity is LOSS
    assert "from us-east-1 to eu-west-1" in finding.sentence


def test_an_object_that_pulumi_names_stands_beside_its_heir() -> None:
    """The new one has another name, and is there before the old one goes."""
    before, after = ({"spec": {"selector": {"matchLabels": {"a": x}}}} for x in "bc")
    assert found(DEPLOYMENT, before, after, DOWN) == []


def test_a_job_that_changes_runs_again() -> None:
    """That is what a release step is made of."""
    before, after = ({"spec": {"template": {"spec": {"image": x}}}} for x in "ab")
    [told] = found(JOB, before, after, Severity.OTHER)
    assert "runs again, because of spec.template.spec.image" in told


def test_a_namespace_goes_with_all_that_is_in_it() -> None:
    """A volume too, whatever holds it."""
    assert "everything in it" in gone(resource(NAMESPACE, "shop")).sentence
    volume = gone(resource("kubernetes:core/v1:PersistentVolumeClaim", "data"))
    assert volume.severity is LOSS


def test_a_network_policy_that_goes_opens_something() -> None:
    """Unless another one holds, its pods may talk to everybody."""
    policy = resource("kubernetes:networking.k8s.io/v1:NetworkPolicy", "closed")
    assert gone(policy).severity is OPEN


def test_an_administrator_that_is_let_in_is_told() -> None:
    """By the ARN, and the policy that it gets."""
    entry = resource(
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        principalArn="arn:aws:iam::123456789012:role/ops",
        policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
    )
    [told] = [f for f in judged(document(), document(entry)) if f.severity is OPEN]
    assert "role/ops into the cluster with AmazonEKSClusterAdminPolicy" in told.sentence
