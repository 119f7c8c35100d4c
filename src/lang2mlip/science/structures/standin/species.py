"""The force field of one species: Lennard-Jones and charges by atom, bonded terms from UFF around its own geometry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np

from lang2mlip.data import table
from lang2mlip.errors import BadInput
from lang2mlip.science.structures.conformer import conformer, drawn
from lang2mlip.science.structures.standin.charges import partial_charges
from lang2mlip.science.structures.standin.shapes import bond_name, known_lengths_A, size_factor
from lang2mlip.science.structures.standin.torsions import torsions
from lang2mlip.units import KCAL_PER_MOL_IN_EV

__all__ = ["Body", "lennard_jones", "of_species"]

Row = tuple[tuple[int, ...], tuple[float, ...]]

_LINEAR_DEG = 150.0
"""Angles wider than this at a centre with five or more neighbours stand opposite each other."""

_BOND_K, _ANGLE_K, _PLANE_K = 700.0, 150.0, 12.0
"""kcal/mol, per Å² or rad², for what UFF has no parameters."""


@dataclass(frozen=True)
class Body:
    """One molecule or ion; atoms in the order of its conformer. Units as in ForceField."""

    numbers: np.ndarray
    charges_e: np.ndarray
    sigma_A: np.ndarray
    epsilon_eV: np.ndarray
    bonds: list[Row]
    angles: list[Row]
    dihedrals: list[Row]
    impropers: list[Row]


@lru_cache(maxsize=256)
def of_species(smiles: str) -> Body:
    """The terms of the species. Raises BadInput for what is no SMILES or has an element without parameters."""
    molecule, atoms = drawn(smiles), conformer(smiles, 0)
    given = _patterns(molecule)
    alike = _alike(molecule)
    charges = partial_charges(molecule, given[:, 2], atoms.positions)
    charges = np.array([charges[alike == rank].mean() for rank in alike])
    links = [tuple(sorted((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()))) for bond in molecule.GetBonds()]
    return Body(
        numbers=np.array(atoms.numbers),
        charges_e=charges,
        sigma_A=given[:, 0] * size_factor(smiles),
        epsilon_eV=given[:, 1],
        bonds=_bonds(molecule, _lengths(smiles, molecule, atoms.positions), alike),
        angles=_angles(molecule, atoms.positions, alike),
        dihedrals=torsions(molecule, links),
        impropers=_impropers(molecule),
    )


def lennard_jones(symbol: str) -> tuple[float, float]:
    """σ in Å and ε in eV of the universal force field. Raises BadInput for an element that it lacks."""
    values = table("standin")["uff"]["elements"]
    if symbol not in values:
        raise BadInput(f"The fast stand-in has no parameters for {symbol}; build this structure with a reference.")
    distance, depth = values[symbol]
    return float(distance) / 2 ** (1 / 6), float(depth) * KCAL_PER_MOL_IN_EV


def _patterns(molecule: Any) -> np.ndarray:
    """σ, ε and charge (NaN: not given) of each atom, shape (n, 3): the last rule that fits, else UFF."""
    from rdkit import Chem

    rows = [(*lennard_jones(atom.GetSymbol()), np.nan) for atom in molecule.GetAtoms()]
    for rule in table("standin")["patterns"]["rules"]:
        values = (rule["sigma"], rule["epsilon"] * KCAL_PER_MOL_IN_EV, rule.get("charge", np.nan))
        for match in molecule.GetSubstructMatches(Chem.MolFromSmarts(rule["smarts"]), uniquify=False):
            rows[match[0]] = values
    return np.array(rows, float)


def _alike(molecule: Any) -> np.ndarray:
    """The same number for atoms that the bond graph cannot tell apart, resonance included, shape (n,)."""
    from rdkit import Chem

    # One drawing of an ion puts the charge on one oxygen; in truth all oxygens of the group share it.
    plain = Chem.RWMol(molecule)
    for bond in plain.GetBonds():
        bond.SetBondType(Chem.BondType.SINGLE)
        bond.SetIsAromatic(False)
    for atom in plain.GetAtoms():
        atom.SetFormalCharge(0)
        atom.SetIsAromatic(False)
        atom.SetNoImplicit(True)
        atom.SetNumExplicitHs(0)
        atom.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
    return np.array(Chem.CanonicalRankAtoms(plain, breakTies=False, includeChirality=False))


def _lengths(smiles: str, molecule: Any, positions: np.ndarray) -> list[float]:
    """Length of each bond at rest, Å: tabulated for ions, else that of the conformer."""
    known = known_lengths_A(smiles)
    pairs = [(bond, bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in molecule.GetBonds()]
    return [known.get(bond_name(bond)) or float(np.linalg.norm(positions[i] - positions[j])) for bond, i, j in pairs]


def _bonds(molecule: Any, lengths: list[float], alike: np.ndarray) -> list[Row]:
    from rdkit.Chem import rdForceFieldHelpers as helpers

    links = [tuple(sorted((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()))) for bond in molecule.GetBonds()]
    kinds = [tuple(sorted((int(alike[i]), int(alike[j])))) for i, j in links]
    stiffness = [(helpers.GetUFFBondStretchParams(molecule, i, j) or (_BOND_K,))[0] for i, j in links]
    k, r = _averaged(kinds, stiffness), _averaged(kinds, lengths)
    return [(pair, (0.5 * a * KCAL_PER_MOL_IN_EV, b)) for pair, a, b in zip(links, k, r, strict=True)]


def _angles(molecule: Any, positions: np.ndarray, alike: np.ndarray) -> list[Row]:
    from rdkit.Chem import rdForceFieldHelpers as helpers

    places, kinds, stiffness, degrees = [], [], [], []
    for atom in molecule.GetAtoms():
        around, j = sorted(other.GetIdx() for other in atom.GetNeighbors()), atom.GetIdx()
        for i, k in combinations(around, 2):
            angle = _angle_deg(positions[i] - positions[j], positions[k] - positions[j])
            opposite = len(around) > 4 and angle > _LINEAR_DEG
            places.append((i, j, k))
            kinds.append((int(alike[j]), *sorted((int(alike[i]), int(alike[k]))), int(opposite)))
            stiffness.append((helpers.GetUFFAngleBendParams(molecule, i, j, k) or (_ANGLE_K,))[0])
            degrees.append(180.0 if opposite else angle)
    k_mean, mean = _averaged(kinds, stiffness), _averaged(kinds, degrees)
    return [(p, (0.5 * a * KCAL_PER_MOL_IN_EV, b)) for p, a, b in zip(places, k_mean, mean, strict=True)]


def _impropers(molecule: Any) -> list[Row]:
    """Flat centres with three neighbours: UFF's inversion, a term for each neighbour above the plane of the others."""
    from rdkit import Chem
    from rdkit.Chem import rdForceFieldHelpers as helpers

    rows: list[Row] = []
    for atom in molecule.GetAtoms():
        around, centre = [other.GetIdx() for other in atom.GetNeighbors()], atom.GetIdx()
        if len(around) != 3 or atom.GetHybridization() != Chem.HybridizationType.SP2:
            continue
        found = helpers.GetUFFInversionParams(molecule, around[0], centre, around[1], around[2])
        k = (found or _PLANE_K) * KCAL_PER_MOL_IN_EV
        rows += [((centre, *(a for a in around if a != up), up), (k,)) for up in around]
    return rows


def _averaged(kinds: list[Any], values: list[float]) -> list[float]:
    """Each value replaced by the mean over its kind, rounded so that equal ones become one LAMMPS type."""
    by_kind: dict[Any, list[float]] = {}
    for kind, value in zip(kinds, values, strict=True):
        by_kind.setdefault(kind, []).append(value)
    return [round(float(np.mean(by_kind[kind])), 4) for kind in kinds]


def _angle_deg(one: np.ndarray, two: np.ndarray) -> float:
    cosine = float(one @ two / (np.linalg.norm(one) * np.linalg.norm(two)))
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
