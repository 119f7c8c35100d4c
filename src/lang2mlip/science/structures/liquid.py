"""Molecules and ions at a density: packed into a cube, or put at random and brought together by the stand-in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from lang2mlip.errors import BadInput
from lang2mlip.science.structures.assembly import Assembly, Species
from lang2mlip.science.structures.conformer import conformer
from lang2mlip.science.structures.mixture import volume_A3
from lang2mlip.science.structures.packing import pack
from lang2mlip.science.structures.placing import Room, place
from lang2mlip.science.structures.standin import ForceField, Schedule, equilibrate

__all__ = ["SPARSE", "Counted", "Matter", "assembled", "flat", "mass_of", "molecular", "packed", "sparse"]

Counted = Sequence[tuple[str, int]]
"""SMILES of each molecule or ion, with its number."""

SPARSE = 0.6
"""Share of the density at which molecules find room at random."""

_CONFORMERS = 3
"""Different conformers of one species, at most."""


def mass_of(species: Counted) -> float:
    """amu."""
    return float(sum(conformer(smiles, 0).get_masses().sum() * count for smiles, count in species))


def assembled(atoms: Atoms, species: Counted) -> Assembly:
    """The atoms with what they form, in the order of `species`; formal charges and their sum are set."""
    bodies, charges = [], []
    for smiles, count in species:
        one = conformer(smiles, 0)
        formal = one.get_initial_charges()
        bodies += [(Species(smiles, round(float(formal.sum()))), len(one))] * count
        charges += [formal] * count
    atoms.set_initial_charges(np.concatenate(charges))
    atoms.info["charge"] = round(float(np.concatenate(charges).sum()))
    return Assembly.of_bodies(atoms, bodies)


def packed(species: Counted, density_g_cm3: float, rng: np.random.Generator) -> Assembly | None:
    """A cube packed without overlaps by packmol, or None when they do not fit."""
    kinds = [(conformer(s, int(rng.integers(2**31))), share) for s, count in species for share in _shares(count)]
    edge = volume_A3(mass_of(species), density_g_cm3) ** (1 / 3)
    atoms = pack(kinds, edge, int(rng.integers(2**30)))
    return None if atoms is None else assembled(atoms, species)


@dataclass(frozen=True)
class Matter:
    """What is to be put somewhere: bodies, how they become an assembly, and their field where it is not by SMILES."""

    bodies: Sequence[Atoms]
    assembled: Callable[[Atoms], Assembly]
    field: ForceField | None = None

    @property
    def mass(self) -> float:
        """amu."""
        return float(sum(body.get_masses().sum() for body in self.bodies))


def molecular(species: Counted, rng: np.random.Generator) -> Matter:
    """Molecules and ions in a few conformers each."""
    bodies = []
    for smiles, count in species:
        kinds = [conformer(smiles, int(rng.integers(2**31))) for _ in range(min(_CONFORMERS, count))]
        bodies += [kinds[n % len(kinds)] for n in range(count)]
    return Matter(bodies, lambda atoms: assembled(atoms, species))


def sparse(matter: Matter, density_g_cm3: float, rng: np.random.Generator) -> Assembly:
    """A cube at 0.6 of the density, bodies at random. Raises BadInput when they do not fit."""
    edge = volume_A3(matter.mass, SPARSE * density_g_cm3) ** (1 / 3)
    return matter.assembled(place(matter.bodies, Room(np.eye(3) * edge), rng))


def flat(
    matter: Matter, lateral_A: np.ndarray, thickness_A: float, schedule: Schedule, rng: np.random.Generator
) -> Assembly:
    """A layer: put at random between a floor and a high ceiling, which `schedule` brings down to `thickness_A`.

    Periodic along the two vectors `lateral_A`, shape (2, 2) or (2, 3); every atom lies within the height.
    """
    lateral = np.zeros((2, 3))
    lateral[:, : lateral_A.shape[1]] = lateral_A
    up = np.cross(*lateral)
    up /= np.linalg.norm(up)
    room = Room(np.vstack([lateral, up * thickness_A / SPARSE]), tall=False)
    start = matter.assembled(place(matter.bodies, room, rng))
    walled = schedule.model_copy(update={"walls": True})
    layer = equilibrate(start, walled, int(rng.integers(2**30)), field=matter.field)
    layer.atoms.set_cell(np.vstack([lateral, up * thickness_A]))
    return _inside(layer, up, thickness_A)


def _inside(layer: Assembly, up: np.ndarray, thickness_A: float) -> Assembly:
    """Atoms that lean on the soft walls are brought within the height by a slight squeeze of all heights."""
    height = layer.atoms.positions @ up
    low, high = min(0.0, float(height.min())), max(thickness_A, float(height.max()))
    if high - low > 1.1 * thickness_A:
        raise BadInput(f"The molecules do not fit into a layer of {thickness_A:g} Å; ask for a thicker one.")
    moved = (height - low) * thickness_A / (high - low)
    layer.atoms.positions += np.outer(moved - height, up)
    return layer


def _shares(count: int) -> list[int]:
    """`count` molecules over a few conformers, as evenly as it goes."""
    kinds = min(_CONFORMERS, count)
    return [count // kinds + (n < count % kinds) for n in range(kinds)]
