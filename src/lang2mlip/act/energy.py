"""The potential energy in the reference's own walks and in the potential's repetition of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lang2mlip.act.walks import subject_of
from lang2mlip.contracts import Json, Property
from lang2mlip.science.atoms.statistics import block_mean

if TYPE_CHECKING:
    from lang2mlip.act.evaluate import Measurements

__all__ = ["compare"]

FEWEST = 4
"""Rows of a walk's second two thirds below which it has no mean."""


def compare(walk: dict[str, Json], mine: dict[str, Json], n_atoms: int, found: Measurements) -> None:
    """Add the series, and the means after the first third, eV/atom; a figure and no gate, as the errors have one."""
    ours, theirs = (_series(side, n_atoms) for side in (mine, walk.get("thermo", {})))
    late = [np.asarray(side["eV_atom"][len(side["eV_atom"]) // 3 :]) for side in (ours, theirs)]
    if min(map(len, late)) < FEWEST:
        return
    subject = f"{subject_of(walk)}, {walk['plan']['ensemble']}"
    found.curves.setdefault("energy", {})[subject] = {"potential": ours, "reference": theirs}
    (value, error), (known, noise) = ((mean.value, mean.error) for mean in map(block_mean, late))
    bar = 1000 * float(np.hypot(error, noise))
    found.properties.append(
        Property(name="energy_in_MD", subject=subject, group=walk["note"]["group"], unit="eV/atom", value=value,
                 reference=known, error_bar=bar / 1000, deviation=1000 * abs(value - known),
                 deviation_unit="meV/atom")
    )  # fmt: skip


def _series(thermo: dict[str, Json], n_atoms: int) -> dict[str, list[float]]:
    energies = [value / max(1, n_atoms) for value in thermo.get("potential_eV", [])]
    return {"t_ps": list(thermo.get("time_ps", [])), "eV_atom": energies}
