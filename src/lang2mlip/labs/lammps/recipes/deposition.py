"""Deposition of atoms, one after the other, on a surface: what sticks, how thick and how rough the film is."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from ase import Atoms
from ase.data import atomic_masses, atomic_numbers
from numpy.typing import NDArray
from pydantic import Field

from lang2mlip.errors import BadInput, PartFailed
from lang2mlip.labs.lammps.recipe import Findings, Number, Seen, Stage
from lang2mlip.labs.lammps.recipes.slab import AtSurface
from lang2mlip.labs.lammps.system import COLUMNS, THERMO_MODIFY, System
from lang2mlip.labs.lammps.trajectory import TRAJECTORY, dumped, read_dump

__all__ = ["Deposition"]

_AMU_A2_PS2_IN_EV = 1.0364269652680505e-4

_HEIGHT_A = 12.0
"""Above the surface, where atoms begin: beyond the reach of most potentials."""

_BOUND = 1.5
"""An atom is bound when another is nearer than so many spacings of atoms."""


class Deposition(AtSurface):
    """C.-L. Liu, J. M. Cohen, J. B. Adams and A. F. Voter, Surf. Sci. 253, 334 (1991): atoms meet a warm surface."""

    key: ClassVar[str] = "deposition"
    line: ClassVar[str] = "Deposition on a surface"

    arriving: int = Field(default=20, ge=1, le=5000, description="atoms that arrive, one after the other")
    energy_eV: float = Field(default=0.5, ge=0.01, le=1000, description="kinetic energy of each, eV, straight down")
    every_ps: float = Field(default=1.0, gt=0.05, description="time between two, ps")

    def measures(self) -> str:
        """In words."""
        beam = f"{self.arriving} atoms of {self.energy_eV:g} eV"
        return f"sticking, thickness and roughness of what {beam} leave on a surface at {self.temperature_K:g} K"

    def stages(self, system: System) -> list[Stage]:
        """Rest, arrival, and a little time for the last one. Raises BadInput for compounds."""
        if len(set(system.atoms.numbers)) != 1:
            raise BadInput("What falls on the surface of a compound is not said; ask for a crystal of one element.")
        mass = atomic_masses[atomic_numbers[system.atoms.get_chemical_symbols()[0]]]
        speed = float(np.sqrt(2 * self.energy_eV / (mass * _AMU_A2_PS2_IN_EV))) * system.units.time_fs / 1000
        between = system.steps(self.every_ps)
        steps = between * (self.arriving + 3)
        kind = system.types.index(system.atoms.get_chemical_symbols()[0]) + 1
        high = _HEIGHT_A + 0.02 * self.arriving
        arrive = (
            *dumped(max(1, steps // 50), system),
            "region          above prism $(xlo+0.01) $(xhi-0.01) $(ylo+0.01) $(yhi-0.01)"
            f" $(v_top+{high:g}) $(v_top+{high + 2:g}) $(xy) 0 0 units box",
            f"fix             arrive mobile deposit {self.arriving} {kind} {between} {self.seed + 7} region above"
            f" near 2.0 vz {-speed:.8g} {-speed:.8g} units box",
            f"thermo_style    custom {COLUMNS} atoms",
            THERMO_MODIFY,
            f"run             {steps}",
        )
        return [*self.before(system), Stage("deposition", arrive)]

    def read(self, seen: Seen) -> Findings:
        """By the last frame: an atom that came has stuck when it has a neighbour."""
        frames, _ = read_dump(seen.folder / TRAJECTORY, seen.system.types)
        last, count = frames[-1], len(seen.system.atoms)
        came = len(last) - count
        if came < 1:
            raise PartFailed("No atom arrived; the run was too short.")
        spacing = float(seen.system.atoms.get_volume() / count) ** (1 / 3)
        stuck = np.array([_nearest(last, count + n) < _BOUND * spacing for n in range(came)])
        area = seen.last("deposition", "Lx") * seen.last("deposition", "Ly")
        share = float(stuck.mean())
        error = float(np.sqrt(max(share * (1 - share), 1 / came) / came)) if came > 1 else None
        numbers = (
            Number(name="sticking", value=share, error=error, unit="", how=f"of {came} atoms that came"),
            Number(name="film_thickness", value=float(stuck.sum()) * spacing**3 / area, unit="Å",
                   how="volume of what stuck, at the crystal's density, over the area"),
            Number(name="roughness", value=_roughness(last, spacing), unit="Å",
                   how="rms height of the highest atoms over squares of one spacing"),
        )  # fmt: skip
        return Findings(numbers=numbers)


def _nearest(atoms: Atoms, index: int) -> float:
    """Å, to any other atom, the nearest images."""
    others = [n for n in range(len(atoms)) if n != index]
    return float(atoms.get_distances(index, others, mic=True).min())


def _roughness(atoms: Atoms, spacing: float) -> float:
    places: NDArray[np.float64] = atoms.get_scaled_positions()
    lengths = atoms.cell.lengths()
    cells = [tuple((places[n, :2] * lengths[:2] // spacing).astype(int)) for n in range(len(atoms))]
    tops: dict[tuple[int, ...], float] = {}
    for cell, height in zip(cells, atoms.positions[:, 2], strict=True):
        tops[cell] = max(tops.get(cell, -np.inf), float(height))
    return float(np.std(list(tops.values())))
