"""From an assembly to its force field: molecules and ions by their SMILES, solids held with Lennard-Jones alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from lang2mlip.science.structures.assembly import Assembly
from lang2mlip.science.structures.standin.charges import ION_SCALE
from lang2mlip.science.structures.standin.forcefield import ForceField, LennardJones, Terms
from lang2mlip.science.structures.standin.species import Body, lennard_jones, of_species

__all__ = ["field"]

_SIZES = {"bonds": 2, "angles": 3, "dihedrals": 4, "impropers": 4}


def field(assembly: Assembly) -> ForceField:
    """The stand-in of an assembly. Raises BadInput for elements without parameters, NotInstalled without RDKit.

    Solids carry no charges: with a lattice that is held, its own Coulomb stress would only spoil the pressure.
    """
    per_atom = np.zeros((len(assembly.atoms), 3))
    rows: dict[str, list[Any]] = {name: [] for name in _SIZES}
    for number, species in enumerate(assembly.species):
        mine = np.flatnonzero(assembly.kind == number)
        if species.smiles is None:
            pairs = [lennard_jones(symbol) for symbol in assembly.atoms.symbols[mine]]
            per_atom[mine, :2] = np.array(pairs).reshape(-1, 2)
            continue
        body = of_species(species.smiles)
        places = mine[np.argsort(assembly.body[mine], kind="stable")].reshape(-1, len(body.numbers))
        per_atom[places] = np.stack([body.sigma_A, body.epsilon_eV, body.charges_e], axis=1)
        _spread(rows, body, places)
    table = np.column_stack([assembly.atoms.numbers, per_atom[:, :2]])
    kinds, types = np.unique(table.round(8), axis=0, return_inverse=True)
    return ForceField(
        how=_how(assembly),
        numbers=kinds[:, 0].astype(int),
        types=types.reshape(-1),
        charges_e=_neutral(per_atom[:, 2]),
        ionic=all(species.charge for species in assembly.species),
        held=assembly.held,
        pair=LennardJones(kinds[:, 1], kinds[:, 2]),
        **{name: Terms.of(rows[name], size) for name, size in _SIZES.items()},
    )


def _spread(rows: dict[str, list[Any]], body: Body, places: np.ndarray) -> None:
    """The terms of one body, for every body of the species."""
    for name in _SIZES:
        for atoms, parameters in getattr(body, name):
            rows[name] += [(tuple(one), parameters) for one in places[:, list(atoms)].tolist()]


def _neutral(charges: np.ndarray) -> np.ndarray:
    """Rounding taken out, so that the sum is nought to machine precision where it should be."""
    total = charges.sum()
    return charges - total / len(charges) if abs(total) < 1e-3 else charges


def _how(assembly: Assembly) -> str:
    ions = any(species.charge for species in assembly.species)
    parts = ["UFF bonded terms, OPLS-AA and UFF Lennard-Jones, MMFF94 charges"]
    parts += [f"ions scaled by {ION_SCALE:g}"] if ions else []
    parts += ["solids held"] if assembly.held.any() else []
    return ", ".join(parts)
