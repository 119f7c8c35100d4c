"""What an MD run is asked and what it answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from pydantic import Field, model_validator

from lang2mlip.contracts import Noun
from lang2mlip.contracts.base import Seed
from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.integrators import MDState

__all__ = ["Checkpoint", "Ended", "Halfway", "Hooks", "MDOutcome", "MDPlan"]

Ended = Literal["done", "tripped", "failed", "budget"]
"""How a run ended: all steps; a health check; the calculator; the budget."""


class MDPlan(Noun):
    """One MD run."""

    ensemble: Literal["nve", "nvt", "npt"] = Field(default="nvt", description="what is held constant")
    temperature_K: float = Field(default=300.0, ge=0, description="aim of the thermostat, or start of NVE, K")
    end_temperature_K: float | None = Field(default=None, ge=0, description="aim at the end, K: a linear ramp")
    pressure_GPa: float = Field(default=0.0, description="aim of the barostat, GPa")
    timestep_fs: float = Field(default=2.0, gt=0, description="time step, fs")
    steps: int = Field(default=1000, ge=0, description="steps in all, those before a resume included")
    friction_per_ps: float = Field(default=5.0, ge=0, description="Langevin friction, 1/ps")
    barostat_ps: float = Field(default=0.5, gt=0, description="relaxation time of the cell, ps")
    bulk_modulus_GPa: float = Field(default=100.0, gt=0, description="guess of the stiffness: only sets the pace")
    per_axis: bool = Field(default=False, description="the cell may change its shape along x, y and z")
    start_temperature_K: float | None = Field(default=None, ge=0, description="velocities drawn at this, K")
    keep_momenta: bool = Field(default=False, description="start from the momenta of the atoms instead of drawing them")
    fix_centre: bool = Field(default=True, description="hold the centre of mass; not in an external field")
    seed: Seed = 0
    keep_every: int = Field(default=50, ge=1, description="steps between frames that are kept")
    check_every: int = Field(default=10, ge=1, description="steps between checks of distances and volume")
    checkpoint_every: int = Field(default=0, ge=0, description="steps between checkpoints, 0 for none")

    @model_validator(mode="after")
    def _thermostat_for_constant_pressure(self) -> MDPlan:
        if self.ensemble == "npt" and self.friction_per_ps == 0:
            raise ValueError("constant pressure needs a thermostat: give a friction_per_ps above 0")
        return self

    def target_K(self, step: int) -> float:
        """Aim of the thermostat at a step, K."""
        if self.end_temperature_K is None or self.steps == 0:
            return self.temperature_K
        return self.temperature_K + (self.end_temperature_K - self.temperature_K) * min(1.0, step / self.steps)


@dataclass(frozen=True)
class Checkpoint:
    """Enough to go on from: the same calculator gives the same run, to the last bit."""

    step: int
    positions: NDArray[np.float64]
    momenta: NDArray[np.float64]
    cell: NDArray[np.float64]
    heat: float
    start_energy_eV: float | None

    def to_json(self) -> str:
        """As text; numbers keep every bit."""
        return json.dumps({key: np.asarray(value).tolist() for key, value in vars(self).items()})

    @classmethod
    def from_json(cls, text: str) -> Checkpoint:
        """The reverse. Raises BadInput when the text is not a checkpoint."""
        try:
            data: dict[str, Any] = json.loads(text)
            data |= {key: np.array(data[key], dtype=float) for key in ("positions", "momenta", "cell")}
            return cls(**data)
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput("This text is not an MD checkpoint; start the run again without it.") from error


@dataclass(frozen=True)
class Halfway:
    """All that a run has by a checkpoint: another process goes on from it as if the first had never ended."""

    point: Checkpoint
    frames: list[Atoms]
    recent: list[tuple[MDState, float]]
    """The last checked states, which lead to a trip when one follows, and the thermostat's aims then."""
    rows: list[tuple[float, ...]]
    seen: dict[str, tuple[float, float]]
    calls: int


@dataclass(frozen=True)
class Hooks:
    """Ways to follow a run, all optional."""

    progress: Callable[[float, str], None] | None = None
    """Called at every check."""
    sink: Callable[[Atoms], None] | None = None
    """Gets each kept frame once its phase is settled, in order."""
    on_checkpoint: Callable[[Checkpoint], None] | None = None
    """Called every `checkpoint_every` steps and on Ctrl-C."""
    resume_from: Checkpoint | None = None
    on_halfway: Callable[[Halfway], None] | None = None
    """Called every `checkpoint_every` steps with all that the run has by then."""
    go_on_from: Halfway | None = None


@dataclass(frozen=True)
class MDOutcome:
    """What came of a run. Positions are never wrapped, so displacements can be read from the frames."""

    ended: Ended
    trip: str | None
    """The sentence of the check that tripped, or of the calculator that failed."""
    done: int
    """Steps completed, those before a resume included."""
    frames: list[Atoms]
    final: Atoms
    """Last healthy state, with momenta."""
    calls: int
    seen: dict[str, tuple[float, float]]
    thermo: dict[str, NDArray[np.float64]]
    wall_s: float
    calculator_s: float

    @property
    def healthy(self) -> bool:
        """All steps done and no check tripped."""
        return self.ended == "done"

    @property
    def stable_frames(self) -> list[Atoms]:
        """Kept frames of the healthy part."""
        return [frame for frame in self.frames if frame.info["phase_of_run"] == "stable"]
