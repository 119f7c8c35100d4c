"""Whether labelled data reach as far as the reference's own MD: distances, forces and volumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from ase import Atoms

__all__ = ["Reach", "beside", "reached"]

SLACK = 0.02
"""What data may fall short of a distance or a volume, as a share of it."""

WEAKER = 0.3
"""The same of the largest force, which is an extreme, and so by chance."""

REACH_A = 4.0
"""Distances are looked for so far, and to a little beyond the nearest of the ranges where that is more."""

Span = tuple[float, float]


class Reach(NamedTuple):
    """(lowest, highest) of a quantity in the data, and in the reference's own MD."""

    quantity: str
    unit: str
    data: Span
    reference: Span

    @property
    def short(self) -> bool:
        """The data do not come as far: as near, as strong, or as dense and as dilute."""
        (least, most), (low, high) = self.data, self.reference
        if self.quantity == "force":
            return most < high * (1 - WEAKER)
        near = least <= low * (1 + SLACK)
        return not near or (self.quantity == "volume" and most < high * (1 - SLACK))

    def words(self) -> str:
        """The two side by side."""
        (least, most), (low, high) = self.data, self.reference
        if self.quantity == "force":
            return f"forces up to {most:.1f} {self.unit}, {high:.1f} there"
        if self.quantity == "volume":
            return f"volumes {least:.1f} to {most:.1f} {self.unit}, {low:.1f} to {high:.1f} there"
        if not np.isfinite(least):
            return f"{self.quantity} never near, {low:.2f} {self.unit} there"
        return f"{self.quantity} {least:.2f} {self.unit} at the nearest, {low:.2f} there"


def reached(frames: Sequence[Atoms], quantities: Sequence[str], reach_A: float = REACH_A) -> dict[str, Span]:
    """Quantity (`distance A-B` in Å, `force` in eV/Å, `volume` in Å³/atom) → (lowest, highest) over labelled frames."""
    from lang2mlip.science.atoms.neighbours import closest  # compiled, which a report without frames does not need

    found: dict[str, list[float]] = {}
    reach = reach_A if any(name.startswith("distance") for name in quantities) else 0.0
    for atoms in frames:
        values = {"force": float(np.linalg.norm(atoms.get_forces(), axis=1).max())}
        if atoms.cell.rank == 3:
            values["volume"] = float(atoms.cell.volume) / len(atoms)
        near = closest(atoms, reach) if reach else {}
        values |= {f"distance {pair}": distance for pair, distance in near.items()}
        for key, value in values.items():
            found.setdefault(key, []).append(value)
    return {key: (min(values), max(values)) for key, values in found.items() if key in quantities}


def beside(frames: Sequence[Atoms], ranges: Mapping[str, Span]) -> list[Reach]:
    """Each quantity that both know; a pair of elements that the data never have near is infinitely far apart there."""
    lows = {key: low for key, (low, _) in ranges.items() if key.startswith("distance ")}
    found = reached(frames, list(ranges), max([REACH_A, *(1.2 * low for low in lows.values())]))
    if frames:
        found |= {key: (np.inf, np.inf) for key in lows if key not in found}
    return [Reach(key, _unit(key), found[key], ranges[key]) for key in ranges if key in found]


def _unit(quantity: str) -> str:
    return {"force": "eV/Å", "volume": "Å³/atom"}.get(quantity, "Å")
