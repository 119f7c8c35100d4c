"""The Lennard-Jones model in its own units: what they are worth in ours, and its crystal.

Inside, as for every system, lengths are Å, temperatures K and times ps. The model's σ is 1 Å, its ε is k_B times 1 K
and its mass such that τ = σ √(m/ε) is 1 ps; so distances, temperatures and times are the reduced ones as they stand,
and only energies, pressures and what is made of them have a factor. Scripts are in LAMMPS' units lj.
"""

from __future__ import annotations

import re

from ase import Atoms

from lang2mlip.contracts import Component
from lang2mlip.units import (
    AMU_PER_A3_IN_G_PER_CM3,
    BOLTZMANN_EV_PER_K,
    EV_PER_A3_IN_GPA,
    FS_IN_ASE_TIME,
)

__all__ = [
    "MODEL",
    "STEP_FS",
    "UNITS_OF",
    "DENSITY_g_cm3",
    "PRESSURE_GPa",
    "cell",
    "is_model",
    "model",
    "text_in_reduced",
]

MODEL = "X"
"""Symbol of its atoms: no element."""

STEP_FS = 4.0
"""0.004 τ, a usual step (M. P. Allen and D. J. Tildesley, Computer Simulation of Liquids (2017), chapter 3)."""

_MASS_u = BOLTZMANN_EV_PER_K * (1000.0 * FS_IN_ASE_TIME) ** 2
_EDGE_A = 1.5496
"""Of its fcc crystal at rest, cut at a few σ: 2^(1/2) · 1.09 σ, N. W. Ashcroft and N. D. Mermin (1976), chapter 20."""

PRESSURE_GPa = BOLTZMANN_EV_PER_K * EV_PER_A3_IN_GPA
"""ε/σ³."""

DENSITY_g_cm3 = _MASS_u * AMU_PER_A3_IN_G_PER_CM3
"""m/σ³."""

_W_PER_MK = 1602.176634
"""1 eV/(ps Å K) in W/(m K)."""

UNITS_OF = {
    "K": (1.0, "ε/k_B"),
    "ps": (1.0, "τ"),
    "Å": (1.0, "σ"),
    "Å²": (1.0, "σ²"),
    "Å³": (1.0, "σ³"),
    "Å³/atom": (1.0, "σ³"),
    "eV": (BOLTZMANN_EV_PER_K, "ε"),
    "eV/atom": (BOLTZMANN_EV_PER_K, "ε"),
    "GPa": (PRESSURE_GPa, "ε/σ³"),
    "g/cm³": (DENSITY_g_cm3, "m/σ³"),
    "cm²/s": (1e-4, "σ²/τ"),
    "mPa s": (PRESSURE_GPa, "ετ/σ³"),
    "W/(m K)": (BOLTZMANN_EV_PER_K * _W_PER_MK, "k_B/(στ)"),
}
"""Our unit → the value of the model's own in it, and its name. 1 GPa ps is 1 mPa s."""

_AMOUNT = re.compile(r"(?<![\w.])(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?) (K|ps|Å|eV|GPa|g/cm³)(?![\w/³²])")


def model(molten: bool) -> Component:
    """The model as a substance, as a crystal or a fluid."""
    return Component(name="the Lennard-Jones model", formula=MODEL, phases=("melt" if molten else "crystal",))


def is_model(component: Component) -> bool:
    """Whether it is the model and no substance."""
    return component.formula == MODEL


def cell() -> Atoms:
    """The four atoms of the cubic cell of its fcc crystal."""
    sites = [(0, 0, 0), (0, 0.5, 0.5), (0.5, 0, 0.5), (0.5, 0.5, 0)]
    return Atoms(
        [MODEL] * 4, scaled_positions=sites, cell=[_EDGE_A] * 3, pbc=True, masses=[_MASS_u] * 4
    )  # fmt: skip


def text_in_reduced(text: str) -> str:
    """Words with every amount in the model's units."""
    return _AMOUNT.sub(lambda one: f"{float(one[1]) / UNITS_OF[one[2]][0]:.6g} {UNITS_OF[one[2]][1]}", text)
