"""Index tables, parameters and scratch space in the form that the compiled kernels take."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from ase import Atoms

from lang2mlip.errors import UnsupportedElement
from lang2mlip.science.trainers.mtp.basis import MomentBasis
from lang2mlip.science.trainers.mtp.neighbours import neighbours
from lang2mlip.science.trainers.mtp.potential import Potential

__all__ = ["Parameters", "System", "Tables", "Work", "parameters", "system", "tables", "types_of", "work"]


class Tables(NamedTuple):
    """The moment basis for the kernels; unit-vector monomials are shared by all radial functions."""

    parent: np.ndarray
    """(n_monomials,): the monomial that this one is a coordinate times of."""
    axis: np.ndarray
    """(n_monomials,): that coordinate."""
    lower: np.ndarray
    """(n_monomials, 3): the monomial with one power less of x, y, z; 0 where there is none (its power is then 0)."""
    power: np.ndarray
    """(n_monomials, 4) float: powers of x, y, z and their sum."""
    mu: np.ndarray
    """(n_basic,): the radial function of each basic moment."""
    monomial: np.ndarray
    """(n_basic,): its monomial."""
    uses: np.ndarray
    """(n_monomials + 1,): where the basic moments of each monomial begin in `user`."""
    user: np.ndarray
    """(n_basic,): basic moments sorted by monomial."""
    times: np.ndarray
    """(n_times, 3) int: factor, factor, result."""
    weight: np.ndarray
    """(n_times,) float."""
    mapping: np.ndarray
    """(n_scalars,)."""


class Parameters(NamedTuple):
    """A potential's numbers."""

    radial: np.ndarray
    linear: np.ndarray
    shift: np.ndarray
    low: float
    high: float
    inner: np.ndarray
    """(n_species, n_species): below this distance the radial functions level off, Å; 0 for never."""
    width: float
    """Over how many Å they level off."""


class System(NamedTuple):
    """Atoms with their neighbour list."""

    positions: np.ndarray
    types: np.ndarray
    first: np.ndarray
    partner: np.ndarray
    image: np.ndarray
    """(n_pairs,) int16: row of `offset` (6 bytes a pair in all: the list is what a fit's memory grows with)."""
    offset: np.ndarray
    """(n_images, 3): displacement of each periodic image, Å."""


class Work(NamedTuple):
    """Scratch space for one centre atom; rows are functions, columns neighbours."""

    partner: np.ndarray
    edges: np.ndarray
    """(n_species + 1,): where the neighbours of each species begin."""
    r: np.ndarray
    rho: np.ndarray
    """The distance at which the radial functions are taken, and its slope: r itself wherever there are data."""
    drho: np.ndarray
    unit: np.ndarray
    cheb: np.ndarray
    slope: np.ndarray
    f: np.ndarray
    df: np.ndarray
    mono: np.ndarray
    grad: np.ndarray
    s0: np.ndarray
    s1: np.ndarray
    moment: np.ndarray
    adjoint: np.ndarray
    bar: np.ndarray
    """(n_monomials, wide): adjoints of the monomials."""


def tables(basis: MomentBasis) -> Tables:
    """The kernel tables of a moment basis."""
    top = int(basis.basic[:, 1:].sum(axis=1).max())
    monomials = [(x, y, n - x - y) for n in range(top + 1) for x in range(n, -1, -1) for y in range(n - x, -1, -1)]
    number: dict[tuple[int, ...], int] = {exponents: k for k, exponents in enumerate(monomials)}
    power = np.array([(*m, sum(m)) for m in monomials], dtype=float)
    lower = np.array([[number.get(_less(m, axis), 0) for axis in range(3)] for m in monomials], dtype=np.int64)
    axis = np.array([max(range(3), key=lambda k: m[k]) for m in monomials], dtype=np.int64)
    parent = lower[np.arange(len(monomials)), axis]
    monomial = np.array([number[tuple(int(n) for n in row[1:])] for row in basis.basic], dtype=np.int64)
    user = np.argsort(monomial, kind="stable")
    uses = np.searchsorted(monomial[user], np.arange(len(monomials) + 1))
    times = np.ascontiguousarray(basis.times[:, [0, 1, 3]].astype(np.int64))
    return Tables(
        parent, axis, lower, power, basis.basic[:, 0].astype(np.int64), monomial, uses.astype(np.int64),
        user.astype(np.int64), times, basis.times[:, 2].astype(float), basis.mapping.astype(np.int64),
    )  # fmt: skip


def _less(exponents: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return tuple(n - (k == axis) for k, n in enumerate(exponents))


def parameters(potential: Potential, inner: np.ndarray | None = None, width: float = 1.0) -> Parameters:
    """A potential's numbers, the scaling folded into the radial coefficients; `inner` as in `Parameters`."""
    if inner is None:
        inner = np.zeros((potential.n_species, potential.n_species))
    return Parameters(
        np.ascontiguousarray(potential.radial * potential.scaling), np.ascontiguousarray(potential.linear),
        np.ascontiguousarray(potential.shift), float(potential.min_distance), float(potential.cutoff),
        np.ascontiguousarray(inner, dtype=float), float(width),
    )  # fmt: skip


def types_of(atoms: Atoms, species: tuple[str, ...]) -> np.ndarray:
    """The number of each atom's species. Raises UnsupportedElement for an element the potential lacks."""
    symbols = atoms.get_chemical_symbols()
    missing = sorted(set(symbols) - set(species))
    if missing:
        raise UnsupportedElement(
            f"This potential knows {', '.join(species)}, not {', '.join(missing)}; train one on data that has them."
        )
    return np.array([species.index(symbol) for symbol in symbols], dtype=np.int64)


def system(atoms: Atoms, species: tuple[str, ...], cutoff: float) -> System:
    """Atoms and all their neighbours within `cutoff`, Å."""
    near = neighbours(atoms, cutoff)
    low = near.image.min(axis=0, initial=0)
    size = near.image.max(axis=0, initial=0) - low + 1
    number = ((near.image[:, 0] - low[0]) * size[1] + near.image[:, 1] - low[1]) * size[2] + near.image[:, 2] - low[2]
    images = np.stack(np.meshgrid(*map(np.arange, size), indexing="ij"), axis=-1).reshape(-1, 3) + low
    positions = np.ascontiguousarray(atoms.positions, dtype=float)
    offset = images.astype(float) @ np.asarray(atoms.cell)
    kind = np.int16 if len(images) < 2**15 else np.int32
    return System(positions, types_of(atoms, species), near.first, near.partner, number.astype(kind), offset)


def work(table: Tables, radial: np.ndarray, system: System) -> Work:
    """Scratch space that suits a system; its columns are padded to whole vector registers."""
    n_moments = max(len(table.mu), int(table.times[:, 2].max(initial=-1)) + 1)
    wide = _padded(int(np.diff(system.first).max(initial=0)))
    n_species, _, n_radial, size = radial.shape

    def rows(count: int) -> np.ndarray:
        return np.zeros((count, wide))

    def row() -> np.ndarray:
        return np.zeros(wide)

    return Work(
        np.zeros(wide, np.int64), np.zeros(n_species + 1, np.int64), row(), row(), row(), rows(3), rows(size),
        rows(size), rows(n_radial), rows(n_radial), rows(len(table.parent)), rows(3), row(), row(),
        np.zeros(n_moments), np.zeros(n_moments),
        rows(len(table.parent)),
    )  # fmt: skip


def _padded(count: int) -> int:
    return max(8, -(-count // 8) * 8)
