"""Whether the labelled data reach as far as the reference's own MD, by known distances, forces and volumes."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from lang2mlip.act.base import Desk
from lang2mlip.act.coverage import coverage
from lang2mlip.record.run import Run
from lang2mlip.report.reaching import reaching
from lang2mlip.science.atoms.frames import labelled, read_frames, write_frames
from lang2mlip.science.evaluation.reach import beside, reached


def pair(distance_A, force, edge_A=6.0):
    """A gold and a copper atom so far apart, pushed apart with so much force, in a cube."""
    atoms = Atoms("AuCu", positions=[[0, 0, 0], [distance_A, 0, 0]], cell=[edge_A] * 3, pbc=True)
    atoms.info["group"] = "bulk"
    return labelled(atoms, energy=0.0, forces=np.array([[-force, 0, 0], [force, 0, 0]]))


DATA = [pair(2.0, 3.0), pair(2.6, 1.0, edge_A=6.2)]


def test_what_data_reach_is_told_in_the_terms_of_the_ranges():
    found = reached(DATA, ["distance Au-Cu", "force", "volume"])
    assert found["distance Au-Cu"] == pytest.approx((2.0, 2.6)) and found["force"] == pytest.approx((1.0, 3.0))
    assert found["volume"] == pytest.approx((6.0**3 / 2, 6.2**3 / 2))


@pytest.mark.parametrize(
    ("quantity", "inside", "outside"),
    [
        ("distance Au-Cu", (2.01, 4.0), (1.9, 4.0)),
        ("force", (0.0, 4.0), (0.0, 5.0)),
        ("volume", (108.0, 119.0), (108.0, 130.0)),
        ("volume", (107.0, 110.0), (90.0, 110.0)),
    ],
)  # fmt: skip
def test_data_fall_short_of_what_is_nearer_stronger_or_of_another_density(quantity, inside, outside):
    (good,), (bad,) = (beside(DATA, {quantity: span}) for span in (inside, outside))
    assert not good.short and bad.short and bad.reference == outside
    assert bad.unit in bad.words() and quantity.split()[0] in bad.words()


def test_the_nearest_distances_allowed_in_md_are_no_ranges_of_data():
    assert beside(DATA, {"nearest Au-Cu": (1.5, 1.7), "stretch": (1.0, 1.2)}) == []


def test_a_pair_that_data_never_have_near_falls_short():
    (one,) = beside(DATA, {"distance Au-Au": (2.9, 6.0)})
    assert one.short and "never near" in one.words()
    assert beside([], {"distance Au-Au": (2.9, 6.0)}) == []


@pytest.fixture
def run(tmp_path):
    """A copy of a finished run of argon."""
    shutil.copytree(Path(__file__).parents[1] / "record" / "folders" / "v1", tmp_path / "good")
    return Run(tmp_path / "good")


@pytest.fixture
def blown_up(run, tmp_path):
    """The same with every frame of its data longer by a tenth, so that nothing is dense enough."""
    folder = tmp_path / "bad"
    shutil.copytree(run.folder, folder)
    for file in (folder / "data").glob("*.extxyz"):
        frames = read_frames(file)
        for atoms in frames:
            said = dict(atoms.calc.results)
            atoms.set_cell(1.1 * atoms.cell.array, scale_atoms=True)
            atoms.calc.atoms, atoms.calc.results = atoms.copy(), said
        write_frames(file, frames)
    return Run(folder)


def test_all_data_in_use_count_not_only_the_new_ones(run, blown_up):
    good, bad = (Desk(each.view(), each.folder / "jobs", None, None) for each in (run, blown_up))
    assert "bulk: volumes" in coverage(bad, []) and "volumes" not in coverage(good, [])
    known = run.view().training_frames()
    assert "volumes" not in coverage(bad, known)  # new frames beside the bad ones mend it


def test_the_report_shows_where_data_fall_short(blown_up):
    (table,), (told,) = reaching(blown_up.view())
    assert {(row[0].text, row[1].text) for row in table.rows} == {("bulk", "volume"), ("vacancy", "volume")}
    assert {len(row) for row in table.rows} == {len(table.columns)} and told.startswith("Of ")
    (blown_up.folder / "data").rename(blown_up.folder / "lost")
    assert "could not be set beside" in reaching(blown_up.view())[1][0]
