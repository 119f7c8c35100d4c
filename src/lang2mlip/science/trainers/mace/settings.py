"""The settings of a MACE model."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.science.trainers.labels import BaseEnergy

__all__ = ["LossWeights", "MACESettings"]

Positive = Annotated[float, Field(gt=0)]


class LossWeights(Noun):
    """Weights of the mean squared errors: (eV/atom)², (eV/Å)², (eV/Å³)²."""

    energy: float = Field(ge=0)
    forces: float = Field(ge=0)
    stress: float = Field(ge=0)


class MACESettings(Noun):
    """Batatia et al., NeurIPS 2022 (arXiv:2206.07697): body-ordered messages on an O(3)-equivariant graph."""

    channels: int = Field(default=32, ge=1, description="features per atom")
    max_L: int = Field(default=0, ge=0, le=2, description="highest order of the messages; 0: invariant")
    max_ell: int = Field(default=2, ge=1, le=3, description="highest order of the spherical harmonics")
    correlation: int = Field(default=2, ge=1, le=4, description="body order of a layer, less one")
    layers: int = Field(default=2, ge=1, le=3, description="message-passing layers")
    cutoff_A: float = Field(default=5.0, gt=1, description="reach of one layer, Å")
    radial_functions: int = Field(default=8, ge=2, description="Bessel functions")
    radial_width: int = Field(default=32, ge=4, description="width of the radial network")
    repulsion: bool = Field(default=True, description="ZBL repulsion below 0.8 covalent sums")
    e0: BaseEnergy = Field(default="auto", description="where the energy of a free atom comes from")
    epochs: int = Field(default=60, ge=1, description="most passes through the data")
    batch_size: int = Field(default=4, ge=1, description="frames per step")
    learning_rate: Positive = Field(default=0.01, description="at the start; falls along a cosine")
    stage_two_at: float = Field(
        default=0.75, gt=0, le=1, description="share of the training after which energies weigh more"
    )
    stage_one: LossWeights = LossWeights(energy=100, forces=10, stress=1000)
    stage_two: LossWeights = LossWeights(energy=1000, forces=10, stress=1000)
    average: float = Field(default=0.99, gt=0, lt=1, description="decay of the moving average of the weights")
    clip: Positive = Field(default=10.0, description="largest norm of a gradient")
    validation_share: float = Field(default=0.1, ge=0, le=0.5, description="frames held back to pick the best epoch")
    precision: Literal["float32", "float64"] = Field(default="float32", description="of the training")
    use_precision: Literal["float32", "float64"] = Field(default="float64", description="of the finished potential")
    time_limit_s: float | None = Field(
        default=None, gt=0, description="stop after so many seconds with the best so far"
    )
    save_s: float = Field(default=30.0, ge=0, description="what a fit has found is saved every so many s")
    threads: int | None = Field(default=None, ge=1, description="processor threads; None: as the machine is set")
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="auto: a GPU where there is one")
    start_file: str | None = Field(
        default=None, description="a .model file to start from; one that would run programs is refused"
    )
