"""Who writes a script. The recipes are one writer; a language model is another (author.py)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lang2mlip.labs.lammps.recipe import Dynamics, Findings, Recipe, Seen
from lang2mlip.labs.lammps.reduced.results import in_reduced
from lang2mlip.labs.lammps.system import System
from lang2mlip.science.lammps.grade import Grade
from lang2mlip.science.lammps.script import usual_timestep_fs

__all__ = ["Mended", "RecipeWriter", "Writer"]


class Writer(Protocol):
    """Writes, mends and reads: all that the engine needs of it."""

    def step_fs(self, elements: Iterable[str]) -> float:
        """The MD time step it means to use, fs."""

    def script(self, system: System) -> str:
        """The whole input for this system. Raises BadInput for a system that it cannot treat."""

    def files(self, system: System) -> dict[str, str]:
        """Name → text of what the script reads besides the structure and the potential."""

    def mended(self, grade: Grade, system: System) -> Mended | None:
        """What avoids the defects of a run; None where it knows no remedy."""

    def corrected(self, trouble: str, system: System) -> Mended | None:
        """What avoids the reason why a script was not run at all, or why no number could be read; None: no remedy."""

    def read(self, folder: Path, system: System) -> Findings:
        """The numbers of a finished run. Raises PartFailed where its output does not hold them."""


@dataclass(frozen=True)
class Mended:
    """The next attempt, and what is different in it."""

    writer: Writer
    change: str


@dataclass(frozen=True)
class RecipeWriter:
    """A recipe as a writer."""

    recipe: Recipe

    def step_fs(self, elements: Iterable[str]) -> float:
        """That of the recipe, or a safe one by the elements."""
        own = self.recipe.timestep_fs if isinstance(self.recipe, Dynamics) else None
        return own or usual_timestep_fs(elements)

    def script(self, system: System) -> str:
        """The recipe's."""
        return self.recipe.script(system)

    def files(self, system: System) -> dict[str, str]:
        """Those of the recipe."""
        return self.recipe.files(system)

    def mended(self, grade: Grade, system: System) -> Mended | None:
        """Half the time step where atoms or energy were lost, more time where the run had not come to rest."""
        parts = {one.part for one in grade.defects}
        if parts & _TOO_FAST:
            finer = self.recipe.finer(system.step_fs)
            return Mended(RecipeWriter(finer), f"a time step of {system.step_fs / 2:g} fs") if finer else None
        if parts & _TOO_SHORT:
            longer = self.recipe.longer()
            more = "twice the time to come to rest and to measure"
            return Mended(RecipeWriter(longer), more) if longer else None
        return None

    def corrected(self, trouble: str, system: System) -> Mended | None:
        """Begun elsewhere, where the recipe knows where to."""
        found = self.recipe.elsewhere(trouble)
        return Mended(RecipeWriter(found[0]), found[1]) if found else None

    def read(self, folder: Path, system: System) -> Findings:
        """By the recipe's own reader."""
        found = self.recipe.read(Seen.of(folder, system, self.recipe.stages(system)))
        return in_reduced(found) if system.reduced else found


_TOO_FAST = frozenset({"completed", "finite", "atoms", "conserved", "neighbours"})
_TOO_SHORT = frozenset({"stationary", "targets"})
