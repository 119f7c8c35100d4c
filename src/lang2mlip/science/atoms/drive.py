"""A calculator asked directly, step after step: no state comparison, no second copy of the results."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator, Calculator, all_changes
from numpy.typing import NDArray

from lang2mlip.errors import PartFailed
from lang2mlip.science.atoms.integrators import Forces

__all__ = ["Drive"]

Floats = NDArray[np.float64]


class Drive:
    """`drive(positions, cell, step)` → Forces, from one ASE calculator.

    `needs(step)` says whether the stress is wanted and whether the calculator shall forget its history (neighbour lists
    and the like), as it would in a process that resumes there. Calculators with a `get_property` of their own are asked
    through it. `calls` and `seconds` count what the calculator was asked and took.
    """

    def __init__(self, atoms: Atoms, calculator: Any, needs: Callable[[int], tuple[bool, bool]]) -> None:
        self._atoms: Atoms = atoms.copy()
        self._calculator, self._needs = calculator, needs
        own = getattr(type(calculator), "get_property", None)
        self._direct = own in (Calculator.get_property, BaseCalculator.get_property)
        can = getattr(calculator, "implemented_properties", ())
        self._has_stress = "stress" in can and atoms.cell.rank == 3 and bool(atoms.pbc.any())
        self._changes = list(all_changes)
        self.nothing = Forces(0.0, np.zeros((len(atoms), 3)), None)
        self.calls = 0
        self.seconds = 0.0

    def placed(self, positions: Floats, cell: Floats) -> Atoms:
        """The one working Atoms, moved there; valid until the next call."""
        self._atoms.arrays["positions"][:] = positions
        self._atoms.cell[:] = cell
        return self._atoms

    def __call__(self, positions: Floats, cell: Floats, step: int) -> Forces:
        """Energy, forces and, where wanted and known, stress. Raises PartFailed when there is no energy or no force."""
        stress_wanted, fresh = self._needs(step)
        atoms = self.placed(positions, cell)
        names = ["energy", "forces", "stress"] if stress_wanted and self._has_stress else ["energy", "forces"]
        self.calls += 1
        started = time.perf_counter()
        results = self._ask(atoms, names, fresh)
        self.seconds += time.perf_counter() - started
        if "energy" not in results or "forces" not in results:
            raise PartFailed(f"{type(self._calculator).__name__} gave no energy or no forces; look at its own output.")
        stress = results.get("stress")
        return Forces(
            float(results["energy"]),
            np.array(results["forces"], dtype=float),
            np.array(stress, dtype=float) if stress is not None and self._has_stress else None,
        )

    def release(self) -> None:
        """Leave the calculator as if it had computed nothing, so that its next user gets no stale result."""
        if self._direct:
            self._calculator.atoms = None
            self._calculator.results = {}

    def _ask(self, atoms: Atoms, names: list[str], fresh: bool) -> dict[str, Any]:
        calculator = self._calculator
        if not self._direct:
            return {name: calculator.get_property(name, atoms) for name in names}
        changes = list(all_changes) if fresh else self._changes
        calculator.results = {}
        calculator.calculate(atoms, names, changes)
        self._changes = ["positions", "cell"]
        return dict(calculator.results)
