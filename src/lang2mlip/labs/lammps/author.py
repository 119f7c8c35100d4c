"""A language model as the writer of a script: what it is told, what it must answer, and how its numbers are read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.errors import BadInput, PartFailed
from lang2mlip.labs.lammps.recipe import Findings, Number, Recipe, Stage
from lang2mlip.labs.lammps.recipe import Seen as RecipeSeen
from lang2mlip.labs.lammps.system import DATA, System
from lang2mlip.labs.lammps.writer import Mended
from lang2mlip.language.quoting import quoted
from lang2mlip.language.speaker import Form, Query, Speaker
from lang2mlip.science.lammps.allowed import refusal
from lang2mlip.science.lammps.grade import Grade
from lang2mlip.science.lammps.script import usual_timestep_fs
from lang2mlip.science.lammps.series import stationary_mean
from lang2mlip.science.lammps.thermo import Table, read_thermo

__all__ = ["Asked", "Free", "Input", "ModelWriter"]

_PROMPT = Path(__file__).parent / "prompts" / "write.md"
_SHOWN = 12_000
"""Characters of an earlier script that the model is shown again."""


class Asked(Noun):
    """A number that the person asked for, and where the run leaves it."""

    name: str = Field(pattern=r"^[\w.-]+$", description="short name, e.g. density")
    unit: str = Field(description="unit of the value as it is found, e.g. g/cm³")
    column: str | None = Field(default=None, description="thermo column as the log heads it, e.g. Density, PotEng, Lx")
    run: int = Field(default=-1, description="which run or minimisation of the log, from 0; -1 the last")
    take: Literal["mean", "last"] = Field(default="mean", description="mean over the stationary part, or last row")
    scale: float = Field(default=1.0, description="factor on the column, e.g. 1/atoms")
    printed: str | None = Field(
        default=None, description="instead of a column: the script prints a line `WORD = value` with this WORD"
    )


class Input(Noun):
    """A LAMMPS input with what it measures."""

    plan: str = Field(min_length=1, description="what the script does and why, in a few sentences")
    script: str = Field(min_length=20, description="the whole input")
    numbers: tuple[Asked, ...] = Field(description="the numbers that were asked for")


class Free(Recipe):
    """Whatever the words ask for, in a script that a language model writes."""

    key: ClassVar[str] = "written"
    line: ClassVar[str] = "Written by a language model"

    atoms: int = Field(default=256, ge=1, description="about this many atoms")

    def measures(self) -> str:
        """In words."""
        return "what the words ask for"

    def stages(self, system: System) -> list[Stage]:
        """There are none of its own."""
        raise BadInput("A script that a model writes has no stages of its own; ask its writer.")

    def read(self, seen: RecipeSeen) -> Findings:
        """By the writer alone."""
        raise BadInput("The numbers of a script that a model wrote are read by its writer.")


@dataclass
class ModelWriter:
    """A model as a writer; it is told what was wrong with its last script, and answers with a whole new one."""

    speaker: Speaker
    prompt: str
    number: int = 1
    before: str = ""
    """The last script."""
    trouble: str = ""
    """What was wrong with it."""
    _input: Input | None = field(default=None, repr=False)

    def step_fs(self, elements: Iterable[str]) -> float:
        """A safe one; the script may take another."""
        return usual_timestep_fs(elements)

    def script(self, system: System) -> str:
        """The model's. Raises ModelTrouble where it gives none, or none that may run here."""
        query = Query(
            label=f"lammps {self.number}",
            instructions=_PROMPT.read_text(encoding="utf-8"),
            message=self._message(system),
            forms=(Form("write_input", Input, "The whole LAMMPS input, and the numbers that it measures."),),
            check=lambda answer: refusal(answer.script),
        )
        self._input = self.speaker.ask(query).value
        return self._input.script.rstrip() + "\n"

    def files(self, system: System) -> dict[str, str]:
        """None: a file that colvars reads could name others."""
        return {}

    def mended(self, grade: Grade, system: System) -> Mended | None:
        """The same model, told of the defects."""
        return self.corrected("; ".join(_defect(one.what, one.script_line) for one in grade.defects), system)

    def corrected(self, trouble: str, system: System) -> Mended | None:
        """The same model, told why its script did not run."""
        before = self._input.script if self._input else self.before
        told = replace(self, number=self.number + 1, before=before, trouble=trouble, _input=None)
        return Mended(told, f"a new script, for: {trouble[:200]}")

    def read(self, folder: Path, system: System) -> Findings:
        """From the log, as the model said where; means with blocked errors. Raises PartFailed."""
        if self._input is None:
            raise PartFailed(f"No script was written for {folder}, so there is nothing to read.")
        tables = [one for one in read_thermo(folder / "log.lammps").tables if one.rows]
        text = (folder / "log.lammps").read_text(encoding="utf-8", errors="replace")
        found = tuple(_number(one, tables, text, system) for one in self._input.numbers)
        return Findings(numbers=found, remarks=(f"The model's plan: {self._input.plan}",))

    def _message(self, system: System) -> str:
        facts = "\n".join((
            f"Data file: {DATA}, {len(system.atoms)} atoms of {system.called}, "
            f"edges {' x '.join(f'{one:.3f}' for one in system.atoms.cell.lengths())} {system.length}, atom_style "
            f"{'charge' if system.potential.charged else 'atomic'}.",
            f"Types in the data file: {', '.join(f'{n} = {one}' for n, one in enumerate(system.types, 1))}.",
            f"Potential: {system.potential.name} (units {system.units.name}). Its commands:",
            *system.potential.commands(system.types),
        ))  # fmt: skip
        parts = [f"The person asks: {quoted(self.prompt)}", f"Facts:\n{facts}"]
        if self.trouble:
            parts.append(f"Your last script:\n{quoted(self.before[:_SHOWN])}\nIt was not good: {quoted(self.trouble)}")
        return "\n\n".join(parts)


def _defect(what: str, line: int | None) -> str:
    return f"{what} (line {line})" if line else what


def _number(one: Asked, tables: list[Table], text: str, system: System) -> Number:
    """One number in the model's unit; pressures in GPa and energies in eV where it says that unit."""
    if one.printed:
        told = re.findall(rf"^{re.escape(one.printed)} = (\S+)\s*$", text, re.MULTILINE)
        value = _float(told[-1]) if told else None
        if value is None:
            raise PartFailed(f"The log has no line '{one.printed} = number'; the script must print it.")
        return Number(name=one.name, value=value, unit=one.unit, how="printed by the script")
    if one.column is None or not -len(tables) <= one.run < len(tables):
        raise PartFailed(f"The log has no run {one.run} for the number {one.name}; it has {len(tables)}.")
    table = tables[one.run]
    if one.column not in table.columns:
        raise PartFailed(f"Run {one.run} of the log has no column {one.column!r}; it has {', '.join(table.columns)}.")
    values = table.columns[one.column] * one.scale * _factor(one, system)
    mean = stationary_mean(values) if one.take == "mean" else None
    how = f"{'mean over the stationary part' if mean else 'last value'} of {one.column} in run {one.run}"
    value = mean.value if mean else float(values[-1])
    return Number(name=one.name, value=value, error=mean.error if mean else None, unit=one.unit, how=how)


def _factor(one: Asked, system: System) -> float:
    """From the script's units to the one that the model names."""
    column = one.column or ""
    if one.unit.startswith("eV") and column.endswith("Eng"):
        return system.units.energy_eV
    if one.unit == "GPa" and column.startswith("P") and not column.endswith("Eng"):
        return system.units.pressure_GPa
    return 1.0


def _float(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None
