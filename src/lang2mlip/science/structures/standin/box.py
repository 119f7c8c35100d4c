"""A structure as LAMMPS wants it: periodic in three directions, the first vector along x; and back again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.lammps import Prism

from lang2mlip.science.structures.assembly import Assembly

__all__ = ["VACUUM_A", "Box", "boxed", "whole"]

VACUUM_A = 20.0
"""Empty length along an axis that is not periodic."""


@dataclass(frozen=True)
class Box:
    """Positions and box in LAMMPS' axes, and the way back."""

    positions: np.ndarray
    vectors: np.ndarray
    turn: np.ndarray
    """v_lammps = v_ase @ turn."""
    offset: np.ndarray
    """Added in ASE's axes before turning, Å, shape (3,)."""
    periodic: np.ndarray
    """Of the original, shape (3,), bool."""
    height_A: float
    """Length of the original third vector, Å; 0 when it has none."""


def boxed(atoms: Atoms) -> Box:
    """The structure in a periodic box; where it is not periodic, with vacuum around it."""
    cell, offset = np.array(atoms.cell.array), np.zeros(3)
    periodic = np.array(atoms.pbc, bool)
    height = float(np.linalg.norm(cell[2]))
    complete = np.array(atoms.cell.complete().array) if not periodic.all() else cell
    for axis in np.flatnonzero(~periodic):
        others = [complete[n] for n in range(3) if n != axis]
        normal = np.cross(*others) if axis != 1 else np.cross(others[1], others[0])
        normal /= np.linalg.norm(normal)
        along = atoms.positions @ normal
        low = min(0.0, float(along.min())) if axis == 2 and height else float(along.min())
        high = max(height, float(along.max())) if axis == 2 and height else float(along.max())
        complete[axis] = (high - low + VACUUM_A) * normal
        offset += (0.5 * VACUUM_A - low) * normal
    prism = Prism(complete, pbc=True)
    return Box(
        positions=(atoms.positions + offset) @ prism.rot_mat,
        vectors=np.array(prism.lammps_tilt),
        turn=np.array(prism.rot_mat),
        offset=offset,
        periodic=periodic,
        height_A=height,
    )


def whole(assembly: Assembly, box: Box, positions: np.ndarray, cell: np.ndarray, held: np.ndarray) -> Atoms:
    """Atoms back in ASE's axes, every molecule in one piece with its middle inside the cell; held atoms untouched."""
    atoms = Atoms(assembly.atoms)
    turned = cell @ box.turn.T
    grown = np.array(atoms.cell.array)
    grown[box.periodic] = turned[box.periodic]
    atoms.set_cell(grown)
    places = positions @ box.turn.T - box.offset
    lattice = np.where(box.periodic[:, None], turned, 0.0)
    # A solid that moves is no molecule: each of its atoms goes into the cell by itself.
    group = np.where(assembly.held, int(assembly.body.max()) + 1 + np.arange(len(atoms)), assembly.body)
    _, group = np.unique(group, return_inverse=True)
    size = np.bincount(group)
    middle = np.stack([np.bincount(group, weights=column) / size for column in places.T], axis=1)
    places -= (np.floor(middle @ np.linalg.inv(turned)) @ lattice)[group]
    places[held] = assembly.atoms.positions[held]
    atoms.positions = places
    return atoms
