"""Plane-wave density functional theory through GPAW."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.data import chemical_symbols
from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.errors import LabelFailed
from lang2mlip.science.reference.calculator import Computed, boxed, stress_share
from lang2mlip.science.reference.method import Method
from lang2mlip.science.reference.selftest import Tolerances

__all__ = ["GPAWReference", "PlaneWaves"]


class GPAWReference(Method):
    """PAW density functional theory in plane waves, for crystals, slabs and molecules in a box."""

    TEXT = "functional"
    TOLERANCES = Tolerances(step_A=1e-2, strain=5e-3, force_eV_A=2e-2, stress_eV_A3=2e-3, invariance_eV_atom=5e-3)

    class Settings(Noun):
        """Settings of a plane-wave calculation."""

        functional: str = Field(default="PBE", description="exchange–correlation functional, by GPAW's name")
        cutoff_eV: float = Field(default=400.0, ge=100, description="plane-wave cut-off, eV")
        k_density_A: float = Field(default=4.0, gt=0, description="k-points per Å⁻¹ along periodic directions, Å")
        smearing: Literal["fermi-dirac", "marzari-vanderbilt"] = Field(
            default="fermi-dirac", description="how electrons are smeared over the Fermi level"
        )
        smearing_eV: float = Field(default=0.1, gt=0, description="width of the smearing, eV")
        spin_polarised: bool = Field(default=False, description="two spin channels")
        magnetic_moment: float = Field(default=0.0, description="starting moment of each atom, μB, if spin-polarised")
        charge: float = Field(default=0.0, description="total charge, e")
        vacuum_A: float = Field(default=6.0, gt=2, description="empty space on each side where not periodic, Å")
        energy_tolerance_eV: float = Field(default=1e-6, gt=0, description="convergence, eV per valence electron")
        max_cycles: int = Field(default=200, ge=20, description="cycles before a calculation counts as failed")

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def elements(self) -> frozenset[str] | None:
        """Elements that have a PAW setup in GPAW's data folders; None when the folders cannot be read."""
        from gpaw import setup_paths

        names = {file.name.partition(".")[0] for path in setup_paths for file in Path(path).glob("*.*")}
        return frozenset(names & set(chemical_symbols[1:])) or None

    def packages(self) -> tuple[str, ...]:
        """GPAW and its PAW setups make the numbers."""
        return ("gpaw", "gpaw-data")

    def calculator(self) -> Calculator:
        """A fresh calculator: free energy of the electrons (eV), the forces (eV/Å) and stress (eV/Å³) that fit it."""
        return PlaneWaves(self.settings)


class PlaneWaves(Computed):
    """GPAW from a fresh guess for each structure, so that a label depends on the structure alone.

    The energy is the free energy at the electrons' temperature, because that is what the forces are the slope of; a
    potential trained on the energy extrapolated to zero smearing would learn two things that do not fit.
    Directions without periodicity get a vacuum and are treated as periodic.
    """

    def __init__(self, settings: GPAWReference.Settings) -> None:
        super().__init__(("energy", "free_energy", "forces", "stress"))
        self._settings = settings

    def compute(self, atoms: Atoms, changes: list[str]) -> dict[str, Any]:
        """Raises LabelFailed when the self-consistent field does not converge."""
        from gpaw import KohnShamConvergenceError

        system = boxed(atoms, 2 * self._settings.vacuum_A)
        if self._settings.spin_polarised:
            system.set_initial_magnetic_moments([self._settings.magnetic_moment] * len(system))
        system.calc = self._make(atoms)
        try:
            energy = float(system.get_potential_energy(force_consistent=True))
            forces = np.asarray(system.get_forces(), dtype=np.float64)
            stress = np.asarray(system.get_stress()) * stress_share(system, atoms) if self._strains(atoms) else None
        except (KohnShamConvergenceError, RuntimeError, ValueError) as error:
            raise LabelFailed(f"GPAW failed for {atoms.symbols}: {error}; leave the frame out.") from error
        results: dict[str, Any] = {"energy": energy, "free_energy": energy, "forces": forces}
        return results | ({"stress": stress} if stress is not None else {})

    @staticmethod
    def _strains(atoms: Atoms) -> bool:
        return atoms.cell.rank == 3 and bool(atoms.pbc.any())

    def _make(self, atoms: Atoms) -> Any:
        from gpaw import GPAW, PW

        chosen = self._settings
        lengths = atoms.cell.reciprocal().lengths() if atoms.cell.rank == 3 else np.zeros(3)
        points = [
            max(1, int(np.ceil(2 * np.pi * length * chosen.k_density_A))) if periodic else 1
            for length, periodic in zip(lengths, atoms.pbc, strict=True)
        ]
        return GPAW(
            mode=PW(chosen.cutoff_eV),
            xc=chosen.functional,
            kpts={"size": points, "gamma": True},
            occupations={"name": chosen.smearing, "width": chosen.smearing_eV},
            spinpol=chosen.spin_polarised,
            charge=chosen.charge,
            convergence={"energy": chosen.energy_tolerance_eV},
            maxiter=chosen.max_cycles,
            txt=None,
        )
