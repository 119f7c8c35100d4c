"""A structure file of the person's own: CIF, POSCAR, extxyz or whatever ASE reads, refused when it is not sound."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from ase import Atoms
from ase.io import read
from ase.io.formats import UnknownFileTypeError
from pydantic import Field

from lang2mlip.contracts.base import Noun
from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.foreign import READ_FAULTS
from lang2mlip.science.structures.assembly import Assembly
from lang2mlip.science.structures.gate import PAIR_FACTOR, Expectations, closest_pair
from lang2mlip.science.structures.occupancy import SITE

__all__ = ["Other", "OtherParameters", "read_crystal", "read_structure"]


class OtherParameters(Noun):
    """Which file, and how much of it."""

    file: str = Field(description="path of a CIF, POSCAR, extxyz or other file that ASE reads")
    repeat: tuple[int, int, int] = Field(default=(1, 1, 1), description="copies along the three cell vectors")
    rattle_A: float = Field(default=0.0, ge=0, le=0.5, description="standard deviation of random displacements, Å")


class Other:
    """Builder for a file that the person gave."""

    Parameters: ClassVar[type[Noun]] = OtherParameters

    def __init__(self, parameters: OtherParameters) -> None:
        self.parameters = parameters

    def build(self, seed: int) -> Atoms:
        """The file's structure. Raises BadInput when it cannot be read, is partly occupied, or has overlaps."""
        wish = self.parameters
        atoms = read_structure(Path(wish.file))
        if wish.repeat != (1, 1, 1) and not atoms.pbc.any():
            raise BadInput(f"{wish.file} is not periodic, so it cannot be repeated; leave `repeat` out.")
        atoms = Atoms(atoms.repeat(wish.repeat))
        if wish.rattle_A:
            atoms.positions += np.random.default_rng(seed).normal(scale=wish.rattle_A, size=atoms.positions.shape)
        return atoms

    def assemble(self, seed: int) -> Assembly:
        """The same, as one body that the fast stand-in holds in place."""
        return Assembly.solid(self.build(seed))

    def expectations(self) -> Expectations:
        """Only the checks that hold for any structure."""
        return Expectations()


def read_structure(path: Path) -> Atoms:
    """The last structure of a file, without its calculator. Raises BadInput, which says what is wrong with it."""
    atoms = _read(path)
    for share in _shares(atoms).values():
        named = ", ".join(f"{symbol} {part:g}" for symbol, part in share.items())
        raise BadInput(
            f"{path} has a partly occupied site ({named}); the builder `bulk` makes an ordered supercell of it, or give"
            " an ordered version of the structure."
        )
    _refuse_overlaps(atoms, path)
    return Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)


def read_crystal(path: Path) -> tuple[Atoms, list[dict[str, float]]]:
    """As `read_structure`, but sites may be shared or partly empty: element → share of each such sublattice.

    `arrays["site"]` counts the sublattices from 1; 0 is a plain site. Raises BadInput.
    """
    atoms = _read(path)
    shares = _shares(atoms)
    crystal = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
    if not shares:
        _refuse_overlaps(crystal, path)
        return crystal, []
    numbers = {kind: n for n, kind in enumerate(shares, start=1)}
    marks = [numbers.get(int(kind), 0) for kind in atoms.arrays["spacegroup_kinds"]]
    crystal.set_array(SITE, np.array(marks, int))
    _refuse_overlaps(crystal[crystal.arrays[SITE] == 0], path)
    return crystal, list(shares.values())


def _read(path: Path) -> Atoms:
    if not path.is_file():
        raise BadInput(f"There is no structure file {path}; give the path of a CIF, POSCAR or extxyz file.")
    options: dict[str, Any] = {"fractional_occupancies": True} if path.suffix.lower() == ".cif" else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            atoms = read(path, index=-1, **options)
    except (UnknownFileTypeError, StopIteration, SyntaxError) as error:
        raise BadInput(f"{path} is in no format that is known; use CIF, POSCAR or extxyz.") from error
    except READ_FAULTS as error:
        raise BadInput(f"{path} cannot be read as a structure: {str(error) or type(error).__name__}.") from error
    if not isinstance(atoms, Atoms) or not len(atoms):
        raise BadInput(f"{path} has no atoms.")
    if atoms.pbc.any() and abs(np.linalg.det(atoms.cell.array)) < 1e-3:
        raise BadInput(f"{path} is periodic but has no cell, or a flat one; give the three cell vectors in the file.")
    if not np.isfinite(atoms.positions).all():
        raise BadInput(f"{path} has a position that is not a finite number; correct the file.")
    return atoms


def _shares(atoms: Atoms) -> dict[int, dict[str, float]]:
    """Kind of site → element → share, of the sites that are not one whole atom."""
    found = atoms.info.get("occupancy", {})
    return {
        int(kind): {str(symbol): float(share) for symbol, share in site.items()}
        for kind, site in found.items()
        if len(site) > 1 or any(share < 0.999 for share in site.values())
    }


def _refuse_overlaps(atoms: Atoms, path: Path) -> None:
    ratio, sentence = closest_pair(atoms)
    if ratio < PAIR_FACTOR:
        raise BadInput(f"{path} has overlapping atoms: {sentence}; correct the file.")
