"""Transport coefficients from the raw stress, heat flux and temperature profiles of a run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lang2mlip.contracts import Json
from lang2mlip.errors import PartFailed
from lang2mlip.labs.lammps.bench.raw import Raw
from lang2mlip.units import BOLTZMANN_EV_PER_K, EV_PER_A3_IN_GPA

__all__ = ["TRANSPORT"]

Floats = NDArray[np.float64]

_W_PER_MK = 1602.176634
"""1 eV/(ps Å K) in W/(m K)."""


def _viscosity(raw: Raw, given: dict[str, Json]) -> float:
    """mPa s: the running integral of the correlation of the shear stress in the log, averaged over given["plateau_ps"].

    Five of its components are independent (P. J. Daivis and D. J. Evans, J. Chem. Phys. 100, 541 (1994)).
    """
    table = raw.production()
    xx, yy, zz, *shear = (raw.column(table, one) for one in ("Pxx", "Pyy", "Pzz", "Pxy", "Pxz", "Pyz"))
    stress = np.column_stack([*shear, (xx - yy) / 2, (xx + yy - 2 * zz) / np.sqrt(12)])
    step_ps = float(np.diff(raw.column(table, "Step")[:2])[0]) * raw.step_ps
    begin, end = (round(one / step_ps) for one in given["plateau_ps"])
    if len(stress) < 20 * end:
        raise PartFailed(f"The run in {raw.folder} is too short for a viscosity.")
    found = _correlation(stress, end)
    running = np.cumsum(found) - 0.5 * found[0] - 0.5 * found
    kelvin, volume = raw.column(table, "Temp").mean(), raw.column(table, "Volume").mean()
    scale = volume / (BOLTZMANN_EV_PER_K * kelvin) / EV_PER_A3_IN_GPA * step_ps
    return float(scale * running[begin : end + 1].mean())


def _correlation(values: Floats, longest: int) -> Floats:
    """Of the columns about zero, averaged over them: lag by lag, not by Fourier's way."""
    rows = len(values)
    return np.array([float((values[lag:] * values[: rows - lag]).mean()) for lag in range(longest + 1)])


def _conductivity(raw: Raw, given: dict[str, Json]) -> float:
    """W/(m K), by what the run left: the fluctuations of flux.txt, or energy moved and the gradient of profile.txt."""
    table = raw.production()
    if (raw.folder / "flux.txt").is_file():
        return _by_fluctuations(raw, given)
    name = next((one for one in table.columns if one.startswith("f_")), None)
    if name is None:
        raise PartFailed(f"The thermo output in {raw.folder} has no column of what was swapped.")
    moved = table.columns[name][: table.rows] * raw.units.energy_eV
    time_ps = float(np.ptp(raw.column(table, "Step"))) * raw.step_ps
    area = float(raw.column(table, "Lx").mean() * raw.column(table, "Ly").mean())
    flux = float(moved[-1] - moved[0]) / (2 * area * time_ps)
    return flux / _gradient(raw, float(raw.column(table, "Lz").mean())) * _W_PER_MK


def _by_fluctuations(raw: Raw, given: dict[str, Json]) -> float:
    """The running integral of the heat flux correlation, averaged over given["plateau_ps"] (else 2 to 4 ps)."""
    rows = np.loadtxt(raw.folder / "flux.txt", comments="#")
    flux = rows[:, 1:4] * raw.units.energy_eV * 1000 / raw.units.time_fs
    step_ps = float(rows[1, 0] - rows[0, 0]) * raw.step_ps
    begin, end = (round(one / step_ps) for one in given.get("plateau_ps", (2.0, 4.0)))
    found = _correlation(flux, end)
    running = np.cumsum(found) - 0.5 * found[0] - 0.5 * found
    table = raw.production()
    kelvin, volume = raw.column(table, "Temp").mean(), raw.column(table, "Volume").mean()
    scale = step_ps / (volume * BOLTZMANN_EV_PER_K * kelvin**2) * _W_PER_MK
    return float(scale * running[begin : end + 1].mean())


def _gradient(raw: Raw, length_A: float) -> float:
    """K/Å: of the mean profile, from the cold layer at the bottom to the hot one in the middle, both ways."""
    file = raw.folder / "profile.txt"
    rows = [line.split() for line in file.read_text().splitlines() if line[:1] != "#"] if file.is_file() else []
    if not rows:
        raise PartFailed(f"{raw.folder} has no temperature profile in profile.txt.")
    bins = int(rows[0][1])
    table = np.array([[float(one[0]), float(one[-1])] for one in rows if len(one) >= 4])
    kelvin = np.array([table[table[:, 0] == n + 1, 1].mean() for n in range(bins)])
    at = np.arange(bins) * length_A / bins
    half = bins // 2
    first, second = slice(2, half - 1), slice(half + 2, bins - 1)
    return float((np.polyfit(at[first], kelvin[first], 1)[0] - np.polyfit(at[second], kelvin[second], 1)[0]) / 2)


TRANSPORT: dict[str, Callable[[Raw, dict[str, Json]], float]] = {
    "viscosity": _viscosity,
    "thermal_conductivity": _conductivity,
}
"""Quantity → how it is recomputed from the raw output of a run."""
