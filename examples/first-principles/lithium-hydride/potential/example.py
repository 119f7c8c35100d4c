"""How to use this potential. Needs: pip install lang2mlip."""

from pathlib import Path

from ase.io import read

from lang2mlip import load_potential

here = Path(__file__).parent
atoms = read(here / "example.extxyz")
atoms.calc = load_potential(here)
print(f"{atoms.get_chemical_formula()}: {atoms.get_potential_energy() / len(atoms):.4f} eV/atom")
print(f"largest force: {abs(atoms.get_forces()).max():.4f} eV/Å")
