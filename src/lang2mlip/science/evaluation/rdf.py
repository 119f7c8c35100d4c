"""Radial distribution functions, per element pair."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols
from numpy.typing import NDArray
from pydantic import Field

from lang2mlip.contracts import Noun, Property
from lang2mlip.errors import BadInput
from lang2mlip.science.atoms.neighbours import pair_key, pairs
from lang2mlip.science.evaluation.measured import Measured

__all__ = ["RadialDistribution", "rdf"]

Floats = NDArray[np.float64]


class RadialDistribution(Noun):
    """g(r) of two trajectories and their rms difference over all distances."""

    r_max_A: float = Field(default=6.0, gt=0, description="largest distance, Å")
    bins: int = Field(default=60, ge=5, description="number of bins")
    limit: float | None = Field(default=None, description="limit for the rms difference, dimensionless")

    def compare(self, subject: str, mine: Sequence[Atoms], known: Sequence[Atoms]) -> Measured:
        """Frames of the potential beside frames of the reference, at the same temperature and density."""
        (ours, our_noise), (theirs, their_noise) = self._with_noise(mine), self._with_noise(known)
        properties = []
        for a, b in zip(ours, theirs, strict=True):
            pair = str(a["pair"])
            away = float(np.sqrt(np.mean(np.subtract(a["g"], b["g"]) ** 2)))
            bar = float(np.hypot(our_noise.get(pair, np.inf), their_noise.get(pair, np.inf)))
            properties.append(self._property(f"rdf_{pair}", subject, away, bar))
        return Measured(tuple(properties), {"rdf": {"potential": ours, "reference": theirs}}, 0)

    def _with_noise(self, frames: Sequence[Atoms]) -> tuple[list[dict[str, Any]], dict[str, float]]:
        """g(r), and half the rms difference of the two halves of a trajectory: the standard error of its g(r)."""
        if len(frames) < 4:
            return rdf(frames, self.r_max_A, self.bins), {}
        half = len(frames) // 2
        first, second = (rdf(part, self.r_max_A, self.bins) for part in (frames[:half], frames[half:]))
        share = half / len(frames)
        both = [(a, np.array(a["g"]), np.array(b["g"])) for a, b in zip(first, second, strict=True)]
        whole = [{**a, "g": (share * one + (1 - share) * two).tolist()} for a, one, two in both]
        return whole, {str(a["pair"]): 0.5 * float(np.sqrt(np.mean((one - two) ** 2))) for a, one, two in both}

    def _property(self, name: str, subject: str, away: float, bar: float) -> Property:
        return Property(
            name=name,
            subject=subject,
            unit="rms of g",
            value=away,
            reference=0.0,
            error_bar=bar if np.isfinite(bar) else None,
            limit=self.limit,
            deviation=away,
            deviation_unit="",
        )


def rdf(frames: Sequence[Atoms], r_max_A: float = 6.0, bins: int = 60) -> list[dict[str, Any]]:
    """g(r) of each element pair over the frames: [{"pair": "A-B", "r_A": [...], "g": [...]}].

    Normalised by the volume of the cell, so in a cell with vacuum g(r) is larger than 1 throughout; differences between
    two trajectories of the same cell stay meaningful. Raises BadInput on no frames or on cells without a volume.
    """
    if not frames:
        raise BadInput("There are no frames to take g(r) from; run MD first.")
    edges = np.linspace(0.0, r_max_A, bins + 1)
    numbers = np.unique(frames[0].numbers)
    keys = {pair_key(chemical_symbols[a], chemical_symbols[b]): (a, b) for a, b in _kinds(numbers)}
    total = {key: np.zeros(bins) for key in keys}
    for frame in frames:
        for key, g in _one(frame, keys, edges).items():
            total[key] += g / len(frames)
    middle = (0.5 * (edges[1:] + edges[:-1])).tolist()
    return [{"pair": key, "r_A": middle, "g": total[key].tolist()} for key in sorted(total)]


def _kinds(numbers: NDArray[Any]) -> list[tuple[int, int]]:
    return [(int(a), int(b)) for a, b in combinations_with_replacement(numbers, 2)]


def _one(frame: Atoms, keys: dict[str, tuple[int, int]], edges: Floats) -> dict[str, Floats]:
    """g(r) of one frame."""
    volume = frame.cell.volume
    if volume <= 0 or not frame.pbc.any():
        raise BadInput("g(r) needs a periodic cell with a volume; a lone molecule has none.")
    found = pairs(frame, float(edges[-1]))
    first, second = frame.numbers[found.i], frame.numbers[found.j]
    shells = 4.0 / 3.0 * np.pi * np.diff(edges**3)
    result = {}
    for key, (a, b) in keys.items():
        mine = ((first == a) & (second == b)) | ((first == b) & (second == a))
        counted = np.histogram(found.distance_A[mine], edges)[0].astype(float)
        n_a, n_b = int((frame.numbers == a).sum()), int((frame.numbers == b).sum())
        ordered_pairs = n_a * n_b if a != b else n_a * n_b / 2.0
        result[key] = counted * volume / (ordered_pairs * shells)
    return result
