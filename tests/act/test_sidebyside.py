"""Walks side by side: density in time, and g(r) within each layer of what was built in layers."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

import tiny
from lang2mlip.act import diffusion, energy
from lang2mlip.act.base import Desk
from lang2mlip.act.bondcount import BondCount, bonds_to_watch
from lang2mlip.act.evaluate import Measurements
from lang2mlip.act.sidebyside import _compare
from lang2mlip.contracts import Goals
from lang2mlip.science.atoms.frames import write_frames
from lang2mlip.science.atoms.health import Health, Watch

NOTE = {"note": {"group": "stack", "structure": "s"}}


def walk(ensemble):
    return {**NOTE, "plan": {"ensemble": ensemble, "temperature_K": 300.0, "timestep_fs": 2.0, "steps": 100}}


def frames(scale=1.0, layers=False, count=8):
    made = []
    for seed in range(count):
        atoms = bulk("Cu", cubic=True, a=3.6 * scale) * (2, 2, 4)
        if layers:
            atoms.set_array("layer", (atoms.positions[:, 2] > atoms.cell[2, 2] / 2 - 0.1).astype(int))
        atoms.rattle(0.05, seed=seed)
        atoms.info |= {"time_fs": 20.0 * seed, "phase_of_run": "stable"}
        made.append(atoms)
    return made


def test_the_density_is_shown_in_time_for_both(tmp_path):
    found = Measurements()
    _compare(Goals(), walk("npt"), (frames(1.01), frames()), found)
    (curves,) = found.curves["density"].values()
    assert curves["reference"]["g_cm3"] == pytest.approx([9.05] * 8, rel=0.01)
    assert np.mean(curves["potential"]["g_cm3"]) < np.mean(curves["reference"]["g_cm3"])
    assert curves["reference"]["t_ps"] == pytest.approx([0.02 * k for k in range(8)])


def test_every_layer_has_its_own_radial_distribution():
    found = Measurements()
    _compare(Goals(), walk("nvt"), (frames(layers=True), frames(layers=True)), found)
    subjects = {one.subject for one in found.properties if "layer" in one.subject}
    assert subjects == {"stack, 300 K, layer 1", "stack, 300 K, layer 2"}
    assert all(one.value < 1e-9 and one.limit is None for one in found.properties if "layer" in one.subject)


def test_without_layers_there_is_none():
    found = Measurements()
    _compare(Goals(), walk("nvt"), (frames(), frames()), found)
    assert found.properties and not [one for one in found.properties if "layer" in one.subject]


def test_every_element_pair_has_its_curve_and_the_worst_comes_first():
    def alloy(scale):
        made = frames(scale)
        for atoms in made:
            atoms.symbols[::2] = "Al"
        return made

    found = Measurements()
    _compare(Goals(), walk("nvt"), (alloy(1.03), alloy(1.0)), found)
    away = {one.name: one.deviation for one in found.properties}
    pairs = [name.rpartition(", ")[2] for name in found.curves["rdf"]]
    assert sorted(pairs) == ["Al-Al", "Al-Cu", "Cu-Cu"]
    assert [away[f"rdf_{pair}"] for pair in pairs] == sorted(away.values(), reverse=True)


def diffusing(speed_A, seed):
    """Sixty frames of a random walk in a large cell, 0.1 ps apart."""
    rng, atoms = np.random.default_rng(seed), bulk("Cu", cubic=True) * (2, 2, 2)
    made = []
    for _ in range(60):
        atoms = atoms.copy()
        atoms.positions += rng.normal(0, speed_A, atoms.positions.shape)
        made.append(atoms)
    return made


DIFFUSING = {**NOTE, "plan": {"ensemble": "nvt", "temperature_K": 300.0, "timestep_fs": 2.0, "keep_every": 50}}


def test_diffusion_has_a_limit_where_the_task_wants_it_and_something_diffuses():
    wish = tiny.task(properties=["diffusion"])
    apart, alike, still, unasked = Measurements(), Measurements(), Measurements(), Measurements()
    diffusion.compare(wish, DIFFUSING, (diffusing(1.2, 1), diffusing(0.3, 2)), apart)
    diffusion.compare(wish, DIFFUSING, (diffusing(0.3, 1), diffusing(0.3, 2)), alike)
    diffusion.compare(wish, DIFFUSING, (frames(count=60), frames(count=60)), still)
    diffusion.compare(tiny.task(), DIFFUSING, (diffusing(1.2, 1), diffusing(0.3, 2)), unasked)
    assert not apart.properties[0].passed and alike.properties[0].passed and alike.properties[0].limit > 20.0
    assert still.properties[0].limit is None and unasked.properties[0].limit is None
    assert list(apart.curves["msd"]) == ["stack, 300 K, Cu"]


def test_what_the_size_of_the_cell_hides_of_diffusion_is_told():
    found = Measurements()
    diffusion.compare(tiny.task(), DIFFUSING, (diffusing(0.3, 1), diffusing(0.3, 2)), found)
    (told,) = [one for one in found.properties if "small_a_cell" in one.name]
    assert told.value == pytest.approx(0.86e-5, rel=0.02) and told.unit == "cm²/s at 1 mPa s" and told.limit is None


def test_the_mean_energy_in_md_is_compared_with_its_noise():
    rng, found = np.random.default_rng(0), Measurements()
    times = [0.01 * number for number in range(90)]
    known = {"time_ps": times, "potential_eV": (-32 * 3.5 + rng.normal(0, 0.1, 90)).tolist()}
    mine = {"time_ps": times, "potential_eV": (-32 * 3.49 + rng.normal(0, 0.1, 90)).tolist()}
    energy.compare({**walk("npt"), "thermo": known}, mine, 32, found)
    (told,) = found.properties
    assert told.deviation == pytest.approx(10.0, abs=2.0) and told.deviation_unit == "meV/atom" and told.limit is None
    assert told.error_bar < 0.002 and list(found.curves["energy"]) == ["stack, 300 K, npt"]
    energy.compare({**walk("nvt"), "thermo": {}}, mine, 32, found)
    assert len(found.properties) == 1


def methanol(place, stretched=()):
    """A walk of methanol whose frames of these numbers have a broken bond, as both sides leave it."""
    start = molecule("CH3OH")
    write_frames(place / "start.extxyz", [start])
    made = []
    for number in range(10):
        atoms = start.copy()
        atoms.positions[1, 2] += 3.0 if number in stretched else 0.0
        made.append(atoms)
    return made, {"time_ps": [0.01 * number for number in range(10)]}


def test_broken_bonds_are_counted_where_the_task_has_molecules(tmp_path):
    molecules = [{"name": "methanol", "formula": "CH4O", "phases": ["gas"], "smiles": "CO"}]
    run = tiny.new_run(tmp_path, components=molecules, elements=["C", "H", "O"])
    desk = Desk(run.view(), run.folder / "jobs", None, None)
    mine, known = methanol(run.folder, stretched=(3, 4, 8)), methanol(run.folder)
    walk = {"note": {"group": "gas"}, "structure": "start.extxyz", "thermo": known[1]}
    counts = BondCount(desk)
    counts.add(walk, mine, known[0])
    counts.add(walk, mine, known[0])
    broken, made = counts.properties()
    assert (broken.name, broken.group) == ("bonds_broken", "gas") and "5 bonds, 0.18 ps" in broken.subject
    assert broken.value == pytest.approx(8 / 0.18) and broken.reference == 0.0 and broken.error_bar > 0
    assert made.name == "bonds_made" and made.value == 0.0


def test_an_ion_that_leaves_its_solvent_has_broken_no_bond():
    salt = Atoms("LiOH2", positions=[[0, 0, 0], [1.95, 0, 0], [2.54, 0.76, 0], [2.54, -0.76, 0]])
    watched = Health(bonds=bonds_to_watch(salt))
    assert watched.bonds == ((1, 2), (1, 3))
    watch, left, split = Watch(watched, salt), salt.copy(), salt.copy()
    left.positions[0, 0] -= 4.0
    split.positions[2, 1] += 2.0
    assert watch.geometry(left) is None and "the bond O1-H2 stretched" in watch.geometry(split)


def test_without_molecules_in_the_task_no_bonds_are_counted(tmp_path):
    run = tiny.new_run(tmp_path)
    counts = BondCount(Desk(run.view(), run.folder / "jobs", None, None))
    mine = methanol(run.folder, stretched=(3,))
    counts.add({"note": {"group": "gas"}, "structure": "start.extxyz", "thermo": mine[1]}, mine, mine[0])
    assert counts.properties() == []
