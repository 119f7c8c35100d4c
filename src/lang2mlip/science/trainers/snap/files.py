"""A model on disk: what stock LAMMPS reads (in.snap, pot.snapcoeff, pot.snapparam, core.table), and what we add."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from lang2mlip.errors import RunFault
from lang2mlip.science.trainers.snap.core import Core, write_table
from lang2mlip.science.trainers.snap.settings import Form

__all__ = ["Model", "commands", "load_model", "save_model", "write_potential"]

_INPUT = """# A SNAP potential for stock LAMMPS (packages ML-SNAP and MANYBODY), units metal.
# Include it after the atoms are read: types 1 to {count} are {elements}, in this order.
# Set the variable snap_folder before where this is not in the working directory.
variable snap_folder index .
{lines}
"""

_HERE = "${snap_folder}/"


@dataclass(frozen=True)
class Model:
    """What a model folder holds besides the coefficients."""

    form: Form
    active: tuple[np.ndarray, ...]
    """Inverse active sets, one for each element of the centre atom."""


def write_potential(form: Form, coefficients: np.ndarray, core: Core | None, folder: Path) -> None:
    """Write what LAMMPS reads; `coefficients` hold each element's constant (eV) before its components."""
    folder.mkdir(parents=True, exist_ok=True)
    blocks = coefficients.reshape(len(form.elements), -1)
    lines = ["# SNAP coefficients, eV", f"{len(form.elements)} {blocks.shape[1]}"]
    for element, weight, block in zip(form.elements, form.weights, blocks, strict=True):
        lines += [f"{element} 0.5 {weight:.10g}", *(f"{value:.16e}" for value in block)]
    (folder / "pot.snapcoeff").write_text("\n".join(lines) + "\n", encoding="utf-8")
    parameters = {"rcutfac": repr(form.cutoff_A), "twojmax": form.twojmax, "rfac0": 0.99363, "rmin0": 0.0}
    flags = {"switchflag": 1, "bzeroflag": 1, "quadraticflag": int(form.quadratic)}
    text = "".join(f"{name} {value}\n" for name, value in (parameters | flags).items())
    (folder / "pot.snapparam").write_text("# SNAP parameters\n" + text, encoding="utf-8")
    (folder / "core.table").unlink(missing_ok=True)
    if core is not None:
        write_table(core, folder / "core.table")
    lines = _lines(form.elements, core)
    text = _INPUT.format(count=len(form.elements), elements=" ".join(form.elements), lines="\n".join(lines))
    (folder / "in.snap").write_text(text, encoding="utf-8")


def _lines(elements: Sequence[str], core: Core | None) -> list[str]:
    files = f"{_HERE}pot.snapcoeff {_HERE}pot.snapparam {' '.join(elements)}"
    if core is None:
        return ["pair_style snap", f"pair_coeff * * {files}"]
    kinds = {element: number for number, element in enumerate(elements, 1)}
    pairs = [
        f"pair_coeff {kinds[a]} {kinds[b]} table {_HERE}core.table {a}-{b} {start:.10f}"
        for (a, b), start in core.start.items()
    ]
    return ["pair_style hybrid/overlay snap table spline 4000", f"pair_coeff * * snap {files}", *pairs]


def commands(folder: Path) -> list[str]:
    """The lines of in.snap with their files where they are. Raises RunFault when there are none."""
    try:
        lines = (folder / "in.snap").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise RunFault(f"{folder} holds no SNAP model that can be read: {error}; train it again.") from error
    for name in ("pot.snapcoeff", "pot.snapparam", "core.table"):
        lines = [line.replace(_HERE + name, f'"{folder.resolve() / name}"') for line in lines]
    return [line for line in lines if line.startswith("pair_")]


def save_model(model: Model, extras: dict[str, object], folder: Path) -> None:
    """Write extras.json and active.npz beside the potential."""
    card = {"family": "snap", "form": asdict(model.form)} | extras
    (folder / "extras.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    np.savez(folder / "active.npz", allow_pickle=False, **{f"kind_{k}": a for k, a in enumerate(model.active)})


def load_model(folder: Path) -> Model:
    """The model in `folder`. Raises RunFault when a file is missing or damaged."""
    try:
        found = json.loads((folder / "extras.json").read_text(encoding="utf-8"))["form"]
        lists = {"elements": tuple(found["elements"]), "weights": tuple(found["weights"])}
        form = Form(**(found | lists))
        with np.load(folder / "active.npz", allow_pickle=False) as file:
            return Model(form, tuple(file[f"kind_{k}"] for k in range(len(form.elements))))
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise RunFault(f"{folder} holds no SNAP model that can be read: {error}; train it again.") from error
