"""Where a crystal comes from: an entry of the crystal table, a prototype with a formula, or a file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import numpy as np
from ase import Atoms
from ase.formula import Formula
from ase.spacegroup import Spacegroup
from pydantic import Field, model_validator

from lang2mlip.contracts.base import Noun, check
from lang2mlip.data import table
from lang2mlip.errors import BadInput, UnknownName
from lang2mlip.science.structures.occupancy import SITE, arrangeable, emptied, filled, mean_mass
from lang2mlip.science.structures.other import read_crystal
from lang2mlip.science.structures.quasirandom import LARGEST, pair_excess, quasirandom
from lang2mlip.units import AMU_PER_A3_IN_G_PER_CM3

__all__ = [
    "CrystalEntry",
    "CrystalSource",
    "conventional",
    "entry",
    "key_for",
    "mixtures",
    "occupied",
    "perfect_density_g_cm3",
    "primitive",
]

SYMPREC_A = 1e-3
"""How exactly positions must obey the symmetry, Å."""

_MARK = 200
"""spglib tells atoms apart by one number: the element, and this times the shared sublattice."""

_HEXAGONAL = range(143, 195)
"""Space groups whose usual axes have gamma = 120° (rhombohedral ones in hexagonal axes)."""


class Site(Noun):
    """One symmetry-independent site."""

    element: str
    position: tuple[Fraction, Fraction, Fraction] = Field(description="cell fractions; `1/3` is exact")
    occupation: dict[str, float] | None = Field(
        default=None, description="a shared or partly empty site: element → share; `element` is then the chief one"
    )


class Cell(Noun):
    """The free cell parameters; the rest follows from the space group."""

    a: float = Field(gt=0, description="Å")
    b: float | None = Field(default=None, description="Å; a when not given")
    c: float | None = Field(default=None, description="Å; a when not given")
    alpha: float = Field(default=90.0, description="degrees")
    beta: float = Field(default=90.0, description="degrees")
    gamma: float | None = Field(default=None, description="degrees; 90, or 120 in hexagonal axes")


class CrystalEntry(Noun):
    """One crystal of the table, with its citation."""

    formula: str
    names: tuple[str, ...]
    spacegroup: int = Field(ge=1, le=230)
    setting: int = Field(default=1, ge=1, le=2, description="origin choice of the International Tables")
    cell: Cell
    sites: tuple[Site, ...] = Field(min_length=1)
    density_g_cm3: float | None = Field(default=None, description="from the literature, to check the cell against")
    melting_K: float | None = None
    molten_density_g_cm3: float | None = Field(default=None, description="of the liquid at the melting point")
    source: str


class CrystalSource(Noun):
    """What every builder that starts from a crystal needs to know about it."""

    crystal: str | None = Field(default=None, description="key in the crystal table, e.g. Cu or SiO2-quartz")
    formula: str | None = Field(default=None, description="with `prototype`: the formula, e.g. AlNi")
    prototype: str | None = Field(
        default=None,
        description="structure type as ase.build.bulk names it: fcc, bcc, hcp, rocksalt, zincblende, wurtzite, …",
    )
    a: float | None = Field(default=None, gt=0, description="with `prototype`: lattice parameter, Å")
    c: float | None = Field(default=None, gt=0, description="with hcp or wurtzite: lattice parameter, Å")
    file: str | None = Field(default=None, description="structure file of the crystal, instead of the above")
    occupation: dict[str, float] | None = Field(
        default=None, description="random alloy: element → share of the sites, as little ordered as the cell allows"
    )
    sublattice: str | None = Field(
        default=None, description="with `occupation`: the element whose sites are shared; none: all sites"
    )
    scale: float = Field(default=1.0, gt=0.5, lt=2, description="all lengths times this: the reference's own size")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("crystal", "prototype", "file") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of crystal, prototype, file; got {given or 'none'}")
        if self.occupation is not None and abs(sum(self.occupation.values()) - 1) > 1e-6:
            raise ValueError(f"the shares of an occupation make 1, not {sum(self.occupation.values()):g}")
        if self.prototype and (self.formula is None or self.a is None):
            raise ValueError("prototype needs formula and a")
        return self


def entry(key: str) -> CrystalEntry:
    """The entry called `key`. Raises UnknownName, which names the nearest."""
    crystals = table("crystals")
    if key not in crystals:
        raise UnknownName.of("crystal", key, crystals)
    return check(CrystalEntry, crystals[key], f"crystal {key}")


def key_for(formula: str) -> str | None:
    """The key of the first crystal with this composition, or None. The table lists the common polymorph first."""
    wanted = _reduced(formula)
    for key, fields in table("crystals").items():
        if _reduced(str(fields["formula"])) == wanted:
            return key
    return None


def conventional(source: CrystalSource) -> Atoms:
    """The conventional cell, scaled. Raises BadInput when the source cannot be read.

    Where elements share sites, the chief one stands there and `arrays["site"]` marks which sublattice it is.
    """
    if source.crystal is not None:
        atoms = _from_entry(entry(source.crystal))
    elif source.file is not None:
        atoms = _from_file(Path(source.file))
    else:
        atoms = _from_prototype(source)
    atoms.set_cell(atoms.cell * source.scale, scale_atoms=True)
    return atoms


def mixtures(source: CrystalSource) -> list[dict[str, float]]:
    """What stands on each shared sublattice: element → share, in the order of the marks in `arrays["site"]`."""
    if source.occupation is not None:
        return [source.occupation]
    if source.crystal is not None:
        return [site.occupation for site in entry(source.crystal).sites if site.occupation is not None]
    return read_crystal(Path(source.file))[1] if source.file is not None else []


def perfect_density_g_cm3(source: CrystalSource) -> float:
    """Density of the crystal without defects; shared sites count with what they hold on average."""
    atoms = _marked(conventional(source), source)
    return mean_mass(atoms, mixtures(source)) / float(atoms.get_volume()) * AMU_PER_A3_IN_G_PER_CM3


def occupied(atoms: Atoms, source: CrystalSource, rng: np.random.Generator) -> Atoms:
    """The same sites with whole atoms on those that elements share, as near to the shares as whole atoms allow.

    In a periodic cell they are placed as a special quasirandom structure, and `info["how"]` says how well that went;
    empty sites are gone. Raises BadInput when the crystal has no sites of the sublattice.
    """
    shares = mixtures(source)
    if not shares:
        return atoms
    marked = _marked(atoms, source)
    mixed, told = filled(marked, shares, rng), []
    for sites in arrangeable(marked) if mixed.pbc.all() else []:
        if len(sites) <= LARGEST and len(set(mixed.numbers[sites])) > 1:
            mixed.symbols[sites] = quasirandom(mixed[sites], rng)
            excess = ", ".join(f"{one:+.2f}" for one in pair_excess(mixed[sites]))
            told.append(f"{mixed.symbols[sites].formula.reduce()[0]}: {excess}")
    solid = emptied(mixed)
    if told:
        solid.info["how"] = f"quasirandom, excess of unlike pairs shell by shell: {'; '.join(told)}"
    return solid


def primitive(atoms: Atoms) -> Atoms:
    """The primitive cell of a perfect crystal, in the same orientation and length scale."""
    import spglib

    found = spglib.standardize_cell(_spglib_cell(atoms), to_primitive=True, no_idealize=True, symprec=SYMPREC_A)
    if found is None:
        return atoms.copy()  # type: ignore[no-any-return]
    cell, positions, numbers = found
    marked = np.asarray(numbers)
    small = Atoms(marked % _MARK, scaled_positions=positions, cell=cell, pbc=True)
    if SITE in atoms.arrays:
        small.set_array(SITE, marked // _MARK)
    return small


def _reduced(formula: str) -> dict[str, int]:
    try:
        return dict(Formula(formula).reduce()[0].count())
    except ValueError as error:
        raise BadInput(f"{formula!r} is not a chemical formula; write it like NaCl or Mg(OH)2.") from error


def _spglib_cell(atoms: Atoms) -> tuple[Any, Any, Any]:
    marks = atoms.arrays.get(SITE, np.zeros(len(atoms), int))
    return atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers + _MARK * marks


def _from_entry(crystal: CrystalEntry) -> Atoms:
    basis = np.array([[float(x) for x in site.position] for site in crystal.sites])
    group = Spacegroup(crystal.spacegroup, crystal.setting)
    scaled, kinds = group.equivalent_sites(basis, onduplicates="error", symprec=SYMPREC_A)
    symbols = [crystal.sites[kind].element for kind in kinds]
    atoms = Atoms(symbols, scaled_positions=scaled, cell=_cell_parameters(crystal), pbc=True)
    mixed = [site.occupation is not None for site in crystal.sites]
    if any(mixed):
        atoms.set_array(SITE, (np.cumsum(mixed) * mixed)[kinds])
    return atoms


def _marked(atoms: Atoms, source: CrystalSource) -> Atoms:
    """With the marks of shared sites: by the person's wish, as the crystal has them, or by element where they are lost.

    Raises BadInput where there are no such sites, or an element stands on shared and on plain ones.
    """
    marked: Atoms = atoms.copy()
    marks = np.zeros(len(atoms), int)
    if source.occupation is not None:
        marks += 1 if source.sublattice is None else (atoms.symbols == source.sublattice)
        if not marks.any():
            raise BadInput(f"{atoms.symbols.formula:hill} has no {source.sublattice} whose sites could be shared.")
    elif SITE in atoms.arrays or not mixtures(source):
        return atoms
    else:
        unit = conventional(source)
        for number in set(atoms.numbers):
            found = set(unit.arrays[SITE][unit.numbers == number])
            if len(found) > 1:
                raise BadInput(f"{unit.symbols.formula:hill} has unlike shared sites; only `bulk` can fill them.")
            marks[atoms.numbers == number] = found.pop()
    marked.set_array(SITE, marks)
    return marked


def _cell_parameters(crystal: CrystalEntry) -> list[float]:
    cell = crystal.cell
    gamma = cell.gamma if cell.gamma is not None else (120.0 if crystal.spacegroup in _HEXAGONAL else 90.0)
    return [cell.a, cell.b or cell.a, cell.c or cell.a, cell.alpha, cell.beta, gamma]


def _from_prototype(source: CrystalSource) -> Atoms:
    from ase.build import bulk

    # hcp and wurtzite have no cubic cell; the hexagonal one is conventional already.
    hexagonal = source.prototype in ("hcp", "wurtzite")
    try:
        return bulk(source.formula or "", source.prototype, a=source.a, c=source.c, cubic=not hexagonal)
    except (ValueError, RuntimeError, KeyError, NotImplementedError) as error:
        raise BadInput(
            f"A crystal of {source.formula} with the prototype {source.prototype!r} cannot be made: {error}"
        ) from error


def _from_file(path: Path) -> Atoms:
    atoms, _ = read_crystal(path)
    if not atoms.pbc.all():
        raise BadInput(f"{path} is not periodic in three directions, so it is no crystal; use the builder `other`.")
    return atoms
