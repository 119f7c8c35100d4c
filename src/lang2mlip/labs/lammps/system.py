"""What is simulated: atoms and their potential, in the potential's own units, and the head of every script."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ase import Atoms
from ase.data import atomic_masses, atomic_numbers
from ase.io.lammpsdata import write_lammps_data

from lang2mlip.errors import BadInput
from lang2mlip.labs.lammps.potential import Potential
from lang2mlip.labs.lammps.reduced.units import DENSITY_g_cm3, PRESSURE_GPa, text_in_reduced
from lang2mlip.units import BOLTZMANN_EV_PER_K, KCAL_PER_MOL_IN_EV

__all__ = ["COLUMNS", "DATA", "THERMO_MODIFY", "UNITS", "System", "Units"]

DATA = "structure.data"
COLUMNS = "step time temp pe ke etotal press pxx pyy pzz pxy pxz pyz lx ly lz xy xz yz vol density"
"""Of every thermo table, so that one reader serves all recipes."""

THERMO_MODIFY = "thermo_modify   norm no lost error flush yes format float %.12g"
"""Again behind every thermo_style, which forgets it."""


@dataclass(frozen=True)
class Units:
    """A LAMMPS unit style: what its units are worth in ours (lengths are Å in all of them).

    In lj they are those of the model of labs/lammps/reduced.py, whose σ is 1 Å.
    """

    name: str
    energy_eV: float
    time_fs: float
    pressure_GPa: float
    density_g_cm3: float = 1.0
    atom_A: float = 3.0
    """About as wide as an atom is."""

    def of_fs(self, time_fs: float) -> str:
        """A time in the style's unit, as a script says it."""
        return f"{time_fs / self.time_fs:g}"

    def of_GPa(self, pressure_GPa: float) -> str:
        """A pressure in the style's unit, as a script says it."""
        return f"{pressure_GPa / self.pressure_GPa:g}"


UNITS = {
    "metal": Units("metal", 1.0, 1000.0, 1e-4),
    "real": Units("real", KCAL_PER_MOL_IN_EV, 1.0, 1.01325e-4),
    "lj": Units("lj", BOLTZMANN_EV_PER_K, 1000.0, PRESSURE_GPa, DENSITY_g_cm3, 1.0),
}


@dataclass(frozen=True)
class System:
    """Atoms in a box, and what gives their forces."""

    atoms: Atoms
    potential: Potential
    step_fs: float
    cubic: bool = False
    """The crystal has cubic symmetry, so that a hydrostatic relaxation suffices."""

    @property
    def units(self) -> Units:
        """Of the potential. Raises BadInput for a style that the recipes do not speak."""
        style = self.potential.units
        if style not in UNITS:
            raise BadInput(f"{self.potential.name} wants units {style}; the recipes speak {' and '.join(UNITS)}.")
        return UNITS[style]

    @property
    def reduced(self) -> bool:
        """Whether it is the Lennard-Jones model in its own units."""
        return self.potential.units == "lj"

    @property
    def called(self) -> str:
        """Of what the atoms are."""
        return "the Lennard-Jones model" if self.reduced else str(self.atoms.symbols.formula.reduce()[0])

    @property
    def length(self) -> str:
        """The unit of lengths, for people."""
        return "σ" if self.reduced else "Å"

    @property
    def types(self) -> list[str]:
        """Elements of the LAMMPS types."""
        return self.potential.types(self.atoms.get_chemical_symbols())

    def steps(self, ps: float) -> int:
        """MD steps of so many ps, one at least."""
        return max(1, round(ps * 1000 / self.step_fs))

    @property
    def step_told(self) -> str:
        """The time step, for people."""
        return text_in_reduced(f"{self.step_fs / 1000:g} ps") if self.reduced else f"{self.step_fs:g} fs"

    def write(self, folder: Path) -> None:
        """structure.data, in a box that may lean."""
        style = "charge" if self.potential.charged else "atomic"
        name = "metal" if self.reduced else self.units.name  # only lengths are written: σ is 1 Å
        write_lammps_data(
            folder / DATA, self.atoms, specorder=self.types, atom_style=style, units=name, force_skew=True
        )

    def head(self, title: str, every: int, boundary: str = "p p p") -> str:
        """The first part of the script: units, atoms, potential, what is written out and how often (steps)."""
        masses = "\n".join(
            f"mass            {n} {atomic_masses[atomic_numbers[one]]:.6f}   # {one}"
            for n, one in enumerate(self.types, 1)
        )
        forces = "\n".join(self.potential.commands(self.types))
        title = text_in_reduced(title) if self.reduced else title
        return f"""# {title}
units           {self.units.name}
atom_style      {"charge" if self.potential.charged else "atomic"}
atom_modify     map array
boundary        {boundary}
read_data       {DATA}
{masses}

# forces: {self.potential.name}
{forces}
neighbor        {self.units.atom_A / 3:g} bin
neigh_modify    every 1 delay 0 check yes
timestep        {self.units.of_fs(self.step_fs)}                   # {self.step_told}
thermo_style    custom {COLUMNS}
{THERMO_MODIFY}
thermo          {every}
"""
