"""Solids with molecules: adsorbed on sites of a surface, as a liquid film, or soaked into the solid as guests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, Self

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from pydantic import Field, model_validator
from scipy.spatial.transform import Rotation

from lang2mlip.catalogue import load
from lang2mlip.contracts.base import Json, Noun
from lang2mlip.errors import BadInput
from lang2mlip.science.structures.assembly import SOLID, Assembly, Species
from lang2mlip.science.structures.conformer import conformer, ions
from lang2mlip.science.structures.gate import NONMETALS, Expectations
from lang2mlip.science.structures.guests import opened, soaked
from lang2mlip.science.structures.layers import Layer, Piece
from lang2mlip.science.structures.molecule import Ingredient
from lang2mlip.science.structures.resting import rested
from lang2mlip.science.structures.sites import Kind, sites, spaced, top_atoms
from lang2mlip.science.structures.stack import Stack, StackParameters, told

__all__ = ["SolidMolecule", "SolidMoleculeParameters"]

_BONDED = 1.0
"""Distance from the anchor to the nearest metal atom of the surface, over the covalent sum."""

_APART = 1.4
"""The same for non-metals of the surface, which would grow onto the molecule, and for all other atoms of it."""


class SolidMoleculeParameters(Noun):
    """Which solid, which molecules, and how they meet."""

    solid: Piece = Field(description="the solid and its builder: surface for adsorbates and films; any for guests")
    molecules: tuple[Ingredient, ...] = Field(min_length=1, description="adsorbates, guests, or the film's mixture")
    how: Literal["adsorbed", "film", "soaked"] = Field(
        default="adsorbed", description="adsorbed: on sites; film: a liquid layer on the slab; soaked: inside voids"
    )
    site: Kind = Field(default="top", description="adsorbed: above an atom, between two, or in a hollow")
    coverage: float = Field(default=0.25, gt=0, le=1, description="adsorbed: adsorbates per atom of the terrace")
    anchor: str | None = Field(
        default=None, description="adsorbed: element that binds to the surface; its first heavy atom when not given"
    )
    height_A: float | None = Field(
        default=None, gt=0, le=3.5, description="adsorbed: anchor above the terrace, Å; from covalent radii otherwise"
    )
    count: int | None = Field(default=None, ge=1, description="adsorbates or sets of guests, instead of a share")
    loading: float | None = Field(default=None, gt=0, lt=1, description="soaked: mass of guests over that of the host")
    gallery_A: float = Field(default=0.0, ge=0, le=20, description="soaked: widen each gap between layers by this, Å")
    thickness_A: float = Field(default=15.0, gt=3, le=200, description="film: thickness of the liquid, Å")
    liquid: dict[str, Json] = Field(
        default_factory=dict, description="film: further parameters of the molecule builder, e.g. density_g_cm3"
    )
    solid_thickness_A: float = Field(default=8.0, gt=0, le=100, description="film: thickness of the slab, Å")
    lateral_A: float = Field(default=15.0, gt=3, le=200, description="film: wanted edge in the plane, Å")
    vacuum_A: float = Field(default=0.0, ge=0, description="film: empty length above the liquid, Å; 0: periodic")
    equilibrate_ps: float = Field(default=0.0, ge=0, description="film, soaked: time in the fast stand-in, ps")
    temperature_K: float = Field(default=300.0, gt=0, description="temperature of that time, K")

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        if self.count is not None and self.loading is not None:
            raise ValueError("give either count or loading")
        return self


class SolidMolecule:
    """Builder of adsorbates, solid–liquid interfaces and filled hosts."""

    Parameters: ClassVar[type[Noun]] = SolidMoleculeParameters

    def __init__(self, parameters: SolidMoleculeParameters) -> None:
        self.parameters = parameters
        self._film = _film(parameters) if parameters.how == "film" else None

    def build(self, seed: int) -> Atoms:
        """The structure; the solid's atoms first. Raises BadInput where molecules do not fit."""
        return self.assemble(seed).atoms

    def assemble(self, seed: int) -> Assembly:
        """The same, with bodies known; adsorbates and films are a layer above the solid's, guests lie in it."""
        wish = self.parameters
        if self._film is not None:
            return self._film.assemble(seed)
        solid = _solid(wish.solid, seed)
        if wish.how == "adsorbed":
            atoms, smiles = _adsorbed(solid, wish, seed)
            where = f"{len(smiles)} adsorbed on {wish.site} sites"
        else:
            atoms, smiles = _soaked(solid, wish, seed)
            where = f"{len(smiles)} molecules and ions put into voids"
        assembly = _assembled(solid, atoms, smiles, above=wish.how == "adsorbed")
        if wish.how == "soaked":
            assembly = rested(assembly, wish.equilibrate_ps, wish.temperature_K, seed)
        return told(assembly, where)

    def expectations(self) -> Expectations:
        """The solid's vacuum stays free; molecules and charges are the assembly's own affair."""
        return Expectations() if self._film is None else self._film.expectations()


def _film(wish: SolidMoleculeParameters) -> Stack:
    """The slab and its liquid as a stack of two layers."""
    mixture = {"molecules": [one.model_dump(exclude_defaults=True) for one in wish.molecules], "state": "liquid"}
    solid = Layer(**wish.solid.model_dump(), thickness_A=wish.solid_thickness_A)
    liquid = Layer(builder="molecule", parameters=mixture | wish.liquid, thickness_A=wish.thickness_A)
    shared = {name: getattr(wish, name) for name in ("lateral_A", "vacuum_A", "equilibrate_ps", "temperature_K")}
    return Stack(StackParameters(layers=(solid, liquid), **shared))


def _solid(piece: Piece, seed: int) -> Atoms:
    atoms: Atoms = load("structure", piece.builder)(piece.validated()).build(seed)
    return Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)


def _adsorbed(slab: Atoms, wish: SolidMoleculeParameters, seed: int) -> tuple[Atoms, list[str]]:
    """The slab with one adsorbate on each chosen site, turned about its axis by chance."""
    if slab.pbc[2]:
        raise BadInput("Adsorbates need a slab with vacuum; take the builder `surface` for the solid.")
    rng = np.random.default_rng(seed)
    cell = slab.cell.array[:2, :2]
    number = wish.count or max(1, round(wish.coverage * len(top_atoms(slab))))
    covered, smiles = slab, []
    for n, place in enumerate(spaced(sites(slab, wish.site), cell, number, rng)):
        kind = _whole(wish.molecules[n % len(wish.molecules)])
        part = _upright(conformer(kind, int(rng.integers(2**31))), wish.anchor, rng)
        covered = Atoms(covered + _landed(slab, part, place, wish.height_A))
        smiles.append(kind)
    return _roomy(covered, slab), smiles


def _whole(one: Ingredient) -> str:
    species = ions(one.structure())
    if len(species) > 1:
        raise BadInput(f"{one.structure()} is several ions; name the one that adsorbs, or use how: film.")
    return species[0]


def _upright(part: Atoms, anchor: str | None, rng: np.random.Generator) -> Atoms:
    """The molecule with its anchor at the origin and the rest above it."""
    symbols = part.get_chemical_symbols()
    wanted = anchor or next((symbol for symbol in symbols if symbol != "H"), symbols[0])
    if wanted not in symbols:
        raise BadInput(f"The adsorbate {part.symbols.formula:hill} has no {wanted} to bind with; name another anchor.")
    part.positions -= part.positions[symbols.index(wanted)]
    axis = part.positions.mean(axis=0)
    if np.linalg.norm(axis) > 1e-3:
        part.positions = part.positions @ _onto_z(axis).T
    part.positions = part.positions @ Rotation.from_euler("z", rng.uniform(0, 2 * np.pi)).as_matrix().T
    return part


def _onto_z(axis: np.ndarray) -> np.ndarray:
    """A rotation that turns the axis upwards."""
    z = axis / np.linalg.norm(axis)
    side = np.eye(3)[int(np.argmin(abs(z)))]
    x = np.cross(side, z) / np.linalg.norm(np.cross(side, z))
    return np.array([x, np.cross(z, x), z])


def _landed(slab: Atoms, part: Atoms, place: np.ndarray, height_A: float | None) -> Atoms:
    """The upright molecule over the place, lowered until its anchor binds or another atom touches."""
    top = float(slab.positions[:, 2].max())
    landed = Atoms(part.numbers, part.positions + [*place, top])
    if height_A is not None:
        landed.positions[:, 2] += height_A
        return landed
    shifts = np.array([(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]) @ slab.cell.array[:2, :2]
    anchor = int(np.argmin(np.linalg.norm(part.positions, axis=1)))
    lift = -np.inf
    binds = np.array([symbol not in NONMETALS for symbol in slab.symbols])
    for n, (position, kind) in enumerate(zip(landed.positions, part.numbers, strict=True)):
        factor = np.where(binds & (n == anchor), _BONDED, _APART)
        touch = factor * (covalent_radii[slab.numbers] + covalent_radii[kind])
        for shift in shifts:
            side = np.linalg.norm(slab.positions[:, :2] + shift - position[:2], axis=1)
            near = side < touch
            above = slab.positions[near, 2] + np.sqrt(touch[near] ** 2 - side[near] ** 2) - position[2]
            lift = max(lift, float(above.max(initial=-np.inf)))
    landed.positions[:, 2] += lift if np.isfinite(lift) else _BONDED
    return landed


def _roomy(covered: Atoms, slab: Atoms) -> Atoms:
    """The covered slab, centred in a cell with the vacuum that the slab had."""
    vacuum = float(slab.cell.array[2, 2] - np.ptp(slab.positions[:, 2]))
    covered.cell[2, 2] = float(np.ptp(covered.positions[:, 2])) + vacuum
    covered.center(axis=2)
    return covered


def _soaked(host: Atoms, wish: SolidMoleculeParameters, seed: int) -> tuple[Atoms, list[str]]:
    """The host with its guests, every set of them in the proportion asked for."""
    rng = np.random.default_rng(seed)
    if wish.gallery_A:
        host = opened(host, wish.gallery_A)
    one_set = [kind for one in wish.molecules for _ in range(round(one.parts)) for kind in ions(one.structure())]
    masses = sum(float(conformer(kind, 0).get_masses().sum()) for kind in one_set)
    number = wish.count or max(1, round((wish.loading or 0.1) * float(host.get_masses().sum()) / masses))
    smiles = [kind for _ in range(number) for kind in one_set]
    guests = [conformer(kind, int(rng.integers(2**31))) for kind in smiles]
    return soaked(host, guests, int(rng.integers(2**31))), smiles


def _assembled(solid: Atoms, atoms: Atoms, smiles: Sequence[str], above: bool) -> Assembly:
    """The solid as one body and every molecule as one, in a layer of their own where they lie above it."""
    bodies = [(SOLID, len(solid))]
    charges = [np.zeros(len(solid))]
    for kind in smiles:
        model = conformer(kind, 0)
        bodies.append((Species(kind, round(float(model.get_initial_charges().sum()))), len(model)))
        charges.append(model.get_initial_charges())
    if any(one.any() for one in charges):
        atoms.set_initial_charges(np.concatenate(charges))
    assembly = Assembly.of_bodies(atoms, bodies)
    layer = (above & (np.arange(len(atoms)) >= len(solid))).astype(int)
    return Assembly(atoms, assembly.species, assembly.kind, assembly.body, layer)
