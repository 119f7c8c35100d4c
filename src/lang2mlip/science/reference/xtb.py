"""GFN1-xTB and GFN2-xTB, extended tight binding, through tblite."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from ase import Atoms
from ase.calculators.calculator import CalculationFailed, Calculator, InputError
from ase.data import chemical_symbols
from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.errors import LabelFailed
from lang2mlip.science.reference.calculator import Computed, boxed, stress_share
from lang2mlip.science.reference.method import Method
from lang2mlip.science.reference.selftest import Tolerances

__all__ = ["GFN1Reference", "GFN2Reference", "TightBinding"]

VACUUM_A = 20.0
"""Between a slab and its image."""

LAST_ELEMENT = 86
"""The last atomic number of both parametrisations (J. Chem. Theory Comput. 13, 1989 (2017); 15, 1652 (2019))."""


class _XTBReference(Method):
    METHOD: ClassVar[str]
    TOLERANCES = Tolerances(step_A=3e-3, force_eV_A=5e-3, stress_eV_A3=5e-4, invariance_eV_atom=1e-4)

    class Settings(Noun):
        """Settings of an xTB calculation."""

        charge: int = Field(default=0, description="total charge of the cell or molecule, e")
        multiplicity: int | None = Field(
            default=None, ge=1, description="2S + 1; None: 1 for an even number of electrons, 2 for an odd one"
        )
        accuracy: float = Field(default=0.1, gt=0, le=10, description="numerical accuracy; smaller is tighter")
        electronic_temperature_K: float = Field(default=300.0, gt=0, description="Fermi smearing of the electrons, K")
        max_iterations: int = Field(default=250, ge=10, description="cycles before a calculation counts as failed")
        solvent: str | None = Field(default=None, description="ALPB implicit solvent by name, molecules only")
        solvation: Literal["alpb", "gbsa"] = Field(default="alpb", description="implicit solvation model")

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def elements(self) -> frozenset[str]:
        """Every element that has parameters."""
        return frozenset(chemical_symbols[1 : LAST_ELEMENT + 1])

    def packages(self) -> tuple[str, ...]:
        """tblite computes the numbers."""
        return ("tblite",)

    def calculator(self) -> Calculator:
        """A fresh calculator: energy (eV), forces (eV/Å), stress (eV/Å³); Γ point only in a cell."""
        return TightBinding(self.METHOD, self.settings)


class GFN1Reference(_XTBReference):
    """GFN1-xTB (Grimme, Bannwarth and Shushkov 2017)."""

    METHOD = "GFN1-xTB"


class GFN2Reference(_XTBReference):
    """GFN2-xTB (Bannwarth, Ehlert and Grimme 2019)."""

    METHOD = "GFN2-xTB"


class TightBinding(Computed):
    """tblite's calculator, silent, each result a function of the structure alone.

    The electronic state of the last structure is not reused: otherwise a label would depend on what was asked before,
    and a resumed run would not end where the first one did.
    """

    def __init__(self, method: str, settings: _XTBReference.Settings) -> None:
        super().__init__(("energy", "free_energy", "forces", "stress", "charges", "dipole"))
        self._method, self._settings = method, settings
        self._inner: Any = None

    def compute(self, atoms: Atoms, changes: list[str]) -> dict[str, Any]:
        """Raises LabelFailed when the self-consistent field does not converge."""
        if self._inner is None:
            self._inner = self._make()
        self._inner._res = None
        system = boxed(atoms, VACUUM_A) if atoms.pbc.any() else atoms
        self._inner.set(multiplicity=self._settings.multiplicity or 1 + self._electrons(atoms) % 2)
        try:
            self._inner.calculate(system, ["energy", "forces"], changes if atoms.pbc.all() else [*changes, "cell"])
        except (CalculationFailed, InputError, RuntimeError, TypeError) as error:
            self._inner = None
            raise LabelFailed(f"{self._method} failed for {atoms.symbols}: {error}; leave the frame out.") from error
        results = dict(self._inner.results)
        if not np.isfinite(results["forces"]).all():
            raise LabelFailed(f"{self._method} gave forces that are not finite for {atoms.symbols}; leave it out.")
        stress = results.pop("stress", None)
        if stress is not None and atoms.pbc.any() and atoms.cell.rank == 3:
            results["stress"] = stress * stress_share(system, atoms)
        return results | {"free_energy": results["energy"]}

    def _electrons(self, atoms: Atoms) -> int:
        return int(atoms.numbers.sum()) - self._settings.charge

    def _make(self) -> Any:
        from tblite.ase import TBLite

        chosen = self._settings
        solvation: dict[str, Any] = {f"{chosen.solvation}_solvation": chosen.solvent} if chosen.solvent else {}
        return TBLite(
            method=self._method,
            charge=chosen.charge,
            accuracy=chosen.accuracy,
            electronic_temperature=chosen.electronic_temperature_K,
            max_iterations=chosen.max_iterations,
            verbosity=0,
            **solvation,
        )
