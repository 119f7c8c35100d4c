"""Elastic constants at 0 K from the stress of small strains."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from pydantic import Field

from lang2mlip.contracts import Component
from lang2mlip.labs.lammps.building import unit_cell
from lang2mlip.labs.lammps.recipe import Findings, Number, Recipe, Seen, Stage
from lang2mlip.labs.lammps.recipes.at_rest import RELAX_ATOMS, relax_box
from lang2mlip.labs.lammps.system import System
from lang2mlip.science.evaluation.measured import conventional, space_group_number

__all__ = ["ElasticConstants"]

Matrix = NDArray[np.float64]

_ROUNDING = 1e-6
"""Share of a constant below which what symmetry makes equal differs by rounding alone: it says nothing of its error."""

_STRESS = ("Pxx", "Pyy", "Pzz", "Pyz", "Pxz", "Pxy")
_SAME = {
    "cubic": (((1, 1), (2, 2), (3, 3)), ((1, 2), (1, 3), (2, 3)), ((4, 4), (5, 5), (6, 6))),
    "uniaxial": (((1, 1), (2, 2)), ((1, 2),), ((1, 3), (2, 3)), ((3, 3),), ((4, 4), (5, 5)), ((6, 6),)),
    "any": tuple(((i, j),) for i in range(1, 7) for j in range(i, 7)),
}
"""Constants that symmetry makes equal (J. F. Nye, Physical Properties of Crystals (1957), table 9)."""


class ElasticConstants(Recipe):
    """Each of six strains both ways, atoms relaxed in each; the box is then brought back."""

    key: ClassVar[str] = "elastic"
    line: ClassVar[str] = "Elastic constants at 0 K"

    strain: float = Field(default=0.002, gt=0, lt=0.05, description="size of each strain, either way")

    def measures(self) -> str:
        """In words."""
        return "elastic constants, and from them bulk, shear and Young's modulus of a polycrystal (Voigt, Reuss, Hill)"

    def structure(self, component: Component) -> Atoms:
        """The conventional cell along the crystal's own axes; size does not matter at 0 K."""
        cell = unit_cell(component)
        times = tuple(int(n) for n in np.maximum(1, np.ceil(10.0 / cell.cell.lengths())))
        larger: Atoms = cell.repeat(times)
        return larger

    def stages(self, system: System) -> list[Stage]:
        """The minimum, its box kept in variables, and twelve strained boxes."""
        found = [Stage("relax", relax_box(system), _KEEP)]
        for number in range(1, 7):
            for sign, word in ((1, "plus"), (-1, "minus")):
                found.append(Stage(f"strain {number} {word}", (*_strained(number, sign * self.strain), RELAX_ATOMS)))
        return found

    def read(self, seen: Seen) -> Findings:
        """Central differences; constants that are equal by symmetry are averaged, their spread is the error."""
        whole = np.array([self._column(seen, number) for number in range(1, 7)])
        matrix = (whole + whole.T) / 2
        numbers = [_constant(group, whole, matrix) for group in _SAME[_symmetry(seen.system)]]
        return Findings(numbers=(*numbers, *_polycrystal(matrix)))

    def _column(self, seen: Seen, number: int) -> Matrix:
        plus, minus = ([seen.last(f"strain {number} {way}", one) for one in _STRESS] for way in ("plus", "minus"))
        return np.asarray(-(np.array(plus) - np.array(minus)) / (2 * self.strain))


_BOX = ("xlo", "xhi", "ylo", "yhi", "zlo", "zhi", "xy", "xz", "yz")
_KEEP = tuple(f"variable        {name}0 equal $({name}:%.15g)" for name in _BOX)

_BACK = (
    "change_box      all x final ${xlo0} ${xhi0} y final ${ylo0} ${yhi0} z final ${zlo0} ${zhi0} &\n"
    "                xy final ${xy0} xz final ${xz0} yz final ${yz0} remap units box   # back to the minimum"
)


def _strained(number: int, size: float) -> tuple[str, ...]:
    """Back to the minimum, and from there a strain of Voigt number 1 to 6 in the form that LAMMPS' boxes have."""
    # The box vectors are the rows (lx,0,0), (xy,ly,0), (xz,yz,lz); a stretch of an axis stretches that column.
    how = {
        1: f"x delta 0 $({size:g}*(v_xhi0-v_xlo0)) xy delta $({size:g}*v_xy0) xz delta $({size:g}*v_xz0)",
        2: f"y delta 0 $({size:g}*(v_yhi0-v_ylo0)) yz delta $({size:g}*v_yz0)",
        3: f"z delta 0 $({size:g}*(v_zhi0-v_zlo0))",
        4: f"yz delta $({size:g}*(v_zhi0-v_zlo0))",
        5: f"xz delta $({size:g}*(v_zhi0-v_zlo0))",
        6: f"xy delta $({size:g}*(v_yhi0-v_ylo0)) xz delta $({size:g}*v_yz0)",
    }[number]
    return (_BACK, f"change_box      all {how} remap units box")


def _symmetry(system: System) -> str:
    group = space_group_number(conventional(system.atoms))  # a supercell shows fewer symmetries than its crystal
    return "cubic" if group >= 195 else "uniaxial" if group >= 143 else "any"


def _constant(group: tuple[tuple[int, int], ...], whole: Matrix, matrix: Matrix) -> Number:
    i, j = group[0]
    values = [float(whole[a - 1, b - 1]) for pair in group for a, b in {pair, pair[::-1]}]
    spread = float(np.ptp(values)) / 2 if len(values) > 1 else None
    mean = float(np.mean([matrix[a - 1, b - 1] for a, b in group]))
    how = f"central difference of the stress; error: half the spread of {len(values)} values that are equal by symmetry"
    if spread is not None and spread < _ROUNDING * abs(mean):
        how = f"central difference of the stress; what symmetry makes equal agrees to {spread:.0e} GPa: no error bar"
        spread = None
    return Number(name=f"C{i}{j}", value=mean, error=spread, unit="GPa", how=how if len(values) > 1 else "")


def _polycrystal(c: Matrix) -> list[Number]:
    """Hill's averages (R. Hill, Proc. Phys. Soc. A 65, 349 (1952)); error: half the way from Voigt's to Reuss's."""
    s = np.linalg.inv(c)
    voigt_k = (c[0, 0] + c[1, 1] + c[2, 2] + 2 * (c[0, 1] + c[1, 2] + c[0, 2])) / 9
    voigt_g = (c[0, 0] + c[1, 1] + c[2, 2] - c[0, 1] - c[1, 2] - c[0, 2] + 3 * (c[3, 3] + c[4, 4] + c[5, 5])) / 15
    reuss_k = 1 / (s[0, 0] + s[1, 1] + s[2, 2] + 2 * (s[0, 1] + s[1, 2] + s[0, 2]))
    reuss_g = 15 / (4 * (s[0, 0] + s[1, 1] + s[2, 2] - s[0, 1] - s[1, 2] - s[0, 2]) + 3 * (s[3, 3] + s[4, 4] + s[5, 5]))
    k, g = (voigt_k + reuss_k) / 2, (voigt_g + reuss_g) / 2
    how = "Hill's mean; error: half the way from Voigt's to Reuss's"
    return [
        Number(name="bulk_modulus", value=float(k), error=abs(float(voigt_k - reuss_k)) / 2, unit="GPa", how=how),
        Number(name="shear_modulus", value=float(g), error=abs(float(voigt_g - reuss_g)) / 2, unit="GPa", how=how),
        Number(name="young_modulus", value=float(9 * k * g / (3 * k + g)), unit="GPa", how="from the two"),
        Number(name="poisson_ratio", value=float((3 * k - 2 * g) / (2 * (3 * k + g))), unit="", how="from the two"),
    ]
