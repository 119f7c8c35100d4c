"""What a run leaves behind: frames named by how healthy the run was then, and a table of what it went through."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from numpy.typing import NDArray

from lang2mlip.science.atoms.integrators import MDState

__all__ = ["PHASES", "THERMO", "Recorder"]

PHASES = ("stable", "pre-failure", "bad-tail")
"""Values of `atoms.info["phase_of_run"]`."""

THERMO = ("step", "time_ps", "temperature_K", "potential_eV", "conserved_eV", "volume_A3", "pressure_GPa")
"""Columns of the table; a value that the run cannot know is NaN."""

_PRE_FAILURE = 2
"""Checked frames before a trip that are kept for learning what leads to it."""


@dataclass
class Recorder:
    """Keeps frames and rows. Frames are given to `sink` in order, each as soon as its phase is settled."""

    template: Atoms
    timestep_fs: float
    sink: Callable[[Atoms], None] | None = None
    frames: list[Atoms] = field(default_factory=list)
    rows: list[tuple[float, ...]] = field(default_factory=list)
    _recent: deque[tuple[MDState, float]] = field(default_factory=lambda: deque(maxlen=_PRE_FAILURE))
    _given: int = 0

    @property
    def recent(self) -> list[tuple[MDState, float]]:
        """The last checked states and the thermostat's aims then."""
        return list(self._recent)

    def taken_up(self, frames: list[Atoms], rows: list[tuple[float, ...]], recent: list[tuple[MDState, float]]) -> None:
        """Go on from what another process had recorded; frames that were settled by then are not given again."""
        self.frames, self.rows = list(frames), list(rows)
        self._recent.extend(recent)
        self._given = max(0, len(frames) - _PRE_FAILURE)

    def checked(self, state: MDState, target_K: float, keep: bool) -> None:
        """A state that passed its checks: remembered for a while, kept for good where `keep` says so."""
        self._recent.append((state, target_K))
        if keep:
            self.frames.append(self.frame(state, target_K))
            self._give(settled=len(self.frames) - _PRE_FAILURE)

    def tripped(self, state: MDState | None, target_K: float) -> None:
        """The run failed: the last checked states become `pre-failure` frames, the failed state the `bad-tail`."""
        kept = {int(frame.info["step"]): frame for frame in self.frames[-_PRE_FAILURE:]}
        for recent, kelvin in self._recent:
            frame = kept.get(recent.step)
            if frame is None:
                frame = self.frame(recent, kelvin)
                self.frames.append(frame)
            frame.info["phase_of_run"] = "pre-failure"
        self.frames.sort(key=lambda frame: int(frame.info["step"]))
        if state is not None and np.isfinite(state.positions).all():
            tail = self.frame(state, target_K)
            tail.info["phase_of_run"] = "bad-tail"
            self.frames.append(tail)
        self.finish()

    def finish(self) -> None:
        """Every frame is settled: hand over the rest."""
        self._give(settled=len(self.frames))

    def frame(self, state: MDState, target_K: float) -> Atoms:
        """The atoms of a state with its labels, without momenta and without constraints (which would hide forces)."""
        atoms: Atoms = self.template.copy()
        atoms.positions = state.positions
        atoms.cell[:] = state.cell
        atoms.info |= {
            "step": state.step,
            "time_fs": state.step * self.timestep_fs,
            "temperature_K": target_K,
            "phase_of_run": "stable",
        }
        labels = {"energy": state.field.energy, "forces": state.field.forces, "stress": state.field.stress}
        atoms.calc = SinglePointCalculator(atoms, **labels)
        return atoms

    def thermo(self) -> dict[str, NDArray[np.float64]]:
        """The table, a column each."""
        table = np.array(self.rows, dtype=float).reshape(-1, len(THERMO))
        return {name: table[:, column] for column, name in enumerate(THERMO)}

    def _give(self, settled: int) -> None:
        while self.sink is not None and self._given < settled:
            self.sink(self.frames[self._given])
            self._given += 1
