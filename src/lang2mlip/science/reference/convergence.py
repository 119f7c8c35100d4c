"""How fine a reference's settings must be: energies, forces and stress against each setting, and the smallest enough.

What a potential learns from are forces, stresses and the difference in energy between configurations. So two cells of
the same material are computed at each value, both rattled and one of them compressed, and a value is fine enough when
it and all finer ones agree with the finest in the energy difference between the two, in the forces and in the stress.
The total energy, which converges last and matters least, is told beside them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms, units
from ase.calculators.calculator import Calculator
from pydantic import Field

from lang2mlip.contracts import Json, Noun, ReferenceSpec
from lang2mlip.errors import BadInput, PartFailed, nearest
from lang2mlip.science.reference.calculator import Floats
from lang2mlip.science.reference.spec import open_reference, settings_of

__all__ = ["Convergence", "Enough", "Point", "converge", "ladders", "probes"]

COMPRESSED = 0.97
"""Lengths of the second cell over those of the first: 9 % less volume, as in a hot or strained run."""


class Enough(Noun):
    """How near to the finest value counts as converged."""

    energy_meV_atom: float = Field(default=1.0, gt=0, description="energy difference between two cells, meV/atom")
    force_meV_A: float = Field(default=10.0, gt=0, description="largest force component, meV/Å")
    stress_GPa: float = Field(default=0.1, gt=0, description="largest stress component, GPa")


class Point(Noun):
    """One value of a setting: how far its numbers are from those of the finest value, and what they cost."""

    value: Json
    energy_meV_atom: float = Field(default=np.nan, description="energy difference between the two cells")
    total_meV_atom: float = Field(default=np.nan, description="total energy of the first cell")
    force_meV_A: float = Field(default=np.nan, description="largest component, over both cells")
    stress_GPa: float | None = Field(default=None, description="largest component; None: the reference has no stress")
    seconds: float = Field(default=0.0, description="for one cell, processor time")
    fault: str | None = Field(default=None, description="why there are no numbers")

    def within(self, enough: Enough) -> bool:
        """All of them near enough to the finest."""
        return bool(
            self.energy_meV_atom <= enough.energy_meV_atom
            and self.force_meV_A <= enough.force_meV_A
            and (self.stress_GPa is None or self.stress_GPa <= enough.stress_GPa)
        )


class Convergence(Noun):
    """One setting, from coarse to fine."""

    setting: str
    points: tuple[Point, ...]
    enough: Enough
    chosen: Json = Field(description="the coarsest value that is fine enough; None: not even the last but one is")
    calls: int = Field(description="reference calls made")


@dataclass(frozen=True)
class _Numbers:
    """What one value gives for the two cells; energies per atom."""

    energies: Floats
    forces: Floats
    stress: Floats | None
    seconds: float


def ladders(spec: ReferenceSpec, wanted: dict[str, Sequence[Json]] | None = None) -> dict[str, tuple[Json, ...]]:
    """The settings to converge and their values, coarse to fine: those `wanted`, else those the reference names.

    Raises BadInput when it names none, when it has no such setting, or for fewer than three values.
    """
    part: Any = type(open_reference(spec))
    known = tuple(part.Settings.model_fields)
    found = {name: tuple(values) for name, values in (wanted or getattr(part, "LADDERS", {})).items()}
    if not found:
        raise BadInput(
            f"The reference {spec.name} names no setting to converge; name one of yours with its values, coarse to "
            f"fine, e.g. SETTING=1,2,3. It has: {', '.join(known)}."
        )
    for name, values in found.items():
        head = name.partition(".")[0]
        if head not in known:
            raise BadInput(f"The reference {spec.name} has no setting {name!r}.{nearest(name, known)}")
        if len(values) < 3:
            raise BadInput(f"{name} needs at least three values, coarse to fine, to show that it converges.")
    return found


def probes(atoms: Atoms, seed: int = 0) -> tuple[Atoms, Atoms]:
    """Two cells of one material, both off equilibrium, the second with less volume; a molecule is only shaken more."""
    first, second = atoms.copy(), atoms.copy()
    first.rattle(0.05, seed=seed)
    second.rattle(0.1, seed=seed + 1)
    if atoms.pbc.any():
        second.set_cell(second.cell.array * COMPRESSED, scale_atoms=True)
    return first, second


def converge(
    spec: ReferenceSpec,
    atoms: Atoms,
    values: dict[str, tuple[Json, ...]],
    enough: Enough,
    told: Callable[[str], None] = lambda line: None,
) -> tuple[ReferenceSpec, list[Convergence]]:
    """Each setting in turn, those before it at what was chosen; and the spec with what was chosen.

    A setting that does not converge keeps its finest value. Raises PartFailed when the finest value has no numbers,
    BadInput for a value that the reference refuses.
    """
    cells, found = probes(atoms), []
    for name, ladder in values.items():
        results = []
        for value in ladder:
            told(f"{name} = {value}")
            results.append(_at(_with(spec, name, value), cells))
        last = results[-1]
        if isinstance(last, str):
            raise PartFailed(f"There are no numbers at {name} = {ladder[-1]}, the finest: {last}")
        points = tuple(_point(value, result, last) for value, result in zip(ladder, results, strict=True))
        chosen = _smallest(points, enough)
        found.append(Convergence(setting=name, points=points, enough=enough, chosen=chosen, calls=2 * len(points)))
        spec = _with(spec, name, ladder[-1] if chosen is None else chosen)
    return spec, found


def _with(spec: ReferenceSpec, name: str, value: Json) -> ReferenceSpec:
    """The spec with one setting changed; `arguments.ecut` is a value within a setting."""
    head, _, rest = name.partition(".")
    settings = dict(spec.settings)
    settings[head] = {**settings.get(head, {}), rest: value} if rest else value
    changed = spec.model_copy(update={"settings": settings})
    settings_of(changed)
    return changed


def _at(spec: ReferenceSpec, cells: tuple[Atoms, Atoms]) -> _Numbers | str:
    """Numbers at these settings, or why there are none."""
    calculator, begun = open_reference(spec).calculator(), time.process_time()
    try:
        energies = [calculator.get_potential_energy(cell) / len(cell) for cell in cells]
        forces = [np.array(calculator.get_forces(cell)) for cell in cells]
        stress = [_stress(calculator, cell) for cell in cells]
    except PartFailed as error:
        return str(error)
    seconds = (time.process_time() - begun) / len(cells)
    flat = None if any(one is None for one in stress) else np.concatenate([one for one in stress if one is not None])
    return _Numbers(np.array(energies), np.concatenate(forces), flat, seconds)


def _stress(calculator: Calculator, cell: Atoms) -> Floats | None:
    if "stress" not in calculator.implemented_properties or not cell.pbc.all():
        return None
    return np.array(calculator.get_stress(cell))


def _point(value: Json, result: _Numbers | str, finest: _Numbers) -> Point:
    if isinstance(result, str):
        return Point(value=value, fault=result)
    energy = np.diff(result.energies) - np.diff(finest.energies)
    return Point(
        value=value,
        energy_meV_atom=1e3 * abs(float(energy[0])),
        total_meV_atom=1e3 * abs(float(result.energies[0] - finest.energies[0])),
        force_meV_A=1e3 * float(np.abs(result.forces - finest.forces).max()),
        stress_GPa=None if result.stress is None else _largest_GPa(result.stress, finest.stress),
        seconds=result.seconds,
    )


def _largest_GPa(stress: Floats, finest: Floats | None) -> float | None:
    return None if finest is None else float(np.abs(stress - finest).max() / units.GPa)


def _smallest(points: Sequence[Point], enough: Enough) -> Json:
    """The coarsest value from which on all are near enough; None when only the finest is, which proves nothing."""
    chosen: Json = None
    for point in reversed(points[:-1]):
        if not point.within(enough):
            break
        chosen = point.value
    return chosen
