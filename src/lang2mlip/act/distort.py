"""First data without MD: distorted, defective and relaxing copies of a structure, atom pairs and single atoms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from lang2mlip.act.labels import Labeller
from lang2mlip.contracts import Json
from lang2mlip.contracts.parts import Progress
from lang2mlip.errors import BudgetSpent, LabelFailed
from lang2mlip.science.atoms.frames import read_frames, write_frames
from lang2mlip.science.atoms.identity import structure_id
from lang2mlip.science.sampling.dimers import dimers
from lang2mlip.science.sampling.distort import compressed, rattled, strained
from lang2mlip.science.sampling.exchange import exchanged, substituted
from lang2mlip.science.sampling.vacancies import with_vacancies

__all__ = ["ATOMS_AND_PAIRS", "RELAX_STEPS", "atoms_and_pairs", "distortions"]

ATOMS_AND_PAIRS = "atoms and pairs"
"""The group of single atoms and pairs: of no phase, and in no gate."""

RELAX_STEPS = 6
"""Steps of a relaxation from a rattled copy; every second frame is kept."""

STRONGEST_EV_A = 50.0
"""Pairs with a larger force teach a fit nothing but to bend: left out."""

BOX_A = 20.0
"""Edge of the box around a single atom, Å."""


def distortions(arguments: dict[str, Json], folder: Path, progress: Progress) -> dict[str, Json]:
    """Copies of a structure, labelled. Arguments: reference, structure, note, seed and the fields of Explore."""
    start = read_frames(Path(arguments["run"]) / arguments["structure"])[-1]
    labeller = Labeller.of(arguments, folder)
    copies = _copies(start, arguments)
    paths = _spread(start, arguments, arguments.get("relaxed", 0), 6)
    for copy in [*copies, *paths]:
        copy.info |= arguments["note"]
    frames = labeller.label_all(copies)
    for number, copy in enumerate(paths):
        frames += _relaxing(copy, labeller)
        progress((number + 1) / len(paths), "relax")
    write_frames(folder / "frames.extxyz", frames)
    return {"frames": len(frames), "cost": labeller.cost.model_dump(), "faults": labeller.said()}


def _copies(start: Atoms, wanted: dict[str, Json]) -> list[Atoms]:
    """Strained, rattled, defective and exchanged ones; defects are rattled too, so that they have forces."""
    seed, size = wanted["seed"], wanted["rattle_A"]
    copies = strained(start, wanted["strain"], wanted["strained"], seed) if start.pbc.any() else []
    copies += _spread(start, wanted, wanted["rattled"], 0)
    changed = [_defective(start, wanted)] if start.pbc.all() and wanted.get("condensed") else []
    if wanted.get("exchanged") and len(set(start.numbers)) > 1:
        changed.append(exchanged(start, wanted["exchanged"], seed))
    return copies + [_shaken(one, size / 2, seed + k) for kind in changed for k, one in enumerate(kind)]


def _defective(start: Atoms, wanted: dict[str, Json]) -> list[Atoms]:
    """Evenly scaled, with an atom missing, and with an atom of another element of the task."""
    elements, seed = wanted.get("elements", ()), wanted["seed"]
    made = compressed(start, wanted["compression"], wanted["compressed"]) if wanted["compressed"] else []
    made += with_vacancies(start, wanted["vacancies"], seed=seed) if wanted["vacancies"] and len(start) > 3 else []
    return made + (substituted(start, elements, wanted["substituted"], seed) if len(elements) > 1 else [])


def _spread(start: Atoms, wanted: dict[str, Json], count: int, offset: int) -> list[Atoms]:
    """Rattled by little up to all of `rattle_A`."""
    sizes = [wanted["rattle_A"] * (k + 1) / count for k in range(count)]
    return [rattled(start, size, 1, wanted["seed"] + offset + k)[0] for k, size in enumerate(sizes)]


def _shaken(atoms: Atoms, size: float, seed: int) -> Atoms:
    """Rattled, still named after what was done to it first."""
    source = atoms.info["source"]
    shaken = rattled(atoms, size, 1, seed)[0]
    shaken.info["source"] = source
    return shaken


def _relaxing(start: Atoms, labeller: Labeller) -> list[Atoms]:
    """Labelled frames on the way downhill: the start and every second step."""
    from ase.optimize import FIRE

    moving: Atoms = start.copy()
    moving.calc = labeller.calculator
    frames: list[Atoms] = []
    try:
        for step, _ in enumerate(FIRE(moving, logfile=None).irun(fmax=0.05, steps=RELAX_STEPS)):
            frames += [_kept(moving)] if step % 2 == 0 else []
    except (LabelFailed, BudgetSpent) as error:
        labeller.faults.append(str(error))
    return frames


def _kept(moving: Atoms) -> Atoms:
    """A copy that carries what was just computed for it."""
    copy: Atoms = moving.copy()
    copy.calc = SinglePointCalculator(copy, **moving.calc.results)
    copy.info |= {"source": "relax", "id": structure_id(copy)}
    return copy


def atoms_and_pairs(arguments: dict[str, Json], folder: Path, progress: Progress) -> dict[str, Json]:
    """Each element's atom alone, and every pair from too near to far apart; the strongest pairs are left out."""
    labeller = Labeller.of(arguments, folder)
    elements: list[str] = arguments["elements"]
    lone = [_alone(symbol) for symbol in elements] if arguments["isolated"] else []
    pairs = dimers(elements, arguments["dimers"], box_A=BOX_A) if arguments["dimers"] else []
    for one in [*lone, *pairs]:
        one.info |= arguments["note"]
    frames = [one for one in labeller.label_all([*lone, *pairs]) if abs(one.get_forces()).max() <= STRONGEST_EV_A]
    write_frames(folder / "frames.extxyz", frames)
    return {"frames": len(frames), "cost": labeller.cost.model_dump(), "faults": labeller.said()}


def _alone(symbol: str) -> Any:
    return Atoms([symbol], positions=[[BOX_A / 2] * 3], cell=[BOX_A] * 3, pbc=True, info={"source": "isolated"})
