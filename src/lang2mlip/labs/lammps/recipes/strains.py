"""What the recipes of elastic constants share: strained boxes, what symmetry makes equal, averages of a polycrystal."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from lang2mlip.labs.lammps.recipe import Number
from lang2mlip.labs.lammps.system import System
from lang2mlip.science.evaluation.measured import conventional, space_group_number

__all__ = ["EQUAL", "KEEP_BOX", "STRESS", "Matrix", "polycrystal", "strained", "symmetry"]

Matrix = NDArray[np.float64]

STRESS = ("Pxx", "Pyy", "Pzz", "Pyz", "Pxz", "Pxy")
"""Columns of the thermo table in Voigt's order."""

EQUAL = {
    "cubic": (((1, 1), (2, 2), (3, 3)), ((1, 2), (1, 3), (2, 3)), ((4, 4), (5, 5), (6, 6))),
    "uniaxial": (((1, 1), (2, 2)), ((1, 2),), ((1, 3), (2, 3)), ((3, 3),), ((4, 4), (5, 5)), ((6, 6),)),
    "any": tuple(((i, j),) for i in range(1, 7) for j in range(i, 7)),
}
"""Constants that symmetry makes equal (J. F. Nye, Physical Properties of Crystals (1957), table 9)."""

_BOX = ("xlo", "xhi", "ylo", "yhi", "zlo", "zhi", "xy", "xz", "yz")
KEEP_BOX = tuple(f"variable        {name}0 equal $({name}:%.15g)" for name in _BOX)
"""Puts the box as it is into the variables that `strained` strains from."""

_BACK = (
    "change_box      all x final ${xlo0} ${xhi0} y final ${ylo0} ${yhi0} z final ${zlo0} ${zhi0} &\n"
    "                xy final ${xy0} xz final ${xz0} yz final ${yz0} remap units box   # back to the box at rest"
)


def strained(size: float, *numbers: int) -> tuple[str, ...]:
    """Back to the kept box, and from there strains of Voigt numbers 1 to 6 in the form that LAMMPS' boxes have."""
    # The box vectors are the rows (lx,0,0), (xy,ly,0), (xz,yz,lz); a stretch of an axis stretches that column.
    how = {
        1: f"x delta 0 $({size:g}*(v_xhi0-v_xlo0)) xy delta $({size:g}*v_xy0) xz delta $({size:g}*v_xz0)",
        2: f"y delta 0 $({size:g}*(v_yhi0-v_ylo0)) yz delta $({size:g}*v_yz0)",
        3: f"z delta 0 $({size:g}*(v_zhi0-v_zlo0))",
        4: f"yz delta $({size:g}*(v_zhi0-v_zlo0))",
        5: f"xz delta $({size:g}*(v_zhi0-v_zlo0))",
        6: f"xy delta $({size:g}*(v_yhi0-v_ylo0)) xz delta $({size:g}*v_yz0)",
    }
    return (_BACK, *(f"change_box      all {how[number]} remap units box" for number in numbers))


def symmetry(system: System) -> str:
    """A key of EQUAL."""
    group = space_group_number(conventional(system.atoms))  # a supercell shows fewer symmetries than its crystal
    return "cubic" if group >= 195 else "uniaxial" if group >= 143 else "any"


def polycrystal(c: Matrix, noise: Iterable[Matrix] = ()) -> list[Number]:
    """Hill's averages (R. Hill, Proc. Phys. Soc. A 65, 349 (1952)); error: half the way from Voigt's to Reuss's.

    `c`, in GPa; `noise`: changes of it by one standard error each, independent of one another, which add to the error.
    """
    values, ways = _averages(c)
    changes = [_averages(c + one)[0] - values for one in noise]
    more = np.sqrt(np.sum(np.square(changes), axis=0)) if changes else np.zeros(4)
    errors = np.hypot(ways, more)
    how = "Hill's mean; error: half the way from Voigt's to Reuss's" + (", and of the constants" if changes else "")
    young, poisson = (float(one) if changes else None for one in errors[2:])
    return [
        Number(name="bulk_modulus", value=float(values[0]), error=float(errors[0]), unit="GPa", how=how),
        Number(name="shear_modulus", value=float(values[1]), error=float(errors[1]), unit="GPa", how=how),
        Number(name="young_modulus", value=float(values[2]), error=young, unit="GPa", how="from the two"),
        Number(name="poisson_ratio", value=float(values[3]), error=poisson, unit="", how="from the two"),
    ]


def _averages(c: Matrix) -> tuple[Matrix, Matrix]:
    """(bulk, shear, Young's modulus, Poisson's ratio) by Hill; of the first two half the way from Voigt to Reuss."""
    s = np.linalg.inv(c)
    voigt_k = (c[0, 0] + c[1, 1] + c[2, 2] + 2 * (c[0, 1] + c[1, 2] + c[0, 2])) / 9
    voigt_g = (c[0, 0] + c[1, 1] + c[2, 2] - c[0, 1] - c[1, 2] - c[0, 2] + 3 * (c[3, 3] + c[4, 4] + c[5, 5])) / 15
    reuss_k = 1 / (s[0, 0] + s[1, 1] + s[2, 2] + 2 * (s[0, 1] + s[1, 2] + s[0, 2]))
    reuss_g = 15 / (4 * (s[0, 0] + s[1, 1] + s[2, 2] - s[0, 1] - s[1, 2] - s[0, 2]) + 3 * (s[3, 3] + s[4, 4] + s[5, 5]))
    k, g = (voigt_k + reuss_k) / 2, (voigt_g + reuss_g) / 2
    values = np.array([k, g, 9 * k * g / (3 * k + g), (3 * k - 2 * g) / (2 * (3 * k + g))])
    return values, np.array([abs(voigt_k - reuss_k) / 2, abs(voigt_g - reuss_g) / 2, 0.0, 0.0])
