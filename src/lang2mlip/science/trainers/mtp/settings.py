"""What can be chosen in a fit of a moment tensor potential."""

from __future__ import annotations

from pydantic import Field, field_validator

from lang2mlip.contracts.base import Noun

__all__ = ["MTPSettings"]


class MTPSettings(Noun):
    """The form of the potential, the weights of the loss, and how long to optimise."""

    level: int | None = Field(
        default=None,
        ge=2,
        le=28,
        description="size of the basis, even: 8 (9 functions), 12 (29), 16 (92); None: grown until `goal` is met",
    )
    max_level: int = Field(default=12, ge=8, le=28, description="largest level that growing may reach")
    goal: float = Field(
        default=0.02, gt=0, description="when growing: good enough is this share of the rms label (forces dominate)"
    )
    cutoff_A: float | None = Field(
        default=None,
        gt=1.0,
        le=12.0,
        description="how far an atom sees, Å; None: the best in a trial on part of the data",
    )
    radial_size: int = Field(default=12, ge=2, le=40, description="Chebyshev functions in each radial function")
    min_distance_A: float | None = Field(
        default=None,
        gt=0.0,
        description="below it the core repels, Å; None: 7 % below the smallest distance in the data",
    )
    energy_weight: float = Field(default=400.0, ge=0, description="weight of (energy error)² / atoms, Å⁻²; forces: 1")
    stress_weight: float = Field(default=4.0, ge=0, description="weight of (virial error)² / atoms, Å⁻²")
    ridge: float = Field(
        default=1e-9, ge=0, description="pull of the coefficients to zero, relative to their curvature"
    )
    radial_prior: float = Field(
        default=0.0,
        ge=0,
        description="pull of the radial functions to what is expected without data, in variances of the residuals",
    )
    max_iterations: int = Field(
        default=12, ge=0, description="variable-projection steps for the radial functions; 0: linear fit only"
    )
    tolerance: float = Field(default=1e-3, gt=0, description="stop when a step gains less than this share of the loss")
    radial_atoms: int = Field(
        default=15_000, ge=1, description="atoms whose frames steer the radial functions; the last linear fit uses all"
    )
    time_limit_s: float = Field(default=45.0, gt=0, description="no new step after this CPU time per core, s")
    save_s: float = Field(default=30.0, ge=0, description="what a fit has found is saved every so many s")
    robust: bool = Field(default=True, description="frames far outside their group count less, down to a twentieth")
    core: bool = Field(default=True, description="repulsive core below the smallest distance of the data")

    @field_validator("level", "max_level")
    @classmethod
    def _even(cls, level: int | None) -> int | None:
        if level is not None and level % 2:
            raise ValueError(f"a level is even: take {level - 1} or {level + 1}")
        return level
