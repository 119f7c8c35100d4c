"""From words to a simulation that ran: understand, build, check, run, grade, mend, hand over."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import Field

from lang2mlip.contracts import Json, Noun
from lang2mlip.errors import BadInput, ModelTrouble, PartFailed
from lang2mlip.labs.lammps import engine
from lang2mlip.labs.lammps.attempt import Attempt, Manner, attempt
from lang2mlip.labs.lammps.author import ModelWriter
from lang2mlip.labs.lammps.page import page
from lang2mlip.labs.lammps.plots import drawn, thermo_curves
from lang2mlip.labs.lammps.potential import Potential, chosen, named
from lang2mlip.labs.lammps.recipe import Number
from lang2mlip.labs.lammps.reduced.results import relabelled
from lang2mlip.labs.lammps.snapshots import shown, snapshots
from lang2mlip.labs.lammps.system import System
from lang2mlip.labs.lammps.words import Wish, described, understood
from lang2mlip.labs.lammps.writer import Mended, RecipeWriter, Writer
from lang2mlip.language.speaker import Speaker
from lang2mlip.science.lammps.grade import Grade

__all__ = ["Settings", "Simulation", "simulate"]


class PotentialUsed(Noun):
    """Which forces it ran with, and why these."""

    name: str
    reason: str
    source: str = ""
    sha256: dict[str, str] = Field(default_factory=dict, description="file → checksum")
    remarks: tuple[str, ...] = ()


class Round(Noun):
    """One attempt."""

    number: int
    change: str = Field(default="", description="what was different from the round before")
    verdict: str
    score: float


class Simulation(Noun):
    """A finished simulation, as results.json holds it."""

    name: str
    prompt: str
    folder: Path
    recipe: str
    parameters: dict[str, Json]
    measures: str
    system: str
    potential: PotentialUsed
    step_fs: float
    step: str = Field(description="the same for people, in τ where the units are reduced")
    steps: int
    wall_s: float
    sandbox: str
    numbers: tuple[Number, ...]
    grade: Grade
    rounds: tuple[Round, ...]
    assumptions: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    tokens: int = Field(default=0, description="language-model tokens that the scripts took")

    @property
    def sound(self) -> bool:
        """It passed the rules and its numbers were read."""
        return self.grade.passed and bool(self.numbers)

    def value(self, name: str) -> float:
        """A number by its name. Raises BadInput, which names those that there are."""
        for one in self.numbers:
            if one.name == name:
                return one.value
        raise BadInput(f"This simulation has no number {name!r}; it has {', '.join(one.name for one in self.numbers)}.")


@dataclass(frozen=True)
class Settings:
    """How a simulation is to be done, beyond what the words say."""

    potential: str | None = None
    out: Path = Path("simulations")
    name: str | None = None
    rounds: int = 3
    manner: Manner = Manner()
    model: str | None = None
    """PROVIDER:NAME of the language model that writes the script; None: the recipes write it."""


def simulate(prompt: str, settings: Settings | None = None, **parameters: Json) -> Simulation:
    """Words → a simulation that ran, graded by rules; `parameters` replace those of the recipe.

    Everything lies in settings.out/NAME. Raises BadInput with one sentence or question where the words do not suffice,
    UnsupportedElement where no potential has the elements, PartFailed where the script cannot run at all.
    """
    how = settings or Settings()
    if how.model is not None:
        return _by_model(prompt, how, parameters)
    wish = understood(prompt, parameters)
    return _simulated(wish, RecipeWriter(wish.recipe), how)


def _by_model(prompt: str, how: Settings, parameters: dict[str, Json]) -> Simulation:
    """A model writes; where it gives no script at all, the recipes do, and the remarks say so."""
    wish = described(prompt, parameters)
    folder = _new_folder(how, prompt)
    speaker = Speaker.live(str(how.model), folder / "transcript")
    try:
        made = _simulated(wish, ModelWriter(speaker, prompt), how, folder)
    except ModelTrouble as trouble:
        how.manner.tell(f"{trouble} A recipe writes the script instead.")
        known = understood(prompt, parameters)
        remark = f"A recipe wrote the script, not {how.model}: {trouble}"
        told = replace(known, assumptions=(*known.assumptions, remark))
        made = _simulated(told, RecipeWriter(told.recipe), how)
    return made.model_copy(update={"tokens": speaker.tokens})


def _simulated(wish: Wish, writer: Writer, how: Settings, folder: Path | None = None) -> Simulation:
    system = _system(wish, writer, how)
    place = folder or _new_folder(how, wish.prompt)
    how.manner.tell(f"{wish.recipe.line}: {wish.measures()}.")
    how.manner.tell(f"Potential {system.potential.name}: {system.potential.reason}.")
    attempts, rounds = _rounds(writer, system, place, how)
    return _handed_over(wish, place, attempts, rounds)


def _system(wish: Wish, writer: Writer, how: Settings) -> System:
    elements = wish.elements()
    potential: Potential
    said = how.potential
    if wish.potential and said in (None, "lj"):  # `lj` alone leaves ε, σ and the cut-off to the words
        said = wish.potential
    elif wish.potential and said != wish.potential:
        raise BadInput(f"The words give Lennard-Jones parameters, and --potential names {said}; leave one of them out.")
    potential = named(said, elements) if said else chosen(elements, wish.phases(), wish.kinds())
    atoms = wish.recipe.structure(wish.component)
    return System(atoms, potential, writer.step_fs(elements), wish.cubic())


def _new_folder(how: Settings, prompt: str) -> Path:
    """A folder that is not there yet; its name is a slug of the words."""
    slug = how.name or "-".join(re.findall(r"[a-z0-9]+", prompt.lower())[:8])[:60] or "simulation"
    names = (slug, *(f"{slug}-{n}" for n in range(2, 10_000)))
    folder = next(how.out / name for name in names if not (how.out / name).exists())
    folder.mkdir(parents=True)
    return folder


def _rounds(writer: Writer, system: System, folder: Path, how: Settings) -> tuple[list[Attempt], list[Round]]:
    """Attempts until one is sound, there is no remedy, or there were enough; each in its own folder."""
    attempts, rounds, change = list[Attempt](), list[Round](), ""
    for number in range(1, how.rounds + 1):
        system = replace(system, step_fs=writer.step_fs(system.atoms.get_chemical_symbols()))
        try:
            one = attempt(writer, system, folder / "rounds" / str(number), how.manner)
        except PartFailed as error:
            remedy = writer.corrected(str(error), system)
            rounds.append(Round(number=number, change=change, verdict=str(error), score=0.0))
            if (remedy is None or number == how.rounds) and not attempts:
                raise
        except BadInput as error:  # the remedy would take longer than it may: what there is stands, with its remarks
            if not attempts:
                raise
            remedy = None
            rounds.append(Round(number=number, change=change, verdict=f"Not run: {error}", score=0.0))
        else:
            attempts.append(one)
            rounds.append(Round(number=number, change=change, verdict=one.grade.sentence(), score=one.grade.score))
            remedy = _remedy(writer, one, system)
        how.manner.tell(f"Round {number}: {rounds[-1].verdict}")
        if remedy is None or number == how.rounds:
            break
        writer, change = remedy.writer, remedy.change
        how.manner.tell(f"Again, with {change}.")
    return attempts, rounds


def _remedy(writer: Writer, one: Attempt, system: System) -> Mended | None:
    """What the writer would do about the defects of an attempt, or about numbers that could not be read."""
    if one.ran.timed_out:
        return None
    if one.grade.defects:
        return writer.mended(one.grade, system)
    return None if one.findings is not None else writer.corrected("; ".join(one.remarks), system)


def _handed_over(wish: Wish, folder: Path, attempts: list[Attempt], rounds: list[Round]) -> Simulation:
    """The best attempt's files, its numbers and the report at the top of the folder."""
    best = max(attempts, key=lambda one: (one.grade.passed, one.findings is not None, one.grade.score))
    for file in (one for one in best.folder.iterdir() if one.is_file()):
        _shared(file, folder / file.name)
    made = _told(wish, folder, best, rounds)
    (folder / "results.json").write_text(_results(made, best), encoding="utf-8")
    thermo = thermo_curves(best.ran.log, best.system.step_fs, best.system.units)
    of_log = [relabelled(one) for one in thermo] if best.system.reduced else thermo
    curves = [*(best.findings.curves if best.findings else ()), *of_log]
    figures = [drawn(one) for one in curves]
    (folder / "plots").mkdir()
    for one, figure in zip(curves, figures, strict=True):
        (folder / "plots" / f"{one.name}.svg").write_text(figure, encoding="utf-8")
    figures += shown(snapshots(folder, best.system), folder / "plots")
    script = (folder / engine.SCRIPT).read_text(encoding="utf-8")
    (folder / "report.html").write_text(page(made, script, figures), encoding="utf-8")
    return made


def _shared(file: Path, to: Path) -> None:
    """The same file at a second place, without taking the room twice where the disk allows it."""
    try:
        os.link(file, to)
    except OSError:
        shutil.copyfile(file, to)


def _results(made: Simulation, best: Attempt) -> str:
    curves = [one.model_dump() for one in best.findings.curves] if best.findings else []
    return json.dumps({**made.model_dump(mode="json"), "curves": curves}, indent=1, ensure_ascii=False)


def _told(wish: Wish, folder: Path, best: Attempt, rounds: list[Round]) -> Simulation:
    system, potential = best.system, best.system.potential
    edges = " x ".join(f"{one:.1f}" for one in system.atoms.cell.lengths())
    found = best.findings
    used = PotentialUsed(
        name=potential.name, reason=potential.reason, source=potential.source, sha256=best.sha256,
        remarks=potential.remarks,
    )  # fmt: skip
    return Simulation(
        name=folder.name, prompt=wish.prompt, folder=folder, recipe=wish.recipe.key,
        parameters=wish.recipe.model_dump(mode="json"), measures=wish.measures(),
        system=f"{len(system.atoms)} atoms of {system.called}, {edges} {system.length}",
        potential=used, step_fs=system.step_fs, step=system.step_told, steps=best.steps, wall_s=best.ran.wall_s,
        sandbox="watched, without a sandbox" if best.ran.level == "none" else f"in the sandbox ({best.ran.level})",
        numbers=found.numbers if found else (), grade=best.grade, rounds=tuple(rounds), assumptions=wish.assumptions,
        remarks=(*best.remarks, *(found.remarks if found else ()), *wish.assumptions),
    )  # fmt: skip
