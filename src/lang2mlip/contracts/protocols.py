from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, model_validator

from lang2mlip.contracts.base import Noun, Seed
from lang2mlip.units import BOLTZMANN_EV_PER_K

__all__ = [
    "PROTOCOL",
    "Anneal",
    "Deform",
    "Equilibrate",
    "MeltQuench",
    "Metadynamics",
    "Protocol",
    "Stage",
    "ThermalConductivity",
    "Variable",
    "Viscosity",
    "Written",
]

Axis = Literal["x", "y", "z"]


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


class _Common(Noun):
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
    def _copies(self) -> _Common:
        if min(self.repeat) < 1:
            raise ValueError(f"repeat counts copies, so it is 1 or more along each vector, not {self.repeat}")
        return self


class Equilibrate(_Common):
    """Constant temperature, and pressure where the system is periodic."""

    kind: Literal["equilibrate"] = "equilibrate"
    temperature_K: float = Field(gt=0)
    pressure_GPa: float | None = Field(default=0.0, description="None: constant volume")
    ps: float = Field(default=100.0, gt=0, description="length, ps")

    def stages(self) -> tuple[Stage, ...]:
        """One stage."""
        warm = (self.temperature_K, self.temperature_K)
        return (Stage(name="equilibrate", ps=self.ps, temperature_K=warm, pressure_GPa=self.pressure_GPa),)


class Anneal(_Common):
    """Heat, hold, cool slowly, rest."""

    kind: Literal["anneal"] = "anneal"
    start_K: float = Field(gt=0, description="temperature at the start and the end, K")
    peak_K: float = Field(gt=0, description="highest temperature, K")
    heat_ps: float = Field(default=20.0, gt=0)
    hold_ps: float = Field(default=50.0, gt=0)
    cool_ps: float = Field(default=50.0, gt=0)
    rest_ps: float = Field(default=50.0, gt=0)
    pressure_GPa: float | None = Field(default=0.0, description="None: constant volume")

    @model_validator(mode="after")
    def _hotter(self) -> Anneal:
        if self.peak_K <= self.start_K:
            raise ValueError(f"annealing heats: peak_K {self.peak_K:g} must be above start_K {self.start_K:g}")
        return self

    def stages(self) -> tuple[Stage, ...]:
        """Four stages."""
        cold, hot, p = self.start_K, self.peak_K, self.pressure_GPa
        return (
            Stage(name="heat", ps=self.heat_ps, temperature_K=(cold, hot), pressure_GPa=p),
            Stage(name="hold", ps=self.hold_ps, temperature_K=(hot, hot), pressure_GPa=p),
            Stage(name="cool", ps=self.cool_ps, temperature_K=(hot, cold), pressure_GPa=p),
            Stage(name="rest", ps=self.rest_ps, temperature_K=(cold, cold), pressure_GPa=p),
        )


class MeltQuench(_Common):
    """Melt, then cool at a rate to a glass."""

    kind: Literal["melt_quench"] = "melt_quench"
    melt_K: float = Field(gt=0, description="temperature of the melt, K")
    end_K: float = Field(gt=0, description="temperature of the glass, K")
    melt_ps: float = Field(default=20.0, gt=0)
    rate_K_per_ps: float = Field(default=10.0, gt=0, description="cooling rate, K/ps")
    rest_ps: float = Field(default=20.0, gt=0)
    pressure_GPa: float | None = Field(default=0.0, description="of the cooling and the rest; None: constant volume")

    @model_validator(mode="after")
    def _downwards(self) -> MeltQuench:
        if self.melt_K <= self.end_K:
            raise ValueError(f"a quench cools: melt_K {self.melt_K:g} must be above end_K {self.end_K:g}")
        return self

    def stages(self) -> tuple[Stage, ...]:
        """Three stages; the melt keeps its volume, for at no pressure it could boil."""
        hot, cold = self.melt_K, self.end_K
        time = (hot - cold) / self.rate_K_per_ps
        return (
            Stage(name="melt", ps=self.melt_ps, temperature_K=(hot, hot)),
            Stage(name="quench", ps=time, temperature_K=(hot, cold), pressure_GPa=self.pressure_GPa),
            Stage(name="rest", ps=self.rest_ps, temperature_K=(cold, cold), pressure_GPa=self.pressure_GPa),
        )


class Deform(_Common):
    """Strain along an axis at a constant rate."""

    kind: Literal["deform"] = "deform"
    temperature_K: float = Field(gt=0)
    axis: Axis = "x"
    strain: float = Field(default=0.1, gt=-0.9, lt=5, description="engineering strain at the end; negative: compressed")
    rate_per_ps: float = Field(default=1e-3, gt=0, le=1, description="strain rate, 1/ps")
    lateral: Literal["free", "fixed"] = Field(default="free", description="free: the other axes at zero pressure")
    rest_ps: float = Field(default=20.0, gt=0, description="at zero pressure before, ps")

    def stages(self) -> tuple[Stage, ...]:
        """Rest, then the strain."""
        warm, lateral = (self.temperature_K, self.temperature_K), 0.0 if self.lateral == "free" else None
        time = abs(self.strain) / self.rate_per_ps
        return (
            Stage(name="rest", ps=self.rest_ps, temperature_K=warm, pressure_GPa=0.0, axes="aniso"),
            Stage(name="strain", ps=time, temperature_K=warm, pressure_GPa=lateral),
        )


class _Reverse(_Common):
    """Reverse non-equilibrium MD after F. Müller-Plathe: the flux is imposed, the gradient measured."""

    temperature_K: float = Field(gt=0)
    axis: Axis = "z"
    bins: int = Field(default=20, ge=4, le=400, description="layers along the axis, even")
    swap_every: int = Field(default=50, ge=1, description="steps between two exchanges")
    rest_ps: float = Field(default=20.0, gt=0, description="equilibration before, ps")
    ps: float = Field(default=200.0, gt=0, description="length with the flux on, ps")

    @model_validator(mode="after")
    def _even(self) -> _Reverse:
        if self.bins % 2:
            raise ValueError(f"the bins mirror each other, so their number is even: {self.bins - 1} or {self.bins + 1}")
        return self

    def stages(self) -> tuple[Stage, ...]:
        """Rest, then the flux at constant energy."""
        warm = (self.temperature_K, self.temperature_K)
        return (
            Stage(name="rest", ps=self.rest_ps, temperature_K=warm),
            Stage(name="flux", ps=self.ps, temperature_K=warm),
        )


class ThermalConductivity(_Reverse):
    """Thermal conductivity: exchange of kinetic energy (F. Müller-Plathe, J. Chem. Phys. 106, 6082 (1997))."""

    kind: Literal["thermal_conductivity"] = "thermal_conductivity"


class Viscosity(_Reverse):
    """Shear viscosity: exchange of momentum (F. Müller-Plathe, Phys. Rev. E 59, 4894 (1999))."""

    kind: Literal["viscosity"] = "viscosity"


class Variable(Noun):
    """A collective variable."""

    kind: Literal["distance", "coordination", "angle", "dihedral"]
    atoms: tuple[int, ...] = Field(
        default=(), description="numbers of the atoms from 1: two, three or four; coordination: the first group"
    )
    others: tuple[int, ...] = Field(default=(), description="coordination: the second group")
    cutoff_A: float = Field(default=3.0, gt=0, description="coordination: where the switching function is one half, Å")
    width: float = Field(default=0.1, gt=0, description="width of a hill: Å, degrees, or neighbours")
    range: tuple[float, float] = Field(description="lowest and highest value that is sampled")

    @model_validator(mode="after")
    def _atoms(self) -> Variable:
        wanted = {"distance": 2, "angle": 3, "dihedral": 4}.get(self.kind)
        if wanted is not None and len(self.atoms) != wanted:
            raise ValueError(f"a {self.kind} is defined by {wanted} atoms, not {len(self.atoms)}")
        if self.kind == "coordination" and not (self.atoms and self.others):
            raise ValueError("a coordination number needs atoms and others")
        if self.range[1] - self.range[0] < 4 * self.width:
            raise ValueError(f"range goes from low to high and holds four hills of {self.width:g}, not {self.range}")
        if self.kind != "dihedral" and self.range[0] < 0:
            raise ValueError(f"a {self.kind} is never negative, so its range cannot begin at {self.range[0]:g}")
        return self


_HIGHEST_HILL = 5.0
"""Hills above so many kT throw the atoms about instead of filling the valley."""


class Metadynamics(_Common):
    """Free energy along a collective variable by Gaussian hills (A. Laio and M. Parrinello, PNAS 99, 12562 (2002))."""

    kind: Literal["metadynamics"] = "metadynamics"
    temperature_K: float = Field(gt=0)
    variable: Variable
    hill_eV: float = Field(default=0.01, gt=0, description="height of a hill, eV; at most five times kT")
    bias_temperature_K: float | None = Field(
        default=None, gt=0, description="well-tempered: the variable feels T plus this, K; None: equal hills"
    )
    every: int = Field(default=100, ge=1, description="steps between two hills")
    ps: float = Field(default=500.0, gt=0, description="length, ps")

    @model_validator(mode="after")
    def _gentle(self) -> Metadynamics:
        thermal = BOLTZMANN_EV_PER_K * self.temperature_K
        if self.hill_eV > _HIGHEST_HILL * thermal:
            raise ValueError(
                f"a hill of {self.hill_eV:g} eV is over five times the thermal energy of {thermal:.4f} eV; lower it"
            )
        return self

    def stages(self) -> tuple[Stage, ...]:
        """One stage at constant volume."""
        return (Stage(name="metadynamics", ps=self.ps, temperature_K=(self.temperature_K, self.temperature_K)),)


_RUN = re.compile(r"^\s*run\b(.*)$")
_LENGTH = re.compile(r"\s+<steps\s+(\d+(?:\.\d+)?)>\s*(?:#.*)?")
_TYPED = ("equilibrate", "anneal", "melt_quench", "deform", "thermal_conductivity", "viscosity", "metadynamics")


class Written(_Common):
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


Protocol = Annotated[
    Equilibrate | Anneal | MeltQuench | Deform | ThermalConductivity | Viscosity | Metadynamics | Written,
    Field(discriminator="kind"),
]

PROTOCOL: TypeAdapter[Protocol] = TypeAdapter(Protocol)
"""Validates any protocol by its `kind`."""
