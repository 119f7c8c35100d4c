"""A recipe: typed parameters in, a commented LAMMPS script out, and the reader of what it measured."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from ase import Atoms
from pydantic import Field, model_validator

from lang2mlip.contracts import Component, Noun
from lang2mlip.contracts.base import Seed
from lang2mlip.errors import PartFailed
from lang2mlip.labs.lammps.system import System
from lang2mlip.science.atoms.statistics import Mean, block_mean
from lang2mlip.science.lammps.series import stationary_mean
from lang2mlip.science.lammps.thermo import Table, read_thermo
from lang2mlip.units import AMU_PER_A3_IN_G_PER_CM3

__all__ = ["Curve", "Dynamics", "Findings", "Number", "Recipe", "Seen", "Stage"]


class Number(Noun):
    """One result."""

    name: str
    value: float
    error: float | None = Field(default=None, description="standard error; None where the value has none of its own")
    unit: str
    how: str = Field(default="", description="where the value and its error come from")


class Curve(Noun):
    """Points to be drawn."""

    name: str
    x_label: str
    y_label: str
    x: tuple[float, ...]
    y: tuple[float, ...]


class Findings(Noun):
    """What a run measured."""

    numbers: tuple[Number, ...]
    curves: tuple[Curve, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stage:
    """A part of the script that ends in one `run` or `minimize`."""

    name: str
    lines: tuple[str, ...]
    after: tuple[str, ...] = ()
    """Commands behind its run."""

    @property
    def runs(self) -> int:
        """How many thermo tables it leaves."""
        return sum(line.split()[0] in ("run", "minimize") for line in self.lines)

    @property
    def text(self) -> str:
        """As it stands in the script."""
        return f"\n# --- {self.name}\n" + "\n".join((*self.lines, *self.after)) + "\n"


@dataclass(frozen=True)
class Seen:
    """A finished run: its folder, the system, and the last thermo table of each stage."""

    folder: Path
    system: System
    tables: Mapping[str, Table]

    @classmethod
    def of(cls, folder: Path, system: System, stages: Sequence[Stage]) -> Seen:
        """Raises PartFailed when the log holds fewer tables than the script has stages."""
        tables = read_thermo(folder / "log.lammps").tables
        counts = [stage.runs for stage in stages]
        if len(tables) < sum(counts):
            raise PartFailed(f"The log in {folder} ends after {len(tables)} of {sum(counts)} runs; see its last lines.")
        ends = [sum(counts[: n + 1]) - 1 for n in range(len(stages))]
        return cls(folder, system, {stage.name: tables[end] for stage, end in zip(stages, ends, strict=True)})

    def last(self, stage: str, column: str) -> float:
        """The value at the end of a stage, in our units (eV, GPa, Å, K)."""
        return float(self.tables[stage].columns[column][-1]) * self._factor(column)

    def series(self, stage: str, column: str) -> list[float]:
        """All values of a stage, in our units."""
        values: list[float] = (self.tables[stage].columns[column] * self._factor(column)).tolist()
        return values

    def mean(self, stage: str, column: str) -> Mean:
        """The mean over the stationary part of a stage and its blocked error; over the second half where none is."""
        values = self.series(stage, column)
        return stationary_mean(values) or block_mean(values[len(values) // 2 :])

    def time_ps(self, stage: str) -> list[float]:
        """Since the stage began."""
        step = self.tables[stage].columns["Step"]
        times: list[float] = ((step - step[0]) * self.system.step_fs / 1000).tolist()
        return times

    def _factor(self, column: str) -> float:
        units = self.system.units
        if column.endswith("Eng"):
            return units.energy_eV
        if column == "Density":
            return units.density_g_cm3
        return units.pressure_GPa if column in _STRESSES else 1.0


_STRESSES = ("Press", "Pxx", "Pyy", "Pzz", "Pxy", "Pxz", "Pyz")


class Recipe(Noun):
    """The base of all: a size, a structure, stages, a reader."""

    key: ClassVar[str]
    line: ClassVar[str]
    """What it does, in a line."""
    phases: ClassVar[tuple[str, ...]] = ("crystal",)
    """What the potential must have been made for."""

    atoms: int = Field(default=100, ge=1, description="about this many atoms")
    seed: Seed = 1

    def structure(self, component: Component) -> Atoms:
        """The atoms it starts from. Raises BadInput."""
        from lang2mlip.labs.lammps.building import crystal

        return crystal(component, self.atoms)

    @abstractmethod
    def measures(self) -> str:
        """What it will measure, for people."""

    @abstractmethod
    def stages(self, system: System) -> list[Stage]:
        """The parts of the script. Raises BadInput for a system that it cannot treat."""

    @abstractmethod
    def read(self, seen: Seen) -> Findings:
        """The numbers of a finished run."""

    def files(self, system: System) -> dict[str, str]:
        """Name → text of what the script reads besides the structure and the potential."""
        return {}

    def every(self, system: System) -> int:
        """Steps between rows of thermo output."""
        return 10

    def script(self, system: System) -> str:
        """The whole input."""
        head = system.head(f"{self.line}: {self.measures()}", self.every(system))
        return head + "".join(stage.text for stage in self.stages(system))

    def longer(self) -> Self | None:
        """The same with more time to come to rest; None where there is no such thing."""
        return None

    def finer(self, step_fs: float) -> Self | None:
        """The same with half the time step; None where there is none."""
        return None

    def elsewhere(self, trouble: str) -> tuple[Self, str] | None:
        """The same begun where the reader's `trouble` is not to be expected, and in words where; None: nowhere."""
        return None


_ROOM = "change_box      all x scale 1.05 y scale 1.05 z scale 1.05 remap   # room to melt in"


class Dynamics(Recipe):
    """What all molecular dynamics shares. Damping: 100 and 1000 steps of 1 fs, as the LAMMPS manual advises."""

    phases: ClassVar[tuple[str, ...]] = ("crystal",)

    temperature_K: float = Field(default=300.0, gt=0, le=20000, description="K")
    pressure_GPa: float | None = Field(default=0.0, description="GPa; None: constant volume")
    timestep_fs: float | None = Field(default=None, gt=0, le=10, description="fs; None: by the lightest elements")
    rest_ps: float = Field(default=10.0, gt=0, description="time to come to rest before anything is measured, ps")
    ps: float = Field(default=20.0, gt=0, description="time over which is measured, ps")
    damping_fs: float = Field(default=100.0, gt=0, description="relaxation time of the thermostat, fs")
    pressure_damping_fs: float = Field(default=1000.0, gt=0, description="relaxation time of the barostat, fs")
    molten: bool = Field(default=False, description="melt it first")
    melt_K: float | None = Field(default=None, gt=0, description="temperature at which it is melted, K; None: 2.5 T")
    melt_ps: float = Field(default=10.0, gt=0, description="how long, ps")
    atoms: int = Field(default=256, ge=1, description="about this many atoms")
    density_g_cm3: float | None = Field(default=None, gt=0, description="g/cm³; held, in place of a pressure")

    @model_validator(mode="after")
    def _one_hold(self) -> Self:
        if self.density_g_cm3 is not None and self.pressure_GPa:
            raise ValueError("give either a density or a pressure, not both")
        return self

    @property
    def held(self) -> bool:
        """The box keeps its size."""
        return self.pressure_GPa is None or self.density_g_cm3 is not None

    def structure(self, component: Component) -> Atoms:
        """The crystal, at the density asked for where one is."""
        return self.at_density(super().structure(component))

    def at_density(self, atoms: Atoms) -> Atoms:
        """The same, evenly stretched to the density asked for where one is."""
        if self.density_g_cm3 is not None:
            now = float(atoms.get_masses().sum()) * AMU_PER_A3_IN_G_PER_CM3 / atoms.get_volume()
            atoms.set_cell(atoms.cell.array * (now / self.density_g_cm3) ** (1 / 3), scale_atoms=True)
        return atoms

    def every(self, system: System) -> int:
        """A row every 20 fs, so that the temperature's own fluctuation is seen."""
        return max(1, round(20.0 / system.step_fs))

    def opening(self, system: System) -> list[Stage]:
        """Velocities, melting where it is asked for, and rest at the target."""
        first = self.hot_K() if self.molten else 2 * self.temperature_K
        start = (self.velocities(first),)
        if not self.molten:
            return [self._moved("rest", system, self.rest_ps, self.temperature_K, start)]
        room = () if self.held else (_ROOM,)
        hot = self._held("melt", system, self.hot_K(), (*room, *start))
        return [hot, self._moved("rest", system, self.rest_ps, self.temperature_K, ())]

    def velocities(self, kelvin: float) -> str:
        """Random ones of a temperature, by the seed; in a crystal half of it goes into potential energy."""
        return f"velocity        all create {kelvin:g} {self.seed + 1} mom yes rot no dist gaussian"

    def hot_K(self) -> float:
        """Where it is melted."""
        return self.melt_K or 2.5 * self.temperature_K

    def production(self, system: System, more: Sequence[str] = ()) -> Stage:
        """The part that is measured, under the conditions asked for."""
        return self._moved("production", system, self.ps, self.temperature_K, tuple(more))

    def constant_volume(self, system: System, more: Sequence[str] = (), name: str = "production") -> Stage:
        """The part that is measured, in the box where the rest ended."""
        move = self._nvt(system, self.temperature_K)
        return Stage(name, (*more, move, f"run             {system.steps(self.ps)}"), ("unfix           move",))

    def longer(self) -> Self | None:
        """Twice the time to come to rest, and twice the time that is measured."""
        return self.model_copy(update={"rest_ps": 2 * self.rest_ps, "ps": 2 * self.ps})

    def finer(self, step_fs: float) -> Self:
        """Half the time step."""
        return self.model_copy(update={"timestep_fs": step_fs / 2})

    def _held(self, name: str, system: System, kelvin: float, before: tuple[str, ...]) -> Stage:
        move = self._nvt(system, kelvin)
        return Stage(name, (*before, move, f"run             {system.steps(self.melt_ps)}"), ("unfix           move",))

    def _moved(self, name: str, system: System, ps: float, kelvin: float, before: tuple[str, ...]) -> Stage:
        move = self._nvt(system, kelvin) if self.held else self._npt(system, kelvin)
        return Stage(name, (*before, move, f"run             {system.steps(ps)}"), ("unfix           move",))

    def _nvt(self, system: System, kelvin: float) -> str:
        return f"fix             move all nvt temp {kelvin:g} {kelvin:g} {system.units.of_fs(self.damping_fs)}"

    def _npt(self, system: System, kelvin: float, sides: str = "") -> str:
        """Iso for what is cubic or molten, each edge by itself otherwise."""
        sides = sides or ("iso" if system.cubic or self.molten else "aniso")
        bar = system.units.of_GPa(self.pressure_GPa or 0.0)
        heat = f"temp {kelvin:g} {kelvin:g} {system.units.of_fs(self.damping_fs)}"
        return f"fix             move all npt {heat} {sides} {bar} {bar} {system.units.of_fs(self.pressure_damping_fs)}"


def number(name: str, mean: Mean, unit: str, scale: float = 1.0) -> Number:
    """A mean with its error as a result."""
    how = f"mean over the stationary part, error by blocking ({mean.independent:.0f} independent values)"
    return Number(name=name, value=mean.value * scale, error=mean.error * scale, unit=unit, how=how)
