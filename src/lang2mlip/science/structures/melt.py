"""Disordered condensed matter: the atoms of a crystal at random, pushed apart. A start for MD, not yet a melt."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, covalent_radii
from ase.neighborlist import neighbor_list
from pydantic import Field
from scipy.spatial.transform import Rotation

from lang2mlip.contracts.base import Noun
from lang2mlip.errors import BadInput
from lang2mlip.science.structures.bulk import SupercellParameters, supercell
from lang2mlip.science.structures.gate import PAIR_FACTOR, Expectations, closest_pair, density_g_cm3, fragments
from lang2mlip.science.structures.soft import SoftSpheres, relax
from lang2mlip.science.structures.units import Unit, units_of

__all__ = ["Melt", "MeltParameters"]

_CLOSENESS = (1.0, 1.0, 0.94, 0.94, 0.88, 0.88)
"""Contact distance over the shortest distance of the same pair in the crystal, try by try. Spheres of the full size
fill a cell evenly and touch without much overlap (measured with EMT: 0.2 eV/atom above the crystal, with 0.88 it was
0.6); smaller ones are for cells that are too dense for that."""

_JAMMED = 0.64
"""Share of the volume that random spheres can fill."""

_LARGEST_SPHERE = 1.12
"""An element with an open crystal takes spheres at most this much larger than its bonds."""

_REACH_A = 6.0

_SOUND = 0.8
"""Smallest pair distance of a sound start, over that of the crystal; never below what the gate allows."""


class MeltParameters(SupercellParameters):
    """Which crystal is disordered, and how dense it becomes."""

    atoms: int = Field(default=54, ge=1, description="about this many atoms, when `repeat` is not given")
    expansion: float = Field(default=1.06, gt=0.5, lt=2, description="volume over the crystal's own volume")
    density_g_cm3: float | None = Field(default=None, gt=0, description="density instead of `expansion`")
    melt_at_K: float | None = Field(
        default=None, gt=0, description="MD at least this hot must come before the structure counts as a melt, K"
    )


class Melt:
    """Builder of disordered starts. Polyatomic units of the crystal (CO3, PO4, OH, …) stay whole."""

    Parameters: ClassVar[type[Noun]] = MeltParameters

    def __init__(self, parameters: MeltParameters) -> None:
        self.parameters = parameters

    def build(self, seed: int) -> Atoms:
        """A disordered cell without overlaps. Raises BadInput when the density asked for leaves no room."""
        rng = np.random.default_rng(seed)
        crystal = supercell(self.parameters, rng)
        units = units_of(crystal)
        box = Atoms(crystal)
        box.set_cell(crystal.cell * self._stretch(crystal), scale_atoms=True)
        sound = max(PAIR_FACTOR, _SOUND * closest_pair(crystal)[0])
        for closeness in _CLOSENESS:
            spheres = _soft_spheres(crystal, units, closeness * _openness(crystal, box))
            trial = relax(_scatter(box, units, rng), spheres)
            if closest_pair(trial)[0] >= sound and _whole(trial, crystal, units):
                trial.wrap()
                return trial
        density = density_g_cm3(box)
        raise BadInput(
            f"No disordered {crystal.symbols.formula:hill} without overlaps was found at {density:.2f} g/cm³;"
            " ask for a lower density."
        )

    def expectations(self) -> Expectations:
        """The density that was asked for, to 1 %."""
        crystal = supercell(self.parameters, np.random.default_rng(0))
        density = self.parameters.density_g_cm3 or density_g_cm3(crystal) / self.parameters.expansion
        return Expectations(
            density_g_cm3=(0.99 * density, 1.01 * density), composition=str(crystal.symbols.formula.reduce()[0])
        )

    def _stretch(self, crystal: Atoms) -> float:
        wish = self.parameters
        ratio = density_g_cm3(crystal) / wish.density_g_cm3 if wish.density_g_cm3 else wish.expansion
        return float(ratio ** (1 / 3))


def _scatter(box: Atoms, units: list[Unit], rng: np.random.Generator) -> Atoms:
    """Every unit at a random place in a random orientation."""
    trial = Atoms(box)
    for unit in units:
        turn = Rotation.random(rng=rng).as_matrix()
        trial.positions[unit.members] = unit.shape_A @ turn.T + rng.random(3) @ box.cell.array
    return trial


def _whole(trial: Atoms, crystal: Atoms, units: list[Unit]) -> bool:
    """No unit was torn and no two grew together."""
    return all(len(unit.members) == 1 for unit in units) or fragments(trial) == fragments(crystal)


def _openness(crystal: Atoms, box: Atoms) -> float:
    """How much larger than the bonds the spheres of an element must be to fill the box; 1 for a compound."""
    if len(set(crystal.numbers)) > 1:
        return 1.0
    bond = float(neighbor_list("d", crystal, _REACH_A).min())
    filled = np.pi / 6 * bond**3 * len(box) / box.get_volume()
    return float(np.clip((_JAMMED / filled) ** (1 / 3), 1.0, _LARGEST_SPHERE))


def _soft_spheres(crystal: Atoms, units: list[Unit], closeness: float) -> SoftSpheres:
    """Contact distances from the crystal itself, so that ions of one sign keep apart without any charges."""
    label = np.empty(len(crystal), int)
    for number, unit in enumerate(units):
        label[unit.members] = number
    table = _contacts(crystal, label, closeness)
    springs = [(unit.members[i], unit.members[j]) for unit in units for i, j in unit.pairs]
    lengths = [np.linalg.norm(unit.shape_A[i] - unit.shape_A[j]) for unit in units for i, j in unit.pairs]
    return SoftSpheres(
        contact=lambda one, two: table[one, two],
        longest_A=float(table.max()),
        springs=np.array(springs, int).reshape(-1, 2),
        lengths_A=np.array(lengths, float),
        unit=label,
    )


def _contacts(crystal: Atoms, label: np.ndarray, closeness: float) -> np.ndarray:
    """Contact distance by two atomic numbers, Å."""
    size = max(atomic_numbers.values()) + 1
    table = np.zeros((size, size))
    kinds = np.unique(crystal.numbers)
    table[np.ix_(kinds, kinds)] = 1.2 * (covalent_radii[kinds][:, None] + covalent_radii[kinds])
    i, j, distance = neighbor_list("ijd", crystal, _REACH_A)
    apart = label[i] != label[j]
    shortest: dict[tuple[int, int], float] = {}
    for one, two, r in zip(crystal.numbers[i[apart]], crystal.numbers[j[apart]], distance[apart], strict=True):
        shortest[one, two] = min(r, shortest.get((one, two), np.inf))
    for (one, two), r in shortest.items():
        allowed = 1.1 * PAIR_FACTOR * (covalent_radii[one] + covalent_radii[two])
        table[one, two] = max(closeness * r, min(r, allowed))
    return table
