"""What a run left, read without knowing who wrote its script: log, script, trajectory, in eV, Å, GPa, K, ps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from lang2mlip.errors import PartFailed
from lang2mlip.labs.lammps.system import UNITS, Units
from lang2mlip.labs.lammps.trajectory import TRAJECTORY, read_dump
from lang2mlip.science.lammps.commands import commands
from lang2mlip.science.lammps.thermo import Table, read_thermo

__all__ = ["Raw", "State"]

Floats = NDArray[np.float64]

_STRESSES = ("Pxx", "Pyy", "Pzz", "Pyz", "Pxz", "Pxy")
_TYPES = 64


@dataclass(frozen=True)
class State:
    """The last row of a thermo table."""

    atoms: int
    volume_A3: float
    energy_eV: float
    pressure_GPa: float
    box_A: Floats
    """Rows are the box vectors."""
    stress_GPa: Floats
    """Voigt order, positive in tension."""


@dataclass(frozen=True)
class Raw:
    """The folder of a run."""

    folder: Path

    @cached_property
    def script(self) -> str:
        """The input. Raises PartFailed where there is none."""
        return self._text("in.lammps")

    @cached_property
    def tables(self) -> list[Table]:
        """Thermo tables that have rows, in order. Raises PartFailed for a log without any."""
        self._text("log.lammps")
        found = [one for one in read_thermo(self.folder / "log.lammps").tables if one.rows]
        if not found:
            raise PartFailed(f"The log in {self.folder} has no thermo output, so nothing can be recomputed from it.")
        return found

    @property
    def units(self) -> Units:
        """As the script says. Raises PartFailed for a style without real units."""
        said = next((one.words[1] for one in commands(self.script) if one.name == "units" and len(one.words) > 1), "lj")
        if said not in UNITS:
            raise PartFailed(f"The script in {self.folder} is in units {said}; the checkers speak {', '.join(UNITS)}.")
        return UNITS[said]

    @property
    def step_ps(self) -> float:
        """The MD time step, ps; the style's default where the script sets none."""
        told = [one.words[1] for one in commands(self.script) if one.name == "timestep" and len(one.words) > 1]
        step = float(told[-1]) if told else {"metal": 0.001, "real": 1.0, "lj": 0.005}[self.units.name]
        return step * self.units.time_fs / 1000

    def column(self, table: Table, name: str) -> Floats:
        """A column of a table in our units. Raises PartFailed, naming it, where the thermo output lacks it."""
        if name not in table.columns:
            raise PartFailed(f"The thermo output in {self.folder} has no column {name}; it must be printed.")
        units = self.units
        factor = units.energy_eV if name.endswith("Eng") else units.pressure_GPa if name[0] == "P" else 1.0
        factor = units.density_g_cm3 if name == "Density" else factor
        return np.asarray(table.columns[name][: table.rows] * factor)

    def states(self) -> list[State]:
        """The end of every run and minimisation."""
        return [self._state(one) for one in self.tables]

    def moved(self) -> list[Table]:
        """The tables of molecular dynamics: temperature is above zero and there are rows to average."""
        return [one for one in self.tables if one.rows >= 10 and self.column(one, "Temp")[-1] > 0]

    def production(self) -> Table:
        """The last stretch of molecular dynamics. Raises PartFailed where there is none."""
        found = self.moved()
        if not found:
            raise PartFailed(f"The run in {self.folder} has no stretch of MD with ten rows of thermo output.")
        return found[-1]

    def atoms(self, table: Table) -> int:
        """Atoms of a table, by LAMMPS' own count at its end. Raises PartFailed for a run that was cut short."""
        if table.atoms is None:
            raise PartFailed(f"A run in {self.folder} was cut short; its log does not say how many atoms it had.")
        return table.atoms

    def frames(self) -> tuple[list[Atoms], Floats]:
        """(frames with unwrapped positions and no elements, times in ps). Raises PartFailed."""
        frames, steps = read_dump(self.folder / TRAJECTORY, ["X"] * _TYPES)
        return frames, np.asarray(steps) * self.step_ps

    def _state(self, table: Table) -> State:
        last = {name: float(self.column(table, name)[-1]) for name in ("PotEng", "Press", "Volume", "Lx", "Ly", "Lz")}
        lean = {name: float(table.columns[name][table.rows - 1]) if name in table.columns else 0.0
                for name in ("Xy", "Xz", "Yz")}  # fmt: skip
        stress = [-float(self.column(table, one)[-1]) if one in table.columns else np.nan for one in _STRESSES]
        box = np.array([[last["Lx"], 0, 0], [lean["Xy"], last["Ly"], 0], [lean["Xz"], lean["Yz"], last["Lz"]]])
        return State(self.atoms(table), last["Volume"], last["PotEng"], last["Press"], box, np.array(stress))

    def _text(self, name: str) -> str:
        file = self.folder / name
        if not file.is_file():
            raise PartFailed(f"{self.folder} has no {name}, so nothing can be recomputed.")
        return file.read_text(encoding="utf-8", errors="replace")
