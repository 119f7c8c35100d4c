"""Derive src/lang2mlip/data/standin/shapes.yaml: bond lengths of polyatomic ions, by PBE/def2-TZVP in a continuum.

    python scripts/derive_ion_shapes.py [SMILES ...]      # none: all

For each charged species of up to seven atoms in data/standin/units.yaml and the molecule table: PBE with density
fitting and C-PCM of water (an anion of two charges is not bound without surroundings), started from GFN2-xTB with ALPB,
relaxed to 0.02 eV/Å. Rows that stand in the file are not computed again. Universal force fields, which the stand-in
otherwise takes lengths from, are wrong by up to a quarter for such ions (measured: cyanide 1.46 Å where 1.18 is right).
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
from pathlib import Path

import numpy as np
import yaml
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.optimize import BFGS
from ase.units import Bohr, Hartree

from lang2mlip.data import table
from lang2mlip.errors import BadInput
from lang2mlip.science.structures.conformer import conformer, drawn, ions, signature
from lang2mlip.science.structures.standin.shapes import bond_name

FILE = Path(__file__).resolve().parents[1] / "src/lang2mlip/data/standin/shapes.yaml"
LARGEST = 7
HEAD = """# Bond lengths of polyatomic ions, Å, derived by scripts/derive_ion_shapes.py. A bond is named by its two
# elements, each with its number of neighbours.
"""
SOURCE = (
    "PBE (J. P. Perdew, K. Burke and M. Ernzerhof, Phys. Rev. Lett. 77, 3865 (1996)) with def2-TZVP (F. Weigend and"
    " R. Ahlrichs, Phys. Chem. Chem. Phys. 7, 3297 (2005)) in C-PCM of water, computed here with PySCF"
)


class InContinuum(Calculator):
    """PBE/def2-TZVP, density fitting, C-PCM with the permittivity of water."""

    implemented_properties = ["energy", "forces"]

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        from pyscf import dft, gto

        super().calculate(atoms, properties, system_changes)
        charge = round(float(self.atoms.get_initial_charges().sum()))
        shape = [(symbol, tuple(place)) for symbol, place in zip(self.atoms.symbols, self.atoms.positions, strict=True)]
        molecule = gto.M(atom=shape, basis="def2-tzvp", charge=charge, unit="Angstrom", verbose=0)
        mean_field = dft.RKS(molecule, xc="pbe").density_fit().PCM()
        mean_field.with_solvent.method, mean_field.with_solvent.eps = "C-PCM", 78.36
        energy = mean_field.kernel()
        if not mean_field.converged:
            raise BadInput(f"The orbitals of {self.atoms.symbols} with charge {charge} did not settle.")
        gradient = mean_field.nuc_grad_method().kernel()
        self.results = {"energy": energy * Hartree, "forces": -gradient * Hartree / Bohr}


def wanted() -> dict[tuple[str, int], str]:
    """(bond graph, charge) → SMILES of every small polyatomic ion that the tables know."""
    drawn_ions = list(table("standin")["units"]["smiles"])
    for entry in table("molecules").values():
        drawn_ions += ions(str(entry["smiles"])) if entry.get("smiles") else []
    found: dict[tuple[str, int], str] = {}
    for smiles in drawn_ions:
        atoms = conformer(smiles, 0)
        charge = round(float(atoms.get_initial_charges().sum()))
        if charge and 1 < len(atoms) <= LARGEST:
            found.setdefault((signature(smiles), charge), smiles)
    return found


def relaxed(smiles: str) -> Atoms:
    from tblite.ase import TBLite

    atoms = conformer(smiles, 0)
    charge = round(float(atoms.get_initial_charges().sum()))
    atoms.calc = TBLite(method="GFN2-xTB", charge=charge, solvation=("alpb", "water"), verbosity=0)
    BFGS(atoms, logfile=None).run(fmax=0.05, steps=100)
    atoms.calc = InContinuum()
    if not BFGS(atoms, logfile=None).run(fmax=0.02, steps=40):
        raise BadInput(f"{smiles} did not come to rest.")
    return atoms


def lengths(smiles: str, atoms: Atoms) -> dict[str, float]:
    by_name: dict[str, list[float]] = {}
    for bond in drawn(smiles).GetBonds():
        i, j = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        by_name.setdefault(bond_name(bond), []).append(float(np.linalg.norm(atoms.positions[i] - atoms.positions[j])))
    return {name: round(float(np.mean(found)), 3) for name, found in sorted(by_name.items())}


def main() -> None:
    """Compute what is missing, write the file after each ion."""
    known = yaml.safe_load(FILE.read_text()) if FILE.exists() else {}
    rows: dict[str, dict[str, float]] = known.get("shapes", {}).get("bonds_A", {})
    for smiles in sys.argv[1:] or wanted().values():
        if smiles not in rows:
            try:
                rows[smiles] = lengths(smiles, relaxed(smiles))
            except BadInput as error:
                print(error)
                continue
            content = {"shapes": {"source": SOURCE, "bonds_A": rows}}
            FILE.write_text(HEAD + yaml.safe_dump(content, sort_keys=False, width=120, allow_unicode=True))
        print(f"{smiles:40s}", rows[smiles], flush=True)


if __name__ == "__main__":
    main()
