"""Lennard-Jones that writes down every calculation, and goes wrong on some: `ase:counted.Counted`."""

from __future__ import annotations

import hashlib
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from lang2mlip.science.reference.lj import LennardJones, LJReference


class Counted(LennardJones):
    """Which configurations of more than two atoms go wrong is told by their positions: always the same ones."""

    def __init__(self, log: str | None = None, trouble: str = "", share: float = 0.0, pause_s: float = 0.0) -> None:
        """`trouble`: nan | raise | hang | deaf (hangs and hears no alarm, as compiled code), on that share of them."""
        super().__init__(LJReference(LJReference.Settings())._parameters(), 3.0)
        self.log, self.trouble, self.share, self.pause_s = log, trouble, share, pause_s

    def compute(self, atoms: Atoms, changes: list[str]) -> dict[str, Any]:
        """The real numbers, or the trouble."""
        name = hashlib.sha256(atoms.positions.tobytes() + atoms.cell.array.tobytes()).hexdigest()
        if self.log:
            with Path(self.log).open("a") as file:
                file.write(f"{name}\n")
        time.sleep(self.pause_s)
        results = super().compute(atoms, changes)
        if self.trouble and len(atoms) > 2 and int(name[:8], 16) / 16**8 < self.share:
            return self._go_wrong(results)
        return results

    def _go_wrong(self, results: dict[str, Any]) -> dict[str, Any]:
        if self.trouble == "nan":
            return results | {"forces": np.full_like(results["forces"], np.nan)}
        if self.trouble == "raise":
            raise RuntimeError("the self-consistency did not converge")
        if self.trouble == "deaf":
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
        time.sleep(1e5)
        return results
