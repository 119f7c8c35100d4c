"""What every MD protocol has, and the one whose stages are given in LAMMPS' own words."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, model_validator

from lang2mlip.contracts.base import Noun, Seed

__all__ = ["Common", "Stage", "Written"]


class Stage(Noun):
    """MD at a temperature or on a ramp, at constant volume or pressure."""

    name: str
    ps: float = Field(gt=0, description="length, ps")
    temperature_K: tuple[float, float] = Field(description="at the start and at the end, K")
    pressure_GPa: float | None = Field(default=None, description="None: constant volume")
    axes: Literal["iso", "aniso", "z"] = Field(default="iso", description="with a pressure: what of the cell is free")

    @model_validator(mode="after")
    def _warm(self) -> Stage:
        if min(self.temperature_K) <= 0:
            raise ValueError(f"stage {self.name}: temperatures are above 0 K, not {self.temperature_K}")
        return self


class Common(Noun):
    """What every protocol has."""

    structure: str | None = Field(
        default=None, description="structure of plan.yaml that it starts from; None: the first that may be trained on"
    )
    repeat: tuple[int, int, int] = Field(default=(1, 1, 1), description="copies of it along its three cell vectors")
    timestep_fs: float | None = Field(
        default=None, gt=0, le=5, description="time step, fs; None: 0.5 with hydrogen, 1 with other stiff bonds, 2 else"
    )
    thermostat: Literal["nose-hoover", "csvr", "langevin"] = Field(default="nose-hoover")
    damping_fs: float = Field(default=100.0, gt=0, description="relaxation time of the thermostat, fs")
    pressure_damping_fs: float = Field(default=1000.0, gt=0, description="relaxation time of the barostat, fs")
    record_fs: float = Field(default=100.0, gt=0, description="time between frames of the trajectory, fs")
    seed: Seed = 0
    source: str = Field(default="", description="where the numbers come from")

    @model_validator(mode="after")
    def _copies(self) -> Common:
        if min(self.repeat) < 1:
            raise ValueError(f"repeat counts copies, so it is 1 or more along each vector, not {self.repeat}")
        return self


_RUN = re.compile(r"^\s*run\b(.*)$")
_LENGTH = re.compile(r"\s+<steps\s+(\d+(?:\.\d+)?)>\s*(?:#.*)?")
_TYPED = ("equilibrate", "anneal", "melt_quench", "deform", "thermal_conductivity", "viscosity", "metadynamics")


class Written(Common):
    """Stages in LAMMPS' own words, where none of the typed protocols does; units, atoms and potential are set before.

    Placeholders: <low_K> <high_K> <pressure_bar> <timestep_ps> <damping_ps> <pressure_damping_ps> <seed> <elements>,
    and <steps 20> for the steps in 20 ps.
    """

    kind: Literal["written"] = "written"
    name: str = Field(pattern=r"^[a-z][a-z0-9_-]{1,40}$", description="a short name in small letters, e.g. heat_cycles")
    purpose: str = Field(min_length=1, max_length=300, description="what it is for, one sentence for the person")
    temperature_K: tuple[float, float] = Field(description="lowest and highest temperature that it asks for, K")
    pressure_GPa: float = Field(default=0.0, description="what <pressure_bar> stands for, GPa")
    text: str = Field(max_length=8000, description="LAMMPS commands; each stage ends with a line `run <steps PS>`")

    @model_validator(mode="after")
    def _runs(self) -> Written:
        if self.name in _TYPED:
            raise ValueError(f"{self.name} is the name of a typed protocol; choose another")
        low, high = self.temperature_K
        if not 0 < low <= high:
            raise ValueError(f"temperature_K must be 0 < low <= high, not {low:g} to {high:g}")
        for number, line in enumerate(self.text.splitlines(), 1):
            found = _RUN.match(line)
            if found and (not (length := _LENGTH.fullmatch(found.group(1))) or float(length.group(1)) == 0):
                raise ValueError(f"line {number} of text: the length of a run is given in ps, as in: run <steps 20>")
        if not self.lengths_ps():
            raise ValueError("the text of the protocol holds no line: run <steps PS>")
        return self

    def lengths_ps(self) -> list[float]:
        """The lengths of its runs, ps."""
        ends = [found.group(1) for line in self.text.splitlines() if (found := _RUN.match(line))]
        return [float(length.group(1)) for end in ends if (length := _LENGTH.fullmatch(end))]

    def stages(self) -> tuple[Stage, ...]:
        """One for each run."""
        return tuple(
            Stage(name=f"run {number}", ps=ps, temperature_K=self.temperature_K)
            for number, ps in enumerate(self.lengths_ps(), 1)
        )
