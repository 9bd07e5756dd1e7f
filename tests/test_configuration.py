"""Stack configuration: one model in, one clear error out."""

import json
from typing import Any

import pytest
from pydantic import Field, model_validator

from plinth.configuration import ConfigurationError, read
from plinth.settings import Settings
from plinth.testing import deploy


class Part(Settings, frozen=True):
    """A part of a stack."""

    size: int = Field(default=1, ge=1)
    fast: bool = False


class Whole(Settings, frozen=True):
    """A stack of parts."""

    part: Part = Part()
    spares: dict[str, Part] = Field(default_factory=dict)
    row: tuple[Part, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> "Whole":
        if len(self.spares) > 2:
            msg = f"spares has {len(self.spares)} parts, and two fit: remove one"
            raise ValueError(msg)
        return self


def load(value: Any) -> Whole:
    """Read a value as ``shop:stack``."""
    found: list[Whole] = []
    deploy(
        lambda: found.append(read(Whole)),
        project="shop",
        stack="dev",
        config={"shop:stack": json.dumps(value)},
    )
    return found[0]


def test_a_valid_key_becomes_the_model() -> None:
    """Objects, mappings and lists become models, dicts and tuples of them."""
    assert load({"part": {"size": 3}, "row": [{}]}) == Whole(part=Part(size=3), row=(Part(),))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"prat": {}}, "shop:stack.prat: there is no such setting: did you mean 'part'?"),
        ({"part": {"sise": 1}}, "shop:stack.part.sise: .* did you mean 'size'?"),
        ({"spares": {"a": {"faast": True}}}, "shop:stack.spares.a.faast: .* 'fast'"),
        ({"row": [{"q": 1}]}, r"shop:stack.row\[0\].q: .* use one of size, fast"),
        ({"part": {"size": "2"}}, "shop:stack.part.size: .* valid integer, and it is '2'"),
        ({"row": "a b"}, r"shop:stack.row: needs a list, such as \[a, b\], and it is 'a b'"),
        ({"part": {"fast": 1}}, "shop:stack.part.fast: .* boolean, and it is 1"),
        ({"part": {"size": 0}}, "shop:stack.part.size: .* greater than or equal to 1"),
        (
            {"spares": {"a": {}, "b": {}, "c": {}}},
            "shop:stack: spares has 3 parts, and two fit: remove one",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_path(value: object, message: str) -> None:
    """Misspelt, mistyped and refused values are each one line that starts with the path."""
    with pytest.raises(Exception, match=message):
        load(value)


def test_every_problem_is_listed() -> None:
    """Two mistakes take one round to mend."""
    with pytest.raises(Exception, match=r"part.size: .*\n.*part.fast: "):
        load({"part": {"size": "x", "fast": "y"}})


def test_a_missing_key_names_the_file() -> None:
    """Whoever forgets the key learns where it goes."""
    with pytest.raises(Exception, match=r"add it to Pulumi.dev.yaml"):
        deploy(lambda: read(Whole), project="shop", stack="dev")


def test_the_error_is_a_value_error() -> None:
    """Programs may catch it by a kind they know."""
    assert issubclass(ConfigurationError, ValueError)
