"""What changes from one preview to another."""

import json
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents import (
    BUCKET,
    COMPONENT,
    DATABASE,
    GROUP,
    INGRESS,
    SECURITY_GROUP,
    STORE,
    SUBNET,
    TEMPLATE,
    VPC,
    document,
    names,
    resource,
)
from parts import PARTS
from plinth.diff.changes import MISSING, Change, ChangeKind, PropertyChange
from plinth.diff.compare import compare
from plinth.diff.replacement import forcing, table
from plinth.preview.export import Document, ResourceRecord, to_document
from plinth.preview.values import MASK
from plinth.testing import deploy
from stacks import STACKS, deployed_stack

TEXTS = st.sampled_from(["", "a", "b", '{"a": 1}', '{"a":1}', "${s3.Bucket/a.id}"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abn"), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMED = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("xyz"), "value": st.integers(0, 1)}),
    unique_by=lambda item: cast("str", item["name"]),
    max_size=3,
)
TYPES = st.sampled_from([BUCKET, DATABASE, VPC, "other:index:Thing"])


@st.composite
def documents(draw: st.DrawFn) -> Document:
    """Draw a preview of a few resources with any inputs."""
    kinds = draw(st.lists(st.tuples(TYPES, st.sampled_from("pq")), unique=True, max_size=4))
    made: list[ResourceRecord] = []
    for token, name in kinds:
        inputs: dict[str, Any] = draw(
            st.dictionaries(st.sampled_from("abc"), VALUES | NAMED, max_size=3)
        )
        made.append(resource(token, name, **inputs))
    return document(*made)


def one(before: ResourceRecord, after: ResourceRecord) -> Change:
    """Compare two of a resource that differ."""
    (found,) = compare(document(before), document(after))
    return found


@settings(max_examples=50)
@given(documents())
def test_nothing_differs_from_itself(preview: Document) -> None:
    """A comparison of the same has no change."""
    assert compare(preview, json.loads(json.dumps(preview))) == []


@settings(max_examples=50)
@given(documents(), documents())
def test_comparison_mirrors(before: Document, after: Document) -> None:
    """What is added one way is removed the other, and every property has its sides swapped."""
    there = {change.key: change for change in compare(before, after)}
    back = {change.key: change for change in compare(after, before)}

    assert there.keys() == back.keys()
    for key, change in there.items():
        other = back[key]
        assert (change.before, change.after) == (other.after, other.before)
        assert [(p.path, p.before, p.after) for p in change.properties] == [
            (p.path, p.after, p.before) for p in other.properties
        ]
        swapped = {ChangeKind.ADDED: ChangeKind.REMOVED, ChangeKind.REMOVED: ChangeKind.ADDED}
        assert other.kind is swapped.get(change.kind, change.kind)


@pytest.mark.parametrize("stack", STACKS)
def test_real_stack_does_not_differ_from_itself(stack: str) -> None:
    """Labels, secrets and placeholders of a whole platform compare as equal."""
    preview = to_document(deployed_stack(stack).graph)

    assert compare(preview, preview) == []


def test_every_type_of_ours_has_its_entry() -> None:
    """What the components create, in both stacks and with every option, is in the table."""
    deployed = [deployed_stack(stack) for stack in STACKS]
    deployed += [deploy(lambda part=part: part.build()) for part in PARTS.values()]
    types = {r.type for d in deployed for r in d.resources if r.node.kind == "custom"}

    assert {token for token in types if forcing(token) is None} == set()


def test_table_names_properties_that_exist() -> None:
    """A misspelt property would never be found: what our resources set in the table is spelt so."""
    known = {"dbName", "cidrBlock", "initialLifecycleHooks", "vpcSubnetIds", "logGroupName"}

    assert known <= {name for entry in table().values() for name in entry}


def test_property_in_the_table_replaces() -> None:
    """The reason names the property."""
    change = one(resource(DATABASE, dbName="app"), resource(DATABASE, dbName="other"))

    assert change.kind is ChangeKind.REPLACED
    assert change.replace_because == ["dbName"]
    assert change.properties == [PropertyChange(path="dbName", before="app", after="other")]


def test_other_property_changes_in_place() -> None:
    """A table's type changes in place where the table is silent."""
    assert one(resource(DATABASE, port=1), resource(DATABASE, port=2)).kind is ChangeKind.CHANGED


def test_unknown_type_may_be_replaced() -> None:
    """Nobody knows; but for tags, which never replace."""
    thing = "other:index:Thing"

    assert one(resource(thing, a=1), resource(thing, a=2)).kind is ChangeKind.MAY_REPLACE
    tagged = one(resource(thing, tags={"a": "1"}), resource(thing, tags={"a": "2"}))
    assert tagged.kind is ChangeKind.CHANGED


def test_replacement_spreads_to_what_refers_to_it() -> None:
    """A subnet of a replaced VPC is replaced too, and what only mentions one is changed."""

    def stack(cidr: str) -> Document:
        vpc = resource(VPC, "main", cidrBlock=cidr)
        subnet = resource(SUBNET, "a", refers={"vpcId": vpc})
        return document(vpc, subnet, resource(BUCKET, "b", tags={"net": "in ${ec2.Subnet/a.id}"}))

    changes = compare(stack("10.0.0.0/16"), stack("10.1.0.0/16"))

    assert names(changes, "kind") == [
        ChangeKind.REPLACED,
        ChangeKind.REPLACED,
        ChangeKind.CHANGED,
    ]
    assert changes[1].replace_because == ["vpcId, since ec2.Vpc/main is replaced"]
    assert changes[2].properties[0].because == "ec2.Subnet/a is replaced"


def test_new_version_of_a_template_reaches_its_group() -> None:
    """The number of the version is not in the program, and still changes."""

    def stack(kind: str, version: str) -> Document:
        template = resource(TEMPLATE, "web", instanceType=kind)
        group = resource(GROUP, "web", launchTemplate={"id": "lt", "version": version})
        group["propertyDependencies"] = {"launchTemplate": [template["urn"]]}
        return document(template, group)

    reached = compare(stack("a", "0"), stack("b", "0"))
    assert reached[1].properties[0].path == "launchTemplate.version"
    assert names(compare(stack("a", "$Latest"), stack("b", "$Latest")), "type") == [TEMPLATE]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ({"engineVersion": "7.1"}, {"engineVersion": "7.0"}, ChangeKind.REPLACED),
        ({"engineVersion": "7.0"}, {"engineVersion": "7.1"}, ChangeKind.CHANGED),
        ({"engine": "valkey"}, {"engine": "redis"}, ChangeKind.REPLACED),
        ({"engine": "redis"}, {"engine": "valkey"}, ChangeKind.CHANGED),
    ],
)
def test_store_only_goes_forward(
    before: dict[str, Any], after: dict[str, Any], kind: ChangeKind
) -> None:
    """ElastiCache upgrades in place, and makes a new store for the way back."""
    assert one(resource(STORE, **before), resource(STORE, **after)).kind is kind


def test_rule_with_another_sort_of_source_is_another_rule() -> None:
    """Another address range is an update; a group in place of it is not."""
    narrow = resource(INGRESS, cidrIpv4="10.0.0.0/8")

    assert one(narrow, resource(INGRESS, cidrIpv4="10.0.0.0/9")).kind is ChangeKind.CHANGED
    grouped = one(narrow, resource(INGRESS, referencedSecurityGroupId="sg-1"))
    assert grouped.kind is ChangeKind.REPLACED


def test_ignored_changes_are_none() -> None:
    """``ignoreChanges`` covers a property with all that is in it."""
    options = {"ignoreChanges": ["tags.a", "dbName"]}
    before = resource(DATABASE, dbName="a", tags={"a": {"b": 1}}, options=options)
    after = resource(DATABASE, dbName="b", tags={"a": {"b": 2}}, options=options)

    assert compare(document(before), document(after)) == []


def test_option_can_force_a_replacement() -> None:
    """``replaceOnChanges`` is as good as the provider's word."""
    options = {"replaceOnChanges": ["port"]}
    changed = one(resource(DATABASE, port=1), resource(DATABASE, port=2, options=options))

    assert changed.kind is ChangeKind.REPLACED


def test_secret_shows_only_that_it_changed() -> None:
    """Digests tell; without them nothing is said."""

    def keyed(digest: str | None) -> ResourceRecord:
        return resource(DATABASE, password=MASK, secrets={"inputs.password": digest})

    change = one(keyed("1"), keyed("2"))
    assert change.properties == [PropertyChange(path="password", before=MASK, after=MASK)]
    assert compare(document(keyed("1")), document(keyed("1"))) == []
    assert compare(document(keyed(None)), document(keyed(None))) == []


def test_alias_makes_a_rename() -> None:
    """A resource with its former name is the same, and what refers to it does not change."""

    def stack(name: str, aliases: list[Any]) -> Document:
        bucket = resource(BUCKET, name, options={"aliases": aliases})
        return document(bucket, resource(DATABASE, refers={"s3Import": bucket}))

    (change,) = compare(stack("old", []), stack("new", [{"name": "old"}]))
    assert (change.kind, change.name) == (ChangeKind.RENAMED, "new")

    kinds = names(compare(stack("old", []), stack("new", [])), "kind")
    assert kinds == [ChangeKind.ADDED, ChangeKind.REPLACED, ChangeKind.REMOVED]


def test_children_follow_a_renamed_component() -> None:
    """A child that is named after its parent had its former name."""

    def stack(name: str, aliases: list[Any]) -> Document:
        parent = resource(COMPONENT, name, options={"aliases": aliases})
        return document(parent, resource(BUCKET, f"{name}-logs", parent=parent))

    changes = compare(stack("old", []), stack("new", [{"name": "old"}]))

    assert names(changes, "kind") == [ChangeKind.RENAMED, ChangeKind.RENAMED]


def test_alias_may_be_a_urn_or_another_parent() -> None:
    """As the engine takes them: a URN, a former parent, or none."""
    loose = resource(BUCKET, "files")
    by_urn = resource(COMPONENT, "shop")
    moved = resource(BUCKET, "files", parent=by_urn, options={"aliases": [loose["urn"]]})
    orphan = resource(BUCKET, "files", parent=by_urn, options={"aliases": [{"noParent": True}]})

    for record in (moved, orphan):
        kinds = names(compare(document(loose, by_urn), document(by_urn, record)), "kind")
        assert kinds == [ChangeKind.RENAMED]


def test_items_are_known_by_their_names() -> None:
    """A parameter that is put in front does not make all others differ; their order does."""
    first, second = {"name": "a", "value": "1"}, {"name": "b", "value": "2"}
    added = one(resource(GROUP, x=[second]), resource(GROUP, x=[first, second]))

    assert added.properties == [PropertyChange(path="x[a]", before=MISSING, after=first)]
    turned = one(resource(GROUP, x=[first, second]), resource(GROUP, x=[second, first]))
    assert names(turned.properties, "path") == ["x[order]"]


def test_nameless_items_are_known_by_their_place() -> None:
    """What is the same at both ends is left out."""
    before, after = ({"port": port} for port in (1, 2))
    change = one(resource(GROUP, x=[before, before]), resource(GROUP, x=[before, after, before]))

    assert change.properties == [PropertyChange(path="x[1]", before=MISSING, after=after)]


def test_true_is_not_one() -> None:
    """Python takes them for equal; a provider does not."""
    assert one(resource(GROUP, x=True), resource(GROUP, x=1)).properties


def test_protection_is_a_change() -> None:
    """The option is part of what is deployed; false is as good as none."""
    change = one(resource(BUCKET, options={"protect": True}), resource(BUCKET))
    off = document(resource(BUCKET, options={"protect": False}))

    assert names(change.properties, "path") == ["options.protect"]
    assert compare(off, document(resource(BUCKET))) == []


def test_group_of_the_same_label_elsewhere_is_another() -> None:
    """A resource that moves without an alias is another one for those that refer to it."""
    loose = resource(SECURITY_GROUP, "db")
    parent = resource(COMPONENT, "shop")
    inside = resource(SECURITY_GROUP, "db", parent=parent)
    rule = resource(INGRESS, "in", refers={"securityGroupId": loose})

    changes = compare(document(loose, parent, rule), document(parent, inside, rule))

    assert [(c.name, c.kind) for c in changes if c.type == INGRESS] == [("in", ChangeKind.REPLACED)]


CONFIG = "kubernetes:core/v1:ConfigMap"


@pytest.mark.parametrize(
    ("token", "before", "after", "kind"),
    [
        (CONFIG, {"data": {"A": "1"}}, {"data": {"A": "2"}}, ChangeKind.REPLACED),
        (CONFIG, {"immutable": True}, {"immutable": False}, ChangeKind.CHANGED),
        (
            "kubernetes:keda.sh/v1alpha1:ScaledObject",
            {"metadata": {"name": "a"}},
            {"metadata": {"name": "b"}},
            ChangeKind.REPLACED,
        ),
        (
            "kubernetes:keda.sh/v1alpha1:ScaledObject",
            {"spec": {"maxReplicaCount": 1}},
            {"spec": {"maxReplicaCount": 2}},
            ChangeKind.CHANGED,
        ),
        (
            "aws:eks/cluster:Cluster",
            {"computeConfig": {"nodeRoleArn": "a"}},
            {"computeConfig": {"nodeRoleArn": "b"}},
            ChangeKind.REPLACED,
        ),
        (
            "aws:eks/cluster:Cluster",
            {"computeConfig": {}},
            {"computeConfig": {"nodeRoleArn": "b"}},
            ChangeKind.CHANGED,
        ),
        (
            "aws:eks/cluster:Cluster",
            {"encryptionConfig": {"resources": ["secrets"]}},
            {},
            ChangeKind.REPLACED,
        ),
    ],
)
def test_kubernetes_objects_and_clusters_have_rules(
    token: str, before: dict[str, Any], after: dict[str, Any], kind: ChangeKind
) -> None:
    """A name always replaces an object, of a kind that nobody knows as well."""
    assert one(resource(token, **before), resource(token, **after)).kind is kind


def test_a_config_that_is_replaced_takes_its_pods_along() -> None:
    """Pulumi gives it another name, which rolls the deployment that reads it."""
    config = resource(CONFIG, "app", data={"A": "1"})
    name = f"${{{config['label']}.metadata.name}}"
    deployment = resource("kubernetes:apps/v1:Deployment", "web", spec={"configMapRef": name})
    changed = {**config, "inputs": {"data": {"A": "2"}}}
    changes = compare(document(config, deployment), document(changed, deployment))  # pyright: ignore[reportArgumentType]
    assert [(c.name, c.kind) for c in changes] == [
        ("app", ChangeKind.REPLACED),
        ("web", ChangeKind.CHANGED),
    ]
