"""The size that a reference gives each crystal, found once per crystal."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from ase import Atoms
from ase.calculators.calculator import CalculatorError

from lang2mlip.errors import PartFailed
from lang2mlip.prepare.equilibrium import equilibrium_scale
from lang2mlip.prepare.metering import Metered
from lang2mlip.science.structures.source import CrystalSource, conventional, mixtures, occupied, primitive
from lang2mlip.science.structures.supercell import repeats_near

__all__ = ["CALCULATOR_FAULTS", "Sizes"]

CALCULATOR_FAULTS = (PartFailed, CalculatorError, ValueError, RuntimeError, ArithmeticError, np.linalg.LinAlgError)
"""What calculators raise when a structure is too much for them."""

_SMALL_UNIT = 16
"""A conventional cell of at most so many atoms is used for the E(V) curve: its vectors are long enough for any code."""


@dataclass
class Sizes:
    """Crystals in the size of one calculator; without one, in that of the literature."""

    calculator: Metered | None
    found: dict[str, float] = field(default_factory=dict)
    """Crystal → its size over the literature's."""
    remarks: list[str] = field(default_factory=list)

    def of(self, source: CrystalSource) -> float:
        """The calculator's size of this crystal over the literature's; 1 where it has none, with a remark.

        What is given by its molecules has no crystal, and keeps its size.
        """
        if self.calculator is None or not (source.crystal or source.file or source.prototype):
            return 1.0
        key = source.crystal or source.file or f"{source.formula} {source.prototype}"
        if source.occupation is not None:
            key += f" with {source.occupation}"
        if key not in self.found:
            try:
                self.found[key] = equilibrium_scale(_cell(source), self.calculator)
            except CALCULATOR_FAULTS as error:
                self.found[key] = 1.0
                self.remarks.append(f"{key} keeps its size from the literature: {error}")
        return self.found[key]


def _cell(source: CrystalSource) -> Atoms:
    """A cell of the crystal that is small, and no smaller than any code can treat."""
    unit = conventional(source)
    if mixtures(source):
        return occupied(unit.repeat(repeats_near(unit, 2 * _SMALL_UNIT)), source, np.random.default_rng(0))
    return unit if len(unit) <= _SMALL_UNIT else primitive(unit)
