"""Are forces minus the slope of the energy, and is the stress its strain derivative? Checked by central differences."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from lang2mlip.contracts import Noun
from lang2mlip.errors import PartFailed
from lang2mlip.science.atoms.drive import single_point

__all__ = ["DerivativeCheck", "check_derivatives", "check_forces", "check_stress", "numerical_stress"]


class DerivativeCheck(Noun):
    """Largest deviation between what a calculator says and what its energies say."""

    force_error_eV_A: float
    force_scale_eV_A: float
    """Largest force of the configuration."""
    stress_error_eV_A3: float | None
    stress_scale_eV_A3: float | None
    calls: int

    def holds(self, force_eV_A: float = 1e-3, stress_eV_A3: float = 1e-4) -> bool:
        """Whether both deviations are within a tolerance, or within 0.1 % of the values themselves."""
        force = self.force_error_eV_A <= max(force_eV_A, 1e-3 * self.force_scale_eV_A)
        if self.stress_error_eV_A3 is None or self.stress_scale_eV_A3 is None:
            return force
        return force and self.stress_error_eV_A3 <= max(stress_eV_A3, 1e-3 * self.stress_scale_eV_A3)


def check_derivatives(
    atoms: Atoms, calculator: Any, components: int = 6, step_A: float = 1e-3, seed: int = 0
) -> DerivativeCheck:
    """Check some force components (drawn by the seed) and, where there is a stress, all six strains.

    Rattle the atoms first: at a symmetric place a wrong force can look right. Raises PartFailed when the calculator
    fails or answers with values that are not finite.
    """
    here = single_point(atoms, calculator)
    force = check_forces(atoms, calculator, components, step_A, seed)
    stress = None if here.stress is None else check_stress(atoms, calculator)
    numbers = [here.energy, force, float(np.abs(here.forces).max()), stress or 0.0]
    if not np.isfinite(numbers).all():
        raise PartFailed(f"{type(calculator).__name__} answered with values that are not finite; it cannot be used.")
    return DerivativeCheck(
        force_error_eV_A=force,
        force_scale_eV_A=float(np.abs(here.forces).max()),
        stress_error_eV_A3=stress,
        stress_scale_eV_A3=None if here.stress is None else float(np.abs(here.stress).max()),
        calls=2 + 2 * components + (13 if stress is not None else 0),
    )


def check_forces(atoms: Atoms, calculator: Any, components: int = 6, step_A: float = 1e-3, seed: int = 0) -> float:
    """Largest |F + dE/dx| over some components, eV/Å."""
    forces = single_point(atoms, calculator).forces.ravel()
    chosen = np.random.default_rng(seed).permutation(forces.size)[:components]
    return max(abs(float(forces[k]) + _slope(atoms, calculator, int(k), step_A)) for k in chosen)


def check_stress(atoms: Atoms, calculator: Any, strain: float = 1e-3) -> float:
    """Largest |σ − dE/dε / V| over the six strains, eV/Å³."""
    stress = single_point(atoms, calculator).stress
    if stress is None:
        raise PartFailed(f"{type(calculator).__name__} gave no stress to check.")
    return float(np.abs(stress - numerical_stress(atoms, calculator, strain)).max())


def numerical_stress(atoms: Atoms, calculator: Any, strain: float = 1e-3) -> NDArray[np.float64]:
    """dE/dε / V by central differences, Voigt order xx yy zz yz xz xy, eV/Å³; twelve calls."""
    result = np.zeros(6)
    for number, (row, column) in enumerate(((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))):
        energies = []
        for sign in (1, -1):
            tensor = np.eye(3)
            tensor[row, column] += 0.5 * sign * strain
            tensor[column, row] += 0.5 * sign * strain
            strained = atoms.copy()
            strained.set_cell(atoms.cell @ tensor, scale_atoms=True)
            energies.append(single_point(strained, calculator).energy)
        result[number] = (energies[0] - energies[1]) / (2 * strain * atoms.cell.volume)
    return result


def _slope(atoms: Atoms, calculator: Any, component: int, step_A: float) -> float:
    energies = []
    for sign in (1, -1):
        moved = atoms.copy()
        moved.set_constraint()
        moved.positions[divmod(component, 3)] += sign * step_A
        energies.append(single_point(moved, calculator).energy)
    return (energies[0] - energies[1]) / (2 * step_A)
