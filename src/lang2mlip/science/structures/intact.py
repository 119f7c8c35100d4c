"""The gate for an assembly: molecules as their SMILES draw them, charges that cancel, layers in their order."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

import numpy as np
from ase import Atoms
from ase.data import covalent_radii

from lang2mlip.science.structures.assembly import Assembly
from lang2mlip.science.structures.conformer import drawn, signature
from lang2mlip.science.structures.gate import BOND_FACTOR, Expectations, GateReport, bonds, inspect

__all__ = ["assembly_failures", "examine", "layer_failures"]

_STRETCHED = 1.45
"""A bond longer than this times the covalent sum is broken; MD at melting temperatures stretches it to 1.35."""

_WIDEST_GAP_A = 3.6
"""An empty slice wider than layers of a van der Waals crystal are apart is vacuum that nobody asked for."""

_GROWN = 0.92
"""Atoms of two bodies nearer than this share of a bond's reach have grown together: contacts in a dense melt come
nearer than the reach of a bond, but not so near."""


def examine(assembly: Assembly, expectations: Expectations | None = None) -> GateReport:
    """`inspect`, and what only an assembly can tell: bodies, charges, layers."""
    asked = expectations or Expectations()
    report = inspect(assembly.atoms, asked.model_copy(update={"fragments": None}))
    if report.failures and report.closest_ratio is None:
        return report
    failures = (*report.failures, *_miscounted(assembly, asked), *assembly_failures(assembly))
    remarks = report.remarks + _radical(assembly)
    return report.model_copy(update={"failures": failures, "remarks": remarks})


def assembly_failures(assembly: Assembly) -> list[str]:
    """A sentence for broken molecules, for molecules grown together, and for a charge that is left over."""
    failures = _broken(assembly) + _grown_together(assembly) + layer_failures(assembly)
    if assembly.atoms.pbc.any() and assembly.charge:
        failures.append(f"the formal charges add up to {assembly.charge:+d} e in a periodic cell")
    return failures


def layer_failures(assembly: Assembly) -> list[str]:
    """A sentence for layers that do not follow each other upwards; the last may reach through the top of the cell."""
    count = int(assembly.layer.max()) + 1
    if count < 2:
        return []
    atoms, height = assembly.atoms, float(assembly.atoms.cell.array[2, 2])
    z = atoms.positions[:, 2]
    if not atoms.pbc[2]:
        centres = np.array([z[assembly.layer == n].mean() for n in range(count)])
    else:
        phases = [np.angle(np.exp(2j * np.pi * z[assembly.layer == n] / height).sum()) for n in range(count)]
        centres = np.mod(np.array(phases) - phases[0] + 1e-9, 2 * np.pi)
    if (np.diff(centres) > 0).all():
        return _hidden_vacuum(assembly, height)
    return [f"the layers lie in the order {', '.join(str(n) for n in np.argsort(centres))} instead of upwards"]


def _hidden_vacuum(assembly: Assembly, height: float) -> list[str]:
    """A sentence for the widest slice between two layers that no atom lies in, where it is too wide."""
    periodic = bool(assembly.atoms.pbc[2])
    z = assembly.atoms.positions[:, 2]
    z = np.mod(z, height) if periodic else z
    order = np.argsort(z)
    above = np.roll(order, -1)
    gaps = z[above] - z[order]
    gaps[-1] = gaps[-1] + height if periodic else 0.0
    between = assembly.layer[order] != assembly.layer[above]
    widest = float(gaps[between].max(initial=0.0))
    if widest <= _WIDEST_GAP_A:
        return []
    return [f"between two layers {widest:.1f} Å are empty, more than {_WIDEST_GAP_A:g} Å"]


def _miscounted(assembly: Assembly, asked: Expectations) -> list[str]:
    """A sentence where the molecules are not those that were asked for."""
    if asked.fragments is None:
        return []
    _, first = np.unique(assembly.body, return_index=True)
    kinds = [assembly.species[kind].smiles for kind in assembly.kind[first]]
    found, expected = Counter(_signature(smiles) for smiles in kinds if smiles is not None), Counter(asked.fragments)
    if found == +expected:
        return []
    missing = ", ".join(f"{n} × {name.split(':')[0]}" for name, n in (expected - found).items()) or "none"
    extra = ", ".join(f"{n} × {name.split(':')[0]}" for name, n in (found - expected).items()) or "none"
    return [f"the molecules are not those asked for: missing {missing}; too many {extra}"]


def _broken(assembly: Assembly) -> list[str]:
    """Bonds of the SMILES that are longer than any bond."""
    ends, owners = _drawn_bonds(assembly)
    if not len(ends):
        return []
    vectors = assembly.atoms.positions[ends[:, 1]] - assembly.atoms.positions[ends[:, 0]]
    lengths = np.linalg.norm(_nearest_image(assembly.atoms, vectors), axis=1)
    radii = covalent_radii[assembly.atoms.numbers]
    torn = lengths > _STRETCHED * (radii[ends[:, 0]] + radii[ends[:, 1]])
    kinds = Counter(str(assembly.species[assembly.kind[ends[n, 0]]].smiles) for n in _firsts(owners, torn))
    return [f"molecules are not intact: {', '.join(f'{n} × {name}' for name, n in kinds.items())}"] if kinds else []


def _grown_together(assembly: Assembly) -> list[str]:
    """Non-metals of different bodies within reach of a bond, one of them a molecule."""
    radii, atoms = covalent_radii[assembly.atoms.numbers], assembly.atoms
    pairs = np.array([(i, j) for i, j in bonds(atoms) if assembly.body[i] != assembly.body[j]], int).reshape(-1, 2)
    molecular = ~(assembly.held[pairs[:, 0]] & assembly.held[pairs[:, 1]])
    pairs = pairs[molecular]
    vectors = _nearest_image(atoms, atoms.positions[pairs[:, 1]] - atoms.positions[pairs[:, 0]])
    limit = _GROWN * BOND_FACTOR * (radii[pairs[:, 0]] + radii[pairs[:, 1]])
    near = pairs[np.linalg.norm(vectors, axis=1) < limit]
    if not len(near):
        return []
    i, j = (int(n) for n in near[0])
    names = f"{atoms.symbols[i]} {i} and {atoms.symbols[j]} {j}"
    return [f"{len(near)} pairs of atoms of different molecules are bonded, the first {names}"]


def _drawn_bonds(assembly: Assembly) -> tuple[np.ndarray, np.ndarray]:
    """The bonds that the SMILES draw, as pairs of atoms, shape (n, 2), and the body of each."""
    order = np.argsort(assembly.body, kind="stable")
    starts = np.flatnonzero(np.diff(assembly.body[order], prepend=-1))
    ends, owners = [], []
    for start in starts:
        species = assembly.species[assembly.kind[order[start]]]
        if species.smiles is None:
            continue
        drawn = _bonds_of(species.smiles)
        ends.append(order[start + drawn])
        owners.append(np.full(len(drawn), assembly.body[order[start]]))
    if not ends:
        return np.zeros((0, 2), int), np.zeros(0, int)
    return np.concatenate(ends), np.concatenate(owners)


@lru_cache(maxsize=256)
def _signature(smiles: str) -> str:
    return signature(smiles)


@lru_cache(maxsize=256)
def _bonds_of(smiles: str) -> np.ndarray:
    """Pairs of places in the molecule, shape (n, 2)."""
    pairs = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in drawn(smiles).GetBonds()]
    return np.array(pairs, int).reshape(-1, 2)


def _firsts(owners: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """One chosen bond of each body that has any."""
    places = np.flatnonzero(chosen)
    return np.asarray(places[np.unique(owners[places], return_index=True)[1]])


def _nearest_image(atoms: Atoms, vectors: np.ndarray) -> np.ndarray:
    if not len(vectors) or not atoms.pbc.any():
        return vectors
    from ase.geometry import find_mic

    return np.asarray(find_mic(vectors, atoms.cell, atoms.pbc)[0])


def _radical(assembly: Assembly) -> tuple[str, ...]:
    """A remark where molecules alone have an odd number of electrons: their reference needs spin."""
    electrons = int(assembly.atoms.numbers.sum()) - assembly.charge
    if assembly.held.any() or electrons % 2 == 0:
        return ()
    return (f"{electrons} electrons are an odd number: a closed-shell calculation cannot treat it",)
