"""What a group consists of: builds that differ in size, strain and density, one to validate, one for the frozen test.

Every group offers six builds in order of worth; a task of one component takes the first three to train on, a task of
several takes all four. Sizes suit labels of 30 to 110 atoms, solutions more. The test build always comes from another
cell: vectors along other directions, another thickness, another density.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms

from lang2mlip.contracts import Noun, Phase, Role
from lang2mlip.contracts.base import Json
from lang2mlip.science.structures.facets import four_indices, low_index, three_indices
from lang2mlip.science.structures.softness import shortest_contact_A, soft_directions
from lang2mlip.science.structures.source import CrystalSource, conventional, entry, primitive
from lang2mlip.science.structures.surface import is_mirrored, layer_spacing_A

__all__ = ["DISORDER", "GroupPlan", "Variant", "crystals", "disorders", "files", "singles", "slabs"]

DISORDER: tuple[Phase, ...] = ("melt", "liquid", "amorphous")
"""Phases that a crystal is disordered for."""

_LARGE_CELL = 12
"""A primitive cell with more atoms than this is counted in whole cells."""

_SLAB_A = 10.0
"""Thickness that slabs aim at, within five to eight layers."""

_VACUUM_A = 12.0

_MOLTEN_VOLUME = 1.1
"""Volume of a melt over the crystal's at room temperature, where no density is tabulated: the median of the metals
in the crystal table (salts reach 1.4, tetrahedral semiconductors fall to 0.9)."""

_GLASS_VOLUME = 1.05
"""Volume of a glass over the crystal's: network glasses 1.02 to 1.2, ionic salts about 1.05."""

_MIXED_STRAIN = (0.02, -0.01, -0.01, 0.0, 0.03, 0.0)
"""A small general strain: it lifts the symmetry that a perfect cell keeps for ever."""

_SWELLING = 0.06
"""Growth of the volume, shared by the soft directions: 2 % each where a crystal knows no difference, all of it between
the sheets of a layered one. 2 % along stiff covalent sheets would be 13 GPa of tension (measured, CHGNet)."""

_SHAKE = (0.02, 0.01)
"""Random displacements, Å at most, and over the shortest contact: stiff short bonds take less."""

_LEAN = 0.1
"""Training structures of a random alloy differ by so much in composition: at one composition alone, the energy of one
element could be traded for that of another."""

Parameters = dict[str, Json]


class Variant(Noun):
    """One build of a group."""

    builder: str
    role: Role
    parameters: Parameters
    line: str


class GroupPlan(Noun):
    """A group and its builds."""

    name: str
    variants: tuple[Variant, ...]
    because: str = ""


def crystals(crystal: Parameters, vacancies: int = 0, because: str = "") -> GroupPlan:
    """Supercells of a crystal, perfect or with one vacancy."""
    unit = conventional(CrystalSource(**crystal))
    sizes = _bulk_sizes(len(primitive(unit)))
    base = crystal | ({"cell": "primitive"} if len(unit) > 60 else {}) | ({"vacancies": 1} if vacancies else {})
    cell = primitive(unit) if "cell" in base else unit
    turned: Parameters = {"orientation": "rotated"}
    shaken = turned | {"rattle_A": _shake_A(cell)}
    what = "supercell with one vacancy" if vacancies else "perfect supercell"
    made: list[tuple[Role, int, Parameters, str]] = [
        ("train", sizes[0], {}, what),
        ("train", sizes[0], {"strain": _MIXED_STRAIN} | leaning(crystal, _LEAN), f"{what}, slightly strained"),
        ("train", sizes[2], turned | leaning(crystal, -_LEAN), f"{what}, cell vectors turned"),
        ("train", sizes[0], {"strain": _swollen(cell)}, f"{what}, expanded"),
        ("validation", sizes[2], {}, what),
        ("test", sizes[1], shaken | leaning(crystal, _LEAN / 2), f"{what}, of another shape"),
    ]
    return GroupPlan(
        name="vacancy" if vacancies else "bulk",
        because=because,
        variants=tuple(
            Variant(builder="bulk", role=role, parameters=base | {"atoms": atoms} | extra, line=line)
            for role, atoms, extra, line in made
        ),
    )


def _swollen(cell: Atoms) -> list[Json]:
    """The strain that grows the volume along the soft directions; xx, yy, zz, yz, xz, xy, engineering shear."""
    soft = soft_directions(cell)
    xx, yy, zz, yz, xz, xy = (_SWELLING / np.trace(soft) * soft)[(0, 1, 2, 1, 0, 0), (0, 1, 2, 2, 2, 1)]
    return [round(float(one), 5) + 0.0 for one in (xx, yy, zz, 2 * yz, 2 * xz, 2 * xy)]


def _shake_A(cell: Atoms) -> float:
    most, share = _SHAKE
    return round(min(most, share * shortest_contact_A(cell)), 4)


def slabs(crystal: Parameters, facets: Sequence[tuple[int, ...]]) -> list[GroupPlan]:
    """A group for every facet asked for, else for the low-index facets that the lattice shows most readily."""
    chosen = list(facets) or default_facets(crystal)
    unit = conventional(CrystalSource(**crystal))
    return [_slab_group(crystal, facet, layer_spacing_A(unit, three_indices(facet))) for facet in chosen]


def default_facets(crystal: Parameters) -> list[tuple[int, ...]]:
    """Three for an element, two for a compound: there, faces that are alike (no dipole) come first."""
    unit = conventional(CrystalSource(**crystal))
    hexagonal = abs(unit.cell.angles()[2] - 120) < 0.1
    if len(set(unit.symbols)) == 1:
        chosen = low_index(unit, primitive(unit), 3)
    else:
        ranked = low_index(unit, primitive(unit), 7)
        chosen = sorted(ranked, key=lambda indices: not is_mirrored(unit, indices))[:2]
    return [four_indices(indices) if hexagonal else indices for indices in chosen]


def disorders(crystal: Parameters, phase: Phase, melting_K: float | None) -> GroupPlan:
    """Disordered cells of a crystal's atoms at several densities, to be heated before they count as a melt."""
    if phase == "amorphous":
        return _glass(crystal)
    normal = _molten_volume(crystal)
    heat: Parameters = {"melt_at_K": round(1.2 * melting_K)} if melting_K is not None else {}
    hint = f"needs MD above {melting_K:g} K" if melting_K is not None else "needs MD above its melting point"
    return GroupPlan(
        name="melt",
        variants=tuple(
            Variant(
                builder="melt",
                role=role,
                parameters=crystal
                | heat
                | leaning(crystal, lean)
                | {"atoms": atoms, "expansion": round(normal * volume, 3)},
                line=f"disordered at {normal * volume:.2f} of the crystal's volume; {hint}",
            )
            for role, atoms, volume, lean in _DISORDERED
        ),
    )


_DISORDERED: tuple[tuple[Role, int, float, float], ...] = (
    ("train", 48, 1.0, 0.0),
    ("train", 48, 0.95, _LEAN),
    ("train", 60, 1.06, -_LEAN),
    ("train", 72, 1.0, 0.0),
    ("validation", 64, 0.98, 0.0),
    ("test", 40, 1.03, _LEAN / 2),
)
"""Role, atoms, volume over the normal, lean of the composition."""


def _glass(crystal: Parameters) -> GroupPlan:
    """Melted and quenched in the fast stand-in, started at several densities."""
    return GroupPlan(
        name="amorphous",
        variants=tuple(
            Variant(
                builder="amorphous",
                role=role,
                parameters=crystal
                | leaning(crystal, lean)
                | {"atoms": 2 * atoms}
                | ({} if volume == 1.0 else {"expansion": round(_GLASS_VOLUME * volume, 3)}),
                line="melted and quenched at no pressure"
                if volume == 1.0
                else f"melted and quenched at {_GLASS_VOLUME * volume:.2f} of the crystal's volume",
            )
            for role, atoms, volume, lean in _DISORDERED
        ),
    )


def leaning(crystal: Parameters, by: float) -> Parameters:
    """A random alloy with that much more of its first element; nothing for any other crystal."""
    shares: dict[str, float] | None = crystal.get("occupation")
    if shares is None:
        return {}
    first, *others = shares
    more = min(0.95, max(0.05, shares[first] + by))
    rest = sum(shares[element] for element in others)
    return {"occupation": {first: more} | {element: (1 - more) * shares[element] / rest for element in others}}


def _molten_volume(crystal: Parameters) -> float:
    """Volume of the liquid at the melting point over that of the crystal; a common value where the table has none."""
    known = entry(crystal["crystal"]) if "crystal" in crystal else None
    if known is None or known.density_g_cm3 is None or known.molten_density_g_cm3 is None:
        return _MOLTEN_VOLUME
    return known.density_g_cm3 / known.molten_density_g_cm3


def singles(molecules: Sequence[Parameters]) -> GroupPlan:
    """Conformers of one molecule in vacuum."""
    roles: tuple[Role, ...] = ("train", "train", "train", "train", "validation", "test")
    return GroupPlan(
        name="molecule",
        variants=tuple(
            Variant(
                builder="molecule",
                role=role,
                parameters={"molecules": list(molecules), "state": "single", "rattle_A": 0.03},
                line="one molecule in vacuum, a conformer by seed",
            )
            for role in roles
        ),
    )


def files(file: str, phase: Phase) -> GroupPlan:
    """The person's own structure, rattled a little differently each time."""
    rattles: tuple[tuple[Role, float], ...] = (
        ("train", 0.0),
        ("train", 0.05),
        ("train", 0.1),
        ("train", 0.08),
        ("validation", 0.03),
        ("test", 0.06),
    )
    return GroupPlan(
        name={"crystal": "bulk", "gas": "molecule"}.get(phase, phase),
        variants=tuple(
            Variant(
                builder="other",
                role=role,
                parameters={"file": file, "rattle_A": rattle},
                line=f"from {file}" + (f", rattled by {rattle:g} Å" if rattle else ""),
            )
            for role, rattle in rattles
        ),
    )


def _bulk_sizes(primitive_atoms: int) -> tuple[int, int, int]:
    """Atoms of the small, the test and the large cell: whole primitive cells, two at least."""
    if primitive_atoms <= _LARGE_CELL:
        return 32, 44, 48
    small = max(2, -(-30 // primitive_atoms))
    return small * primitive_atoms, small * primitive_atoms, (small + 1) * primitive_atoms


def _slab_group(crystal: Parameters, facet: tuple[int, ...], spacing_A: float) -> GroupPlan:
    base = min(8, max(5, round(_SLAB_A / spacing_A)))
    made: tuple[tuple[Role, int, int, float], ...] = (
        ("train", base, 36, 0.0),
        ("train", base + 1, 44, 0.02),
        ("train", base, 36, 0.06),
        ("train", base + 2, 44, 0.02),
        ("validation", base, 52, 0.02),
        ("test", base + 2, 60, 0.02),
    )
    return GroupPlan(
        name="surface-" + "".join(str(index) for index in facet),
        variants=tuple(
            Variant(
                builder="surface",
                role=role,
                parameters=crystal
                | {"miller": facet, "layers": layers, "atoms": atoms, "vacuum_A": _VACUUM_A, "rattle_A": rattle},
                line=f"({' '.join(map(str, facet))}) slab, at least {layers} layers, {_VACUUM_A:g} Å vacuum",
            )
            for role, layers, atoms, rattle in made
        ),
    )
