"""The free-energy barrier of an atom's hop into the vacancy beside it, from the mean force along its way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list
from numpy.typing import NDArray
from pydantic import Field

from lang2mlip.contracts import Component
from lang2mlip.errors import BadInput, PartFailed
from lang2mlip.labs.lammps.building import is_cubic
from lang2mlip.labs.lammps.recipe import Curve, Dynamics, Findings, Number, Seen, Stage, number
from lang2mlip.labs.lammps.recipes.at_rest import RELAX_ATOMS
from lang2mlip.labs.lammps.recipes.mean_force import Profile, followed
from lang2mlip.labs.lammps.system import System
from lang2mlip.labs.lammps.trajectory import TRAJECTORY, dumped, read_dump
from lang2mlip.science.structures.supercell import heights

__all__ = ["VacancyHop"]

Floats = NDArray[np.float64]

_FILE = "colvars.in"
_BIAS = "bias"

_BEYOND = 0.62
"""The spring goes so far from the middle, in units of the hop: the wells, at one half when nothing relaxes, lie
inside, in a crystal that heat has widened too."""

_WALL = 0.6
"""Of the hop: nearer than that no other atom comes to either site. Half way it would be jumping itself; what heat does
to a crystal is a fifth at the most, where it melts (Lindemann)."""

_STIFF_eV_A2 = 20.0
"""Of that wall: over an eV where another atom would be half way, and nothing where it stands."""

_SWING_per_ps = 60.0
"""Angular frequency of the atom on the spring alone: that of the fast vibrations of a crystal (some 9 THz), so that it
gives heat to them and takes it, and stiffer than the crest of a barrier is curved, tungsten's too (20 eV/Å²)."""

_AMU_A2_PS2_IN_EV = 1.0364269652680505e-4

_SHELL = 1.15
"""Neighbours are what is within so many of the shortest distances: the twelve of hcp zinc are, of whose axes the
ratio is the largest there is; the second neighbours of a bcc crystal are not."""

_ASIDE = 0.4
"""Of the hop: so far from its new site an atom that has relaxed does not rest there."""

_STILL = ("fix             still all recenter INIT INIT INIT", "fix             calm all momentum 10 linear 1 1 1")
"""The spring of the rest and the walls push the whole crystal, which must take up neither way nor speed from them."""

_CLOSE_PACKED = 12
_ROOM = 1.6
"""Hops from the middle of the box to its faces that are the least: less, and the hole is its own neighbour."""


class VacancyHop(Dynamics):
    """S. Park and K. Schulten, J. Chem. Phys. 120, 5946 (2004): a stiff spring pulls slowly, its mean pull is summed.

    F(s) = -kT ln p(s), s being the place of the atom along the line of its hop, in Å from the middle, against the atoms
    around. Not metadynamics: its hills must be fitted to a barrier that is not known yet, and it has to come to and fro
    several times. The spring passes once. What friction adds to its pull is up on one side and down on the other, so
    the mean of both sides is free of it and their difference shows it.
    """

    key: ClassVar[str] = "hop"
    line: ClassVar[str] = "Free-energy barrier of a vacancy hop"
    phases: ClassVar[tuple[str, ...]] = ("crystal", "vacancy")

    atoms: int = Field(default=256, ge=30, description="about this many atoms")
    rest_ps: float = Field(default=6.0, gt=0, description="time to come to rest before anything is measured, ps")
    ps: float = Field(default=200.0, gt=0, description="time in which the spring pulls the atom over, ps")
    parts: int = Field(default=40, ge=15, le=60, description="parts of the way, each with a mean force")
    spring_eV_A2: float | None = Field(default=None, gt=0, description="of the spring, eV/Å²; None: by the mass")

    def measures(self) -> str:
        """In words."""
        how = f"mean force along the line of the hop at {self.temperature_K:g} K"
        return f"free energy of an atom from its site over the saddle to the empty one beside it, by the {how}"

    def structure(self, component: Component) -> Atoms:
        """The crystal with a hole; atom 1 is its neighbour, and the middle of the two sites that of the box.

        Raises BadInput for a crystal whose sites differ, for then the two ends of a hop do.
        """
        return _with_hole(super().structure(component), component.name, is_cubic(component))

    def files(self, system: System) -> dict[str, str]:
        """The input of colvars: a spring that goes from site to site."""
        hop = _Hop.of(system.atoms)
        axis, end = ", ".join(f"{one:.8f}" for one in hop.axis), _BEYOND * hop.length
        text = f"""colvarsTrajFrequency {self._seen_every(system)}
colvar {{
  name progress
  distanceZ {{
    main {{ atomNumbers 1 }}
    ref {{ atomNumbers {" ".join(map(str, hop.frame(system.atoms)))} }}
    axis ({axis})
  }}
}}
harmonic {{
  colvars progress
  forceConstant {self._spring(system) / system.units.energy_eV:g}
  centers {-end:.6f}
  targetCenters {end:.6f}
  targetNumSteps {system.steps(self.ps)}
  outputCenters on
}}
"""
        return {_FILE: text}

    def _seen_every(self, system: System) -> int:
        return max(1, min(round(20.0 / system.step_fs), system.steps(self.ps) // (20 * self.parts)))

    def _spring(self, system: System) -> float:
        """eV/Å²."""
        return self.spring_eV_A2 or float(system.atoms.get_masses()[0]) * _SWING_per_ps**2 * _AMU_A2_PS2_IN_EV

    def stages(self, system: System) -> list[Stage]:
        """Rest, the way of the spring, and a look at where the atoms are then. Raises BadInput for a liquid.

        At the pressure that was asked for all along: a box held at one moment's volume has a pressure of its own, worth
        0.05 eV in a hundred atoms. In the rest the atom is held where the spring begins, so that this does not kick it.
        The crystal is kept from drifting, for the walls about the two sites stand still.
        """
        if self.molten:
            raise BadInput("A liquid has no vacancies; ask for the hop in the crystal.")
        hop = _Hop.of(system.atoms)
        keep = (*hop.walls(system), hop.wall("b", "all", system), *_STILL, self.velocities(2 * self.temperature_K))
        begin = " ".join(f"{one:.6f}" for one in hop.middle - _BEYOND * hop.length * hop.axis)
        hold = f"fix             hold hop spring tether {self._spring(system) / system.units.energy_eV:g} {begin} 0.0"
        start = ("group           hop id 1", "group           others subtract all hop", *keep, hold)
        rest = self._moved("rest", system, self.rest_ps, self.temperature_K, start)
        steps = system.steps(self.ps)
        bias = f"fix             bias all colvars {_FILE} output {_BIAS} tstat move"
        move = self._nvt(system, self.temperature_K) if self.held else self._npt(system, self.temperature_K)
        lines = (
            *dumped(max(1, steps // 100), system),
            "unfix           hold",
            "unfix           keep_b",
            hop.wall("b", "others", system),
        )
        production = Stage("production", (*lines, move, bias, f"run             {steps}"),
                           ("unfix           bias", "unfix           move"))  # fmt: skip
        return [rest, production, Stage("end", ("min_style       cg", RELAX_ATOMS))]

    def longer(self) -> None:
        """The spring moves to the end; there is no rest to wait for."""

    def read(self, seen: Seen) -> Findings:
        """The mean forces, integrated; the barrier from both sides, and what the two wells differ by."""
        _one_hop(seen)
        profile = Profile.of(followed(seen.folder, _BIAS), self.parts, self._spring(seen.system))
        left, top, right = profile.ends()
        free, s = profile.free, profile.s
        how = (
            "F(s) = -kT ln p(s), s along the line of the hop; saddle minus well, mean of both sides; the pull of a"
            f" slow spring, averaged over {self.parts} parts of its way and integrated; error: blocks of each part,"
            " or half of what the wells differ by"
        )
        across = float(free[right] - free[left])
        noise = profile.noise(s[left], s[right])
        numbers = (
            Number(name="barrier", value=float(free[top] - (free[left] + free[right]) / 2),
                   error=max(noise, abs(across)) / 2, unit="eV", how=how),
            Number(name="asymmetry", value=across, error=noise, unit="eV",
                   how="free energy of the second well minus the first; zero by symmetry, so a check"),
            Number(name="hop_distance", value=float(s[right] - s[left]), unit="Å", how="between the two wells"),
            number("temperature", seen.mean("production", "Temp"), "K"),
        )  # fmt: skip
        curve = Curve(name="free_energy_of_the_hop", x_label="place of the atom from the middle of its hop (Å)",
                      y_label="free energy (eV)", x=tuple(s[::8]), y=tuple(free[::8] - free[left]))  # fmt: skip
        return Findings(numbers=numbers, curves=(curve,), remarks=tuple(_doubts(across, noise)))


@dataclass(frozen=True)
class _Hop:
    """From where to where: the middle of the box is that of the hop, so the first atom says all."""

    middle: Floats
    axis: Floats
    length: float

    @classmethod
    def of(cls, atoms: Atoms) -> _Hop:
        middle = atoms.cell.array.sum(axis=0) / 2
        half = middle - atoms.positions[0]
        length = float(np.linalg.norm(half))
        return cls(middle, half / length, 2 * length)

    def frame(self, atoms: Atoms) -> list[int]:
        """Numbers of the atoms against which the place is measured: a ball about the middle, which is as symmetric as
        the hop, so that its own middle stays there, and which no side of the box cuts."""
        far = np.linalg.norm(atoms.positions - self.middle, axis=1)
        return [int(n) + 1 for n in np.flatnonzero(far < _inner_A(atoms) - 0.1) if n > 0]

    def walls(self, system: System) -> tuple[str, ...]:
        """The regions about both sites, and what keeps other atoms out of the first."""
        ends = {"a": self.middle - self.axis * self.length / 2, "b": self.middle + self.axis * self.length / 2}
        balls = [
            f"region          {name} sphere {' '.join(f'{one:.6f}' for one in place)} {0.1 * self.length:.4f}"
            " side out units box"
            for name, place in ends.items()
        ]
        return (*balls, self.wall("a", "others", system))

    def wall(self, site: str, group: str, system: System) -> str:
        stiff, reach = _STIFF_eV_A2 / system.units.energy_eV, (_WALL - 0.1) * self.length
        return f"fix             keep_{site} {group} wall/region {site} harmonic {stiff:g} 1.0 {reach:.4f}"


def _inner_A(atoms: Atoms) -> float:
    """Radius of the largest ball in the box."""
    return float(min(heights(atoms.cell.array))) / 2


def _with_hole(whole: Atoms, name: str, cubic: bool) -> Atoms:
    """Without the nearest neighbour of the first atom, in the frame that LAMMPS has, the hop about the middle."""
    if len(set(whole.numbers)) != 1:
        raise BadInput(f"The hops in {name} are of several kinds; ask for a crystal of one element.")
    atoms: Atoms = whole.copy()
    atoms.set_cell(atoms.cell.standard_form()[0], scale_atoms=True)
    distances = atoms.get_distances(0, range(1, len(atoms)), mic=True)
    near, length = 1 + int(np.argmin(distances)), float(distances.min())
    counts = set(np.bincount(neighbor_list("i", atoms, _SHELL * length), minlength=len(atoms)).tolist())
    if len(counts) != 1 or not (cubic or counts == {_CLOSE_PACKED}):
        raise BadInput(f"Not all sites and hops in {name} are alike; ask for a cubic or hcp element.")
    if _inner_A(atoms) < _ROOM * length:
        raise BadInput(f"A box of {len(atoms)} atoms is too small for a hop in {name}; ask for more atoms.")
    half = atoms.get_distance(0, near, mic=True, vector=True) / 2
    atoms.translate(atoms.cell.array.sum(axis=0) / 2 - half - atoms.positions[0])
    atoms.wrap()
    del atoms[near]
    return atoms


def _doubts(across: float, noise: float) -> list[str]:
    if abs(across) <= 3 * noise:
        return []
    return [f"The two wells differ by {across:.3f} eV, over three errors of that; give the spring more ps."]


def _one_hop(seen: Seen) -> None:
    """Raises PartFailed where other atoms left their sites, or the atom did not stay in its new one when let go."""
    atoms, length = seen.system.atoms, _Hop.of(seen.system.atoms).length
    frames, _ = read_dump(seen.folder / TRAJECTORY, seen.system.types)
    sites, far = atoms.get_scaled_positions(wrap=False), np.zeros(len(atoms))
    for frame in frames:
        away = frame.get_scaled_positions(wrap=False) - sites
        away -= np.median(away, axis=0)
        away[1:] -= np.round(away[1:])
        far = np.maximum(far, np.linalg.norm(away @ frame.cell.array, axis=1))
    if moved := int((far[1:] > _WALL * length).sum()):
        raise PartFailed(f"{moved} other atoms left their sites, so this was no single hop; take a lower temperature.")
    if abs(float(np.linalg.norm(away[0] @ frames[-1].cell.array)) / length - 1) > _ASIDE:
        raise PartFailed("The atom did not stay in its new site when the spring let go; give the spring more ps.")
