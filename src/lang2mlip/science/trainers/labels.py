"""Labelled frames as every trainer wants them: checked, weighed, and with the energy of the free atoms taken off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

from lang2mlip.errors import PartFailed

__all__ = ["BaseEnergy", "Label", "base_energies", "checked"]

BaseEnergy = Literal["auto", "isolated", "least squares"]
"""Where the energy of a free atom comes from; auto: from isolated atoms in the data, else least squares."""


@dataclass(frozen=True)
class Label:
    """One frame and what the reference says of it: eV, eV/Å, eV/Å³ (3×3, ASE sign; None where there is none)."""

    atoms: Atoms
    energy: float
    forces: np.ndarray
    stress: np.ndarray | None
    weight: float

    @property
    def virial(self) -> np.ndarray | None:
        """−stress × volume, eV, 3×3; None without a stress."""
        return None if self.stress is None else -self.stress * self.atoms.get_volume()

    @property
    def isolated(self) -> bool:
        """One atom alone, in open space or in a box wider than any cutoff."""
        open_or_wide = ~self.atoms.pbc | (self.atoms.cell.lengths() > 10.0)
        return len(self.atoms) == 1 and bool(open_or_wide.all())


def checked(frames: Sequence[Atoms]) -> list[Label]:
    """The labels of `frames`. Raises PartFailed where a label is missing or not finite, or nothing is there."""
    if not frames:
        raise PartFailed("There are no frames to train on; label some first.")
    return [_label(i, atoms, len(frames)) for i, atoms in enumerate(frames)]


def _label(i: int, atoms: Atoms, n: int) -> Label:
    where = f"frame {i + 1} of {n} ({atoms.get_chemical_formula()})"
    found = dict(atoms.calc.results) if atoms.calc is not None else {}
    for name in ("energy", "forces"):
        if found.get(name) is None:
            raise PartFailed(f"The training data's {where} has no {name}; label it again or leave it out.")
    for name in ("energy", "forces", "stress"):
        if found.get(name) is not None and not np.isfinite(found[name]).all():
            raise PartFailed(f"The training data's {where} has {name} that is not finite; prune it or label it again.")
    stress = found.get("stress")
    if stress is not None and np.shape(stress) != (3, 3):
        xx, yy, zz, yz, xz, xy = stress
        stress = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    weight = float(atoms.info.get("weight", 1.0))
    return Label(atoms, float(found["energy"]), np.array(found["forces"]), stress, weight)


def base_energies(labels: Sequence[Label], elements: Sequence[str], how: BaseEnergy = "auto") -> dict[str, float]:
    """Energy of a free atom of each element, eV: of isolated atoms in the data, else the best fit to all energies.

    A least-squares base is the minimum-norm solution, so one composition alone gives every element the same energy.
    Raises PartFailed when isolated atoms are demanded and one is missing.
    """
    free = {str(label.atoms.symbols[0]): label.energy for label in labels if label.isolated}
    missing = [element for element in elements if element not in free]
    if how == "isolated" and missing:
        raise PartFailed(f"No isolated atom of {', '.join(missing)} is in the training data; use e0 'least squares'.")
    if how != "least squares" and not missing:
        return {element: free[element] for element in elements}
    bulk = [label for label in labels if not label.isolated] or list(labels)
    numbers = [atomic_numbers[element] for element in elements]
    counts = np.array([[np.count_nonzero(label.atoms.numbers == z) for z in numbers] for label in bulk], dtype=float)
    sizes = counts.sum(axis=1)
    energies = np.array([label.energy for label in bulk])
    best = np.linalg.lstsq(counts / sizes[:, None], energies / sizes, rcond=None)[0]
    return dict(zip(elements, map(float, best), strict=True))
