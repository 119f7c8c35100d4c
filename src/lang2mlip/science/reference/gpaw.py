"""Plane-wave density functional theory through GPAW."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.data import chemical_symbols
from pydantic import Field

from lang2mlip.contracts import Json, Noun
from lang2mlip.errors import BadInput, LabelFailed
from lang2mlip.science.reference.calculator import Computed, boxed, stands_free, stress_share
from lang2mlip.science.reference.method import Method
from lang2mlip.science.reference.selftest import Tolerances

__all__ = ["GPAWReference", "PlaneWaves", "k_points"]

LONE_SMEARING_EV = 0.005
"""For an atom alone, eV: its half-filled shells have an entropy that is no energy of the atom."""


class GPAWReference(Method):
    """PAW density functional theory in plane waves, for crystals, slabs and molecules in a box."""

    REVISION = 2
    TEXT = "functional"
    LADDERS: ClassVar[dict[str, tuple[Json, ...]]] = {
        "cutoff_eV": (250, 300, 350, 400, 450, 500, 600, 700),
        "k_density_A": (0.7, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0),
    }
    TOLERANCES = Tolerances(step_A=1e-2, strain=5e-3, force_eV_A=2e-2, stress_eV_A3=2e-3, invariance_eV_atom=5e-3)

    class Settings(Noun):
        """Settings of a plane-wave calculation."""

        functional: str = Field(default="PBE", description="exchange–correlation functional, by GPAW's name")
        cutoff_eV: float = Field(default=400.0, ge=100, description="plane-wave cut-off, eV")
        k_density_A: float = Field(
            default=4.0,
            gt=0,
            description="k-points per Å⁻¹ along periodic directions, Å: their spacing is at most 1/this in every cell",
        )
        gamma: bool = Field(
            default=True, description="k-points on Γ, as hexagonal cells need; false: between, fewer for cubic cells"
        )
        smearing: Literal["fermi-dirac", "marzari-vanderbilt"] = Field(
            default="fermi-dirac", description="how electrons are smeared over the Fermi level"
        )
        smearing_eV: float = Field(default=0.1, gt=0, description="width of the smearing, eV")
        spin_polarised: bool = Field(default=False, description="two spin channels")
        magnetic_moment: float | dict[str, float] = Field(
            default=0.0, description="starting moment of each atom, or by element (others: 0), μB, if spin-polarised"
        )
        charge: float = Field(default=0.0, description="total charge, e")
        vacuum_A: float = Field(default=6.0, gt=2, description="empty space on each side where not periodic, Å")
        energy_tolerance_eV: float = Field(default=1e-6, gt=0, description="convergence, eV per valence electron")
        max_cycles: int = Field(default=200, ge=1, description="cycles before a calculation counts as failed")

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
    Directions without periodicity get a vacuum and are treated as periodic. What stands free is computed at Γ, and an
    atom alone, whose energy is the zero of binding, spin-polarised by Hund's rules with hardly any smearing.
    """

    def __init__(self, settings: GPAWReference.Settings) -> None:
        super().__init__(("energy", "free_energy", "forces", "stress"))
        self._settings = settings

    def compute(self, atoms: Atoms, changes: list[str]) -> dict[str, Any]:
        """Raises LabelFailed when the self-consistent field does not converge, BadInput for settings GPAW lacks."""
        from gpaw import ConvergenceError, KPointError

        system = self._system(atoms)
        try:
            system.calc = self._make(atoms)
            energy = float(system.get_potential_energy(force_consistent=True))
            forces = np.asarray(system.get_forces(), dtype=np.float64)
            stress = np.asarray(system.get_stress()) * stress_share(system, atoms) if self._strains(atoms) else None
        except NameError as error:
            raise BadInput(f"GPAW knows no functional {self._settings.functional!r}: {error}; try PBE.") from error
        except FileNotFoundError as error:
            raise LabelFailed(f"GPAW has no PAW setup for all of {atoms.symbols}; choose another reference.") from error
        except (ConvergenceError, KPointError, RuntimeError, ValueError, ArithmeticError) as error:
            raise LabelFailed(f"GPAW failed for {atoms.symbols}: {_first_line(error)}; leave the frame out.") from error
        results: dict[str, Any] = {"energy": energy, "free_energy": energy, "forces": forces}
        return results | ({"stress": stress} if stress is not None else {})

    def _system(self, atoms: Atoms) -> Atoms:
        """What GPAW is given: periodic, with starting moments; an atom alone in a box no larger than it needs."""
        start = Atoms(atoms.symbols, positions=atoms.positions) if _alone(atoms) else atoms
        system = boxed(start, 2 * self._settings.vacuum_A)
        system.set_initial_magnetic_moments(None)  # those that came with the structure would polarise it
        moment = self._settings.magnetic_moment
        if self._settings.spin_polarised and not _alone(atoms):
            each = [moment.get(s, 0.0) if isinstance(moment, dict) else moment for s in system.get_chemical_symbols()]
            system.set_initial_magnetic_moments(each)
        return system

    @staticmethod
    def _strains(atoms: Atoms) -> bool:
        return atoms.cell.rank == 3 and bool(atoms.pbc.any())

    def _make(self, atoms: Atoms) -> Any:
        from gpaw import GPAW, PW

        chosen, alone = self._settings, _alone(atoms)
        width = min(chosen.smearing_eV, LONE_SMEARING_EV) if alone else chosen.smearing_eV
        occupations = {"name": chosen.smearing, "width": width} | ({"fixmagmom": True} if alone else {})
        return GPAW(
            mode=PW(chosen.cutoff_eV),
            xc=chosen.functional,
            kpts={"size": k_points(atoms, chosen.k_density_A), "gamma": chosen.gamma},
            occupations=occupations,
            charge=chosen.charge,
            convergence={"energy": chosen.energy_tolerance_eV},
            maxiter=chosen.max_cycles,
            txt=None,
            **({"hund": True} if alone else {"spinpol": chosen.spin_polarised}),
        )


def k_points(atoms: Atoms, density_A: float) -> list[int]:
    """Points along each reciprocal vector, at most 1/`density_A` Å⁻¹ apart; one where there is nothing to sample.

    Every cell of one material gets the same spacing or a finer one, so that energies of unlike cells compare.
    """
    if atoms.cell.rank < 3 or stands_free(atoms):
        return [1, 1, 1]
    wanted = 2 * np.pi * atoms.cell.reciprocal().lengths() * density_A
    return [
        max(1, int(np.ceil(many - 1e-9))) if periodic else 1 for many, periodic in zip(wanted, atoms.pbc, strict=True)
    ]


def _alone(atoms: Atoms) -> bool:
    return len(atoms) == 1 and stands_free(atoms)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
