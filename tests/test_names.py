"""Names that every child can carry to AWS."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plinth.names import check_name, physical_name


@pytest.mark.parametrize("name", ["a", "web", "db-2", "a" * 24])
def test_good_names_pass(name: str) -> None:
    """Lower-case letters, digits and single dashes, up to 24 of them."""
    check_name("postgres", name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Web_App", "postgres 'Web_App' needs .* 'web-app' would do"),
        ("web--app", "'web-app' would do"),
        ("web-", "'web' would do"),
        ("9lives", "'lives' would do"),
        ("", "'main' would do"),
        ("a" * 25, "it has 25, so shorten it"),
        ("internal-web", "no leading 'internal-'"),
    ],
)
def test_bad_names_are_refused_with_a_better_one(name: str, message: str) -> None:
    """AWS would cut, refuse or silently change them."""
    with pytest.raises(ValueError, match=message):
        check_name("postgres", name)


def test_a_component_may_need_a_shorter_name() -> None:
    """Where a child's role takes part of the length."""
    with pytest.raises(ValueError, match="at most 4"):
        check_name("fleet", "shoes", longest=4)


@given(st.lists(st.text(max_size=40), min_size=1), st.integers(min_value=10, max_value=63))
def test_physical_names_fit(parts: list[str], limit: int) -> None:
    """Whatever the parts, what comes out is what AWS takes, and as long as it takes."""
    name = physical_name("a", *parts, limit=limit)
    assert len(name) <= limit
    assert re.fullmatch(r"[a-z0-9](-?[a-z0-9])*", name)


def test_cut_names_stay_apart() -> None:
    """Two names that differ only past the cut do not collide."""
    one, two = (physical_name("x" * 50, end, limit=40) for end in ("one", "two"))
    assert one != two
    assert one == physical_name("x" * 50, "one", limit=40)
