from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, model_validator

from lang2mlip.contracts.base import Noun
from lang2mlip.contracts.stages import Common, Stage, Written
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


class Equilibrate(Common):
    """Constant temperature, and pressure where the system is periodic."""

    kind: Literal["equilibrate"] = "equilibrate"
    temperature_K: float = Field(gt=0)
    pressure_GPa: float | None = Field(default=0.0, description="None: constant volume")
    ps: float = Field(default=100.0, gt=0, description="length, ps")

    def stages(self) -> tuple[Stage, ...]:
        """One stage."""
        warm = (self.temperature_K, self.temperature_K)
        return (Stage(name="equilibrate", ps=self.ps, temperature_K=warm, pressure_GPa=self.pressure_GPa),)


class Anneal(Common):
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


class MeltQuench(Common):
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


class Deform(Common):
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


class _Reverse(Common):
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


class Metadynamics(Common):
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


Protocol = Annotated[
    Equilibrate | Anneal | MeltQuench | Deform | ThermalConductivity | Viscosity | Metadynamics | Written,
    Field(discriminator="kind"),
]

PROTOCOL: TypeAdapter[Protocol] = TypeAdapter(Protocol)
"""Validates any protocol by its `kind`."""
