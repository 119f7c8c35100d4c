"""Compile every kernel now, so that no user waits for it later: `python -m lang2mlip.science.trainers.mtp.warm`."""

from __future__ import annotations

import time

import numpy as np
from ase.build import bulk

from lang2mlip.science.trainers.mtp.basis import moment_basis
from lang2mlip.science.trainers.mtp.core import no_core
from lang2mlip.science.trainers.mtp.engine import Engine
from lang2mlip.science.trainers.mtp.jacobian import frame_jacobian
from lang2mlip.science.trainers.mtp.potential import Potential
from lang2mlip.science.trainers.mtp.tables import parameters

__all__ = ["warm_up"]


def warm_up() -> float:
    """Run each kernel once on a toy; numba keeps the machine code on disk. Returns the seconds it took."""
    began = time.monotonic()
    basis = moment_basis(8)
    radial = np.full((1, 1, basis.n_radial, 4), 0.01)
    toy = Potential(basis, 1.5, 4.0, radial, np.ones(len(basis.mapping)), np.zeros(1))
    atoms = bulk("Al", cubic=True)
    engine = Engine(toy, ("Al",), no_core(np.array([13.0])))
    system = engine.system(atoms)
    engine.values(system)
    engine.basis_values(system)
    frame_jacobian(engine.tables, parameters(toy), system, True)
    return time.monotonic() - began


if __name__ == "__main__":
    print(f"kernels of the moment tensor potential are compiled ({warm_up():.1f} s)")
