"""A stack's configuration, read as the Pulumi CLI reads it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from plinth.preview.config import SecretText, StackConfig, load_stack
from plinth.preview.manifest import find_project
from plinth.preview.yaml_core import ConfigError, items, parse, read, resolve, value

Write = Callable[..., Path]

PROJECT = "name: shop\nruntime: python\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a project's files, with an empty program."""

    def files(**contents: str) -> Path:
        (tmp_path / "__main__.py").write_text("")
        for name, text in {"Pulumi": PROJECT, **contents}.items():
            (tmp_path / f"{name.replace('_', '.')}.yaml").write_text(text)
        return tmp_path

    return files


def load(root: Path, stack: str = "dev", **more: Any) -> StackConfig:
    """Read a stack's configuration."""
    return load_stack(find_project(root), stack, **more)


def refusal(root: Path, stack: str = "dev") -> str:
    """Return the one line with which a stack's configuration is refused."""
    with pytest.raises(ConfigError) as refused:
        load(root, stack)
    assert "\n" not in str(refused.value)
    return str(refused.value)


# YAML


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("12:30", "12:30"),
        ("true", True),
        ("False", False),
        ("tRUE", "tRUE"),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-17", -17),
        ("1_000", 1000),
        ("0x1F", 31),
        ("0o17", 15),
        ("017", 15),
        ("018", 18.0),
        ("0b101", 5),
        ("1.50", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.2.3", "1.2.3"),
        ("10.0.0.0/16", "10.0.0.0/16"),
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("2026-01-31T08:05:00+01:00", "2026-01-31T08:05:00+01:00"),
        ("2026-13-31", "2026-13-31"),
        ("123456789012", 123456789012),
        ("99999999999999999999", 1e20),
    ],
)
def test_plain_scalars_mean_what_go_makes_of_them(text: str, meaning: object) -> None:
    """Not what YAML 1.1, and so PyYAML alone, makes of them."""
    assert resolve(text) == meaning
    assert type(resolve(text)) is type(meaning)


@settings(max_examples=50)
@given(st.recursive(st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(), st.lists))
def test_quoted_and_tagged_data_is_read_back(data: object) -> None:
    """What is quoted stays text, and a tag means what it says."""
    text = yaml.safe_dump({"data": data}, default_style='"')
    assert value(parse(text, "x.yaml")["data"]) == data


def test_quoted_and_tagged_scalars_stay_text(write: Write) -> None:
    """Quotes and ``!!str`` say that a number is none."""
    root = write(Pulumi_dev='config:\n  o: {a: "5", b: !!str 5, c: 5, d: !!float 5}\n')
    found = json.loads(load(root).values["shop:o"])
    assert found == {"a": "5", "b": "5", "c": 5, "d": 5}


def test_anchors_and_merges_are_followed(write: Write) -> None:
    """A key of its own wins over a merged one."""
    root = write(Pulumi_dev="config:\n  a: &a {x: 1, y: 2}\n  b:\n    <<: *a\n    y: 3\n")
    assert json.loads(load(root).values["shop:b"]) == {"x": 1, "y": 3}


def test_a_repeated_key_is_refused_with_both_lines(write: Write) -> None:
    """PyYAML would silently keep the last."""
    message = refusal(write(Pulumi_dev="config:\n  a: 1\n  b: 2\n  a: 3\n"))
    assert message == "Pulumi.dev.yaml:4: key 'a' is already defined at line 2"


def test_broken_yaml_is_one_line_with_file_and_line(write: Write) -> None:
    """An indentation error names where it was met."""
    message = refusal(write(Pulumi_dev="config:\n  a: 1\n b: 2\n"))
    assert message.startswith("Pulumi.dev.yaml:3: broken YAML: ")


def test_a_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    """Windows editors write one."""
    (tmp_path / "x.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert list(read(tmp_path / "x.yaml")) == ["a"]


def test_a_list_where_keys_belong_is_refused(write: Write) -> None:
    """The message names the line of the list."""
    assert refusal(write(Pulumi_dev="config:\n- a\n")).startswith("Pulumi.dev.yaml:2: needs a map")


def test_null_counts_as_an_empty_mapping(write: Write) -> None:
    """``config:`` with nothing below is how a stack without configuration looks."""
    assert load(write(Pulumi_dev="config:\n")).values == {}
    assert items(yaml.ScalarNode("?", "")) == {}


# keys and values


def test_keys_get_the_namespace_that_they_lack(write: Write) -> None:
    """And the old spelling with ``config`` in the middle is the new one."""
    root = write(Pulumi_dev="config:\n  a: x\n  aws:region: eu-west-1\n  gcp:config:zone: z\n")
    assert load(root).values == {"shop:a": "x", "aws:region": "eu-west-1", "gcp:zone": "z"}


def test_a_key_with_too_many_parts_is_refused(write: Write) -> None:
    """The message says how keys look."""
    assert "'a:b:c' is no configuration key" in refusal(write(Pulumi_dev="config:\n  a:b:c: 1\n"))


def test_scalars_travel_as_written_and_the_rest_as_json(write: Write) -> None:
    """The CLI reads a scalar as text first, so ``1.50`` stays ``1.50``."""
    text = "config:\n  n: 1.50\n  b: True\n  z:\n  l: [1.0, yes, null]\n  o: {b: 0x10, a: true}\n"
    assert load(write(Pulumi_dev=text)).values == {
        "shop:n": "1.50",
        "shop:b": "True",
        "shop:z": "",
        "shop:l": '[1,"yes",null]',
        "shop:o": '{"a":true,"b":16}',
    }


def test_a_number_that_json_lacks_is_refused(write: Write) -> None:
    """Go's JSON cannot write it either."""
    assert "shop:a holds .nan" in refusal(write(Pulumi_dev="config:\n  a: [.nan]\n"))


# secrets


def test_something_encrypted_makes_its_whole_key_secret(write: Write) -> None:
    """At any depth; what lies beside it stays readable."""
    text = "config:\n  p: {secure: v1:abc}\n  o: {user: u, keys: [{secure: v1:abc}]}\n  x: y\n"
    found = load(write(Pulumi_dev=text))
    assert found.secret_keys == ["shop:o", "shop:p"]
    assert found.values["shop:p"] == "[secret shop:p]"
    assert json.loads(found.values["shop:o"]) == {"user": "u", "keys": ["[secret shop:o.keys[0]]"]}
    assert "v1:abc" not in str(found)


def test_a_mapping_that_only_looks_encrypted_is_not(write: Write) -> None:
    """``secure`` must be text and alone."""
    found = load(write(Pulumi_dev="config:\n  a: {secure: 5}\n  b: {secure: x, more: y}\n"))
    assert found.secret_keys == []


def test_a_stand_in_passes_for_what_a_program_asks_for() -> None:
    """Text, whole number, fraction and boolean, by Pulumi's own ``Config``."""
    pulumi.runtime.set_all_config({"shop:p": SecretText("[secret shop:p]")}, ["shop:p"])
    config = pulumi.Config("shop")
    assert config.get("p") == "[secret shop:p]"
    assert config.get_int("p") == 1
    assert config.get_float("p") == 1.0
    assert config.get_bool("p") is True
    assert SecretText("x") != "y"


def test_a_stand_in_of_the_callers_replaces_the_placeholder(write: Write) -> None:
    """For a program that takes an encrypted text apart."""
    root = write(Pulumi_dev="config:\n  o: {secure: v1:abc}\n")
    found = load(root, stand_ins={"o": '{"user": "u"}'})
    assert found.values["shop:o"] == '{"user": "u"}'
    assert found.secret_keys == ["shop:o"]


# declarations


def declared(words: str) -> str:
    """Return a project's file that declares a key."""
    return f"{PROJECT}config:\n  {words}\n"


def test_a_default_fills_in_and_a_stack_wins(write: Write) -> None:
    """A bare value is a default; for a provider's key it is its value."""
    project = f"{PROJECT}config:\n  a: 1\n  b: {{default: [x]}}\n  aws:region: eu-west-1\n"
    found = load(write(Pulumi=project, Pulumi_dev="config:\n  a: 2\n"))
    assert found.values == {"shop:a": "2", "shop:b": '["x"]', "aws:region": "eu-west-1"}


def test_missing_keys_are_all_named(write: Write) -> None:
    """Two at once, and what may be done."""
    project = f"{PROJECT}config:\n  b: {{type: string}}\n  a:\n"
    message = refusal(write(Pulumi=project, Pulumi_dev=""))
    assert message == (
        "Pulumi.dev.yaml: shop:a and shop:b must be set, says Pulumi.yaml: "
        "add it, or give it a default"
    )


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        ("string", "5", "[5]"),
        ("integer", "5", "five"),
        ("integer", '"5"', "5.5"),
        ("boolean", "true", "yes"),
        ("object", "{a: 1}", "a"),
        ("array, items: {type: integer}", "[1, 2]", "[1, x]"),
        ("array, items: {type: array, items: {type: string}}", "[[a]]", "[a]"),
    ],
)
def test_a_declared_type_is_checked(write: Write, type_: str, good: str, bad: str) -> None:
    """As strictly, and as loosely, as the CLI does."""
    project = declared(f"a: {{type: {type_}}}")
    assert load(write(Pulumi=project, Pulumi_dev=f"config:\n  a: {good}\n")).values["shop:a"]
    message = refusal(write(Pulumi=project, Pulumi_dev=f"config:\n  a: {bad}\n"))
    assert message.startswith("Pulumi.dev.yaml: shop:a must be of type ")


def test_an_encrypted_value_fits_every_type(write: Write) -> None:
    """Nobody can look into it offline."""
    root = write(Pulumi=declared("a: {type: integer}"), Pulumi_dev="config:\n  a: {secure: v1:x}\n")
    assert load(root).secret_keys == ["shop:a"]


def test_a_declared_secret_must_be_encrypted(write: Write) -> None:
    """The plain text is not repeated in the message."""
    root = write(Pulumi=declared("a: {secret: true}"), Pulumi_dev="config:\n  a: hunter2\n")
    message = refusal(root)
    assert "pulumi config set --secret shop:a" in message
    assert "hunter2" not in message


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            "a: {typ: string}",
            "Pulumi.yaml:4: a has an attribute 'typ', which there is not: use typ",
        ),
        ("a: {type: text}", "a has type 'text': use one of string, integer"),
        ("a: {type: array}", "a is an array: say of what, by 'items'"),
        ("a: {type: integer, default: x}", "a has a default that is no integer"),
        ("a: {default: x, value: y}", "a has both a default and a value"),
        ("aws:region: {default: x}", "aws:region belongs to a provider"),
    ],
)
def test_a_wrong_declaration_is_refused(write: Write, words: str, message: str) -> None:
    """With its line, by the CLI's own rules."""
    assert message in refusal(write(Pulumi=declared(words), Pulumi_dev=""))


def test_a_declared_path_is_left_out_with_a_warning(write: Write) -> None:
    """It must not count as missing."""
    found = load(write(Pulumi=declared('"a.b": {type: string}'), Pulumi_dev=""))
    assert found.warnings == ["Pulumi.yaml: a.b: a key that is a path is left out"]


# project and stacks


def test_an_unknown_stack_lists_those_there_are(write: Write) -> None:
    """Deployment settings lie beside the stacks, and are none."""
    root = write(Pulumi_dev="", Pulumi_prod="", Pulumi_dev_deploy="")
    assert refusal(root, "staging") == (
        "there is no stack 'staging' (Pulumi.staging.yaml): use one of dev, prod"
    )


def test_a_project_without_stack_files_takes_any_stack(write: Write) -> None:
    """Many a small program needs no configuration."""
    found = load(write(), "dev")
    assert found.values == {}
    assert found.warnings == ["there is no Pulumi.dev.yaml: previewed without it"]


def test_a_stack_may_have_its_organization_before_it(write: Write) -> None:
    """As on the CLI."""
    found = load(write(Pulumi_dev=""), "acme/dev")
    assert (found.organization, found.stack) == ("acme", "dev")


def test_imported_environments_are_warned_of(write: Write) -> None:
    """They live in Pulumi's cloud."""
    [warning] = load(write(Pulumi_dev="environment: [shared]\n")).warnings
    assert warning.startswith("Pulumi.dev.yaml: environment: ")


@pytest.mark.parametrize("key", ["stackConfigDir", "config"])
def test_stack_files_may_lie_elsewhere(write: Write, key: str) -> None:
    """By the present name of the setting or the old one."""
    root = write(Pulumi=f"{PROJECT}{key}: stacks\n")
    (root / "stacks").mkdir()
    (root / "stacks" / "Pulumi.dev.yaml").write_text("config:\n  a: b\n")
    assert find_project(root).stacks() == ["dev"]
    assert load(root).values == {"shop:a": "b"}


def test_the_project_is_found_upwards(write: Write) -> None:
    """From any directory inside it."""
    inside = write() / "a" / "b"
    inside.mkdir(parents=True)
    assert find_project(inside).name == "shop"


def test_no_project_is_one_line(tmp_path: Path) -> None:
    """It says how to name one."""
    with pytest.raises(ConfigError, match=r"there is no Pulumi\.yaml in .* by --cwd"):
        find_project(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("runtime: python\n", "Pulumi.yaml: needs a 'name', the project's"),
        ("name: x\nruntime: nodejs\n", "runtime is 'nodejs', and only 'python'"),
        (f"{PROJECT}main: ../x\n", "main is '../x', which is not below the project"),
        (f"{PROJECT}main: infra\n", "there is no infra/__main__.py"),
        (f"{PROJECT}config: a\nstackConfigDir: b\n", "both config and stackConfigDir"),
    ],
)
def test_a_wrong_project_file_is_one_line(write: Write, text: str, message: str) -> None:
    """With what to change."""
    assert message in refusal(write(Pulumi=text))


def test_main_may_be_a_directory_or_a_file(write: Write) -> None:
    """The program runs where it lies."""
    root = write(Pulumi=f"{PROJECT}main: infra/\n")
    (root / "infra").mkdir()
    (root / "infra" / "__main__.py").write_text("")
    (root / "infra" / "app.py").write_text("")
    assert (find_project(root).directory, find_project(root).entry) == (root / "infra", ".")
    (root / "Pulumi.yaml").write_text(f"{PROJECT}main: infra/app.py\n")
    assert (find_project(root).directory, find_project(root).entry) == (root / "infra", "app.py")
