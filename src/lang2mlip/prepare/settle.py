"""A short relaxation with the reference: takes the worst strain out of a structure that was built without it."""

from __future__ import annotations

from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.optimize import BFGS

__all__ = ["settle"]

MAX_CALLS = 50

_MOLECULE_EV_A = 0.1
_CONDENSED_EV_A = 2.0
"""Largest force at which it stops, eV/Å: a molecule near its minimum; a disordered cell only fit for MD."""


def settle(atoms: Atoms, calculator: Calculator, max_calls: int = MAX_CALLS) -> Atoms:
    """A relaxed copy without its calculator, after at most `max_calls` calls. Raises whatever the calculator raises."""
    trial = Atoms(atoms)
    trial.calc = calculator
    limit = _CONDENSED_EV_A if trial.pbc.any() else _MOLECULE_EV_A
    with BFGS(trial, logfile=None, maxstep=0.1) as relaxation:
        relaxation.run(fmax=limit, steps=max_calls - 1)
    trial.calc = None
    return trial
