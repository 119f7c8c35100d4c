"""An input for stock LAMMPS, where the model folder holds one of LAMMPS' own pair styles."""

from __future__ import annotations

from pathlib import Path

from ase import Atoms
from ase.data import atomic_masses, atomic_numbers
from ase.io.lammpsdata import write_lammps_data

__all__ = ["INCLUDE", "write_native"]

INCLUDE = "in.snap"
"""The file of a model folder that sets the pair style; its first pair_coeff names the elements of types 1, 2, …"""

_INPUT = """# Constant volume at {kelvin:g} K. Run with: lmp -in in.native
units           metal
atom_style      atomic
boundary        {boundary}
read_data       native.data
variable        snap_folder index {where}
include         {where}/{include}
{masses}
timestep        {timestep}
velocity        all create {kelvin:g} 4928459 mom yes rot yes
fix             move all nvt temp {kelvin:g} {kelvin:g} 0.1
thermo_style    custom step temp pe etotal press vol
thermo          10
run             100
"""


def write_native(atoms: Atoms, folder: Path, model: str, temperature_K: float) -> bool:
    """Write in.native and native.data into `folder` for the model in `folder / model`; False where LAMMPS has no style.

    Energies in eV, distances in Å (units metal).
    """
    include = folder / model / INCLUDE
    if not include.is_file():
        return False
    first = next(line for line in include.read_text(encoding="utf-8").splitlines() if line.startswith("pair_coeff"))
    elements = [word for word in first.split()[3:] if word in atomic_numbers]
    masses = [f"mass {n} {atomic_masses[atomic_numbers[s]]:.6f}" for n, s in enumerate(elements, 1)]
    text = _INPUT.format(
        kelvin=temperature_K,
        boundary=" ".join("p" if flag else "f" for flag in atoms.pbc),
        where=model,
        include=INCLUDE,
        masses="\n".join(masses),
        timestep=0.0005 if "H" in elements else 0.002,
    )
    (folder / "in.native").write_text(text, encoding="utf-8")
    write_lammps_data(folder / "native.data", atoms, specorder=elements, atom_style="atomic", units="metal")
    return True
