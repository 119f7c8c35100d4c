"""The production run that is handed over with a potential: MD under the conditions of use, ready to start."""

from __future__ import annotations

from pathlib import Path

from lang2mlip.act.base import Desk
from lang2mlip.act.conditions import is_condensed, timestep_fs
from lang2mlip.contracts import StructureRecord
from lang2mlip.contracts.protocols import Equilibrate
from lang2mlip.errors import BadInput

__all__ = ["hand_over_production", "production"]

LENGTH_PS = 1000.0
"""Of the production run; a person edits it in protocol.json and run.py goes by it."""

LARGEST_SEED = 900_000_000


def production(desk: Desk, record: StructureRecord) -> Equilibrate:
    """The highest temperature of use, at the lowest pressure where the structure has a density, else at its volume."""
    task = desk.task
    return Equilibrate(
        temperature_K=task.temperature_K[1],
        pressure_GPa=task.pressure_GPa[0] if is_condensed(record) else None,
        ps=LENGTH_PS,
        timestep_fs=timestep_fs(task.elements),
        seed=desk.seed("production") % LARGEST_SEED + 1,
        source="the conditions of use in task.yaml",
    )


def hand_over_production(desk: Desk, folder: Path) -> None:
    """`folder` with script, data file and driver for the largest structure; a .txt that says why where it cannot be."""
    from lang2mlip.science.atoms.frames import read_frames
    from lang2mlip.science.lammps.protocol import write_protocol

    record = max(desk.view.structures("train"), key=lambda one: one.n_atoms)
    try:
        atoms = read_frames(desk.run / record.file)[-1]
        write_protocol(production(desk, record), atoms, folder, potential="..")
    except BadInput as error:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.with_suffix(".txt").write_text(f"No production run was written: {error}\n", encoding="utf-8")
