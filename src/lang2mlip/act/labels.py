"""Every word of the reference goes through here: cached, counted, timed, and checked to be a number."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from lang2mlip.act.allowance import time_is_over
from lang2mlip.act.clock import Meter
from lang2mlip.act.patience import Patience, dawdled
from lang2mlip.contracts import Cost, Json, ReferenceSpec
from lang2mlip.errors import BudgetSpent, LabelFailed, PartFailed
from lang2mlip.record.labels import Label, LabelCache, cache_folder
from lang2mlip.science.atoms.drive import FAULTS
from lang2mlip.science.atoms.identity import structure_id
from lang2mlip.science.reference.calculator import Computed
from lang2mlip.science.reference.spec import identity, open_reference

__all__ = ["Labeller", "MeteredCalculator", "metered"]


class MeteredCalculator(Computed):
    """A reference calculator that never computes the same structure twice and counts what it is asked."""

    def __init__(
        self,
        spec: ReferenceSpec,
        max_calls: int | None = None,
        until: float | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Raises BudgetSpent at the call after `max_calls`, and at any from the moment `until` on; None: no limit."""
        super().__init__(("energy", "forces", "stress"))
        self._max_calls, self._until, self._patience = max_calls, until, patience
        self._inner = open_reference(spec).calculator()
        self._identity = identity(spec)
        self._cache = LabelCache(cache_folder())
        self._seconds: list[float] = []
        self.cost = Cost()

    def compute(self, atoms: Atoms, changes: list[str]) -> dict[str, Any]:
        """Energy, forces and, for a periodic cell, stress. Raises LabelFailed when the reference fails or gives NaN."""
        if self._max_calls is not None and self.cost.calls >= self._max_calls:
            raise BudgetSpent(f"The {self._max_calls} reference calls that the budget allows here are spent.")
        if time_is_over(self._until):
            raise BudgetSpent("The time that the budget allows is over.")
        name = structure_id(atoms)
        label = self._cache.get(self._identity, name)
        cached = label is not None
        if label is None:
            label, cached = self._first(name, atoms)
        spent = 0.0 if cached else label.seconds
        self.cost += Cost(calls=1, cached=int(cached), reference_s=spent)
        results = {"energy": label.energy_eV, "forces": label.forces}
        return results if label.stress is None else {**results, "stress": label.stress}

    def _first(self, name: str, atoms: Atoms) -> tuple[Label, bool]:
        """A label that was not there a moment ago, and whether another process has made it since."""
        with self._cache.claim(self._identity, name):
            known = self._cache.get(self._identity, name)
            if known is not None:
                return known, True
            label = self._compute(name, atoms)
            self._cache.put(self._identity, name, label)
            return label, False

    def _compute(self, name: str, atoms: Atoms) -> Label:
        meter = Meter()
        copy = atoms.copy()
        copy.calc = self._inner
        try:
            with self._in_patience(name, len(atoms)):
                energy, forces = copy.get_potential_energy(), copy.get_forces(apply_constraint=False)
                stress = copy.get_stress() if self._has_stress(atoms) else None
        except (PartFailed, *FAULTS) as error:
            self.cost += Cost(calls=1, failed=1, reference_s=meter.spent_s())
            raise LabelFailed(f"The reference failed on {atoms.get_chemical_formula()}: {error}") from error
        if not (np.isfinite(energy) and np.isfinite(forces).all() and (stress is None or np.isfinite(stress).all())):
            self.cost += Cost(calls=1, failed=1, reference_s=meter.spent_s())
            raise LabelFailed(f"The reference gave a value that is not finite for {atoms.get_chemical_formula()}.")
        self._seconds.append(meter.spent_s())
        return Label(float(energy), np.array(forces), stress, self._seconds[-1])

    def _in_patience(self, name: str, n_atoms: int) -> AbstractContextManager[None]:
        return self._patience.with_label(name, n_atoms, self._seconds) if self._patience else nullcontext()

    def dawdled(self) -> list[str]:
        """A sentence on the longest call, where it took far longer than is usual; else nothing."""
        return dawdled(self._seconds)

    def _has_stress(self, atoms: Atoms) -> bool:
        known: Any = getattr(self._inner, "implemented_properties", ())
        return "stress" in known and atoms.cell.rank == 3 and bool(atoms.pbc.any())


def metered(arguments: dict[str, Json], folder: Path) -> MeteredCalculator:
    """The calculator of a piece of work: its reference, max_calls (no limit where left out), until and patience."""
    patience = Patience(folder, arguments.get("patience"))
    spec = ReferenceSpec(**arguments["reference"])
    return MeteredCalculator(spec, arguments.get("max_calls"), arguments["until"], patience)


class Labeller:
    """Labels frames; what fails, or lies beyond `max_calls` or `until`, is left out and said."""

    def __init__(self, spec: ReferenceSpec, max_calls: int | None = None, until: float | None = None) -> None:
        self.calculator = MeteredCalculator(spec, max_calls, until)
        self.faults: list[str] = []

    @classmethod
    def of(cls, arguments: dict[str, Json], folder: Path) -> Labeller:
        """For a piece of work, with all the limits that it was given."""
        labeller = cls.__new__(cls)
        labeller.calculator, labeller.faults = metered(arguments, folder), []
        return labeller

    @property
    def cost(self) -> Cost:
        """What it has cost so far."""
        return self.calculator.cost

    def label(self, atoms: Atoms) -> Atoms | None:
        """A labelled copy (energy, forces, stress; `info["id"]`), or None when the reference failed on it."""
        copy: Atoms = atoms.copy()
        try:
            self.calculator.calculate(copy)
        except (LabelFailed, BudgetSpent) as error:
            if str(error) not in self.faults:
                self.faults.append(str(error))
            return None
        copy.calc = SinglePointCalculator(copy, **self.calculator.results)
        copy.info["id"] = structure_id(copy)
        return copy

    def said(self) -> list[str]:
        """What is to be told: why labels failed, and a call that took far longer than the others."""
        return [*self.faults, *self.calculator.dawdled()]

    def label_all(self, frames: Sequence[Atoms]) -> list[Atoms]:
        """Labelled copies of those that could be labelled."""
        return [done for done in map(self.label, frames) if done is not None]
