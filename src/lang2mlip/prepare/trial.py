"""A protocol that a model wrote, tried on a stand-in crystal in the sandbox while the conversation goes on.

Structures and reference come later, so this proves the words alone: LAMMPS knows every command and a sound crystal
survives them. The protocol is proven again on its own structure with the reference before the person approves it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.data import atomic_numbers, covalent_radii

from lang2mlip.contracts import Task
from lang2mlip.contracts.protocols import Written
from lang2mlip.errors import BadInput, PartFailed
from lang2mlip.prepare.draft import Draft
from lang2mlip.prepare.dryrun import prove_written
from lang2mlip.science.lammps.dry import Maker
from lang2mlip.units import BOLTZMANN_EV_PER_K

__all__ = ["TRIES", "Trials", "trial"]

TRIES = 2
"""Drafts that are sent back because of a protocol; after that the protocol is left out and the draft stands."""

STEPS = 40
LIMIT_S = 60.0

_COPIES = 3
_MELTS_AT = 0.69
"""A Lennard-Jones crystal melts at this many ε/k (J.-P. Hansen and L. Verlet, Phys. Rev. 184, 151 (1969))."""


def trial(protocol: Written, elements: Sequence[str]) -> str | None:
    """Why the protocol cannot run, in a sentence for its author; None when it can. Raises PartFailed without LAMMPS."""
    atoms, sigma = _stand_in(sorted(elements))
    epsilon = 2 * BOLTZMANN_EV_PER_K * protocol.temperature_K[1] / _MELTS_AT
    bonds = {"sigma": sigma, "epsilon": epsilon, "rc": 2.5 * sigma, "smooth": True}
    maker = Maker(function="ase.calculators.lj:LennardJones", arguments=bonds)
    with tempfile.TemporaryDirectory(prefix="lang2mlip-trial-") as folder:
        try:
            found = prove_written(protocol, atoms, maker, Path(folder) / "trial", (STEPS, LIMIT_S))
        except BadInput as error:
            return str(error)
    return found.fault


def _stand_in(elements: Sequence[str]) -> tuple[Atoms, float]:
    """A face-centred crystal of these elements in turn, and the σ at which it is at rest, Å."""
    radius = float(np.mean([covalent_radii[atomic_numbers[one]] for one in elements]))
    apart = 2.2 * radius
    atoms = bulk(elements[0], "fcc", a=apart * np.sqrt(2), cubic=True).repeat(_COPIES)
    atoms.symbols[:] = [elements[n % len(elements)] for n in range(len(atoms))]
    return atoms, apart / 1.09  # 1.09 σ: nearest distance of the crystal with all its neighbours, not of a pair


class Trials:
    """The protocols of one question to the model: each tried once, sent back a few times, then left out."""

    def __init__(self) -> None:
        self._tried: dict[Written, str | None] = {}
        self._sent_back = 0

    def fault(self, task: Task) -> str | None:
        """The first protocol that cannot run and why, while there are tries left; None when the draft may stand."""
        for protocol in task.protocols:
            why = self._why(protocol, task.elements)
            if why is not None and self._sent_back < TRIES:
                self._sent_back += 1
                return f"The protocol {protocol.name} failed its trial on a stand-in crystal: {why}"
        return None

    def kept(self, draft: Draft, elements: Sequence[str]) -> Draft:
        """The draft without protocols that cannot run; its notes say which and why."""
        faults = {one.name: why for one in draft.protocols if (why := self._why(one, elements)) is not None}
        if not faults:
            return draft
        kept = tuple(one for one in draft.protocols if one.name not in faults)
        told = [f"The protocol {name} that the model wrote was left out: {why}" for name, why in faults.items()]
        return draft.model_copy(update={"protocols": kept, "notes": (*draft.notes, *told)})

    def _why(self, protocol: Written, elements: Sequence[str]) -> str | None:
        if protocol not in self._tried:
            try:
                self._tried[protocol] = trial(protocol, elements)
            except PartFailed as error:
                self._tried[protocol] = str(error)
        return self._tried[protocol]
