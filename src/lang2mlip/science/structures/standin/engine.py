"""Run the stand-in in LAMMPS, inside this process: stages of minimisation and MD, and the score of a structure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from ase import Atoms

from lang2mlip.contracts.parts import Progress
from lang2mlip.errors import BadInput, PartFailed
from lang2mlip.science.structures.assembly import Assembly
from lang2mlip.science.structures.standin.box import Box, boxed, whole
from lang2mlip.science.structures.standin.field import field as field_of
from lang2mlip.science.structures.standin.forcefield import ForceField
from lang2mlip.science.structures.standin.schedule import Schedule
from lang2mlip.science.structures.standin.script import data_file, interactions
from lang2mlip.science.structures.standin.session import Session
from lang2mlip.science.structures.standin.stages import Sample, run_stage
from lang2mlip.units import gpa

__all__ = ["Outcome", "Score", "equilibrate", "scored", "simulate"]


@dataclass(frozen=True)
class Score:
    """What the stand-in says of a structure."""

    energy_eV: float
    forces_eV_A: np.ndarray
    """Shape (n, 3), also of held atoms."""
    pressure_GPa: float
    charge_e: float
    """Sum of all partial charges."""

    @property
    def max_force_eV_A(self) -> float:
        """The largest force on an atom."""
        return float(np.linalg.norm(self.forces_eV_A, axis=1).max())


@dataclass(frozen=True)
class Outcome:
    """Where a structure has come to, and how."""

    atoms: Atoms
    track: tuple[Sample, ...]
    """In order of time, over all stages."""
    speed: float
    """Atom-steps per second of MD."""


def equilibrate(
    assembly: Assembly, schedule: Schedule, seed: int, progress: Progress | None = None, field: ForceField | None = None
) -> Assembly:
    """The assembly after `schedule` in the stand-in; the same seed gives the same atoms. Molecules come back whole.

    Solids stay where they are; at constant pressure the rest follows the cell. `info["how"]` says what was done.
    Raises BadInput when nothing can move, PartFailed when LAMMPS fails, NotInstalled without LAMMPS or RDKit.
    """
    chosen = field or field_of(assembly)
    outcome = simulate(assembly, chosen, schedule, seed, progress)
    return assembly.with_atoms(outcome.atoms)


def simulate(
    assembly: Assembly, field: ForceField, schedule: Schedule, seed: int, progress: Progress | None = None
) -> Outcome:
    """As `equilibrate`, with the density and temperature on the way."""
    atoms = assembly.atoms
    if field.held.all():
        raise BadInput(f"All of {atoms.symbols.formula:hill} is solid, so the fast stand-in has nothing to move.")
    box = boxed(atoms)
    with opened(field, box) as session:
        track = run_stages(session, box, schedule, seed, progress)
        positions, cell = session.positions(len(atoms)), session.cell()
        speed = session.speed(len(atoms))
    moved = whole(assembly, box, positions, cell, field.held)
    moved.info["how"] = f"stand-in: {field.how}; {schedule.summary()}"
    return Outcome(moved, tuple(track), speed)


def scored(assembly: Assembly, field: ForceField | None = None) -> Score:
    """Energy, forces and pressure of the stand-in. Raises as `equilibrate` does."""
    chosen = field or field_of(assembly)
    box = boxed(assembly.atoms)
    with opened(chosen, box) as session:
        session.say("run 0")
        forces = session.forces(len(assembly.atoms)) @ box.turn.T
        energy, pressure = session.thermo("pe"), gpa(session.thermo("press") / BAR_PER_EV_A3)
    return Score(energy, forces, pressure, float(chosen.charges_e.sum()))


BAR_PER_EV_A3 = 1.602176634e6
"""1 eV/Å³ in bar."""


def opened(field: ForceField, box: Box) -> Session:
    """A LAMMPS session with the structure loaded."""
    session = Session()
    lines = list(interactions(field, tail=bool(box.periodic.all()) and not field.held.any()))
    gap = lines.index("")
    head = ["units metal", "atom_style full", "atom_modify map array", "boundary p p p", "box tilt large"]
    with TemporaryDirectory(prefix="stand-in-") as name:
        path = Path(name) / "data"
        path.write_text(data_file(field, box.positions, box.vectors))
        for line in [*head, *lines[:gap], f"read_data {path}", *lines[gap + 1 :]]:
            session.say(line)
    for line in _groups(field):
        session.say(line)
    if field.held.any():
        session.anchor_A = box.positions[field.held].mean(axis=0)
    return session


def _groups(field: ForceField) -> list[str]:
    lines = [
        "neighbor 1.5 bin",
        "neigh_modify delay 0 every 1 check yes one 10000 page 200000",
        "thermo_modify norm no",
    ]
    ids = np.flatnonzero(field.held) + 1
    lines += [
        f"group held id {' '.join(map(str, part))}" for part in np.array_split(ids, 1 + len(ids) // 500) if len(part)
    ]
    lines += ["neigh_modify exclude group held held"] if len(ids) else ["group held empty"]
    return [*lines, "group mobile subtract all held"]


def run_stages(session: Session, box: Box, schedule: Schedule, seed: int, progress: Progress | None) -> list[Sample]:
    """Every stage in turn. Raises PartFailed when the structure flies apart."""
    track: list[Sample] = []
    session.say(f"timestep {schedule.step_fs / 1000!r}")
    total = len(schedule.stages)
    for number, stage in enumerate(schedule.stages):
        samples = run_stage(session, box, schedule, stage, seed + 31 * number)
        if samples and not all(np.isfinite([one.temperature_K, one.energy_eV]).all() for one in samples):
            raise PartFailed("The structure flew apart in the fast stand-in; build it at a lower density.")
        start = track[-1].ps if track else 0.0
        track += [one.later(start) for one in samples]
        if progress is not None:
            progress((number + 1) / total, f"stand-in: {stage.kind}")
    return track
