"""Displacements and diffusion in the reference's own walks and in the potential's repetition of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from ase import Atoms
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from lang2mlip.act.bondcount import bonds_to_watch
from lang2mlip.act.walks import subject_of
from lang2mlip.contracts import Json, Property, Task
from lang2mlip.science.evaluation import msd

if TYPE_CHECKING:
    from lang2mlip.act.evaluate import Measurements

__all__ = ["compare"]

SHORTEST_PS = 1.0
"""Time below which a mean squared displacement is vibration, not diffusion."""

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
        properties = tuple(_bounded(one, task) for one in properties) + _infinite(walk, sides[1][0], properties)
        found.properties += [one.model_copy(update={"group": walk["note"]["group"]}) for one in properties]


def _bounded(one: Property, task: Task) -> Property:
    """With a limit where the task wants it: the goal and twice the noise; none where neither side diffuses."""
    bar = one.error_bar or 0.0
    diffuses = one.reference > 0 and max(one.value, one.reference) > 2.0 * bar
    if not set(WANTED) & set(task.properties) or not diffuses:
        return one
    return one.model_copy(update={"limit": task.goals.diffusion_percent + 200.0 * bar / one.reference})


def _infinite(walk: dict[str, Json], atoms: Atoms, found: Sequence[Property]) -> tuple[Property, ...]:
    """What each coefficient of a liquid would be in an infinite cell: a figure, as both sides have the same cell.

    What is missing is the same for all elements of a liquid; it is taken from the coefficient of all atoms together.
    """
    shares = {one.name: float(np.mean(atoms.symbols == one.name.removeprefix("diffusion_"))) for one in found}
    mine, known = (sum(shares[one.name] * getattr(one, side) for one in found) for side in ("value", "reference"))
    bar = sum(shares[one.name] * (one.error_bar or 0.0) for one in found)
    ours, theirs = (msd.in_an_infinite_cell(all_, _molecules(walk, atoms)) for all_ in (mine, known))
    if not atoms.pbc.all() or min(mine, known) <= 2.0 * bar or ours is None or theirs is None:
        return ()
    return tuple(_grown(one, ours - mine, theirs - known) for one in found)


def _grown(one: Property, mine: float, known: float) -> Property:
    """A coefficient with what its cell was too small for; unsure by its own noise and by that of the correction."""
    value, reference = one.value + mine, one.reference + known
    bar = float(np.hypot(one.error_bar or 0.0, msd.UNSURE * max(mine, known)))
    deviation = 100 * abs(value - reference) / abs(reference)
    told = {"name": f"{one.name}_in_an_infinite_cell", "value": value, "reference": reference}
    return one.model_copy(update={**told, "error_bar": bar, "deviation": deviation, "limit": None})


def _molecules(walk: dict[str, Json], atoms: Atoms) -> int:
    """Molecules, or atoms where there are none."""
    bonds = bonds_to_watch(atoms) if walk.get("molecular") else ()
    pairs = np.array(bonds, dtype=int).reshape(-1, 2)
    graph = coo_matrix((np.ones(len(pairs)), pairs.T), shape=(len(atoms), len(atoms)))
    return int(connected_components(graph, directed=False)[0])
