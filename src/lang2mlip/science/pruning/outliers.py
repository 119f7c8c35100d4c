"""Frames that do not belong: forces beyond any use, or residuals far outside the rest of their group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lang2mlip.science.atoms.statistics import robust_sigma

__all__ = ["outliers"]

MOST_SHARE = 0.1
"""Never more than this share of a group: what many frames share is the fit's fault, not theirs."""


def outliers(
    residuals_eV_A: Sequence[float],
    largest_forces_eV_A: Sequence[float],
    groups: Sequence[str],
    sigma: float,
    max_force_eV_A: float,
) -> list[int]:
    """Indices of frames to drop: largest force above the limit, or residual above median + sigma robust deviations."""
    bad = {index for index, force in enumerate(largest_forces_eV_A) if force > max_force_eV_A}
    values = np.asarray(residuals_eV_A, dtype=float)
    for group in dict.fromkeys(groups):
        members = [index for index, name in enumerate(groups) if name == group]
        bad |= set(_far(values, members, sigma))
    return sorted(bad)


def _far(values: np.ndarray, members: list[int], sigma: float) -> list[int]:
    own = values[members]
    limit = float(np.median(own)) + sigma * float(robust_sigma(own))
    far = sorted((index for index in members if values[index] > limit), key=lambda index: -values[index])
    return far[: int(MOST_SHARE * len(members))]
