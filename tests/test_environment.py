"""The environment contract, and the table of it in the documentation."""

import importlib.util
from typing import Any

from plinth.environment import Variable, table
from stacks import ROOT


def tool() -> Any:
    """Load the script that writes the table."""
    path = ROOT / "tools" / "environment_table.py"
    spec = importlib.util.spec_from_file_location("environment_table", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_documented_table_is_current() -> None:
    """Whoever adds a variable runs ``make docs``."""
    made = tool()

    assert made.DOCUMENT.read_text() == made.current()


def test_no_variable_is_set_by_two() -> None:
    """A tier that uses everything gets each name once."""
    names = [v.name for variables in tool().CONTRACT.values() for v in variables]

    assert len(set(names)) == len(names)


def test_a_table_has_a_row_for_each_variable() -> None:
    """With who sets it, and whether it is secret."""
    made = table({"`Db`": [Variable(name="URL", meaning="Where.", secret=True)]})

    assert made.splitlines()[-1] == "| `URL` | Where. | `Db` | yes |"
