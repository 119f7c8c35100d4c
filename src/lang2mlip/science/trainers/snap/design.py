"""Labelled frames as rows of a linear problem: what each coefficient adds to energy, forces and virial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from lang2mlip.science.atoms.padding import padded
from lang2mlip.science.trainers.labels import Label
from lang2mlip.science.trainers.snap.engine import Engine
from lang2mlip.science.trainers.snap.settings import Form, SNAPSettings

__all__ = ["Describer", "Frame", "Scale", "frame_rows", "own_components"]


class Describer:
    """Bispectrum components of atoms and their derivatives, by LAMMPS' `compute snap`."""

    def __init__(self, form: Form) -> None:
        self.form = form
        radii = " ".join(["0.5"] * len(form.elements))
        weights = " ".join(f"{weight:.10g}" for weight in form.weights)
        shape = f"{form.cutoff_A!r} 0.99363 {form.twojmax} {radii} {weights}"
        options = f"rmin0 0.0 bzeroflag 1 switchflag 1 bikflag 1 quadraticflag {int(form.quadratic)}"
        commands = (
            f"pair_style zero {form.cutoff_A!r}",
            "pair_coeff * *",
            f"compute design all snap {shape} {options}",
            "thermo_style custom step c_design[1][1]",
            "thermo_modify norm no",
        )
        self._engine = Engine(form.elements, commands)

    def raw(self, atoms: Atoms) -> tuple[np.ndarray, np.ndarray]:
        """(rows of all atoms, forces and virial as LAMMPS lays them out, without its reference column; the turn)."""
        turn = self._engine.run(padded(atoms, self.form.cutoff_A))
        self._engine.held.forget()
        found = np.array(self._engine.held.lammps.numpy.extract_compute("design", 0, 2), dtype=float)
        return found[:, :-1], turn

    def components(self, atoms: Atoms) -> np.ndarray:
        """Bispectrum components of each atom, without products, shape (n_atoms, n_linear)."""
        raw, _ = self.raw(atoms)
        return own_components(raw, atoms, self.form)


def own_components(raw: np.ndarray, atoms: Atoms, form: Form) -> np.ndarray:
    """Of the rows of atoms, the columns that belong to each atom's own element."""
    found = np.zeros((len(atoms), form.n_linear))
    for number, element in enumerate(form.elements):
        own = np.asarray(atoms.symbols == element)
        first = number * form.n_columns
        found[own] = raw[: len(atoms)][own, first : first + form.n_linear]
    return found


@dataclass(frozen=True)
class Scale:
    """Square roots of the weights of energy and virial (over √n_atoms), and the energies of free atoms, eV."""

    energy: float
    stress: float
    base: dict[str, float]
    free: bool
    """Whether the constants may leave those energies: not where they come from isolated atoms."""

    @classmethod
    def of(cls, settings: SNAPSettings, base: dict[str, float], free: bool) -> Scale:
        """From the settings."""
        return cls(settings.energy_weight**0.5, settings.stress_weight**0.5, base, free)


@dataclass(frozen=True)
class Frame:
    """One frame's weighted rows: `matrix @ coefficients` should be `target`; then its atoms' own components."""

    matrix: np.ndarray
    target: np.ndarray
    components: np.ndarray

    def square(self, coefficients: np.ndarray) -> float:
        """Mean square of the weighted residuals."""
        return float(np.mean((self.matrix @ coefficients - self.target) ** 2))


def frame_rows(describer: Describer, labels: Sequence[Label], scale: Scale) -> list[Frame]:
    """The rows of every label; the frames' own weights are not in them yet.

    Columns: for each element its constant, then its components. The energies of free atoms are taken off.
    """
    return [_rows(describer, label, scale) for label in labels]


def _rows(describer: Describer, label: Label, scale: Scale) -> Frame:
    form, atoms, n = describer.form, label.atoms, len(label.atoms)
    raw, turn = describer.raw(atoms)
    counts = np.array([np.count_nonzero(atoms.symbols == element) for element in form.elements], dtype=float)
    energy = _with_constants(raw[:n].sum(axis=0, keepdims=True), form, counts * scale.free)
    forces = _with_constants(raw[n : 4 * n], form, np.zeros_like(counts))
    base = sum(scale.base[str(symbol)] for symbol in atoms.symbols)
    per_atom = 1.0 / np.sqrt(n)
    matrix = [energy * (scale.energy * per_atom), forces]
    target = [[(label.energy - base) * scale.energy * per_atom], (label.forces @ turn).ravel()]
    if label.virial is not None and atoms.cell.rank == 3 and scale.stress > 0:
        virial = _with_constants(raw[4 * n : 4 * n + 6], form, np.zeros_like(counts))
        matrix.append(virial * (scale.stress * per_atom))
        target.append((turn.T @ label.virial @ turn).ravel()[[0, 4, 8, 5, 2, 1]] * (scale.stress * per_atom))
    return Frame(np.vstack(matrix), np.concatenate(target), own_components(raw, atoms, form))


def _with_constants(rows: np.ndarray, form: Form, counts: np.ndarray) -> np.ndarray:
    """Put each element's constant before its components."""
    blocks = rows.reshape(len(rows), len(form.elements), form.n_columns)
    constants = np.broadcast_to(counts[None, :, None], (len(rows), len(counts), 1))
    return np.concatenate([constants, blocks], axis=2).reshape(len(rows), -1)
