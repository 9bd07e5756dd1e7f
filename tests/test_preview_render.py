"""A preview as JSON and as a tree."""

import base64
import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plinth.preview import values
from plinth.preview.export import (
    Document,
    SchemaError,
    from_document,
    from_text,
    to_document,
    to_text,
)
from plinth.preview.graph import Graph, Kind, Mode, Node
from plinth.preview.readable import lines, short_type
from plinth.preview.render import WIDTH, summary, tree

STACK = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"


class Building:
    """A graph to add resources to."""

    def __init__(self) -> None:
        self.graph = Graph(project="shop", stack="dev", mode=Mode.SYMBOLIC)
        self.add("pulumi:pulumi:Stack", "shop-dev", parent="", kind=Kind.STACK)

    def add(self, type_: str, name: str, *, parent: str = STACK, **more: Any) -> str:
        """Add a node, and return its URN."""
        urn = f"urn:pulumi:dev::shop::{type_}::{name}"
        more.setdefault("kind", Kind.CUSTOM)
        self.graph.nodes[urn] = Node(urn=urn, type=type_, name=name, parent=parent, **more)
        return urn

    def component(self, kind: str, name: str, *, parent: str = STACK) -> str:
        """Add a component, and return its URN."""
        return self.add(f"plinth:index:{kind}", name, parent=parent, kind=Kind.COMPONENT)

    def document(self, key: bytes | None = b"k") -> Document:
        """Return the document."""
        return to_document(self.graph, key=key)

    def tree(self, **how: bool) -> list[str]:
        """Return the drawing without its header."""
        return tree(self.document(), **how).splitlines()[2:]


@pytest.fixture
def building() -> Building:
    """Start with nothing but the stack."""
    return Building()


def record(document: Document, name: str) -> Any:
    """Return the record of the one resource of a name."""
    [found] = [resource for resource in document["resources"] if resource["name"] == name]
    return found


# JSON


def test_a_document_says_what_it_is(building: Building) -> None:
    """Version, project, stack, mode; the stack itself is the first resource."""
    document = building.document()
    assert document["plinth"] == {"schema": 1}
    assert (document["project"], document["stack"], document["mode"]) == ("shop", "dev", "symbolic")
    assert document["resources"][0]["kind"] == "stack"


def test_resources_keep_the_order_in_which_they_were_made(building: Building) -> None:
    """Which is the order of the program's lines."""
    for name in ("b", "a", "c"):
        building.add("aws:ec2/vpc:Vpc", name)
    assert [r["name"] for r in building.document()["resources"]] == ["shop-dev", "b", "a", "c"]


def test_secrets_are_masked_wherever_they_are(building: Building) -> None:
    """In inputs, outputs, exports and arguments of data sources; nothing of them remains."""
    hidden = values.secret("hunter2")
    building.add(
        "aws:rds/instance:Instance", "db", inputs={"a": [{"b": hidden}]}, outputs={"c": hidden}
    )
    building.graph.nodes[STACK].outputs = {"d": hidden}
    building.graph.invokes.append({"token": "t", "args": {"e": hidden}})
    document = building.document()
    assert record(document, "db")["inputs"] == {"a": [{"b": "[secret]"}]}
    assert document["exports"] == {"d": "[secret]"}
    assert "hunter2" not in to_text([document])
    assert list(record(document, "db")["secrets"]) == ["inputs.a[0].b", "outputs.c"]


def test_a_changed_secret_has_another_digest(building: Building) -> None:
    """And the same secret the same, under the same key alone."""

    def digest(secret: str, key: bytes | None) -> str | None:
        building.add("x:y:Z", "z", inputs={"a": values.secret(secret)})
        return record(building.document(key), "z")["secrets"]["inputs.a"]

    assert digest("one", b"k") == digest("one", b"k")
    assert digest("one", b"k") != digest("two", b"k")
    assert digest("one", b"k") != digest("one", b"other")
    assert digest("one", None) is None


def test_what_is_not_known_is_marked_and_listed(building: Building) -> None:
    """As text for readers, and by its path for programs."""
    building.add("x:y:Z", "z", inputs={"a": {"b": values.UNKNOWN}})
    found = record(building.document(), "z")
    assert found["inputs"] == {"a": {"b": "<computed>"}}
    assert found["unknown"] == ["a.b"]


def test_a_text_of_json_stays_a_text(building: Building) -> None:
    """Whoever compares two previews decides how."""
    policy = '{"Statement": []}'
    building.add("x:y:Z", "z", inputs={"policy": policy})
    assert record(building.document(), "z")["inputs"] == {"policy": policy}


def test_written_documents_are_read_back(building: Building) -> None:
    """With failures beside them."""
    document = building.document()
    text = to_text([document], [{"stack": "prod", "message": "no"}])
    assert from_text(text) == [document]
    assert json.loads(text)["failures"] == [{"message": "no", "stack": "prod"}]


def test_the_text_does_not_depend_on_the_order_of_keys() -> None:
    """Two runs that fill their mappings differently write the same bytes."""
    texts: list[str] = []
    for inputs in ({"a": 1, "b": 2}, {"b": 2, "a": 1}):
        building = Building()
        building.add("x:y:Z", "z", inputs=inputs, dependencies=sorted(inputs))
        texts.append(to_text([building.document(None)]))
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "is no preview"),
        ({"resources": []}, "is no preview"),
        ({"plinth": {"schema": 1}}, "is no preview"),
        ({"plinth": {"schema": 2}, "resources": []}, "has schema 2, and this plinth reads 1"),
    ],
)
def test_other_documents_are_refused(document: Any, message: str) -> None:
    """Before anything is made of them."""
    with pytest.raises(SchemaError, match=message):
        from_document(document)


def test_a_text_that_is_no_json_is_refused() -> None:
    """Such as the tree, given by mistake."""
    with pytest.raises(SchemaError, match="not JSON"):
        from_text("shop/dev: 1 resource")


# the tree


def test_the_header_counts(building: Building) -> None:
    """Components are no resources, and neither is what is only looked up."""
    parent = building.component("Network", "main")
    building.add("aws:ec2/vpc:Vpc", "main", parent=parent, options={"protect": True})
    building.add("aws:route53/zone:Zone", "z", kind=Kind.READ)
    assert summary(building.document()) == "1 resource in 1 component, 1 looked up, 1 protected"
    assert tree(building.document()).startswith("shop/dev: 1 resource in 1 component, ")


def test_children_stand_below_their_component(building: Building) -> None:
    """Those of a kind together, in the order of the program; components inside come last."""
    outer = building.component("WebTier", "web")
    inner = building.component("Fleet", "web-fleet", parent=outer)
    building.add("aws:autoscaling/group:Group", "web", parent=inner)
    for name in ("web-a", "other", "web-b"):
        building.add("aws:iam/role:Role", name, parent=outer)
    building.add("aws:s3/bucket:Bucket", "loose")
    assert building.tree() == [
        "├─ s3.Bucket                loose",
        "│",
        "└─ WebTier web              4 resources",
        "   ├─ iam.Role (3)          web-a, other, web-b",
        "   └─ Fleet web-fleet       1 resource",
        "      └─ autoscaling.Group  web",
    ]


def test_names_that_differ_in_their_end_are_put_together(building: Building) -> None:
    """Where they follow each other and have the same notes."""
    for name, options in [("x-a", {}), ("x-b", {}), ("x-c", {"protect": True}), ("y", {})]:
        building.add("aws:ec2/subnet:Subnet", name, options=options)
    assert building.tree() == ["└─ ec2.Subnet (4)  x-{a,b}, x-c (protected), y"]


@pytest.mark.parametrize(
    ("more", "note"),
    [
        ({"options": {"protect": True}}, "protected"),
        ({"options": {"retainOnDelete": True}}, "kept on delete"),
        ({"options": {"import": "i-1"}}, "imported"),
        ({"inputs": {"a": values.secret("x")}}, "secret"),
        ({"inputs": {"a": values.UNKNOWN}}, "unknown"),
        ({"inputs": {"region": "us-east-1"}}, "in us-east-1"),
        ({"provider": "urn:pulumi:dev::shop::pulumi:providers:aws::second"}, "provider second"),
        ({"kind": Kind.READ}, "looked up"),
    ],
)
def test_what_to_mind_stands_behind_the_name(
    building: Building, more: dict[str, Any], note: str
) -> None:
    """One note for each."""
    building.add("aws:ec2/vpc:Vpc", "main", **more)
    assert building.tree() == [f"└─ ec2.Vpc  main ({note})"]


def test_notes_that_all_share_are_said_once(building: Building) -> None:
    """The tree stays narrow."""
    for name in ("logs", "media"):
        building.add("aws:s3/bucket:Bucket", name, options={"protect": True})
    assert building.tree() == ["└─ s3.Bucket (2)  logs, media (all protected)"]


def test_a_component_made_by_a_plugin_hides_its_contents(building: Building) -> None:
    """It must not look empty."""
    building.add("eks:index:Cluster", "k", kind=Kind.REMOTE)
    assert building.tree() == ["└─ Cluster k  made by a plugin, contents not shown"]


def test_exports_problems_and_logs_follow(building: Building) -> None:
    """Each under its title; secrets stay masked."""
    building.graph.nodes[STACK].outputs = {"url": "https://x", "key": values.secret("hunter2")}
    building.graph.problems = ["a stack was not found"]
    building.graph.logs = [("warning", "old setting")]
    text = tree(building.document())
    assert "Outputs\n  key  [secret]\n  url  https://x\n" in text
    assert "Not known offline\n  ! a stack was not found\n" in text
    assert "The program says\n  ! warning: old setting\n" in text


@given(st.lists(st.tuples(st.text("ab-", min_size=1, max_size=60), st.booleans()), min_size=1))
def test_no_line_is_wider_than_a_terminal(names: list[tuple[str, bool]]) -> None:
    """Whatever the names are; each shows in full."""
    building = Building()
    parent = building.component("Component" * 8, "long")
    for name, protect in names:
        more = {"options": {"protect": protect, "retainOnDelete": protect}}
        building.add("aws:ec2/subnet:Subnet", name, parent=parent, **more)
    assert all(len(line) <= WIDTH for line in tree(building.document()).splitlines())


def test_colours_change_nothing_but_colours(building: Building) -> None:
    """Without the escapes it is the same drawing."""
    building.add("aws:ec2/vpc:Vpc", "main", options={"protect": True})
    coloured = tree(building.document(), colour=True)
    for style in ("0", "1", "2", "33", "36"):
        coloured = coloured.replace(f"\x1b[{style}m", "")
    assert coloured == tree(building.document())
    assert "\x1b" not in coloured


def test_inputs_are_shown_on_request(building: Building) -> None:
    """Every resource by itself then."""
    for name in ("x-a", "x-b"):
        building.add("aws:ec2/subnet:Subnet", name, inputs={"cidrBlock": f"{name}/24"})
    assert building.tree(inputs=True) == [
        "├─ ec2.Subnet  x-a",
        "│     cidrBlock: x-a/24",
        "└─ ec2.Subnet  x-b",
        "      cidrBlock: x-b/24",
    ]


# inputs and types


def test_plain_inputs_read_as_yaml_would() -> None:
    """Nested by two blanks, lists of objects by dashes, short lists on a line."""
    given: dict[str, Any] = {
        "b": True,
        "l": [1, "x"],
        "o": {"n": None},
        "s": [{"x": 1, "y": 2}, []],
        "t": "a: b",
    }
    assert list(lines(given)) == [
        "b: true",
        'l: [1, "x"]',
        "o:",
        "  n: null",
        "s:",
        "- x: 1",
        "  y: 2",
        "- []",
        "t: a: b",
    ]


def test_json_and_long_texts_are_taken_apart() -> None:
    """What looks like JSON and is none stays as it is."""
    given = {"policy": '{"a":[1]}', "script": "one\ntwo\n", "z": "{not json}", "e": ""}
    assert list(lines(given)) == [
        'e: ""',
        "policy: (JSON)",
        "  {",
        '    "a": [',
        "      1",
        "    ]",
        "  }",
        "script: (text)",
        "  one",
        "  two",
        "z: {not json}",
    ]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_user_data_is_decoded(pack: Any) -> None:
    """Compressed or not; what is no base64 shows as it is."""
    text = base64.b64encode(pack(b"#!/bin/sh\nreboot\n")).decode()
    assert list(lines({"userData": text})) == ["userData: (decoded)", "  #!/bin/sh", "  reboot"]
    assert list(lines({"userData": "#!/bin/sh"})) == ["userData: #!/bin/sh"]
    assert list(lines({"other": text})) == [f"other: {text}"]


@pytest.mark.parametrize(
    ("token", "short"),
    [
        ("aws:ec2/vpc:Vpc", "ec2.Vpc"),
        ("aws:index/provider:Provider", "aws.Provider"),
        ("plinth:index:Network", "Network"),
        ("random:index/randomPassword:RandomPassword", "random.RandomPassword"),
        ("kubernetes:apps/v1:Deployment", "apps/v1.Deployment"),
        ("kubernetes:core/v1:Service", "core/v1.Service"),
        ("pulumi:providers:aws", "provider aws"),
        ("pulumi:pulumi:StackReference", "StackReference"),
    ],
)
def test_types_are_shortened(token: str, short: str) -> None:
    """To what tells them apart."""
    assert short_type(token) == short
