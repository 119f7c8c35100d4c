"""The structure that a recipe starts from: a crystal of the cited table, cut to size."""

from __future__ import annotations

from ase import Atoms

from lang2mlip.contracts import Component
from lang2mlip.errors import BadInput
from lang2mlip.labs.lammps.reduced.units import cell, is_model
from lang2mlip.science.evaluation.measured import conventional, space_group_number
from lang2mlip.science.structures.bulk import Bulk, BulkParameters
from lang2mlip.science.structures.supercell import repeats_near

__all__ = ["LARGEST", "crystal", "is_cubic", "refuse_size", "unit_cell"]

LARGEST = 200_000
"""Atoms that one process simulates in reasonable time."""

_KB_PER_ATOM = 2.0
"""Memory of a run with a short-ranged potential, kB per atom: positions, forces, some 60 neighbours, trajectory."""

_ATOM_STEPS_PER_S = 3e5
"""One core with an embedded-atom potential, measured here; others are slower."""


def refuse_size(atoms: int) -> None:
    """Raises BadInput with what such a box would cost, when it is too large."""
    if atoms <= LARGEST:
        return
    memory, hours = atoms * _KB_PER_ATOM / 1e6, atoms * 10_000 / _ATOM_STEPS_PER_S / 3600
    raise BadInput(
        f"{atoms:,} atoms are too many for one machine: about {memory:,.0f} GB of memory and {hours:,.0f} core-hours"
        f" for 10,000 steps; ask for at most {LARGEST:,} atoms, most properties need a thousand."
    )


def unit_cell(component: Component) -> Atoms:
    """One conventional cell. Raises BadInput for a substance that is no crystal of the table."""
    return cell() if is_model(component) else _bulk(component, repeat=(1, 1, 1))


def crystal(component: Component, atoms: int) -> Atoms:
    """The crystal with about so many atoms, periodic in three directions. Raises BadInput."""
    refuse_size(atoms)
    if is_model(component):
        larger: Atoms = cell().repeat(repeats_near(cell(), max(atoms, 1)))
        return larger
    return _bulk(component, atoms=max(atoms, 1))


def is_cubic(component: Component) -> bool:
    """Whether the crystal has cubic symmetry."""
    return is_model(component) or space_group_number(conventional(unit_cell(component))) >= 195


def _bulk(component: Component, **size: object) -> Atoms:
    source = {"file": component.file} if component.file is not None else {"crystal": component.crystal}
    if not any(source.values()):
        raise BadInput(
            f"{component.name} has no crystal in the tables, and the recipes start from one; give a structure file"
            " (CIF, POSCAR, extxyz) in the words, or another substance."
        )
    built = Bulk(BulkParameters.model_validate({**source, **size})).build(0)
    return Atoms(built.numbers, built.positions, cell=built.cell, pbc=True)
