"""First data without MD: every kind of copy, labelled by the reference, at no more calls than it says."""

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT

from lang2mlip.act.distort import ATOMS_AND_PAIRS, RELAX_STEPS, STRONGEST_EV_A, atoms_and_pairs, distortions
from lang2mlip.contracts import Explore
from lang2mlip.science.atoms.frames import read_frames, write_frames

NONE = {"strained": 0, "rattled": 0, "compressed": 0, "vacancies": 0, "exchanged": 0, "substituted": 0, "relaxed": 0}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LANG2MLIP_CACHE", str(tmp_path / "cache"))


def made(tmp_path, start, elements=(), **wanted):
    write_frames(tmp_path / "start.extxyz", [start])
    fields = Explore(**{**NONE, **wanted}).model_dump()
    arguments = {**fields, "run": str(tmp_path), "structure": "start.extxyz", "reference": {"name": "emt"}, "seed": 3,
                 "note": {"group": "bulk", "structure": "b"}, "max_calls": None, "until": None,
                 "condensed": True, "elements": elements}  # fmt: skip
    value = distortions(arguments, tmp_path, lambda *_: None)
    return value, read_frames(tmp_path / "frames.extxyz")


def alloy():
    atoms = bulk("Cu", cubic=True) * (2, 2, 2)
    atoms.symbols[:16] = "Au"
    return atoms


def test_compressed_cells_span_the_range_evenly_and_have_forces(tmp_path):
    _, frames = made(tmp_path, alloy(), compressed=5, compression=0.08)
    lengths = [frame.cell.lengths()[0] / 7.22 for frame in frames]
    assert np.allclose(sorted(lengths), np.linspace(0.92, 1.08, 5), atol=1e-3)
    assert all(abs(frame.get_forces()).max() > 0.01 for frame in frames)


def test_vacancies_lack_one_atom_and_exchanges_keep_the_composition(tmp_path):
    _, frames = made(tmp_path, alloy(), vacancies=2, exchanged=2)
    assert [len(frame) for frame in frames] == [31, 31, 32, 32]
    swapped = frames[-1]
    assert swapped.symbols.formula.count() == {"Au": 16, "Cu": 16}
    assert (swapped.numbers == alloy().numbers).all()
    moved = np.linalg.norm(swapped.positions - alloy().positions, axis=1)
    assert (moved > 1.0).sum() == 2


def test_rattles_go_from_little_to_all_of_the_amplitude(tmp_path):
    _, frames = made(tmp_path, alloy(), rattled=4, rattle_A=0.2)
    spread = [float((frame.positions - alloy().positions).std()) for frame in frames]
    assert spread == pytest.approx([0.05, 0.1, 0.15, 0.2], rel=0.25)


def test_relaxing_copies_go_downhill_and_cost_a_call_for_each_step(tmp_path):
    value, frames = made(tmp_path, alloy(), relaxed=1, rattle_A=0.15)
    energies = [frame.get_potential_energy() for frame in frames]
    assert len(frames) == RELAX_STEPS // 2 + 1 and energies[-1] < energies[0]
    assert value["cost"]["calls"] <= RELAX_STEPS + 1
    check = frames[-1].copy()
    check.calc = EMT()
    assert check.get_potential_energy() == pytest.approx(energies[-1])


def test_the_same_seed_gives_the_same_copies(tmp_path):
    one = made(tmp_path, alloy(), strained=2, rattled=2)[1]
    two = made(tmp_path, alloy(), strained=2, rattled=2)[1]
    assert [frame.info["id"] for frame in one] == [frame.info["id"] for frame in two]


def test_atoms_alone_have_no_force_and_pairs_repel_when_near(tmp_path):
    arguments = {"run": str(tmp_path), "reference": {"name": "emt"}, "elements": ["Au", "Cu"], "dimers": 6,
                 "isolated": True, "max_calls": None, "until": None, "note": {"group": ATOMS_AND_PAIRS}}  # fmt: skip
    value = atoms_and_pairs(arguments, tmp_path, lambda *_: None)
    frames = read_frames(tmp_path / "frames.extxyz")
    lone = [frame for frame in frames if len(frame) == 1]
    pairs = [frame for frame in frames if len(frame) == 2]
    assert len(lone) == 2 and all(abs(frame.get_forces()).max() < 1e-9 for frame in lone)
    assert value["cost"]["calls"] == 2 + 3 * 6
    assert max(abs(frame.get_forces()).max() for frame in pairs) <= STRONGEST_EV_A
    near = min(pairs, key=lambda frame: frame.info["distance_A"])
    away = near.positions[1] - near.positions[0]
    assert near.get_forces()[1] @ away > 0


def test_an_atom_becomes_another_element_of_the_task(tmp_path):
    _, frames = made(tmp_path, alloy(), substituted=6, elements=["Au", "Cu"])
    before = alloy().symbols
    assert len(frames) == 6 and {frame.info["source"] for frame in frames} == {"substitution"}
    for frame in frames:
        changed = [k for k in range(len(before)) if frame.symbols[k] != before[k]]
        assert changed == [frame.info["substituted"]] and abs(frame.get_forces()).max() > 0
    assert {frame.get_chemical_formula() for frame in frames} != {alloy().get_chemical_formula()}


def test_where_there_is_one_element_nothing_is_substituted(tmp_path):
    _, frames = made(tmp_path, bulk("Cu", cubic=True), substituted=3, elements=["Cu"])
    assert frames == []
