"""The frames of an arena by role: made by a reference from a seed, taken from a file, or out of a finished run.

Roles: `train` is what strategies see; `screen` decides; `final` no decision sees; `curve` is an energy–volume curve;
`starts` are where the stability runs begin.
"""

from __future__ import annotations

import hashlib
import lzma
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import bulk

from lang2mlip.catalogue import load
from lang2mlip.errors import BadInput, RunFault
from lang2mlip.science.atoms.drive import single_point
from lang2mlip.science.atoms.frames import labelled, parse_frames
from lang2mlip.science.atoms.md import MDPlan, run

__all__ = ["ROLES", "from_crystal", "from_file"]

ROLES = ("train", "screen", "final", "curve", "starts")
Frames = dict[str, list[Atoms]]


def from_crystal(spec: Mapping[str, Any], seed: int) -> Frames:
    """Supercells of a crystal, strained, heated and with vacancies, labelled by the reference of `spec`."""
    kind = load("reference", spec["reference"])
    calculator = kind(kind.Settings()).calculator()
    cell = bulk(**spec["crystal"]["cell"], cubic=True)
    perfect: Atoms = cell * spec["crystal"]["repeat"]
    made: Frames = {role: [] for role in ROLES}
    for number, part in enumerate(spec["parts"]):
        rng = np.random.default_rng([seed, number])
        frames = _KINDS[part["kind"]](_start(perfect, part), part, rng, calculator)
        for frame in frames:
            frame.info["group"] = part["group"]
            made[part["role"]].append(_label(frame, calculator))
    return made


def _start(perfect: Atoms, part: Mapping[str, Any]) -> Atoms:
    atoms: Atoms = perfect.copy()
    del atoms[list(range(part.get("vacancies", 0)))]
    return atoms


def _hot(atoms: Atoms, part: Mapping[str, Any], rng: np.random.Generator, calculator: Any) -> list[Atoms]:
    """Frames of an NVT run of the reference, its beginning left out."""
    steps = part["frames"] * part["every"]
    plan = MDPlan(temperature_K=part["temperature_K"], steps=2 * steps, timestep_fs=4.0, keep_every=part["every"],
                  start_temperature_K=2 * part["temperature_K"], seed=int(rng.integers(2**31)))  # fmt: skip
    outcome = run(atoms, calculator, plan)
    if outcome.ended != "done":
        raise RunFault(f"The reference's own MD at {part['temperature_K']} K ended early: {outcome.trip}.")
    return [_bare(frame) for frame in outcome.frames[-part["frames"] :]]


def _strained(atoms: Atoms, part: Mapping[str, Any], rng: np.random.Generator, calculator: Any) -> list[Atoms]:
    made = []
    for _ in range(part["frames"]):
        frame = _bare(atoms)
        tensor = np.eye(3) + np.diag(rng.uniform(-part["strain"], part["strain"], 3))
        frame.set_cell(frame.cell.array @ tensor, scale_atoms=True)
        frame.positions += rng.normal(0.0, part["rattle_A"], frame.positions.shape)
        made.append(frame)
    return made


def _curve(atoms: Atoms, part: Mapping[str, Any], rng: np.random.Generator, calculator: Any) -> list[Atoms]:
    made = []
    for scale in np.linspace(part["from"], part["to"], part["frames"]):
        frame = _bare(atoms)
        frame.set_cell(frame.cell.array * scale ** (1 / 3), scale_atoms=True)
        made.append(frame)
    return made


_KINDS: dict[str, Callable[..., list[Atoms]]] = {"hot": _hot, "strained": _strained, "curve": _curve}


def _bare(atoms: Atoms) -> Atoms:
    return Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)


def _label(frame: Atoms, calculator: Any) -> Atoms:
    found = single_point(frame, calculator)
    return labelled(frame, energy=found.energy, forces=found.forces, stress=found.stress)


def from_file(path: Path, spec: Mapping[str, Any], seed: int) -> Frames:
    """Labelled frames of a compressed file, split by molecule: none is in two roles. Raises BadInput without the file.

    `spec` has the shares of `train` and `screen`; the rest is `final`. Molecules of up to `train_up_to` heavy atoms are
    all trained on: they are what the others are made of. Starts are the least displaced of the screen.
    """
    if not path.is_file():
        raise BadInput(f"There is no file {path}; make it with benchmarks/research_molecules.py, or say --data FILE.")
    raw = path.read_bytes()
    text = (lzma.decompress(raw) if path.suffix == ".xz" else raw).decode()
    made: Frames = {role: [] for role in ROLES}
    for frame in parse_frames(text, path):
        name = str(frame.info.get(spec["split_by"], frame.get_chemical_formula()))
        frame.info["group"] = name
        small = (frame.numbers > 1).sum() <= spec.get("train_up_to", 0)
        made["train" if small else _role(name, spec, seed)].append(frame)
    if not made["train"] or not made["screen"] or not made["final"]:
        raise BadInput(f"{path} has too few different molecules to hold some back; give more frames.")
    made["starts"] = _starts(made["screen"], spec["starts"])
    return made


def _role(name: str, spec: Mapping[str, Any], seed: int) -> str:
    share = int(hashlib.sha256(f"{seed} {name}".encode()).hexdigest()[:8], 16) / 16**8
    return "train" if share < spec["train"] else "screen" if share < spec["train"] + spec["screen"] else "final"


def _starts(frames: Sequence[Atoms], count: int) -> list[Atoms]:
    """The calmest frame of each of the largest groups."""
    calm: dict[str, Atoms] = {}
    for frame in sorted(frames, key=lambda one: float(np.abs(one.get_forces()).max())):
        calm.setdefault(frame.info["group"], frame)
    return sorted(calm.values(), key=len, reverse=True)[:count]
