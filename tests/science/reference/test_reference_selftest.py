"""The self-test finds what is wrong, and every installed reference passes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule

from lang2mlip import catalogue
from lang2mlip.science.reference.calculator import Computed
from lang2mlip.science.reference.emt import EMTReference
from lang2mlip.science.reference.selftest import probe, self_test
from lang2mlip.science.reference.spec import open_reference, parse


class _Wrong(Computed):
    """EMT with one fault."""

    def __init__(self, fault: Callable[[dict[str, Any]], None]) -> None:
        super().__init__()
        self._right, self._fault = EMTReference(EMTReference.Settings()).calculator(), fault

    def compute(self, atoms: Atoms, changes: list[str]) -> dict[str, Any]:
        self._right.calculate(atoms, ["energy"])
        results = {name: np.array(self._right.results[name]) for name in ("energy", "forces", "stress")}
        self._fault(results)
        return results


def _flip(results: dict[str, Any]) -> None:
    results["stress"] *= -1


def _gpa(results: dict[str, Any]) -> None:
    results["stress"] *= 160.2


def _swap(results: dict[str, Any]) -> None:
    results["stress"] = results["stress"][[0, 1, 2, 5, 4, 3]]


def _scale(results: dict[str, Any]) -> None:
    results["forces"] *= 1.01


def _nan(results: dict[str, Any]) -> None:
    results["forces"][0, 0] = np.nan


def _noise(results: dict[str, Any]) -> None:
    results["energy"] += np.random.default_rng().normal(0, 1e-2)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (_flip, "stress against"),
        (_gpa, "stress against"),
        (_swap, "stress against"),
        (_scale, "force against"),
        (_nan, "not finite"),
        (_noise, "asked again"),
    ],
)
def test_a_fault_is_found_and_named(fault: Callable[[dict[str, Any]], None], words: str) -> None:
    found = self_test(_Wrong(fault), probe(["Cu", "Au"]))
    assert not found.passed
    assert words in found.summary


def test_every_call_is_counted() -> None:
    class Counting(_Wrong):
        calls = 0

        def compute(self, atoms: Atoms, changes: list[str]) -> dict[str, Any]:
            type(self).calls += 1
            return super().compute(atoms, changes)

    found = self_test(Counting(lambda results: None), probe(["Cu"]))
    assert found.passed
    assert found.calls == Counting.calls


@pytest.mark.parametrize("elements", [["Cu"], ["Si"], ["Fe"], ["Li", "O"], ["H", "C", "O", "P"]])
def test_a_probe_has_the_elements_at_sane_distances(elements: list[str]) -> None:
    for periodic in (True, False):
        atoms = probe(elements, periodic)
        assert set(atoms.symbols) == set(elements)
        distances = atoms.get_all_distances(mic=periodic)[np.triu_indices(len(atoms), 1)]
        assert distances.min() > 1.0
        assert atoms.pbc.all() == periodic


def _rocksalt() -> Atoms:
    atoms = bulk("NaCl", "rocksalt", a=5.64)
    atoms.rattle(0.05, seed=1)
    return atoms


def _water() -> Atoms:
    atoms = molecule("H2O")
    atoms.rattle(0.05, seed=1)
    return atoms


CASES = {
    "emt": lambda: probe(["Au", "Ni"]),
    "lj": lambda: probe(["Ar", "Xe"]),
    "lammps:Cu_mishin1.eam.alloy": lambda: probe(["Cu"]),
    "lammps:Si.sw": lambda: probe(["Si"]),
    "lammps:Si.tersoff": lambda: probe(["Si"]),
    "lammps:CH.airebo": lambda: probe(["C", "H"]),
    "lammps:AlSiMgCuFe.meam": lambda: probe(["Al", "Cu", "Si"]),
    "lammps:SiO.1990.vashishta": lambda: probe(["Si", "O"]),
    "lammps:AlCu.bop.table": lambda: probe(["Al", "Cu"]),
    "lammps:Cu_Zuo_JPCA2020.snap": lambda: probe(["Cu"]),
    "lammps:Ta_param.pod": lambda: probe(["Ta"]),
    "lammps:ffield.eim": lambda: probe(["Na", "Cl"]),
    "lammps:ffield.reax.cho": _water,
    "openkim:MO_346334655118": lambda: probe(["Cu"]),
    "gfn1-xtb": _water,
    "gfn2-xtb": _water,
    "gfn1-xtb:electronic_temperature_K=1000": _rocksalt,
    "pyscf:hf/sto-3g": _water,
    "pyscf:mp2/sto-3g,charge=1": _water,
    "chgnet": lambda: probe(["Si"]),
    "ase:ase.calculators.emt.EMT": lambda: probe(["Cu"]),
}


@pytest.mark.parametrize("text", CASES)
def test_forces_and_stress_are_slopes_of_the_energy(text: str) -> None:
    if not catalogue.find("reference", text.partition(":")[0]).installed:
        pytest.skip("not installed")
    reference = open_reference(parse(text))
    found = self_test(reference.calculator(), CASES[text](), getattr(reference, "TOLERANCES", None))
    assert found.passed, found.summary


@pytest.mark.parametrize("text", ["emt", "lj", "lammps:Si.sw", "chgnet", "gfn1-xtb"])
def test_a_left_handed_cell_has_the_numbers_of_its_mirror_image(text: str) -> None:
    if not catalogue.find("reference", text.partition(":")[0]).installed:
        pytest.skip("not installed")
    right = probe([SLABS[text]])
    left = right.copy()
    left.set_cell(right.cell.array[[1, 0, 2]])  # the same crystal, its vectors in another order
    calculator = open_reference(parse(text)).calculator()
    energy, forces, stress = (calculator.get_property(name, right) for name in ("energy", "forces", "stress"))
    assert calculator.get_potential_energy(left) == pytest.approx(energy, abs=1e-4)
    assert np.allclose(calculator.get_forces(left), forces, atol=1e-3)
    assert np.allclose(calculator.get_stress(left), stress, atol=1e-5)


SLABS = {
    "emt": "Cu",
    "lj": "Ar",
    "lammps:Si.sw": "Si",
    "lammps:Cu_u3.eam": "Cu",
    "chgnet": "Si",
    "gfn1-xtb": "C",
}


@pytest.mark.parametrize("text", SLABS)
def test_a_slab_has_the_same_numbers_whether_its_vacuum_is_called_periodic_or_not(text: str) -> None:
    if not catalogue.find("reference", text.partition(":")[0]).installed:
        pytest.skip("not installed")
    closed = probe([SLABS[text]])
    closed.center(vacuum=14, axis=2)
    opened = closed.copy()
    opened.pbc = [True, True, False]
    calculator = open_reference(parse(text)).calculator()
    energy, forces, stress = (calculator.get_property(name, closed) for name in ("energy", "forces", "stress"))
    loose = 20 if "xtb" in text else 1  # dipoles are felt across any vacuum
    assert calculator.get_potential_energy(opened) == pytest.approx(energy, abs=2e-4 * loose)
    assert np.allclose(calculator.get_forces(opened), forces, atol=2e-3 * loose)
    assert np.allclose(calculator.get_stress(opened), stress, atol=2e-5 * loose)


def test_gpaw_forces_are_slopes_of_the_energy() -> None:
    pytest.importorskip("gpaw")
    reference = open_reference(parse("gpaw:PBE,cutoff_eV=300,vacuum_A=3.0"))
    dimer = molecule("H2")
    dimer.rattle(0.05, seed=2)
    found = self_test(reference.calculator(), dimer, reference.TOLERANCES, components=1)  # type: ignore[attr-defined]
    assert found.passed, found.summary


def test_every_reference_of_the_catalogue_is_tried_here(tmp_path: Path) -> None:
    tried = {text.partition(":")[0] for text in CASES} | {"gpaw", "mace"}  # mace: test_reference_models.py
    assert set(catalogue.names("reference")) <= tried
