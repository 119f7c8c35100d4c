"""Molecular Hartree–Fock, density functional theory, MP2 and coupled cluster through PySCF."""

from __future__ import annotations

import contextlib
import warnings
from typing import Any, ClassVar

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import Calculator
from ase.data import chemical_symbols, ground_state_magnetic_moments
from pydantic import Field

from lang2mlip.contracts import Json, Noun
from lang2mlip.errors import BadInput, LabelFailed
from lang2mlip.science.reference.calculator import Computed, Floats, stands_free
from lang2mlip.science.reference.method import Method
from lang2mlip.science.reference.selftest import Tolerances

__all__ = ["MolecularElectrons", "PySCFReference"]

POST_HF = ("mp2", "ccsd", "ccsd(t)")


class PySCFReference(Method):
    """One molecule or cluster in free space; no periodic cells."""

    REVISION = 2
    LADDERS: ClassVar[dict[str, tuple[Json, ...]]] = {
        "grid_level": (0, 1, 2, 3, 4, 5),
        "basis": ("def2-svp", "def2-tzvp", "def2-qzvp"),
    }
    TOLERANCES = Tolerances(step_A=3e-3, force_eV_A=5e-3, invariance_eV_atom=2e-4)

    class Settings(Noun):
        """Settings of a molecular electronic-structure calculation."""

        method: str = Field(default="pbe", description="hf, mp2, ccsd, ccsd(t), or a density functional of libxc")
        basis: str = Field(default="def2-svp", description="Gaussian basis set, by PySCF's name for it")
        charge: int = Field(default=0, description="total charge, e")
        unpaired: int | None = Field(
            default=None,
            ge=0,
            description="unpaired electrons (2S) of a molecule; None: 0 for an even number of electrons, else 1. "
            "An atom alone has those of its ground state",
        )
        density_fit: bool = Field(default=True, description="density fitting of the mean field: faster, small errors")
        grid_level: int = Field(default=3, ge=0, le=9, description="quality of the integration grid")
        energy_tolerance_eV: float = Field(default=1e-7, gt=0, description="convergence of the energy, eV")
        max_cycles: int = Field(default=100, ge=1, description="cycles before a calculation counts as failed")

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @classmethod
    def from_text(cls, text: str) -> dict[str, Json]:
        """`method/basis`, or the method alone."""
        method, _, basis = text.partition("/")
        return {"method": method} | ({"basis": basis} if basis else {})

    def elements(self) -> frozenset[str]:
        """Elements that the basis set has. Raises BadInput when there is no such basis set."""
        from pyscf.gto import basis
        from pyscf.lib.exceptions import BasisNotFoundError

        found = set()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # advice to install a larger collection of basis sets
            for symbol in chemical_symbols[1:87]:
                with contextlib.suppress(BasisNotFoundError, KeyError, FileNotFoundError):
                    basis.load(self.settings.basis, symbol)
                    found.add(symbol)
        if not found:
            raise BadInput(f"PySCF has no basis set called {self.settings.basis!r}; try def2-svp or 6-31g*.")
        return frozenset(found)

    def packages(self) -> tuple[str, ...]:
        """PySCF computes the numbers."""
        return ("pyscf",)

    def calculator(self) -> Calculator:
        """A fresh calculator: energy (eV) and forces (eV/Å)."""
        return MolecularElectrons(self.settings)


class MolecularElectrons(Computed):
    """PySCF from a fresh guess for each structure, so that a label depends on the structure alone."""

    def __init__(self, settings: PySCFReference.Settings) -> None:
        super().__init__(("energy", "free_energy", "forces"))
        self._settings = settings

    def compute(self, atoms: Atoms, changes: list[str]) -> dict[str, Any]:
        """Raises LabelFailed for a crystal, a spin that does not fit, or a field that does not converge."""
        if not stands_free(atoms):
            raise LabelFailed(f"PySCF treats molecules only, and {atoms.symbols} is periodic; set its pbc to false.")
        field = self._field(atoms)
        energy, gradient = self._solve(field, atoms)
        energy_eV = energy * units.Hartree
        return {
            "energy": energy_eV,
            "free_energy": energy_eV,
            "forces": -np.asarray(gradient) * units.Hartree / units.Bohr,
        }

    def _field(self, atoms: Atoms) -> Any:
        """The mean field, not yet solved. Raises BadInput for a basis or functional that is not there."""
        from pyscf import dft, gto, scf
        from pyscf.lib.exceptions import BasisNotFoundError

        chosen = self._settings
        spin = self._unpaired(atoms)
        pairs = [(symbol, tuple(place)) for symbol, place in zip(atoms.symbols, atoms.positions.tolist(), strict=True)]
        try:
            molecule = gto.M(
                atom=pairs, basis=chosen.basis, charge=chosen.charge, spin=spin, verbose=0, unit="Angstrom"
            )
            if chosen.method.lower() in ("hf", *POST_HF):
                field = scf.UHF(molecule) if spin else scf.RHF(molecule)
            else:
                field = dft.UKS(molecule) if spin else dft.RKS(molecule)
                field.xc = chosen.method
                field.grids.level = chosen.grid_level
                field._numint.libxc.parse_xc(chosen.method)
        except (BasisNotFoundError, KeyError, ValueError, RuntimeError) as error:
            raise BadInput(
                f"PySCF cannot set up {chosen.method}/{chosen.basis} for {atoms.symbols}: {error}"
            ) from error
        field.conv_tol = chosen.energy_tolerance_eV / units.Hartree
        field.max_cycle = chosen.max_cycles
        return field.density_fit() if chosen.density_fit and chosen.method.lower() not in POST_HF else field

    def _unpaired(self, atoms: Atoms) -> int:
        """Unpaired electrons. Raises LabelFailed when so many do not fit the number of electrons."""
        electrons, wanted = int(atoms.numbers.sum()) - self._settings.charge, self._settings.unpaired
        if len(atoms) == 1 and not self._settings.charge:
            return round(float(ground_state_magnetic_moments[electrons]))  # Hund's rules
        if wanted is None:
            return electrons % 2
        if (electrons - wanted) % 2 or wanted > electrons:
            raise LabelFailed(f"A spin of {wanted} unpaired electrons does not fit the {electrons} of {atoms.symbols}.")
        return wanted

    def _solve(self, field: Any, atoms: Atoms) -> tuple[float, Floats]:
        """Energy (Hartree) and its gradient (Hartree/Bohr)."""
        energy = field.kernel()
        if not field.converged:
            raise LabelFailed(f"PySCF did not converge for {atoms.symbols}; leave the frame out or check its spin.")
        method = self._settings.method.lower()
        if method not in POST_HF:
            gradient = field.nuc_grad_method()
            gradient.grid_response = True
            return float(energy), gradient.kernel()
        return _correlated(field, method)


def _correlated(field: Any, method: str) -> tuple[float, Floats]:
    """MP2, CCSD or CCSD(T) on top of a solved Hartree–Fock field."""
    from pyscf import cc, mp
    from pyscf.grad import ccsd_t, uccsd_t

    if method == "mp2":
        solver = mp.MP2(field).run()
        return float(solver.e_tot), solver.nuc_grad_method().kernel()
    solver = cc.CCSD(field).run(conv_tol=1e-8, conv_tol_normt=1e-6)
    if not solver.converged:
        raise LabelFailed("The coupled-cluster equations did not converge; leave the frame out or check its spin.")
    if method == "ccsd":
        return float(solver.e_tot), solver.nuc_grad_method().kernel()
    module = uccsd_t if field.__class__.__name__.upper().startswith("UHF") else ccsd_t
    return float(solver.e_tot + solver.ccsd_t()), module.Gradients(solver).kernel()
