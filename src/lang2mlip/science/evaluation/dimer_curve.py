"""Two atoms of each pair of elements from far too near to far apart: the potential must push them apart when near."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from pydantic import Field

from lang2mlip.contracts import Noun, Property
from lang2mlip.errors import PartFailed
from lang2mlip.science.atoms.drive import single_point
from lang2mlip.science.atoms.neighbours import covalent_sum, pair_key
from lang2mlip.science.evaluation.measured import Measured

__all__ = ["DimerCurve"]


class DimerCurve(Noun):
    """Energies and forces of the potential along each pair's distance; it asks the reference nothing."""

    nearest: float = Field(default=0.4, gt=0, description="in covalent sums")
    farthest: float = Field(default=2.5, gt=0, description="in covalent sums")
    points: int = Field(default=40, ge=5)
    near: float = Field(default=0.7, gt=0, description="below so many covalent sums atoms must repel")
    box_A: float = Field(default=30.0, gt=5, description="edge of the box, Å")

    def measure(self, subject: str, atoms: Atoms, potential: Any, reference: Any) -> Measured:
        """Each pair of elements of `atoms`: attractive points where atoms must repel, and minima of the energy."""
        properties, curves = [], {}
        for first, second in combinations_with_replacement(sorted(set(atoms.symbols)), 2):
            key = pair_key(first, second)
            total = covalent_sum(atomic_numbers[first], atomic_numbers[second])
            away = np.linspace(self.nearest, self.farthest, self.points) * total
            energy, push = self._along(first, second, away, potential)
            wrong = int((push[away < self.near * total] <= 0).sum())
            minima = int(((energy[1:-1] < energy[:-2]) & (energy[1:-1] < energy[2:])).sum())
            properties += [
                _counted("dimer_attraction_when_near", f"{key} pair", "points", wrong, 0),
                _counted("dimer_minima", f"{key} pair", "minima", minima, None),
            ]
            curves[key] = {"r_A": away.tolist(), "energy_eV": energy.tolist()}
        return Measured(tuple(properties), {"dimers": curves}, 0)

    def _along(self, first: str, second: str, away: Any, potential: Any) -> tuple[Any, Any]:
        """(energy, force along the axis on the second atom; above 0: it is pushed away) at each distance."""
        energy, push = [], []
        for distance in away:
            places = [[self.box_A / 2 - distance / 2, self.box_A / 2, self.box_A / 2]]
            places.append([places[0][0] + distance, *places[0][1:]])
            found = single_point(Atoms([first, second], places, cell=[self.box_A] * 3, pbc=True), potential)
            energy.append(found.energy)
            push.append(float(found.forces[1, 0]))
        if not np.isfinite([*energy, *push]).all():
            raise PartFailed(f"The potential has values that are not finite for a pair of {first} and {second}.")
        return np.array(energy), np.array(push)


def _counted(name: str, subject: str, unit: str, value: int, limit: float | None) -> Property:
    return Property(name=name, subject=subject, unit=unit, value=value, reference=0.0, limit=limit,
                    deviation=float(value), deviation_unit=unit)  # fmt: skip
