"""The energy of a surface at 0 K."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from ase import Atoms
from pydantic import Field

from lang2mlip.contracts import Component
from lang2mlip.labs.lammps.building import refuse_size, unit_cell
from lang2mlip.labs.lammps.recipe import Findings, Number, Recipe, Seen, Stage
from lang2mlip.labs.lammps.recipes.at_rest import RELAX_ATOMS, relax_box
from lang2mlip.labs.lammps.system import System
from lang2mlip.science.structures.facets import Facet
from lang2mlip.science.structures.source import primitive
from lang2mlip.units import EV_PER_A3_IN_GPA

__all__ = ["SurfaceEnergy", "flat"]

_J_PER_M2 = EV_PER_A3_IN_GPA / 10.0
"""1 eV/Å² in J/m²."""


class SurfaceEnergy(Recipe):
    """A crystal turned so that the plane lies flat, relaxed, then pulled open across the widest gap between layers."""

    key: ClassVar[str] = "surface"
    line: ClassVar[str] = "Surface energy at 0 K"
    phases: ClassVar[tuple[str, ...]] = ("crystal", "surface")

    miller: tuple[int, int, int] = Field(default=(1, 0, 0), description="Miller indices on the conventional cell")
    thickness_A: float = Field(default=20.0, gt=4, description="thickness of the slab, Å")
    vacuum_A: float = Field(default=20.0, gt=8, description="how far it is pulled open, Å")

    def measures(self) -> str:
        """In words."""
        plane = "".join(map(str, self.miller))
        return f"energy of the ({plane}) surface: (E of the slab - E of the same crystal) / twice the area, relaxed"

    def structure(self, component: Component) -> Atoms:
        """The crystal, periodic also across the plane, with the cut at its upper and lower end."""
        cell = unit_cell(component)
        step = Facet.of(cell, primitive(cell), self.miller).step
        high = abs(float(step.cell.array[2, 2]))
        once = flat(step.repeat((1, 1, max(1, int(np.ceil(self.thickness_A / high))))))
        wide = [int(np.ceil(6.0 / length)) for length in once.cell.lengths()[:2]]
        larger: Atoms = once.repeat((*wide, 1))
        refuse_size(len(larger))
        return larger

    def stages(self, system: System) -> list[Stage]:
        """The crystal, the slab as it was cut, and relaxed."""
        box = relax_box(system) if system.cubic else (RELAX_ATOMS,)
        opened = f"change_box      all z delta 0 {self.vacuum_A:g} units box   # the atoms stay: a gap opens above them"
        return [
            Stage("crystal", box),
            Stage("unrelaxed", (opened, "run             0")),
            Stage("slab", (RELAX_ATOMS,)),
        ]

    def read(self, seen: Seen) -> Findings:
        """Of the relaxed slab and of the one as it was cut."""
        area = seen.last("slab", "Lx") * seen.last("slab", "Ly")
        whole = seen.last("crystal", "PotEng")
        how = f"slab of {seen.system.atoms.cell.array[2, 2]:.1f} Å"
        return Findings(numbers=tuple(
            Number(name=name, value=(seen.last(stage, "PotEng") - whole) / (2 * area) * _J_PER_M2, unit="J/m²", how=how)
            for name, stage in (("surface_energy", "slab"), ("unrelaxed_surface_energy", "unrelaxed"))
        ))  # fmt: skip


def flat(crystal: Atoms) -> Atoms:
    """The same crystal with its end in the middle of the widest gap between its layers."""
    heights = crystal.get_scaled_positions()[:, 2] % 1.0
    ordered = np.sort(heights)
    gaps = np.diff(np.append(ordered, ordered[0] + 1.0))
    at = int(np.argmax(np.round(gaps, 6)))
    middle = ordered[at] + gaps[at] / 2
    crystal.positions -= middle * crystal.cell.array[2]
    crystal.wrap()
    moved: Atoms = Atoms(crystal.numbers, crystal.positions, cell=crystal.cell, pbc=True)
    return moved
