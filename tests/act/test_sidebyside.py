"""Walks side by side: density in time, and g(r) within each layer of what was built in layers."""

import numpy as np
import pytest
from ase.build import bulk

from lang2mlip.act.evaluate import Measurements
from lang2mlip.act.sidebyside import _compare
from lang2mlip.contracts import Goals

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
