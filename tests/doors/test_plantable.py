"""The plan as people see it: a row a group at the terminal, a row a structure in plan.md, and the gallery."""

import json
import re

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from rich.console import Console

from lang2mlip.contracts import Component, PotentialSpec, ReferenceSpec, Task
from lang2mlip.doors.plantable import _call_s, group_table, plan_markdown, totals
from lang2mlip.prepare.build import build
from lang2mlip.prepare.plan import plan
from lang2mlip.report.gallery import Passage, distances, write_gallery

TASK = Task(
    prompt="a metal </script><b>bold",
    goal="test",
    components=(
        Component(name="copper", formula="Cu", crystal="Cu", phases=("crystal", "surface"), facets=((1, 1, 1),)),
    ),
    elements=("Cu",),
    temperature_K=(300.0, 600.0),
    properties=("lattice",),
    reference=ReferenceSpec(name="emt"),
    potential=PotentialSpec(family="mtp"),
)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    records, _ = build(plan(TASK), folder)
    return records, folder


def test_every_group_has_a_row_with_its_structures_by_role(built):
    console = Console(width=90)
    with console.capture() as captured:
        console.print(group_table(built[0], TASK))
    rows = captured.get().splitlines()
    assert len(rows) == 3
    assert re.search(r"bulk\s+bulk\s+3/1/1\s+\d+–\d+\s+1,668", rows[1])


def test_plan_md_has_a_row_a_structure_and_the_cost(built):
    text = plan_markdown(built[0], TASK)
    assert text.count("\n| ") == len(built[0]) + 1
    assert "reference calls" in totals(built[0], TASK) and "of one core with emt" in totals(built[0], TASK)


def test_the_gallery_needs_no_network_and_no_word_can_end_its_script(built):
    page = write_gallery(*built, TASK.prompt).read_text()
    assert all(record.request.name in page for record in built[0])
    assert not re.search(r"""<(?:script|link|img)[^>]+(?:src|href)=["']?(?:https?:)?//""", page)
    assert "</script><b>bold" not in page
    data = entries_of(page).values()
    assert len(data) == len(built[0])
    assert all(len(entry["positions"]) == 3 * entry["atoms"] for entry in data)
    assert all(entry["picture"].startswith("data:image/png;base64,") for entry in data)


def entries_of(page):
    return {e["name"]: e for e in json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL).group(1))}


def test_the_gallery_says_how_each_structure_came_through_the_gate(built):
    records, folder = built
    first, second, third = (record.request.name for record in records[:3])
    passages = {
        first: Passage(),
        second: Passage(builds=3, mended=True, remarks=("two molecules touch <b>",)),
    }
    page = write_gallery(records, folder, "a metal", passages).read_text()
    told = entries_of(page)
    assert told[first]["gate"] == "passed" and not told[first]["helped"]
    assert told[second]["gate"] == "passed at build 3, mended" and told[second]["remarks"] == [
        "two molecules touch <b>"
    ]
    assert told[third]["gate"] == "not recorded"
    assert "1 of them mended or built again" in page and "touch <b>" not in page


def test_the_gallery_knows_the_nearest_pair_of_a_crystal(built):
    records, folder = built
    entries = entries_of(write_gallery(records, folder, "a metal").read_text()).values()
    told = next(e for e in entries if e["group"] == "bulk" and e["role"] == "train")
    atoms = Atoms(told["symbols"], np.reshape(told["positions"], (-1, 3)), cell=told["cell"], pbc=True)
    apart = atoms.get_all_distances(mic=True)[np.triu_indices(len(atoms), 1)]
    assert told["nearest"] == pytest.approx(apart.min(), abs=0.02) and told["pair"] == "Cu–Cu"


def test_unlike_pairs_of_rock_salt_have_six_neighbours_at_half_the_cell():
    curves = distances(bulk("NaCl", "rocksalt", a=5.64))
    volume, shell = 5.64**3 / 4, 4 / 3 * np.pi * np.diff(np.linspace(0, 6, 61) ** 3)
    unlike = np.array(next(curve for pair, curve in curves.items() if set(pair.split("–")) == {"Na", "Cl"}))
    like = np.array(curves["Na–Na"])
    assert (unlike * shell / volume)[:35].sum() == pytest.approx(6, rel=0.01)
    assert (like * shell / volume)[:45].sum() == pytest.approx(12, rel=0.01)


def test_the_pair_distribution_of_a_crystal_peaks_at_its_neighbours_and_tends_to_one():
    atoms = bulk("Cu", cubic=True) * 3
    atoms.rattle(0.05, seed=1)
    curve = np.array(distances(atoms)["all"])
    assert np.argmax(curve) * 0.1 + 0.05 == pytest.approx(3.61 / 2**0.5, abs=0.1)
    r = np.arange(60) * 0.1 + 0.05
    assert (curve * 4 * np.pi * r**2 * 0.1 * len(atoms) / atoms.get_volume())[:30].sum() == pytest.approx(12, rel=0.02)


def test_the_time_grows_with_the_size_as_the_method_does():
    linear, steep = {"atom_steps_per_s": 100.0, "atoms": 50}, {"atom_steps_per_s": 100.0, "atoms": 50, "growth": 2.75}
    assert _call_s(linear, 50) == _call_s(steep, 50) == 0.5
    assert _call_s(linear, 100) == pytest.approx(1.0)
    assert _call_s(steep, 100) == pytest.approx(0.5 * 2**2.75)
