"""What a kind of protocol must show, read off the log and the files of a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydantic import Field

from lang2mlip.contracts import Noun
from lang2mlip.contracts.protocols import Deform, Metadynamics, Protocol, ThermalConductivity, Viscosity
from lang2mlip.science.lammps.log import Log

__all__ = ["Shown", "profile", "shown"]

_STRAIN_ERROR = 0.02
"""How far the strain may be from the one asked for, as a share of it."""


class Shown(Noun):
    """The figures of a kind; None where the kind has no such figure."""

    strain: float | None = Field(default=None, description="engineering strain at the end")
    exchanged: float | None = Field(
        default=None, description="kinetic energy (eV) or momentum (amu Å/ps) that swaps have carried"
    )
    contrast: float | None = Field(
        default=None, description="middle layer minus first layer of the profile: K, or Å/ps"
    )
    hills: int | None = Field(default=None, description="hills that were laid down")
    fault: str | None = None

    def words(self) -> str:
        """The figures for people, beginning with a comma; empty where there are none."""
        said = [f"a strain of {100 * self.strain:.1f} %"] if self.strain is not None else []
        said += [f"swaps carried {abs(self.exchanged):.3g}"] if self.exchanged is not None else []
        said += [f"a contrast of {self.contrast:.3g} between the layers"] if self.contrast is not None else []
        said += [f"{self.hills} hills"] if self.hills is not None else []
        return "".join(f", {one}" for one in said)


def shown(protocol: Protocol, log: Log, folder: Path) -> Shown:
    """What the run showed of its own kind, and what is missing of it."""
    if not log.blocks or not any(log.blocks[-1].values()):
        return Shown(fault="no thermo output of the last stage")
    if isinstance(protocol, Deform):
        return _strained(protocol, log)
    if isinstance(protocol, ThermalConductivity | Viscosity):
        return _flowing(log, folder)
    if isinstance(protocol, Metadynamics):
        return _hills(folder)
    return Shown()


def profile(file: Path) -> np.ndarray:
    """The last block of a `fix ave/chunk` file: rows of (coordinate from 0 to 1, atoms, value). Empty without one."""
    rows: list[list[float]] = []
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else []:
        words = line.split()
        if line.startswith("#"):
            continue
        if len(words) == 3:
            rows = []
        elif len(words) >= 4:
            rows.append([float(word) for word in words[1:4]])
    return np.array(rows).reshape(-1, 3)


def _strained(protocol: Deform, log: Log) -> Shown:
    lengths = log.blocks[-1][f"L{protocol.axis}"]
    strain = lengths[-1] / lengths[0] - 1
    off = abs(strain - protocol.strain) > _STRAIN_ERROR * abs(protocol.strain)
    fault = f"the strain came to {strain:.4f}, not to {protocol.strain:g}" if off else None
    return Shown(strain=strain, fault=fault)


def _flowing(log: Log, folder: Path) -> Shown:
    exchanged = log.blocks[-1]["f_flux"][-1]
    rows = profile(folder / "profile.txt")
    if exchanged == 0:
        return Shown(exchanged=exchanged, fault="the swaps carried nothing; swap more often")
    if len(rows) == 0:
        return Shown(exchanged=exchanged, fault="no profile across the layers was written")
    return Shown(exchanged=exchanged, contrast=float(rows[len(rows) // 2, 2] - rows[0, 2]))


def _hills(folder: Path) -> Shown:
    files = sorted(folder.glob("*.hills.traj"))
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    count = sum(bool(line.strip()) and not line.startswith("#") for line in lines)
    return Shown(hills=count, fault=None if count else "no hill was laid down")
