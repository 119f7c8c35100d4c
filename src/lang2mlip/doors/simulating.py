"""`lang2mlip simulate "…"`: words to a LAMMPS simulation that ran and was graded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import typer

from lang2mlip.contracts import Json
from lang2mlip.doors.terminal import open_console, paragraph
from lang2mlip.errors import BadInput
from lang2mlip.labs.lammps.attempt import Manner
from lang2mlip.labs.lammps.engine import Limits
from lang2mlip.labs.lammps.simulation import Settings, Simulation, simulate
from lang2mlip.report.words import measured, with_unit

__all__ = ["parameters_of", "run_simulation"]

console = open_console()


def run_simulation(prompt: str, settings: Settings, ask: bool, max_time_s: float, parameters: dict[str, Json]) -> int:
    """Simulate and tell; 0 when the run is sound and its numbers were read, 3 when not."""
    manner = Manner(Limits(time_s=max_time_s), _asked if ask else None, lambda line: paragraph(console, "", line))
    how = replace(settings, manner=manner)
    made = simulate(prompt, how, **parameters)
    _tell(made)
    return 0 if made.sound else 3


def parameters_of(words: list[str]) -> dict[str, Json]:
    """`NAME=VALUE` as parameters of a recipe. Raises BadInput for a word without `=`."""
    found: dict[str, Json] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.isidentifier():
            raise BadInput(f"{word!r} sets nothing; write --set NAME=VALUE, e.g. --set atoms=500.")
        found[name] = tuple(value.split(",")) if "," in value else None if value == "none" else value
    return found


def _asked(script: Path, about: str) -> bool | str:
    """Whether to go on, or what is wrong in words; the person may edit the script meanwhile."""
    console.print(
        f"{about}\nThe script: {script}\nLook at it, change it if you like, then Enter to run it; n to stop; or say in"
        " words what a language model is to write differently."
    )
    try:
        said = console.input("> ").strip()
    except EOFError:
        return False
    return not said if said.lower() in ("", "n", "no") else True if said.lower() in ("y", "yes") else said


def _tell(made: Simulation) -> None:
    for one in made.numbers:
        typer.echo(f"{one.name}: {with_unit(measured(one.value, one.error), one.unit)}")
    for remark in made.remarks:
        paragraph(console, "", remark)
    paragraph(console, "", f"Everything lies in {made.folder}: report.html, results.json, in.lammps, log.lammps.")
