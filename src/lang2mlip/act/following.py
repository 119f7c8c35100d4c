"""The run's approved MD protocols: a piece of work that follows one, and the folder that is handed over at the end."""

from __future__ import annotations

from pathlib import Path

from lang2mlip.act.base import Desk, Piece
from lang2mlip.act.conditions import health, is_molecular
from lang2mlip.contracts import Json, Sample, StructureRecord
from lang2mlip.contracts.protocols import Protocol
from lang2mlip.errors import BadInput

__all__ = ["follow_piece", "hand_over"]


def follow_piece(desk: Desk, parameters: Sample, name: str) -> Piece:
    """The work of a sample that follows a protocol. Raises BadInput where its file or structure is not there."""
    from lang2mlip.science.lammps.files import protocol_from_file

    model = desk.state.model
    assert model is not None
    file = f"protocols/{name}.yaml"
    protocol = protocol_from_file(desk.view.path(file))
    record = _record(desk, name, protocol)
    group = record.request.group
    limits = health(desk.state.groups.get(group), desk.state.groups.values())
    arguments: dict[str, Json] = {
        "family": model.family,
        "model": model.folder,
        "protocol": file,
        "structure": record.file,
        "steps": parameters.steps,
        "keep_every": parameters.keep_every,
        "health": limits.model_dump(),
        "note": {"group": group, "structure": record.request.name, "source": f"{name}-{model.id}"},
        "molecular": is_molecular(record),
    }
    return Piece(name, "lang2mlip.act.follow:protocol_walk", arguments)


def hand_over(desk: Desk, folder: Path) -> None:
    """protocols/NAME/ for each approved protocol: script, data file and a driver that runs with this potential.

    One that a person spoilt or took away since it was approved is told of in NAME.txt: it must not cost the rest.
    """
    if not desk.state.protocols:
        return
    from lang2mlip.science.atoms.frames import read_frames
    from lang2mlip.science.lammps.files import protocol_from_file
    from lang2mlip.science.lammps.protocol import write_protocol

    for name in desk.state.protocols:
        try:
            protocol = protocol_from_file(desk.view.path(f"protocols/{name}.yaml"))
            atoms = read_frames(desk.run / _record(desk, name, protocol).file)[-1]
            write_protocol(protocol, atoms, folder / name, potential="../..")
        except BadInput as error:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}.txt").write_text(f"Not handed over: {error}\n", encoding="utf-8")


def _record(desk: Desk, name: str, protocol: Protocol) -> StructureRecord:
    train = desk.view.structures("train")
    for record in train:
        if protocol.structure in (None, record.request.name):
            return record
    names = ", ".join(record.request.name for record in train)
    raise BadInput(f"The protocol {name} names the structure {protocol.structure!r}, which is none of: {names}.")
