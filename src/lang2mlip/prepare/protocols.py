"""Task → MD protocols, by rules; and protocols/*.yaml, which a person can read and edit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ase import Atoms

from lang2mlip.contracts import Json, Simulation, StructureRecord, Task
from lang2mlip.contracts.protocols import Metadynamics, Protocol, Written
from lang2mlip.data import table
from lang2mlip.errors import BadInput
from lang2mlip.prepare.variables import suggested
from lang2mlip.science.atoms.frames import read_frames
from lang2mlip.science.lammps.files import protocol_of
from lang2mlip.science.lammps.script import placed, script
from lang2mlip.units import BOLTZMANN_EV_PER_K

__all__ = ["protocol_for", "record_of", "start_of", "suitable", "words", "written_for"]

_FLUX = ("thermal_conductivity", "viscosity")


def protocol_for(task: Task, kind: Simulation, record: StructureRecord, atoms: Atoms) -> Protocol:
    """The protocol that the rules choose for this structure. Raises BadInput where none can be made."""
    rule = table("protocols")[kind]
    fields: dict[str, Json] = {"kind": kind, "structure": record.request.name, "seed": task.seed, **rule["settings"]}
    fields |= _temperatures(task, kind, rule)
    if kind in ("equilibrate", "anneal", "melt_quench"):
        fields["pressure_GPa"] = task.pressure_GPa[0] if atoms.pbc.all() else None
    if kind in _FLUX:
        fields |= _layers(atoms, rule)
    if kind == "metadynamics":
        fields["variable"] = suggested(atoms).model_dump()
        kelvin = task.temperature_K[0]
        fields["hill_eV"] = float(f"{rule['hill_kT'] * BOLTZMANN_EV_PER_K * kelvin:.2g}")
        fields["bias_temperature_K"] = 9 * kelvin
    return protocol_of(fields | {"source": rule["source"]}, f"The protocol {kind}")


def written_for(protocol: Written, record: StructureRecord, atoms: Atoms) -> Protocol:
    """A protocol in LAMMPS' own words with the structure that it starts from. Raises BadInput where it cannot run."""
    script(protocol, placed(protocol, atoms))
    return protocol.model_copy(update={"structure": protocol.structure or record.request.name})


def suitable(kind: str, records: Sequence[StructureRecord]) -> Iterator[StructureRecord]:
    """Training structures, those first whose builder suits the kind, then in the order of the plan."""
    wanted: list[str] = table("protocols").get(kind, {}).get("prefers", [])
    train = [record for record in records if record.request.role == "train"]

    def rank(record: StructureRecord) -> int:
        builder = record.request.builder
        return wanted.index(builder) if builder in wanted else len(wanted)

    return iter(sorted(train, key=rank))


def record_of(protocol: Protocol, kind: str, records: Sequence[StructureRecord]) -> StructureRecord:
    """The structure that a protocol names. Raises BadInput when there is none of that name."""
    for record in suitable(kind, records):
        if protocol.structure in (None, record.request.name):
            return record
    names = ", ".join(record.request.name for record in records if record.request.role == "train")
    raise BadInput(f"The protocol {kind} names the structure {protocol.structure!r}, which is none of: {names}.")


def words(protocol: Protocol, record: StructureRecord) -> str:
    """One readable paragraph for the person who approves it."""
    told = [
        f"{stage.name} for {stage.ps:g} ps at {_range(stage.temperature_K)} K"
        + (f" and {stage.pressure_GPa:g} GPa" if stage.pressure_GPa is not None else "")
        for stage in protocol.stages()
    ]
    copies = math.prod(protocol.repeat)
    size = f"{record.n_atoms * copies} atoms" + (f", {copies} copies" if copies > 1 else "")
    extra = _extra(protocol)
    name = protocol.name if isinstance(protocol, Written) else protocol.kind
    first = f"{name.replace('_', ' ')} of {record.request.name} ({size}): {'; then '.join(told)}."
    if isinstance(protocol, Written):
        return f"{first} {protocol.purpose} It is written in LAMMPS' own words:"
    return " ".join(
        [first, *([extra] if extra else []), f"Thermostat {protocol.thermostat}. Source: {protocol.source}."]
    )


def start_of(record: StructureRecord, run: Path) -> Atoms:
    """The atoms of a structure of the run."""
    return read_frames(run / record.file)[-1]


def _range(kelvin: tuple[float, float]) -> str:
    return f"{kelvin[0]:g}" if kelvin[0] == kelvin[1] else f"{kelvin[0]:g} to {kelvin[1]:g}"


def _extra(protocol: Protocol) -> str:
    if protocol.kind == "deform":
        rate = f"{protocol.rate_per_ps:g} per ps, the sides {protocol.lateral}"
        return f"An engineering strain of {protocol.strain:g} along {protocol.axis} at {rate}."
    if protocol.kind == "thermal_conductivity" or protocol.kind == "viscosity":
        return f"{protocol.bins} layers along {protocol.axis}, a swap every {protocol.swap_every} steps."
    if isinstance(protocol, Metadynamics):
        one = protocol.variable
        low, high = one.range
        atoms = ", ".join(str(number) for number in one.atoms[:6])
        hills = f"hills of {protocol.hill_eV:g} eV and width {one.width:g} every {protocol.every} steps"
        return f"The variable is the {one.kind} of atoms {atoms}, from {low:g} to {high:g}; {hills}."
    if protocol.kind == "melt_quench":
        return f"Cooling at {protocol.rate_K_per_ps:g} K/ps."
    return ""


def _temperatures(task: Task, kind: Simulation, rule: dict[str, Any]) -> dict[str, float]:
    low, high = task.temperature_K
    if kind == "anneal":
        above = float(rule["above_factor"])
        return {"start_K": low, "peak_K": high if high >= above * low else round(above * high, 1)}
    if kind == "melt_quench":
        return {"melt_K": high, "end_K": low if low < high else max(1.0, round(float(rule["below_factor"]) * high, 1))}
    return {"temperature_K": low if rule["at"] == "low" else high}


def _layers(atoms: Atoms, rule: dict[str, Any]) -> dict[str, Json]:
    """The axis, and as many copies along it as the layers need. Raises BadInput where no axis stands upright."""
    box = atoms.cell.array
    lengths = atoms.cell.lengths()
    wanted = rule["settings"]["bins"] * rule["layer_A"]
    cosines = abs(box @ box.T) / (lengths[:, None] * lengths[None, :] + 1e-12)
    upright = [i for i in (2, 1, 0) if atoms.pbc[i] and all(cosines[i, j] < 1e-3 for j in range(3) if j != i)]
    if not upright:
        raise BadInput("No side of the cell stands at right angles to the others; choose another structure.")
    axis = max(upright, key=lambda i: float(lengths[i]))
    repeat = [1, 1, 1]
    repeat[axis] = max(1, math.ceil(wanted / lengths[axis]), math.ceil(4 * rule["settings"]["bins"] / len(atoms)))
    return {"axis": "xyz"[axis], "repeat": repeat}
