"""Density at constant pressure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms

from lang2mlip.contracts import Property
from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.statistics import Mean, block_mean
from lang2mlip.units import AMU_PER_A3_IN_G_PER_CM3

__all__ = ["compare", "density"]


def density(frames: Sequence[Atoms]) -> Mean:
    """Mean density of NPT frames and its block error, g/cm³. Raises BadInput on no frames or cells without a volume."""
    volumes = np.array([frame.cell.volume for frame in frames])
    if len(volumes) == 0 or (volumes <= 0).any():
        raise BadInput("A density needs frames of a cell with a volume; run MD at constant pressure first.")
    masses = np.array([frame.get_masses().sum() for frame in frames])
    return block_mean(masses / volumes * AMU_PER_A3_IN_G_PER_CM3)


def compare(
    subject: str, mine: Sequence[Atoms], known: Sequence[Atoms], limit_percent: float | None = None
) -> Property:
    """Density of the potential's NPT frames beside the reference's."""
    ours, theirs = density(mine), density(known)
    error = float(np.hypot(ours.error, theirs.error))
    return Property(
        name="density",
        subject=subject,
        unit="g/cm³",
        value=ours.value,
        reference=theirs.value,
        error_bar=error if np.isfinite(error) else None,
        limit=limit_percent,
        deviation=abs(ours.value - theirs.value) / theirs.value * 100,
    )
