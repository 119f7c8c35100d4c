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
from lang2mlip.act.sidebyside import _compare, _share_of_height
from lang2mlip.contracts import Goals
from lang2mlip.science.atoms.frames import write_frames
from lang2mlip.science.atoms.health import Health, Watch
from lang2mlip.science.evaluation.rdf import rdf

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


def of_layers(found):
    return {one.subject[-1]: one for one in found.properties if "layer" in one.subject}


def test_every_layer_has_its_own_radial_distribution_and_a_gate():
    found = Measurements()
    _compare(Goals(), walk("nvt"), (frames(layers=True), frames(layers=True)), found)
    assert {one.subject for one in of_layers(found).values()} == {"stack, 300 K, layer 1", "stack, 300 K, layer 2"}
    assert all(one.value < 1e-9 and one.passed for one in of_layers(found).values())


def test_a_layer_that_is_wrong_misses_its_gate_and_the_other_one_holds():
    mine, found = frames(layers=True, count=40), Measurements()
    for atoms in mine:
        upper = atoms.arrays["layer"] == 1
        atoms.positions[upper] += np.random.default_rng(5).normal(0, 0.25, (int(upper.sum()), 3))
    _compare(Goals(rdf_rmse=0.4), walk("nvt"), (mine, frames(layers=True, count=40)), found)
    assert of_layers(found)["1"].passed and of_layers(found)["1"].limit == 0.4
    assert not of_layers(found)["2"].passed


def test_a_layer_is_as_dense_as_the_whole_where_all_is_one_crystal():
    atoms = frames(layers=True, count=1)[0]
    half = atoms[atoms.arrays["layer"] == 0]
    (whole,), (part,) = rdf([atoms], 4.0, 8), rdf([half], 4.0, 8)
    assert _share_of_height(half) == pytest.approx(0.5, abs=0.06) and _share_of_height(atoms) == pytest.approx(1.0)
    near = np.argmax(whole["g"])
    assert 0.7 < _share_of_height(half) * part["g"][near] / whole["g"][near] < 1.0  # neighbours above are not its own


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


def infinite(found):
    return {one.name: one for one in found.properties if one.name.endswith("_in_an_infinite_cell")}


def test_what_the_size_of_the_cell_hides_of_diffusion_is_added():
    found, still = Measurements(), Measurements()
    diffusion.compare(tiny.task(), DIFFUSING, (diffusing(0.3, 1), diffusing(0.3, 2)), found)
    diffusion.compare(tiny.task(), DIFFUSING, (frames(count=60), frames(count=60)), still)
    (told,), (seen, _) = infinite(found).values(), found.properties
    assert told.name == "diffusion_Cu_in_an_infinite_cell" and told.limit is None
    assert told.reference / seen.reference == pytest.approx(1 / (1 - 0.946 * 32 ** (-1 / 3)), rel=0.01)
    assert told.error_bar > seen.error_bar and told.deviation == pytest.approx(seen.deviation)
    assert infinite(still) == {}


def test_every_element_of_a_liquid_gains_the_same_by_an_infinite_cell():
    def alloy(fast, slow, seed):
        made = diffusing(1.0, seed)
        start = made[0].positions.copy()
        for frame in made:
            frame.symbols[::2] = "Al"
            speed = np.where(frame.symbols == "Al", fast, slow)[:, None]
            frame.positions = start + speed * (frame.positions - start)
        return made

    found = Measurements()
    diffusion.compare(tiny.task(), DIFFUSING, (alloy(0.5, 0.3, 1), alloy(0.5, 0.3, 2)), found)
    seen = {one.name: one for one in found.properties}
    gained = [one.reference - seen[name.removesuffix("_in_an_infinite_cell")].reference
              for name, one in infinite(found).items()]  # fmt: skip
    assert len(gained) == 2 and gained[0] == pytest.approx(gained[1]) and gained[0] > 0


def test_in_a_molecular_liquid_molecules_are_counted_and_not_atoms():
    drops = molecule("CO2", cell=[6, 6, 6], pbc=True) * (2, 2, 2)
    assert diffusion._molecules({"molecular": True}, drops) == 8 and diffusion._molecules({}, drops) == 24


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
