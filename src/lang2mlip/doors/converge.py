"""How fine the reference's settings must be, measured on one small structure before a run is paid for."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from ase import Atoms

from lang2mlip.contracts import Json, ReferenceSpec, check
from lang2mlip.doors.terminal import open_console
from lang2mlip.errors import BadInput

if TYPE_CHECKING:
    from lang2mlip.science.reference.convergence import Convergence, Point

__all__ = ["Wanted", "converge"]


@dataclass(frozen=True)
class Wanted:
    """What the command line said."""

    what: str
    """A structure file, or the name of a run."""
    out: Path | None
    reference: str | None
    ladders: tuple[str, ...]
    """SETTING=VALUE,VALUE,…"""
    enough: dict[str, float]
    to: Path | None


def converge(wanted: Wanted) -> int:
    """Measure, print the tables, say what to write into task.yaml; 0, or 3 where a setting did not converge."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy: threads that wait for each other only cost time
    from lang2mlip.science.reference import convergence

    atoms, spec = _subject(wanted)
    ladders = convergence.ladders(spec, _ladders(wanted.ladders))
    enough = check(convergence.Enough, wanted.enough, "what counts as converged")
    console = open_console()
    made, found = convergence.converge(spec, atoms, ladders, enough, lambda line: console.print(f"measuring {line}"))
    page = "\n".join([_head(atoms, spec, found), *(_table(one) for one in found), _advice(made, found)])
    print(page)
    if wanted.to:
        _save(wanted.to, page, found)
    return 3 if any(one.chosen is None for one in found) else 0


def _subject(wanted: Wanted) -> tuple[Atoms, ReferenceSpec]:
    """The structure and the reference. Raises BadInput where one is missing."""
    from lang2mlip.science.reference.spec import parse

    file = Path(wanted.what)
    if file.is_file():
        if wanted.reference is None:
            raise BadInput("A structure file does not say which reference; add --reference, e.g. --reference gpaw:PBE.")
        return _read(file), parse(wanted.reference)
    from lang2mlip.doors.wire import open_run

    run = open_run(wanted.what, wanted.out)
    view = run.view()
    records = view.structures("train")
    if not records:
        raise BadInput(f"{run.name} has no structures; give a structure file instead.")
    smallest = min(records, key=lambda record: record.n_atoms)
    spec = parse(wanted.reference) if wanted.reference else run.state.task.reference
    return view.frames(smallest.file)[-1], spec


def _read(file: Path) -> Atoms:
    from ase.io import read

    from lang2mlip.science.atoms.foreign import READ_FAULTS

    try:
        atoms = read(file)
    except READ_FAULTS as error:
        raise BadInput(f"The structure file {file} cannot be read: {error or 'it holds no structure'}.") from error
    return Atoms(atoms.numbers, positions=atoms.positions, cell=atoms.cell, pbc=atoms.pbc)  # type: ignore[union-attr]


def _ladders(texts: Sequence[str]) -> dict[str, Sequence[Json]]:
    """Raises BadInput for what is not SETTING=VALUE,VALUE,…"""
    found: dict[str, Sequence[Json]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        pieces = [piece for piece in values.split(",") if piece.strip()]
        if not equals or not pieces:
            raise BadInput(f"--set takes SETTING=VALUE,VALUE,… from coarse to fine, not {text!r}.")
        found[name.strip()] = [yaml.safe_load(piece) for piece in pieces]
    return found


def _head(atoms: Atoms, spec: ReferenceSpec, found: Sequence[Convergence]) -> str:
    enough, calls = found[0].enough, sum(one.calls for one in found)
    return (
        f"Settings of {spec.name} on {atoms.get_chemical_formula()} ({len(atoms)} atoms), {calls} reference calls.\n"
        "Two rattled cells, one of them compressed; differences from the finest value. Converged: the energy between\n"
        f"the two within {enough.energy_meV_atom:g} meV/atom, forces within {enough.force_meV_A:g} meV/Å, stress "
        f"within {enough.stress_GPa:g} GPa."
    )


def _table(one: Convergence) -> str:
    """A Markdown table, which is also readable as it is."""
    head = f"| {one.setting} | energy, meV/atom | forces, meV/Å | stress, GPa | total energy, meV/atom | CPU s | |"
    return "\n".join(["", head, "|---|---|---|---|---|---|---|", *(_row(point, one) for point in one.points)])


def _row(point: Point, one: Convergence) -> str:
    if point.fault:
        return f"| {point.value} | failed | | | | | {point.fault} |"
    stress = "-" if point.stress_GPa is None else f"{point.stress_GPa:.3f}"
    mark = "chosen" if point.value == one.chosen else "finest" if point is one.points[-1] else ""
    return (
        f"| {point.value} | {point.energy_meV_atom:.2f} | {point.force_meV_A:.1f} | {stress} | "
        f"{point.total_meV_atom:.1f} | {point.seconds:.2f} | {mark} |"
    )


def _advice(made: ReferenceSpec, found: Sequence[Convergence]) -> str:
    lines = [
        f"{one.setting} has not converged at {one.points[-2].value}, the finest but one: name finer values with "
        f"--set {one.setting}=…, or allow more."
        for one in found
        if one.chosen is None
    ]
    settings = yaml.safe_dump({key: made.settings[key] for key in made.settings}, default_flow_style=True, width=1000)
    return "\n".join(["", *lines, f"For task.yaml, reference: settings: {settings.strip()}"])


def _save(folder: Path, page: str, found: Sequence[Convergence]) -> None:
    """convergence.md, convergence.json and a figure of each setting."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "convergence.md").write_text(page + "\n", encoding="utf-8")
    data = [one.model_dump(mode="json") for one in found]
    (folder / "convergence.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    for one in found:
        figure = _figure(one)
        if figure:
            (folder / f"convergence-{one.setting}.svg").write_text(figure, encoding="utf-8")


def _figure(one: Convergence) -> str | None:
    from lang2mlip.report.figures import learning

    value = one.points[-1].value
    points = [point for point in one.points[:-1] if isinstance(point.value, int | float) and not point.fault]
    series = {
        "forces, meV/Å": [(float(p.value), p.force_meV_A) for p in points],
        "energy, meV/atom": [(float(p.value), p.energy_meV_atom) for p in points],
        "total, meV/atom": [(float(p.value), p.total_meV_atom) for p in points],
        "stress, GPa": [(float(p.value), p.stress_GPa or 0.0) for p in points],
    }
    return learning(series, one.setting, f"difference from {value}")
