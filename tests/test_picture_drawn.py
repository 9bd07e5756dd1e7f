"""Pictures as text: Mermaid, SVG, and the layout behind it."""

import itertools
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pictures import shop
from plinth.cli import main
from plinth.picture.across import spread
from plinth.picture.command import drawn
from plinth.picture.layout import Layout, place
from plinth.picture.mermaid import MOST_CHARACTERS, MOST_EDGES, escaped, mermaid
from plinth.picture.model import Arrow, Box, Frame, Picture, Relation, Role, State
from plinth.picture.svg import svg
from plinth.preview.export import to_document, to_text
from stacks import ROOT, STACKS, deployed_stack

KEYS = [f"k{number}" for number in range(7)]
LINE = re.compile(
    r"flowchart TB|%%\{init: .*\}%%|end"
    r'|subgraph n\d+\["[^"]*"\]'
    r'|n\d+(\["[^"]*"\]|\(\["[^"]*"\]\)|\[\("[^"]*"\)\]|\[/"[^"]*"/\]|\{\{"[^"]*"\}\})'
    r'|n\d+ (-->|-\.->)(\|"[^"]*"\|)? n\d+|n\d+ ~~~ n\d+'
    r"|classDef \w+ [\w:#,.-]+|class n\d+(,n\d+)* \w+|linkStyle \d+ [\w:#,.-]+"
)


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    """Draw any picture: names of all sorts, and arrows every which way."""
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True, min_size=1))
    frames = draw(st.lists(st.sampled_from(["f1", "f2"]), unique=True))
    boxes = [
        Box(
            key=key,
            kind=draw(st.text(max_size=12)),
            name=draw(st.text(max_size=12)),
            facts=tuple(draw(st.lists(st.text(max_size=20), max_size=3))),
            role=draw(st.sampled_from(Role)),
            frame=draw(st.sampled_from(["", *frames])),
            state=draw(st.sampled_from([None, *State])),
        )
        for key in keys
    ]
    pairs = st.tuples(st.sampled_from(keys), st.sampled_from(keys))
    arrows = [
        Arrow(
            source=source,
            target=target,
            relation=draw(st.sampled_from(Relation)),
            label=draw(st.sampled_from(["", "80", "secrets"])),
        )
        for source, target in draw(st.lists(pairs, unique=True, max_size=14))
        if source != target
    ]
    return Picture(
        title="shop/dev",
        boxes=boxes,
        arrows=arrows,
        frames=[Frame(key=key, title=key) for key in frames],
        tiers=draw(st.booleans()),
    )


# Mermaid


@given(st.text())
def test_no_label_breaks_out_of_its_quotes(text: str) -> None:
    """Names are the user's, and may hold anything."""
    shown = escaped(text)
    assert not set(shown) & set("\"'`<>[]{}|\\&%\n\r")
    assert "#" not in re.sub(r"#\d+;", "", shown)


def test_labels_read_as_they_were() -> None:
    """Mermaid turns the numbers back."""
    text = 'a "b" <c> [d] `e` #f; & ü'
    assert re.sub(r"#(\d+);", lambda m: chr(int(m[1])), escaped(text)) == text


@settings(max_examples=25)
@given(pictures())
def test_every_line_is_mermaid(picture: Picture) -> None:
    """Of the small part of its grammar that is used here."""
    for line in mermaid(picture).splitlines():
        assert LINE.fullmatch(line.strip()), line


@pytest.mark.parametrize("boxes", [600, 5000])
def test_what_github_would_refuse_is_cut(boxes: int) -> None:
    """The text says that something is missing."""
    keys = [f"k{number}" for number in range(boxes)]
    whole = Picture(
        boxes=[Box(key=key, kind="Thing", name="x" * 60) for key in keys],
        arrows=[Arrow(source=a, target=b) for a, b in itertools.pairwise(keys)],
    )
    text = mermaid(whole)

    assert len(text) <= MOST_CHARACTERS
    assert len(re.findall(r"-->|~~~|-\.->", text)) <= MOST_EDGES
    assert "too many to draw" in text


def test_a_coarser_picture_replaces_one_that_is_too_large() -> None:
    """Components, where resources would be too many."""
    keys = [f"k{number}" for number in range(2000)]
    fine = Picture(boxes=[Box(key=key, kind="x" * 50) for key in keys])
    coarse = Picture(boxes=[Box(key="one", kind="Everything")])

    assert mermaid(fine, coarse) == mermaid(coarse)


# SVG


@settings(max_examples=25)
@given(pictures())
def test_svg_is_well_formed_and_stands_alone(picture: Picture) -> None:
    """Nothing is fetched, nothing runs, and no viewer needs HTML for it."""
    text = svg(picture)
    root = ET.fromstring(text)  # noqa: S314 - our own text

    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    texts, shapes = {"title", "style", "text", "tspan"}, {"rect", "path", "circle", "ellipse"}
    assert tags <= {"svg", "g", "polygon"} | texts | shapes
    assert not re.search(r"href|url\(|@import", text)


@settings(max_examples=25)
@given(pictures())
def test_boxes_do_not_touch_and_lines_pass_them_by(picture: Picture) -> None:
    """A line through a box would be a lie."""
    layout = place(picture)
    areas = [placed.place for placed in layout.boxes]
    for a, b in itertools.combinations(areas, 2):
        apart = a.x + a.width <= b.x or b.x + b.width <= a.x
        assert apart or a.y + a.height <= b.y or b.y + b.height <= a.y
    assert list(_hits(layout)) == []


@settings(max_examples=25)
@given(pictures())
def test_every_arrow_ends_at_a_box(picture: Picture) -> None:
    """As many as the arrows point at, and from as many as they come."""
    layout = place(picture)
    areas = [placed.place for placed in layout.boxes]
    for head in (head for wire in layout.wires for head in wire.heads):
        assert any(
            a.x <= head.x <= a.x + a.width and abs(head.y - (a.y + head.up * a.height)) < 1e-6
            for a in areas
        )
    points = sum(len(wire.heads) for wire in layout.wires)
    assert bool(points) == bool(picture.arrows)


@settings(max_examples=25)
@given(pictures())
def test_frames_hold_their_boxes_and_no_others(picture: Picture) -> None:
    """Otherwise a box would seem to be in a network that it is not in."""
    layout = place(picture)
    for framed in layout.frames:
        area = framed.place
        for placed in layout.boxes:
            x, y = placed.place.x + placed.place.width / 2, placed.place.y
            inside = area.x < x < area.x + area.width and area.y < y < area.y + area.height
            assert inside == (placed.box.frame == framed.frame.key)


def _hits(layout: Layout) -> list[object]:
    strokes = [stroke for wire in layout.wires for stroke in wire.strokes]
    segments = [pair for stroke in strokes for pair in itertools.pairwise(stroke)]
    return [
        (segment, placed)
        for segment in segments
        for placed in layout.boxes
        for area in [placed.place]
        for (ax, ay), (bx, by) in [segment]
        if max(ax, bx) > area.x + 1
        and min(ax, bx) < area.x + area.width - 1
        and max(ay, by) > area.y + 1
        and min(ay, by) < area.y + area.height - 1
    ]


@given(st.lists(st.floats(-1e3, 1e3), max_size=8))
def test_spread_never_falls_and_keeps_what_is_in_order(wanted: list[float]) -> None:
    """The places nearest to those wanted."""
    found = spread(wanted)
    assert all(a <= b + 1e-6 for a, b in itertools.pairwise(found))
    assert len(found) == len(wanted)
    assert spread(sorted(wanted)) == sorted(wanted)


# The command


@pytest.mark.parametrize("stack", STACKS)
def test_pictures_in_the_documentation_are_current(stack: str) -> None:
    """Run ``make docs`` where this fails."""
    kept = (ROOT / "docs" / "img" / f"{stack}.svg").read_text(encoding="utf-8")
    assert drawn(to_document(deployed_stack(stack).graph, key=None)) == kept


def test_a_program_that_is_small_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    """It has one stack, which needs no name then."""
    assert main(["graph", "--cwd", str(ROOT / "examples" / "minimal")]) == 0
    out = capsys.readouterr().out
    assert out.startswith("%%{init")
    assert "Postgres db" in out


def test_one_of_several_stacks_has_to_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    """A picture is of one."""
    assert main(["graph", "--cwd", str(ROOT)]) == 2
    assert "name it" in capsys.readouterr().err


def test_a_saved_preview_colours_the_difference(tmp_path: Path) -> None:
    """What is saved may be of several stacks; the one of the same name is compared."""
    saved, out = tmp_path / "base.json", tmp_path / "picture.svg"
    project = ROOT / "examples" / "minimal"
    assert main(["graph", "--cwd", str(project), "--output", str(out)]) == 0
    assert "classDef added" not in out.read_text()

    base = shop()
    saved.write_text(to_text([base]))
    command = ["graph", "--cwd", str(project), "--base-json", str(saved), "--output", str(out)]
    assert main(command) == 0
    assert "classDef added" in out.read_text()
    assert "classDef removed" in out.read_text()


@pytest.mark.parametrize("text", ["{}", '{"plinth": {"schema": 1}, "stacks": []}'])
def test_a_preview_that_is_none_is_refused(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """In one line, which names the file."""
    saved = tmp_path / "base.json"
    saved.write_text(text)
    project = str(ROOT / "examples" / "minimal")

    assert main(["graph", "--cwd", project, "--base-json", str(saved)]) == 2
    assert str(saved) in capsys.readouterr().err
