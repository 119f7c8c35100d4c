"""A potential ready to run: energies, forces, virial and basis values of any system, in compiled code."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from ase import Atoms

from lang2mlip.science.trainers.mtp.core import Core, add_core
from lang2mlip.science.trainers.mtp.kernels import evaluate, site_values
from lang2mlip.science.trainers.mtp.potential import Potential
from lang2mlip.science.trainers.mtp.tables import Parameters, System, Tables, parameters, system, tables, work

__all__ = ["LEVEL_OFF_A", "Engine", "Values"]

LEVEL_OFF_A = 0.1
"""Below the core's start the radial functions level off within this distance, Å."""


class Values(NamedTuple):
    """What an engine gives for a system."""

    energies: np.ndarray
    """(n_atoms,), eV."""
    forces: np.ndarray
    """(n_atoms, 3), eV/Å."""
    virial: np.ndarray
    """(3, 3): dE/dstrain, eV."""


class Engine:
    """A potential with its core."""

    def __init__(self, potential: Potential, species: tuple[str, ...], core: Core) -> None:
        self.potential, self.species, self.core = potential, species, core
        self.tables: Tables = tables(potential.basis)
        self.parameters: Parameters = parameters(potential, core.start, LEVEL_OFF_A)

    def system(self, atoms: Atoms, skin: float = 0.0) -> System:
        """Atoms with their neighbours within the cutoff plus `skin`, Å."""
        return system(atoms, self.species, self.potential.cutoff + skin)

    def values(self, atoms: System) -> Values:
        """Site energies, forces and virial."""
        n = len(atoms.types)
        found = Values(np.zeros(n), np.zeros((n, 3)), np.zeros((3, 3)))
        evaluate(self.tables, self.parameters, atoms, work(self.tables, self.parameters.radial, atoms), *found)
        add_core(self.core, atoms, *found)
        return found

    def basis_values(self, atoms: System) -> np.ndarray:
        """Basis functions of each atom, shape (n_atoms, n_scalars)."""
        found = np.zeros((len(atoms.types), len(self.tables.mapping)))
        site_values(self.tables, self.parameters, atoms, work(self.tables, self.parameters.radial, atoms), found)
        return found
