"""The settings of a Gaussian approximation potential."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.science.trainers.labels import BaseEnergy

__all__ = ["GAPSettings", "Sigmas"]

Positive = Annotated[float, Field(gt=0)]


class Sigmas(Noun):
    """How far the fit may miss a label: the regularisation of the Gaussian process."""

    energy_eV: Positive = Field(default=0.001, description="eV/atom")
    force_eV_A: Positive = Field(default=0.02, description="eV/Å")
    virial_eV: Positive = Field(default=0.01, description="eV/atom")


class GAPSettings(Noun):
    """Two-body and SOAP kernels: Bartók, Csányi, Int. J. Quantum Chem. 115 (2015) 1051."""

    cutoff_A: float = Field(default=5.0, gt=1, description="reach of both kernels, Å")
    switch_A: Positive = Field(default=1.0, description="width over which they fade at the cutoff, Å")
    pair_sparse: int = Field(default=20, ge=2, description="sparse points of each pair of elements")
    pair_delta_eV: Positive = Field(default=1.0, description="energy scale of the two-body kernel, eV")
    pair_width_A: Positive = Field(default=1.0, description="length scale of the two-body kernel, Å")
    soap_sparse: int = Field(default=150, ge=2, description="sparse environments of each element")
    soap_delta_eV: Positive = Field(default=0.3, description="energy scale of the SOAP kernel, eV")
    soap_width_A: Positive = Field(default=0.5, description="width of the atomic densities, Å")
    soap_n_max: int = Field(default=8, ge=2, le=16, description="radial basis functions")
    soap_l_max: int = Field(default=4, ge=0, le=12, description="highest angular momentum")
    soap_zeta: int = Field(default=4, ge=1, description="power of the kernel")
    sigmas: Sigmas = Sigmas()
    group_sigmas: dict[str, Sigmas] = Field(
        default_factory=dict, description="other tolerances for groups, by the frames' info['group']"
    )
    core: bool = Field(default=True, description="ZBL repulsion below 0.8 covalent sums as the baseline")
    e0: BaseEnergy = Field(default="auto", description="where the energy of a free atom comes from")
    time_limit_s: float | None = Field(default=None, gt=0, description="stop the fit after so many seconds")
