"""Displacements and diffusion in the reference's own walks and in the potential's repetition of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ase import Atoms

from lang2mlip.act.walks import subject_of
from lang2mlip.contracts import Json, Property, Task
from lang2mlip.science.evaluation import msd

if TYPE_CHECKING:
    from lang2mlip.act.evaluate import Measurements

__all__ = ["compare"]

SHORTEST_PS = 1.0
"""Time below which a mean squared displacement is vibration, not diffusion."""

USUAL_MPA_S = 1.0
"""Viscosity that the correction for the size of the cell is told for; it goes with its inverse."""

WANTED = ("msd", "diffusion")


def compare(task: Task, walk: dict[str, Json], sides: tuple[list[Atoms], list[Atoms]], found: Measurements) -> None:
    """Mean squared displacements of each element; diffusion coefficients from walks long enough to diffuse alone."""
    interval_ps = walk["plan"]["timestep_fs"] * walk["plan"]["keep_every"] / 1000
    length = min(map(len, sides))
    ours, theirs = (msd.Trajectory(side[:length], interval_ps) for side in sides)
    properties, curves = msd.compare(subject_of(walk), ours, theirs)
    for element, known in curves["msd"]["reference"].items():
        pair = {"reference": known, "potential": curves["msd"]["potential"][element]}
        found.curves.setdefault("msd", {})[f"{subject_of(walk)}, {element}"] = pair
    if interval_ps * length >= SHORTEST_PS:
        properties = tuple(_bounded(one, task) for one in properties) + _cell_size(walk, sides[1][0])
        found.properties += [one.model_copy(update={"group": walk["note"]["group"]}) for one in properties]


def _bounded(one: Property, task: Task) -> Property:
    """With a limit where the task wants it: the goal and twice the noise; none where neither side diffuses."""
    bar = one.error_bar or 0.0
    diffuses = one.reference > 0 and max(one.value, one.reference) > 2.0 * bar
    if not set(WANTED) & set(task.properties) or not diffuses:
        return one
    return one.model_copy(update={"limit": task.goals.diffusion_percent + 200.0 * bar / one.reference})


def _cell_size(walk: dict[str, Json], atoms: Atoms) -> tuple[Property, ...]:
    """What an infinite cell would add to either coefficient, for a viscosity of 1 mPa s: the same on both sides."""
    if not atoms.pbc.all():
        return ()
    more = msd.yeh_hummer(walk["plan"]["temperature_K"], USUAL_MPA_S, float(atoms.cell.volume) ** (1 / 3))
    name = "diffusion_missing_in_so_small_a_cell"
    unit = f"cm²/s at {USUAL_MPA_S:g} mPa s"
    return (Property(name=name, subject=subject_of(walk), unit=unit, value=more, reference=more, deviation=0.0),)
