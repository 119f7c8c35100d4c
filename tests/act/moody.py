"""Calculators with moods, to be named by import path: `ase:moody.Moody`. Real Lennard-Jones underneath."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import CalculationFailed
from ase.calculators.lj import LennardJones


class Moody(LennardJones):
    """Fails as its mood says wherever a force component passes `limit` eV/Å; logs every call.

    The mood is that of the number of atoms in `moods` (as text), else `mood`.
    """

    def __init__(
        self,
        mood: str = "good",
        moods: dict[str, str] | None = None,
        limit: float = 0.05,
        log: str | None = None,
        pause_s: float = 0.0,
    ) -> None:
        super().__init__(sigma=3.4, epsilon=0.0104, rc=8.0, smooth=True)
        self.mood, self.moods, self.limit, self.log = mood, moods or {}, limit, log
        self.pause_s = pause_s

    def calculate(self, atoms: Atoms | None = None, *rest: Any, **named: Any) -> None:
        """Lennard-Jones, or the mood."""
        super().calculate(atoms, *rest, **named)
        assert atoms is not None
        time.sleep(self.pause_s)
        if self.log:
            with Path(self.log).open("a") as file:
                file.write(f"{atoms.positions.round(8).tolist()}\n")
        if abs(self.results["forces"]).max() > self.limit:
            getattr(self, "_" + self.moods.get(str(len(atoms)), self.mood))()

    def _good(self) -> None:
        """Nothing is wrong."""

    def _nan(self) -> None:
        self.results["forces"] = np.full_like(self.results["forces"], np.nan)

    def _raise(self) -> None:
        raise CalculationFailed("the self-consistency did not converge")

    def _slow(self) -> None:
        time.sleep(30.0)

    def _stuck(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})  # as compiled code, which hears no alarm
        time.sleep(30.0)

    def _strange(self) -> None:
        raise AssertionError("a line that should never be reached")

    def _die(self) -> None:
        os._exit(9)

    def _die_first(self) -> None:
        if self.log and len(Path(self.log).read_text().splitlines()) == 1:
            os._exit(9)
