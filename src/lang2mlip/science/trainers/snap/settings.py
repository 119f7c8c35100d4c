"""What can be chosen in a fit of a spectral neighbour analysis potential, and its form once chosen."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from lang2mlip.contracts.base import Noun
from lang2mlip.science.trainers.labels import BaseEnergy

__all__ = ["Form", "SNAPSettings"]


class SNAPSettings(Noun):
    """Bispectrum components, linear or with their products: A. P. Thompson et al., J. Comput. Phys. 285, 316 (2015)."""

    twojmax: int | None = Field(
        default=None, ge=2, le=12, description="size of the basis: 4 (14 components), 6 (30), 8 (55); None: by trial"
    )
    max_twojmax: int = Field(default=6, ge=2, le=12, description="largest basis that the trial may reach")
    quadratic: bool | None = Field(default=None, description="products of two components as well; None: by trial")
    cutoff_A: float | None = Field(
        default=None,
        gt=1.0,
        le=12.0,
        description="how far an atom sees, Å; None: the best in a trial on held-back data",
    )
    element_weights: dict[str, float] = Field(
        default_factory=dict, description="how much a neighbour of each element counts; missing: from 1 down to 0.5"
    )
    min_distance_A: float | None = Field(
        default=None, gt=0.0, description="below it the core repels, Å; None: 7 % below the smallest distance"
    )
    energy_weight: float = Field(default=400.0, ge=0, description="weight of (energy error)² / atoms, Å⁻²; forces: 1")
    stress_weight: float = Field(default=4.0, ge=0, description="weight of (virial error)² / atoms, Å⁻²")
    ridge: float | None = Field(
        default=None, gt=0, description="pull of the coefficients to zero, of their curvature; None: by trial"
    )
    trial_atoms: int = Field(default=3000, ge=1, description="atoms to fit and to score with in a trial")
    save_s: float = Field(default=30.0, ge=0, description="what a fit has found is saved every so many s")
    robust: bool = Field(default=True, description="frames far outside their group count less, down to a twentieth")
    core: bool = Field(default=True, description="repulsive core below the smallest distance of the data")
    e0: BaseEnergy = Field(default="auto", description="where the energy of a free atom comes from")


@dataclass(frozen=True)
class Form:
    """The form of a potential: everything that `pair_style snap` must know but the coefficients."""

    elements: tuple[str, ...]
    twojmax: int
    quadratic: bool
    cutoff_A: float
    weights: tuple[float, ...]
    """Of each element as a neighbour. All radii are 0.5, so that LAMMPS' rcutfac is the cutoff."""

    @property
    def n_linear(self) -> int:
        """Bispectrum components of one atom, 2j2 <= 2j1 <= 2j, without those that symmetry makes alike."""
        top = self.twojmax
        return sum(
            1 for a in range(top + 1) for b in range(a + 1) for c in range(a - b, min(top, a + b) + 1, 2) if c >= a
        )

    @property
    def n_columns(self) -> int:
        """Coefficients of one element without its constant."""
        n = self.n_linear
        return n + n * (n + 1) // 2 if self.quadratic else n
