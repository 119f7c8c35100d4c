"""Bodies put at random into free space of any cell, flat ones too: a start for the stand-in, not yet dense."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from scipy.spatial.transform import Rotation

from lang2mlip.errors import BadInput

__all__ = ["Room", "place"]

_VOXEL_A = 0.45
_TRIES = 400
_ROUNDS = 12
_TOLERANCES_A = (2.1, 1.9, 1.7, 1.5)
"""Smallest distance between atoms of two bodies, to half a voxel; the next when nothing is free any more."""


@dataclass(frozen=True)
class Room:
    """Where bodies may go: a cell, periodic along its third vector or closed by a floor and a ceiling."""

    cell: np.ndarray
    tall: bool = True
    """Periodic along the third vector."""


class _Map:
    """Which voxels are taken."""

    def __init__(self, room: Room, tolerance_A: float) -> None:
        self.room = room
        lengths = np.linalg.norm(room.cell, axis=1)
        self.shape = np.maximum(1, np.rint(lengths / _VOXEL_A)).astype(int)
        self.taken = np.zeros(self.shape, bool)
        self.inverse = np.linalg.inv(room.cell)
        reach = np.ceil(tolerance_A * np.linalg.norm(self.inverse, axis=0) * self.shape).astype(int) + 1
        grid = np.stack(np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij"), -1).reshape(-1, 3)
        near = np.linalg.norm((grid / self.shape) @ room.cell, axis=1) < tolerance_A
        self.ball = grid[near]

    def voxels(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Indices, shape (…, 3), and which of them lie in the room."""
        index = np.floor(positions @ self.inverse * self.shape).astype(int)
        inside = np.ones(index.shape[:-1], bool)
        if not self.room.tall:
            inside = (index[..., 2] >= 0) & (index[..., 2] < self.shape[2])
        return index % self.shape, inside

    def free(self, positions: np.ndarray) -> np.ndarray:
        """Which of many placements, shape (m, n, 3), touch nothing."""
        index, inside = self.voxels(positions)
        taken = self.taken[index[..., 0], index[..., 1], index[..., 2]]
        return np.asarray((inside & ~taken).all(axis=1))

    def fill(self, positions: np.ndarray) -> None:
        """Mark what is too near to these atoms."""
        index = np.floor(positions @ self.inverse * self.shape).astype(int)[:, None, :] + self.ball
        index = index.reshape(-1, 3)
        if not self.room.tall:
            index = index[(index[:, 2] >= 0) & (index[:, 2] < self.shape[2])]
        index %= self.shape
        self.taken[index[:, 0], index[:, 1], index[:, 2]] = True


def place(bodies: Sequence[Atoms], room: Room, rng: np.random.Generator) -> Atoms:
    """All bodies in the order given, the largest placed first. Raises BadInput when they do not fit."""
    order = sorted(range(len(bodies)), key=lambda n: -len(bodies[n]))
    for tolerance in _TOLERANCES_A:
        found = _try(bodies, order, _Map(room, tolerance), rng)
        if found is not None:
            numbers = np.concatenate([body.numbers for body in bodies])
            return Atoms(numbers, np.concatenate(found), cell=room.cell, pbc=(True, True, room.tall))
    raise BadInput("The molecules do not fit into the cell; ask for a lower density or a thicker layer.")


def _try(
    bodies: Sequence[Atoms], order: Sequence[int], taken: _Map, rng: np.random.Generator
) -> list[np.ndarray] | None:
    """Positions of every body, or None when one finds no free place."""
    places: list[np.ndarray] = [np.empty(0)] * len(bodies)
    for number in order:
        shape = bodies[number].positions - bodies[number].positions.mean(axis=0)
        for _ in range(_ROUNDS):
            turns = Rotation.random(_TRIES, rng=rng).as_matrix()
            middles = rng.random((_TRIES, 3)) @ taken.room.cell
            trials = np.einsum("ni,mji->mnj", shape, turns) + middles[:, None]
            fitting = np.flatnonzero(taken.free(trials))
            if len(fitting):
                places[number] = trials[fitting[0]]
                taken.fill(places[number])
                break
        else:
            return None
    return places
