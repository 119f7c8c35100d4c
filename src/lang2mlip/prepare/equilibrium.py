"""The reference's own size of a crystal: the literature's lattice parameter is not the reference's."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from numpy.polynomial import Polynomial

from lang2mlip.errors import PartFailed

__all__ = ["equilibrium_scale"]

MAX_CALLS = 9

_STEP = 0.03
"""First distance between lengths tried, relative."""

_CONVERGED = 3e-4
"""Change of the minimum that ends the search, relative: a tenth of the tightest goal for a lattice parameter."""


def equilibrium_scale(unit: Atoms, calculator: Calculator, max_calls: int = MAX_CALLS) -> float:
    """The factor on all lengths that minimises the calculator's energy, in at most `max_calls` calls.

    Isotropic: the cell's shape and the fractions stay. A bracket is sought first, then parabolas refine it.
    Raises PartFailed when no minimum lies within reach or an energy is not finite.
    """
    energies: dict[float, float] = {}

    def measure(scale: float) -> None:
        trial = Atoms(unit)
        trial.set_cell(unit.cell * scale, scale_atoms=True)
        trial.calc = calculator
        energy = float(trial.get_potential_energy()) / len(trial)
        if not np.isfinite(energy):
            raise PartFailed(f"The energy of {unit.symbols.formula} at {scale:.3f} of its size is not finite.")
        energies[scale] = energy

    for scale in (1.0, 1 - _STEP, 1 + _STEP):
        measure(scale)
    found = None
    while len(energies) < max_calls:
        guess = _outward(energies) or _vertex(energies)
        if found is not None and abs(guess - found) < _CONVERGED:
            return guess
        found = None if _outward(energies) else guess
        measure(guess)
    if _outward(energies):
        raise PartFailed(
            f"No equilibrium size of {unit.symbols.formula} within {min(energies):.2f} to {max(energies):.2f} of the"
            " literature's was found."
        )
    return _vertex(energies)


def _outward(energies: dict[float, float]) -> float | None:
    """Where to look when the lowest point lies at an end; None when it is bracketed."""
    lowest = min(energies, key=lambda scale: energies[scale])
    if lowest == min(energies):
        return lowest - _STEP
    return lowest + _STEP if lowest == max(energies) else None


def _vertex(energies: dict[float, float]) -> float:
    """The minimum of a parabola through the lowest point and its neighbours, of a cubic where there are four."""
    scales = sorted(energies)
    lowest = min(range(len(scales)), key=lambda n: energies[scales[n]])
    near = sorted(scales, key=lambda scale: abs(scale - scales[lowest]))[:4]
    low, high = scales[lowest - 1], scales[lowest + 1]
    near = sorted({*near, low, high})
    offset = np.array(near) - scales[lowest]
    curve = Polynomial.fit(offset, [energies[scale] for scale in near], min(3, len(near) - 1))
    flat = [float(root.real) for root in curve.deriv().roots() if abs(root.imag) < 1e-9]
    bends = [bend for bend in flat if float(curve.deriv(2)(bend)) > 0]
    inside = [bend for bend in bends if low < scales[lowest] + bend < high]
    return scales[lowest] + min(inside, key=abs, default=0.0)
