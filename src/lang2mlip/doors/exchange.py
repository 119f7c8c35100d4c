"""What people bring, and what they take out."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ase import Atoms

from lang2mlip.contracts import DataSet, Task
from lang2mlip.errors import BadInput, UnknownName
from lang2mlip.record.events import Imported
from lang2mlip.record.run import Run, write_json
from lang2mlip.science.atoms.frames import write_frames
from lang2mlip.science.atoms.identity import structure_id
from lang2mlip.science.atoms.soundness import disagreements

if TYPE_CHECKING:
    from lang2mlip.science.atoms.exchange import Provenance

__all__ = ["KINDS", "bring", "check_elements", "read_data", "take_out"]

NATIVE = {"mtp": "potential.mtp", "mace": "mace.model", "gap": "gap.xml"}
"""Family → the file of its model folder that other programs read."""

KINDS = ("extxyz", "deepmd", "potential", "lammps", *NATIVE)

IMPORTED = "imported"
"""Group of frames that name none of the run's own groups."""


def read_data(files: Sequence[Path]) -> list[tuple[Path, list[Atoms], Provenance]]:
    """The frames of labelled files, with where they come from. Raises BadInput for a file that cannot be used."""
    if not files:
        return []
    from lang2mlip.science.atoms.exchange import read_labelled  # brings readers that take half a second to load

    return [(file, *read_labelled(file)) for file in files]


def check_elements(task: Task, read: Sequence[tuple[Path, list[Atoms], Provenance]]) -> None:
    """Raises BadInput where a file has elements that the task has not."""
    for file, frames, _ in read:
        strange = {symbol for atoms in frames for symbol in atoms.get_chemical_symbols()} - set(task.elements)
        if strange:
            allowed = ", ".join(task.elements)
            raise BadInput(f"{file} has {', '.join(sorted(strange))}, which the task has not (it has {allowed}).")


def bring(run: Run, files: Sequence[Path]) -> list[str]:
    """Import labelled files into the run, checked; a line per file and per doubt. Raises BadInput for unusable ones."""
    if run.state.ended:
        raise BadInput(f"{run.name} has ended and takes no more data; start a new run with --data.")
    read = read_data(files)
    check_elements(run.state.task, read)
    lines = []
    for file, frames, provenance in read:
        lines += _import(run, file, frames, provenance)
    sources = {str(file): (frames, provenance.settings) for file, frames, provenance in read}
    own = run.view().training_frames()
    own = [atoms for atoms in own if atoms.info.get("source") != IMPORTED]
    if own:
        sources["this run's own labels"] = (own, {})
    return lines + [f"Doubt: {word}" for word in disagreements(sources)]


def _import(run: Run, file: Path, frames: list[Atoms], provenance: Provenance) -> list[str]:
    number = sum(dataset.source == IMPORTED for dataset in run.state.data) + 1
    name = f"imported-{number:02d}"
    for atoms in frames:
        group = str(atoms.info.get("group", ""))
        atoms.info["group"] = group if group in run.state.groups else IMPORTED
        atoms.info |= {"id": structure_id(atoms), "source": IMPORTED}
    target = run.folder / "data" / f"{name}.extxyz"
    write_frames(target, frames)
    dataset = DataSet(
        id=name,
        file=str(target.relative_to(run.folder)),
        source=IMPORTED,
        groups=dict(Counter(str(atoms.info["group"]) for atoms in frames)),
    )
    remarks = (*provenance.left_out, *provenance.remarks)
    story = f"{provenance.kind} file {provenance.file}, sha256 {provenance.sha256}, settings {provenance.settings}"
    run.record(Imported(data=(dataset,), provenance=story, remarks=remarks))
    return [f"{file}: {len(frames)} labelled frames imported as {name}; nothing is charged for them.", *remarks]


def take_out(run: Run, kind: str, to: Path) -> str:
    """Write data or potential; says what was written. Raises UnknownName or BadInput."""
    if kind not in KINDS:
        raise UnknownName.of("export", kind, KINDS)
    try:
        return _take_out(run, kind, to)
    except OSError as error:
        raise BadInput(f"{to} cannot be written: {error.strerror or error}. Choose another place.") from error


def _take_out(run: Run, kind: str, to: Path) -> str:
    if kind in ("extxyz", "deepmd"):
        from lang2mlip.science.atoms.exchange import write_labelled

        frames = run.view().training_frames()
        write_labelled(frames, to, "deepmd" if kind == "deepmd" else "extxyz")
        return f"{len(frames)} labelled frames written to {to}"
    folder = run.view().model_folder()
    if folder is None or run.state.model is None:
        raise BadInput(f"{run.name} has no potential yet; go on with: lang2mlip resume {run.name}")
    if kind == "potential":
        shutil.copytree(folder, to, dirs_exist_ok=True)
        return f"The {run.state.model.family} potential {run.state.model.id} written to {to}"
    return _native(run, kind, folder, to) if kind in NATIVE else _lammps(run, to)


def _native(run: Run, family: str, folder: Path, to: Path) -> str:
    """The one file that other programs of the family read."""
    model = run.state.model
    if model is None or model.family != family:
        has = model.family if model else "nothing"
        raise BadInput(f"{run.name} has a potential of the family {has}, not {family}; export it as {has}.")
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / NATIVE[family], to)
    core = " The repulsive core at very short distances is not part of this format." if family == "mtp" else ""
    return f"The {family} potential {model.id} written to {to}.{core}"


def _lammps(run: Run, to: Path) -> str:
    from lang2mlip.science.lammps.external import write_example
    from lang2mlip.science.lammps.native import write_native

    record = run.view().structures("train")[0]
    atoms = run.view().frames(record.file)[-1]
    _copy_potential(run, to / "potential")
    write_example(atoms, to, "potential", run.state.task.temperature_K[0])
    said = f"A LAMMPS input that runs with this potential written to {to}: python {to / 'run.py'}"
    if write_native(atoms, to, "potential/model", run.state.task.temperature_K[0]):
        said += f"; stock LAMMPS runs it as well: cd {to} && lmp -in in.native"
    return said


def _copy_potential(run: Run, to: Path) -> None:
    """The deliverable, or before the end the current model in the same form."""
    model, folder = run.state.model, run.view().model_folder()
    assert model is not None and folder is not None
    if (run.folder / "potential").exists():
        shutil.copytree(run.folder / "potential", to, dirs_exist_ok=True)
        return
    shutil.copytree(folder, to / "model", dirs_exist_ok=True)
    write_json(to / "potential.json", {"family": model.family, "model": model.id})
