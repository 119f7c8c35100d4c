"""Clusters: spheres, polyhedra and Wulff shapes cut out of any crystal, and icosahedra and decahedra of fcc metals."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

import numpy as np
from ase import Atoms
from pydantic import Field, model_validator

from lang2mlip.contracts.base import Noun
from lang2mlip.errors import BadInput
from lang2mlip.science.structures.assembly import Assembly
from lang2mlip.science.structures.facets import three_indices
from lang2mlip.science.structures.gate import Expectations
from lang2mlip.science.structures.source import CrystalSource, conventional, mixtures, occupied
from lang2mlip.science.structures.units import units_of

__all__ = ["Cluster", "ClusterParameters", "Face"]

Shape = Literal["sphere", "cube", "octahedron", "truncated_octahedron", "wulff", "icosahedron", "decahedron"]

_FACES: dict[str, dict[tuple[int, int, int], float]] = {
    "cube": {(1, 0, 0): 1.0},
    "octahedron": {(1, 1, 1): 1.0},
    "truncated_octahedron": {(1, 1, 1): 1.0, (1, 0, 0): 2 / 3**0.5},
}
"""Distances of the faces from the centre; the truncated octahedron has edges of one length."""

_SAME_A = 1e-3
"""Units whose distance from the centre differs by less lie in one shell."""


class Face(Noun):
    """A face of a Wulff shape."""

    miller: tuple[int, ...] = Field(description="Miller indices on the conventional cell: 3, or 4 for hexagonal axes")
    energy_J_m2: float = Field(gt=0, description="surface energy, J/m²")


class ClusterParameters(CrystalSource):
    """Which crystal, which shape, how large."""

    shape: Shape = Field(default="sphere", description="icosahedron and decahedron: fcc metals alone")
    faces: tuple[Face, ...] = Field(default=(), description="wulff: the faces and their energies")
    atoms: int = Field(default=100, ge=2, description="about this many: the nearest complete shell is taken")
    vacuum_A: float = Field(default=8.0, ge=0, description="empty length around the cluster, Å")
    rattle_A: float = Field(default=0.0, ge=0, le=0.5, description="standard deviation of random displacements, Å")

    @model_validator(mode="after")
    def _faces_for_wulff(self) -> Self:
        if (self.shape == "wulff") != bool(self.faces):
            raise ValueError("shape wulff needs faces with their energies, and no other shape takes them")
        for face in self.faces:
            three_indices(face.miller)
        return self


class Cluster:
    """Builder of clusters. Compounds keep whole formula units, and polyatomic ions stay whole."""

    Parameters: ClassVar[type[Noun]] = ClusterParameters

    def __init__(self, parameters: ClusterParameters) -> None:
        self.parameters = parameters

    def build(self, seed: int) -> Atoms:
        """The cluster in a box, not periodic. Raises BadInput when the crystal does not make this shape."""
        wish, rng = self.parameters, np.random.default_rng(seed)
        unit = conventional(wish)
        grown = wish.shape in ("icosahedron", "decahedron")
        cluster = _grown(unit, wish) if grown else _cut(unit, wish, rng)
        cluster = occupied(cluster, wish, rng)
        if wish.rattle_A:
            cluster.positions += rng.normal(scale=wish.rattle_A, size=cluster.positions.shape)
        cluster.pbc = False
        cluster.center(vacuum=wish.vacuum_A)
        return cluster

    def assemble(self, seed: int) -> Assembly:
        """As `build`, one solid."""
        return Assembly.solid(self.build(seed))

    def expectations(self) -> Expectations:
        """The crystal's composition."""
        if mixtures(self.parameters):
            return Expectations()
        return Expectations(composition=str(conventional(self.parameters).symbols.formula.reduce()[0]))


def _cut(unit: Atoms, wish: ClusterParameters, rng: np.random.Generator) -> Atoms:
    """Complete shells of the shape around an atom, a cell's corner or its middle, by the seed; then whole formulas."""
    normals = _normals(unit, wish)
    block = _block(unit, wish.atoms)
    units = units_of(block)
    middle = block.cell.sum(axis=0) / 2 + _centre(unit, rng) - unit.cell.sum(axis=0) / 2
    # A unit that the block's border cuts has its shape unwrapped around its first atom.
    centres = np.array([block.positions[one.members[0]] - one.shape_A[0] for one in units]) - middle
    depth = np.linalg.norm(centres, axis=1) if normals is None else (centres @ normals.T).max(axis=1)
    order = np.argsort(np.round(depth, 6), kind="stable")
    sizes = np.cumsum([len(units[n].members) for n in order])
    ends = np.flatnonzero(np.append(np.diff(depth[order]) > _SAME_A, True))
    last = int(ends[np.argmin(abs(sizes[ends] - wish.atoms))])
    kept = [units[n] for n in order[: last + 1]]
    numbers = [block.numbers[one.members] for one in kept]
    places = [one.shape_A + centres[n] for one, n in zip(kept, order, strict=False)]
    # Outermost units last, so that the surplus is taken from the surface.
    return _whole_formulas(numbers, places, unit)


def _normals(unit: Atoms, wish: ClusterParameters) -> np.ndarray | None:
    """Face normals over their distances from the centre, shape (n, 3); None for a sphere."""
    if wish.shape == "sphere":
        return None
    wulff = {three_indices(face.miller): face.energy_J_m2 for face in wish.faces}
    faces = wulff or _FACES[wish.shape]
    reciprocal = unit.cell.reciprocal().array
    found = []
    for miller, distance in faces.items():
        for indices in _family(unit, miller):
            normal = np.array(indices) @ reciprocal
            found.append(normal / np.linalg.norm(normal) / distance)
    if np.linalg.matrix_rank(np.array(found)) < 3:
        raise BadInput(f"The faces {', '.join(map(str, faces))} do not close; name faces in other directions too.")
    return np.array(found)


def _family(unit: Atoms, miller: tuple[int, int, int]) -> set[tuple[int, ...]]:
    """All planes that the crystal's symmetry makes equal, with their opposites."""
    import spglib

    symmetry = spglib.get_symmetry((unit.cell.array, unit.get_scaled_positions(), unit.numbers), symprec=1e-3)
    rotations = symmetry["rotations"] if symmetry is not None else [np.eye(3, dtype=int)]
    turned = {tuple(int(x) for x in np.array(miller) @ rotation) for rotation in rotations}
    return turned | {tuple(-x for x in one) for one in turned}


def _block(unit: Atoms, atoms: int) -> Atoms:
    """A block of the crystal that holds any shape of so many atoms: eight times their volume in a round box."""
    edge = 2.2 * (atoms * unit.cell.volume / len(unit)) ** (1 / 3)
    repeats = [int(np.ceil(edge / length)) + 2 for length in unit.cell.lengths()]
    block: Atoms = unit.repeat([n + 1 - n % 2 for n in repeats])
    return block


def _centre(unit: Atoms, rng: np.random.Generator) -> np.ndarray:
    """An atom, the corner or the middle of the middle cell."""
    places = [unit.positions[int(rng.integers(len(unit)))], np.zeros(3), unit.cell.sum(axis=0) / 2]
    return np.asarray(places[int(rng.integers(3))])


def _whole_formulas(numbers: list[np.ndarray], places: list[np.ndarray], unit: Atoms) -> Atoms:
    """The units without the surplus, taken from the outside, that would leave a formula incomplete."""
    kinds = [tuple(sorted(one)) for one in numbers]
    whole = units_of(unit)
    per_formula = {kind: 0 for kind in kinds}
    for one in whole:
        kind = tuple(sorted(unit.numbers[one.members]))
        per_formula[kind] = per_formula.get(kind, 0) + 1
    divisor = int(np.gcd.reduce(list(per_formula.values())))
    formulas = min(kinds.count(kind) // (count // divisor) for kind, count in per_formula.items())
    if formulas == 0:
        raise BadInput(f"So few atoms hold no formula unit of {unit.symbols.formula:hill}; ask for more.")
    left = {kind: formulas * count // divisor for kind, count in per_formula.items()}
    kept = []
    for number, kind in enumerate(kinds):
        if left[kind]:
            left[kind] -= 1
            kept.append(number)
    return Atoms(np.concatenate([numbers[n] for n in kept]), np.concatenate([places[n] for n in kept]))


def _grown(unit: Atoms, wish: ClusterParameters) -> Atoms:
    """The complete icosahedron or decahedron nearest in size."""
    from ase.cluster import Decahedron, Icosahedron

    element, edge = unit.get_chemical_symbols()[0], float(unit.cell.lengths()[0])
    if len(set(unit.symbols)) > 1 or len(unit) != 4 or not np.allclose(unit.cell.angles(), 90):
        raise BadInput(f"A {wish.shape} grows from an fcc metal; take sphere or truncated_octahedron for this crystal.")
    shells = range(2, 4 + round(wish.atoms ** (1 / 3)))
    if wish.shape == "icosahedron":
        made = [Icosahedron(element, n, latticeconstant=edge) for n in shells]
    else:
        made = [Decahedron(element, n, n, 0, latticeconstant=edge) for n in shells]
    best = min(made, key=lambda cluster: abs(len(cluster) - wish.atoms))
    return Atoms(best.numbers, best.positions)
