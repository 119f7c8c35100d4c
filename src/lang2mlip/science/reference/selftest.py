"""Proof at start-up that a calculator is what it says: forces against energy, stress against strain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator
from ase.data import atomic_numbers, covalent_radii, reference_states
from numpy.typing import NDArray
from pydantic import Field

from lang2mlip.contracts import Noun

__all__ = ["Check", "SelfTest", "Tolerances", "probe", "self_test"]

Floats = NDArray[np.float64]


class Tolerances(Noun):
    """How exact a part can be. Single-precision models and self-consistent fields need wider ones."""

    step_A: float = Field(default=1e-3, gt=0, description="displacement of a central difference, Å")
    strain: float = Field(default=1e-3, gt=0, description="strain of a central difference")
    force_eV_A: float = Field(default=1e-3, gt=0, description="largest |force + dE/dx|, eV/Å, on top of 0.1 %")
    stress_eV_A3: float = Field(default=1e-4, gt=0, description="largest |stress − dE/dε/V|, eV/Å³, on top of 0.5 %")
    invariance_eV_atom: float = Field(default=1e-5, gt=0, description="energy change on translation or repeat, eV/atom")


class Check(Noun):
    """One thing that was measured."""

    name: str
    value: float = Field(description="the largest deviation found")
    limit: float
    unit: str

    @property
    def passed(self) -> bool:
        """Finite and within the limit."""
        return bool(np.isfinite(self.value) and self.value <= self.limit)


class SelfTest(Noun):
    """What a self-test found and what it cost."""

    checks: tuple[Check, ...]
    calls: int = Field(description="reference calls made")
    has_stress: bool

    @property
    def passed(self) -> bool:
        """Every check holds."""
        return all(check.passed for check in self.checks)

    @property
    def summary(self) -> str:
        """One line: what holds, or what does not, with the numbers."""
        bad = [check for check in self.checks if not check.passed]
        if not bad:
            return f"{len(self.checks)} checks hold ({self.calls} calls)"
        return "; ".join(f"{c.name}: {c.value:.3g} {c.unit}, allowed {c.limit:.3g}" for c in bad)


class _Meter:
    """Energy of displaced copies, counting every call."""

    def __init__(self, calculator: Calculator, atoms: Atoms) -> None:
        self.calculator, self.atoms, self.calls = calculator, atoms, 0

    def energy(self, atoms: Atoms) -> float:
        self.calls += 1
        return float(self.calculator.get_potential_energy(atoms))

    def moved(self, index: int, axis: int, by: float) -> float:
        copy = self.atoms.copy()
        copy.positions[index, axis] += by
        return self.energy(copy)

    def strained(self, row: int, column: int, by: float) -> float:
        copy = self.atoms.copy()
        strain = np.zeros((3, 3))
        strain[row, column] += 0.5 * by
        strain[column, row] += 0.5 * by
        copy.set_cell(copy.cell.array @ (np.eye(3) + strain), scale_atoms=True)
        return self.energy(copy)


def self_test(
    calculator: Calculator, atoms: Atoms, tolerances: Tolerances | None = None, components: int = 3
) -> SelfTest:
    """Forces, stress, translation, determinism and finiteness of `calculator` at `atoms`, measured.

    `components` force components are checked (each two calls), the stress on all six when the calculator has one and
    the cell is periodic in all directions (twelve calls).
    """
    allowed, meter = tolerances or Tolerances(), _Meter(calculator, atoms.copy())
    start = meter.atoms.copy()
    energy = meter.energy(start)
    forces = np.array(calculator.get_forces(start), dtype=np.float64)
    has_stress = "stress" in calculator.implemented_properties and bool(atoms.pbc.all())
    stress = np.array(calculator.get_stress(start), dtype=np.float64) if has_stress else np.zeros(6)
    checks = [
        _finite(energy, forces, stress),
        _forces(meter, forces, allowed, components),
        *_repeats(meter, energy, forces, allowed),
    ]
    if has_stress:
        checks.append(_stress(meter, stress, allowed))
    return SelfTest(checks=tuple(checks), calls=meter.calls, has_stress=has_stress)


def _finite(energy: float, forces: Floats, stress: Floats) -> Check:
    bad = int(np.sum(~np.isfinite(np.concatenate([[energy], forces.ravel(), stress]))))
    return Check(name="values that are not finite", value=bad, limit=0, unit="")


def _forces(meter: _Meter, forces: Floats, allowed: Tolerances, components: int) -> Check:
    """−dE/dx by central difference on the largest components, which say most."""
    largest = np.argsort(-np.abs(forces), axis=None, kind="stable")[:components]
    worst, limit = 0.0, allowed.force_eV_A
    for flat in largest:
        index, axis = divmod(int(flat), 3)
        slope = (meter.moved(index, axis, allowed.step_A) - meter.moved(index, axis, -allowed.step_A)) / (
            2 * allowed.step_A
        )
        worst = max(worst, abs(forces[index, axis] + slope))
        limit = max(limit, allowed.force_eV_A + 1e-3 * abs(slope))
    return Check(name="force against energy difference", value=worst, limit=limit, unit="eV/Å")


def _stress(meter: _Meter, stress: Floats, allowed: Tolerances) -> Check:
    """dE/dε/V by central difference on all six components."""
    volume, worst = meter.atoms.get_volume(), 0.0
    for voigt, (row, column) in enumerate([(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)]):
        up, down = (meter.strained(row, column, sign * allowed.strain) for sign in (1, -1))
        worst = max(worst, abs(stress[voigt] - (up - down) / (2 * allowed.strain * volume)))
    limit = allowed.stress_eV_A3 + 5e-3 * float(np.abs(stress).max())
    return Check(name="stress against energy difference", value=worst, limit=limit, unit="eV/Å³")


def _repeats(meter: _Meter, energy: float, forces: Floats, allowed: Tolerances) -> list[Check]:
    """The same energy after a translation, and the same energy and forces when asked again."""
    moved = meter.atoms.copy()
    moved.positions += np.array([0.37, -0.21, 0.53])
    shift = abs(meter.energy(moved) - energy) / len(moved)
    again = meter.atoms.copy()
    change = abs(meter.energy(again) - energy) / len(again)
    drift = float(np.abs(meter.calculator.get_forces(again) - forces).max())
    limit = allowed.invariance_eV_atom
    return [
        Check(name="energy after a translation", value=shift, limit=limit, unit="eV/atom"),
        Check(name="energy asked again", value=change, limit=limit, unit="eV/atom"),
        Check(name="forces asked again", value=drift, limit=allowed.force_eV_A, unit="eV/Å"),
    ]


def probe(elements: Sequence[str], periodic: bool = True, seed: int = 0) -> Atoms:
    """A small structure with every element in `elements`, off equilibrium, sane distances; sheared cell if periodic.

    One element with a known cubic crystal gives that crystal's primitive cell; anything else a loose random packing
    at touching covalent radii.
    """
    atoms = _crystal(elements[0]) if periodic and len(set(elements)) == 1 else None
    atoms = atoms if atoms is not None else _packing(list(elements), periodic)
    atoms.rattle(0.05, seed=seed)
    if periodic:
        shear = np.array([[1.01, 0.02, 0.0], [0.0, 0.99, 0.015], [0.01, 0.0, 1.02]])
        atoms.set_cell(atoms.cell.array @ shear, scale_atoms=True)
    return atoms


def _crystal(element: str) -> Atoms | None:
    state = reference_states[atomic_numbers[element]]
    if not state or state.get("symmetry") not in {"fcc", "bcc", "diamond", "hcp"}:
        return None
    atoms = bulk(element)
    return atoms * (2, 1, 1) if len(atoms) == 1 else atoms


def _packing(elements: list[str], periodic: bool) -> Atoms:
    """Two atoms of each element on a zigzag lattice with nearest distances of about 1.15 covalent sums."""
    symbols = [*elements, *reversed(elements)] if len(elements) > 1 else [elements[0]] * 2
    radius = max(covalent_radii[atomic_numbers[symbol]] for symbol in symbols)
    step = 2 * 1.15 * radius
    count = int(np.ceil(len(symbols) ** (1 / 3)))
    sites = np.stack(np.meshgrid(*[np.arange(count)] * 3, indexing="ij"), -1).reshape(-1, 3)[: len(symbols)]
    return Atoms(symbols, positions=sites * step, cell=np.eye(3) * count * step, pbc=periodic)
