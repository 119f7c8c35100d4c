"""The one place where units are converted. Inside: eV, Å, fs, K, amu; stress in eV/Å³; people read GPa, meV, ps.

Constants: CODATA 2018 as used by ASE (`ase.units`), repeated here so that no door has to import ASE.
"""

from __future__ import annotations

EV_PER_A3_IN_GPA = 160.21766208
"""1 eV/Å³ in GPa."""

BOLTZMANN_EV_PER_K = 8.617330337217213e-05
"""k_B in eV/K."""

AMU_PER_A3_IN_G_PER_CM3 = 1.66053904020
"""1 amu/Å³ in g/cm³."""

KCAL_PER_MOL_IN_EV = 0.0433641042418
"""1 kcal/mol in eV (thermochemical calorie)."""

FS_IN_ASE_TIME = 0.09822694788464063
"""1 fs in ASE's time unit Å·sqrt(amu/eV)."""

A2_PER_FS_IN_CM2_PER_S = 1e-1
"""1 Å²/fs in cm²/s."""


def gpa(stress_eV_A3: float) -> float:
    """eV/Å³ → GPa."""
    return stress_eV_A3 * EV_PER_A3_IN_GPA


def ev_per_a3(pressure_GPa: float) -> float:
    """GPa → eV/Å³."""
    return pressure_GPa / EV_PER_A3_IN_GPA


def milli(value: float) -> float:
    """eV → meV (or any unit to its thousandth)."""
    return 1000.0 * value


def kelvin(value: float, unit: str) -> float:
    """A temperature in `K`, `C` or `F` → K. Raises ValueError for another unit."""
    scale = {"K": (1.0, 0.0), "C": (1.0, 273.15), "F": (5.0 / 9.0, 459.67 * 5.0 / 9.0)}
    if unit not in scale:
        raise ValueError(f"unknown temperature unit {unit!r}; use K, C or F")
    factor, shift = scale[unit]
    return value * factor + shift


_PRESSURE_IN_GPA = {
    "Pa": 1e-9,
    "kPa": 1e-6,
    "MPa": 1e-3,
    "GPa": 1.0,
    "TPa": 1e3,
    "bar": 1e-4,
    "kbar": 0.1,
    "Mbar": 100.0,
    "atm": 1.01325e-4,
    "Torr": 1.33322368e-7,
    "psi": 6.894757e-6,
}


def pressure_GPa(value: float, unit: str) -> float:
    """A pressure in Pa, kPa, MPa, GPa, TPa, bar, kbar, Mbar, atm, Torr or psi → GPa. Raises ValueError otherwise."""
    if unit not in _PRESSURE_IN_GPA:
        raise ValueError(f"unknown pressure unit {unit!r}; use one of {', '.join(_PRESSURE_IN_GPA)}")
    return value * _PRESSURE_IN_GPA[unit]
