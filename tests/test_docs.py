"""The pages beside the code say what the code says."""

import re
from pathlib import Path

import draw_floors as drawing
import pytest

import lang2mlip
import test_architecture

ROOT = Path(__file__).parents[1]


def test_the_picture_of_the_floors_is_fresh():
    assert drawing.PICTURE.read_text(encoding="utf-8") == drawing.picture(), "redraw it with: make docs"


def test_the_picture_has_the_floors_that_the_architecture_test_holds():
    assert [set(floor) for floor in reversed(drawing.FLOORS)] == test_architecture.FLOORS


def test_every_arrow_points_down():
    boxes, _, _ = drawing.places(drawing.rooms())
    assert drawing.edges()
    assert not [(a, b) for a, b in drawing.edges() if boxes[a].y >= boxes[b].y]


def test_deciding_imports_neither_actions_nor_science():
    assert not [b for a, b in drawing.edges() if a == "decide" and b.split("/")[0] in ("act", "science")]


def test_the_changelog_begins_with_the_version_of_the_package():
    first = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert first and first[1] == lang2mlip.__version__


def test_the_version_is_the_same_in_package_and_project_file():
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{lang2mlip.__version__}"' in project


def test_every_page_of_the_documentation_is_linked_from_its_index():
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    assert not [
        page.name for page in (ROOT / "docs").glob("*.md") if page.name != "index.md" and page.name not in index
    ]


def test_units_written_in_the_page_are_those_of_the_code():
    page = (ROOT / "docs" / "units-and-conventions.md").read_text(encoding="utf-8")
    from lang2mlip import units

    for name in ("EV_PER_A3_IN_GPA", "BOLTZMANN_EV_PER_K", "A2_PER_FS_IN_CM2_PER_S"):
        written = re.search(rf"`{name}` = ([\d.e-]+)", page)
        assert written and float(written[1]) == pytest.approx(getattr(units, name), rel=1e-6)


def test_every_requirement_of_the_project_is_pinned():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    wanted = {re.split(r"[\[<>=!~ ]", one)[0].lower() for group in groups for one in group} - {"lang2mlip"}
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pinned = {line.split("==")[0].lower() for line in text.splitlines() if "==" in line and line[0] != "#"}
    assert wanted <= pinned, sorted(wanted - pinned)
