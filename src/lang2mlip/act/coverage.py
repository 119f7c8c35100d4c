"""Whether labelled data reach as far as the reference's own MD: distances, forces and volumes, group by group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms

from lang2mlip.act.base import Desk
from lang2mlip.act.gathering import per_group
from lang2mlip.science.atoms.neighbours import closest

__all__ = ["coverage", "reached"]

SLACK = 0.02
"""What data may fall short of a range, as a share of it."""


def coverage(desk: Desk, frames: Sequence[Atoms]) -> str:
    """A sentence on where the data fall short of the ranges of the reference's own MD; empty where nowhere."""
    short = []
    for name, members in per_group(frames).items():
        state = desk.state.groups.get(name)
        short += [f"{name}: {word}" for word in _gaps(members, state.ranges)] if state is not None else []
    return f" Short of the reference's own MD: {'; '.join(short[:6])}." if short else ""


def reached(frames: Sequence[Atoms], quantities: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Quantity (`distance A-B` in Å, `force` in eV/Å, `volume` in Å³/atom) → (lowest, highest) over labelled frames."""
    found: dict[str, list[float]] = {}
    reach = 4.0 if any(name.startswith("distance") for name in quantities) else 0.0
    for atoms in frames:
        values = {"force": float(np.linalg.norm(atoms.get_forces(), axis=1).max())}
        if atoms.cell.rank == 3:
            values["volume"] = float(atoms.cell.volume) / len(atoms)
        near = closest(atoms, reach) if reach else {}
        values |= {f"distance {pair}": distance for pair, distance in near.items()}
        for key, value in values.items():
            found.setdefault(key, []).append(value)
    return {key: (min(values), max(values)) for key, values in found.items() if key in quantities}


def _gaps(frames: Sequence[Atoms], ranges: dict[str, tuple[float, float]]) -> list[str]:
    found, words = reached(frames, list(ranges)), []
    for key, (low, high) in ranges.items():
        if key not in found:
            continue
        least, most = found[key]
        if key.startswith("distance") and least > low * (1 + SLACK):
            words.append(f"{key} {least:.2f} Å at the nearest, {low:.2f} there")
        if key == "force" and most < high * (1 - 0.3):
            words.append(f"forces up to {most:.1f} eV/Å, {high:.1f} there")
        if key == "volume" and (least > low * (1 + SLACK) or most < high * (1 - SLACK)):
            words.append(f"volumes {least:.1f} to {most:.1f} Å³/atom, {low:.1f} to {high:.1f} there")
    return words
