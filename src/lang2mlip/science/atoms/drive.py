"""A calculator asked directly: no state comparison, no second copy of the results, and every call counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator, Calculator, all_changes
from numpy.typing import NDArray

from lang2mlip.errors import PartFailed
from lang2mlip.science.atoms.integrators import Forces

__all__ = ["FAULTS", "Counted", "Drive", "ask", "single_point", "stress_possible"]

Floats = NDArray[np.float64]

FAULTS = (RuntimeError, ValueError, ArithmeticError, LookupError, OSError)
"""What ASE calculators raise when they fail at a configuration (ASE's own errors are RuntimeErrors)."""


def ask(calculator: Any, atoms: Atoms, names: Sequence[str], changes: Sequence[str] = all_changes) -> dict[str, Any]:
    """The named properties in one call. Calculators with a `get_property` of their own are asked through it."""
    if not _direct(calculator):
        return {name: calculator.get_property(name, atoms) for name in names}
    calculator.results = {}
    calculator.calculate(atoms, list(names), list(changes))
    return dict(calculator.results)


def stress_possible(calculator: Any, atoms: Atoms) -> bool:
    """Whether a stress makes sense for these atoms and the calculator has one."""
    known = "stress" in getattr(calculator, "implemented_properties", ())
    return known and atoms.cell.rank == 3 and bool(atoms.pbc.any())


def single_point(atoms: Atoms, calculator: Any) -> Forces:
    """Energy, forces and, where there is one, stress of one configuration, in one call. Raises PartFailed."""
    names = ["energy", "forces", "stress"] if stress_possible(calculator, atoms) else ["energy", "forces"]
    try:
        results = ask(calculator, atoms, names)
    except FAULTS as error:
        raise PartFailed(f"{_name(calculator)} failed on {atoms.get_chemical_formula()}: {error}") from error
    field = _forces(calculator, results, "stress" in names)
    release(calculator)
    return field


def release(calculator: Any) -> None:
    """Leave a calculator as if it had computed nothing, so that its next user gets no stale result."""
    if _direct(calculator):
        calculator.atoms = None
        calculator.results = {}


class Counted(Calculator):
    """Another calculator that counts how often it was asked for a new configuration: `calls`."""

    def __init__(self, inner: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.inner, self.calls = inner, 0
        self.implemented_properties = list(inner.implemented_properties)

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """Energy, forces and stress in one call of the inner calculator."""
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        self.calls += 1
        field = single_point(Atoms(self.atoms), self.inner)
        self.results = {"energy": field.energy, "free_energy": field.energy, "forces": field.forces}
        if field.stress is not None:
            self.results["stress"] = field.stress


class Drive:
    """`drive(positions, cell, step)` → Forces, from one ASE calculator, for configurations of the same atoms.

    `needs(step)` says whether the stress is wanted and whether the calculator shall forget its history (neighbour lists
    and the like), as it would in a process that resumes there. `calls` and `seconds` are what it was asked and took.
    """

    def __init__(self, atoms: Atoms, calculator: Any, needs: Callable[[int], tuple[bool, bool]]) -> None:
        self._atoms: Atoms = atoms.copy()
        self._calculator, self._needs = calculator, needs
        self._has_stress = stress_possible(calculator, atoms)
        self._changes: Sequence[str] = all_changes
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
        results = ask(self._calculator, atoms, names, all_changes if fresh else self._changes)
        self.seconds += time.perf_counter() - started
        self._changes = ["positions", "cell"]
        return _forces(self._calculator, results, self._has_stress)

    def release(self) -> None:
        """Leave the calculator as if it had computed nothing."""
        release(self._calculator)


def _direct(calculator: Any) -> bool:
    return getattr(type(calculator), "get_property", None) in (Calculator.get_property, BaseCalculator.get_property)


def _name(calculator: Any) -> str:
    return type(calculator).__name__


def _forces(calculator: Any, results: dict[str, Any], with_stress: bool) -> Forces:
    if "energy" not in results or "forces" not in results:
        raise PartFailed(f"{_name(calculator)} gave no energy or no forces; look at its own output.")
    stress = results.get("stress") if with_stress else None
    return Forces(
        float(results["energy"]),
        np.array(results["forces"], dtype=float),
        np.array(stress, dtype=float) if stress is not None else None,
    )
