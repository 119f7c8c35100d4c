"""Energy against volume: lattice parameter, bulk modulus, cohesion."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from lang2mlip.labs.lammps.recipe import Curve, Findings, Number, Recipe, Seen, Stage
from lang2mlip.labs.lammps.recipes.at_rest import RELAX_ATOMS, relax_box
from lang2mlip.labs.lammps.system import System
from lang2mlip.science.evaluation.equation_of_state import birch_murnaghan
from lang2mlip.science.evaluation.measured import conventional

__all__ = ["EnergyVolume"]


class EnergyVolume(Recipe):
    """The box evenly expanded and compressed about its minimum, atoms relaxed in each."""

    key: ClassVar[str] = "energy_volume"
    line: ClassVar[str] = "Energy against volume at 0 K"

    points: int = Field(default=11, ge=7, le=51, description="volumes")
    volume_range: float = Field(default=0.06, gt=0, lt=0.3, description="largest change of the volume, either way")

    def measures(self) -> str:
        """In words."""
        return "equilibrium volume, lattice parameter, energy and bulk modulus (Birch, Phys. Rev. 71, 809 (1947))"

    def stages(self, system: System) -> list[Stage]:
        """The minimum, then one stage for each volume, each reached from the one before."""
        scales = np.cbrt(np.linspace(1 - self.volume_range, 1 + self.volume_range, self.points))
        steps = scales / np.concatenate([[1.0], scales[:-1]])
        lean = "" if system.cubic else "    # leaning boxes keep their shape"
        return [
            Stage("relax", relax_box(system)),
            *(Stage(f"volume {n}", (_scaled(one, lean), RELAX_ATOMS)) for n, one in enumerate(steps, 1)),
        ]

    def read(self, seen: Seen) -> Findings:
        """The curve through the points, its minimum, and how far the points lie from it."""
        n, atoms = len(seen.system.atoms), seen.system.atoms
        names = [name for name in seen.tables if name.startswith("volume")]
        volumes = [seen.last(name, "Volume") / n for name in names]
        energies = [seen.last(name, "PotEng") / n for name in names]
        found = birch_murnaghan(volumes, energies)
        cell = conventional(atoms)
        a = float(cell.cell.lengths()[0]) * (found.volume_A3_atom * len(cell) / cell.get_volume()) ** (1 / 3)
        spread = _without_one(volumes, energies)
        how = "third-order Birch curve; error: spread when each point in turn is left out"
        numbers = (
            Number(
                name="lattice_parameter", value=a, error=spread[0] * a / 3 / found.volume_A3_atom, unit="Å", how=how
            ),
            Number(name="volume", value=found.volume_A3_atom, error=spread[0], unit="Å³/atom", how=how),
            Number(name="energy", value=found.energy_eV_atom, unit="eV/atom"),
            Number(name="bulk_modulus", value=found.bulk_modulus_GPa, error=spread[1], unit="GPa", how=how),
        )
        curve = Curve(name="energy_volume", x_label="volume (Å³/atom)", y_label="energy (eV/atom)",
                      x=tuple(volumes), y=tuple(energies))  # fmt: skip
        return Findings(numbers=numbers, curves=(curve,))


def _scaled(factor: float, remark: str) -> str:
    return f"change_box      all x scale {factor:.10f} y scale {factor:.10f} z scale {factor:.10f} remap{remark}"


def _without_one(volumes: list[float], energies: list[float]) -> tuple[float, float]:
    """Jackknife errors of volume (Å³/atom) and bulk modulus (GPa)."""
    fits = [
        birch_murnaghan(volumes[:n] + volumes[n + 1 :], energies[:n] + energies[n + 1 :]) for n in range(len(volumes))
    ]
    values = np.array([(one.volume_A3_atom, one.bulk_modulus_GPa) for one in fits])
    errors = np.sqrt((len(fits) - 1) * values.var(axis=0))
    return float(errors[0]), float(errors[1])
