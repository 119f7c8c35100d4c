"""Pairs of atoms in vacuum beside larger frames are left out: the core below the data repels without them.

Their energies are those of free atoms and radicals, which a local potential of a liquid or a crystal cannot follow, and
pairs nearer than any in the other frames move the core inward and thin out the radial functions. Measured at level 14
on a hydrocarbon (195 frames and 25 pairs): 373 meV/Å on other frames with them, 278 without; at a thousandth of the
weight still 328.
"""

from __future__ import annotations

from collections.abc import Sequence

from ase import Atoms

__all__ = ["without_pairs"]


def without_pairs(frames: Sequence[Atoms], notes: list[str]) -> list[Atoms]:
    """The frames without those of two atoms, unless half of them and more are such; what was left out is noted."""
    others = [atoms for atoms in frames if len(atoms) != 2]
    pairs = len(frames) - len(others)
    if not pairs or pairs >= len(others):
        return list(frames)
    notes.append(f"{pairs} pairs of atoms are left out: the core sees to them")
    return others
