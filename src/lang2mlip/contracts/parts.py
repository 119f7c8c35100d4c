"""What a plug-in part must offer. Parts are found by name in the catalogue and imported on demand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from lang2mlip.contracts.actions import Decision
from lang2mlip.contracts.base import Noun
from lang2mlip.contracts.state import State

if TYPE_CHECKING:
    import numpy as np
    from ase import Atoms
    from ase.calculators.calculator import Calculator

__all__ = ["Builder", "Decider", "FitReport", "FitRequest", "Progress", "Reference", "Trainer"]

Progress = Callable[[float, str], None]
"""progress(fraction 0..1, a few words)."""


class Reference(Protocol):
    """A reference method. Constructed with its validated settings."""

    Settings: ClassVar[type[Noun]]

    def __init__(self, settings: Any) -> None: ...

    def elements(self) -> frozenset[str] | None:
        """Chemical symbols it can treat; None when it can treat any."""
        ...

    def calculator(self) -> Calculator:
        """A fresh ASE calculator: energy in eV, forces in eV/Å, stress in eV/Å³ (Voigt, ASE sign) where it has one."""
        ...


class Builder(Protocol):
    """A structure class. Constructed with its validated parameters."""

    Parameters: ClassVar[type[Noun]]

    def __init__(self, parameters: Any) -> None: ...

    def build(self, seed: int) -> Atoms:
        """The structure; the same seed gives the same atoms. Raises BadInput when it cannot be built."""
        ...


class FitRequest(Noun):
    """What a trainer gets besides the frames."""

    elements: tuple[str, ...]
    effort: str
    seed: int
    settings: dict[str, object]
    start: str | None = None
    """Folder of the model to continue from."""


class FitReport(Noun):
    """What a trainer says of a fit."""

    n_parameters: int
    curve: tuple[tuple[float, float], ...] = ()
    """(seconds, loss)."""
    notes: tuple[str, ...] = ()


class Trainer(Protocol):
    """A potential family. A model is a folder: the native file plus whatever the family needs to load it."""

    Settings: ClassVar[type[Noun]]

    def suggest(self, elements: Sequence[str], n_frames: int, effort: str) -> dict[str, object]:
        """Settings that suit the task, where the person gave none."""
        ...

    def fit(self, frames: Sequence[Atoms], request: FitRequest, folder: Path, progress: Progress) -> FitReport:
        """Fit to labelled frames (energy, forces, stress in their SinglePointCalculator) and save into `folder`.

        `atoms.info` may carry `weight` (float). Raises PartFailed when the fit diverges.
        """
        ...

    def calculator(self, folder: Path) -> Calculator:
        """An ASE calculator for the model in `folder`, for any number of atoms, with energy, forces and stress."""
        ...

    def grades(self, folder: Path, frames: Sequence[Atoms]) -> np.ndarray | None:
        """Extrapolation grade of each frame, shape (n_frames,); above 1: outside the training set. None: no grade."""
        ...

    def descriptors(self, folder: Path, frames: Sequence[Atoms]) -> np.ndarray | None:
        """A vector per frame, shape (n_frames, n_features), in which near means alike. None: the family has none."""
        ...


class Decider(Protocol):
    """Chooses the next action from the state. Never imports an action or a calculator."""

    name: str

    def decide(self, state: State, view: Any) -> Decision:
        """The next action, with its reason. `view` is read-only access to everything the run knows."""
        ...
