"""A reference in trouble, to be named by import path: `ase:troubled.Troubled`. Real Lennard-Jones underneath."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import CalculationFailed
from ase.calculators.lj import LennardJones


class Troubled(LennardJones):
    """In trouble on a share of all configurations of more than two atoms in which a force passes `gentle` eV/Å.

    Which of them is told by the digits of the energy, so that the same configuration always meets the same fate.
    """

    def __init__(self, shares: dict[str, float], gentle: float = 0.02) -> None:
        """`shares`: raise, nan or slow → the share of the configurations that meets it."""
        super().__init__(sigma=3.4, epsilon=0.0104, rc=8.0, smooth=True)
        self.shares, self.gentle = shares, gentle

    def calculate(self, atoms: Atoms | None = None, *rest: Any, **named: Any) -> None:
        """Lennard-Jones, or the trouble."""
        super().calculate(atoms, *rest, **named)
        if atoms is None or len(atoms) <= 2 or abs(self.results["forces"]).max() <= self.gentle:
            return
        lot = abs(self.results["energy"]) * 1e5 % 1
        for trouble, share in self.shares.items():
            if 0 <= lot < share:
                getattr(self, "_" + trouble)()
            lot -= share

    def _raise(self) -> None:
        raise CalculationFailed("the self-consistency did not converge")

    def _nan(self) -> None:
        self.results["forces"] = np.full_like(self.results["forces"], np.nan)

    def _slow(self) -> None:
        begun = time.process_time()
        while time.process_time() - begun < 1.2:
            np.linalg.svd(np.eye(60))
