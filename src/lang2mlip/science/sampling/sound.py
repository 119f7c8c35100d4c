"""What every generator shares: copies that say where they come from, and the refusal of atoms that are too near."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms

from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.health import Health, pair_limits
from lang2mlip.science.atoms.neighbours import closest

__all__ = ["Sound", "made_from"]


def made_from(atoms: Atoms, source: str, **notes: Any) -> Atoms:
    """A copy without labels, momenta and constraints, with `info["source"]` and notes."""
    copy: Atoms = atoms.copy()
    copy.calc = None
    copy.set_constraint()
    copy.arrays.pop("momenta", None)
    copy.info |= {"source": source, **notes}
    return copy


class Sound:
    """`sound(atoms)`: no two atoms nearer than 0.7 covalent sums, or than they were at the start where that is less."""

    def __init__(self, start: Atoms, factor: float = 0.7) -> None:
        limits = pair_limits(start.numbers, Health(pair_factor=factor))
        self._cutoff = max(limits.values(), default=1.0)
        first = closest(start, self._cutoff)
        self._limits = {key: min(limit, 0.98 * first.get(key, np.inf)) for key, limit in limits.items()}

    def __call__(self, atoms: Atoms) -> bool:
        """Whether these atoms keep their distances."""
        try:
            found = closest(atoms, self._cutoff)
        except BadInput:
            return False
        return all(value >= self._limits[key] for key, value in found.items())
