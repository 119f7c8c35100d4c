"""Which way a crystal lies in its box: directions and planes in words, and boxes along them."""

from __future__ import annotations

import re
from itertools import product
from math import gcd

import numpy as np
from ase import Atoms
from ase.build import make_supercell
from numpy.typing import NDArray

from lang2mlip.contracts import Json
from lang2mlip.errors import BadInput

__all__ = ["Miller", "asked_orientation", "box_along", "shear_axes", "told", "turned_to"]

Miller = tuple[int, int, int]
_INDICES = r"\s*(-?\s?\d)\s*,?\s*(-?\s?\d)\s*,?\s*(-?\s?\d)\s*"
_DIRECTION = re.compile(
    rf"[\[<⟨]{_INDICES}[\]>⟩]"
    r"|\b(?:along|direction|axis|oriented)\s+(?:the\s+|of\s+|is\s+)?([01])([012])([012])\b(?!\s*(?:°|K\b|C\b|\.|,?\d))"
    r"|\b([01])([012])([012])[\s-](?:direction|axis|oriented|orientation)\b",
    re.IGNORECASE,
)
_PLANE = re.compile(rf"[({{]{_INDICES}[)}}](?!\s*(?:°|K\b|C\b|[GMk]?Pa\b))")

_EDGE = 0.01
"""Share of a box by which a cut lies beside the planes of atoms that lie on its border."""

_SMALL = 3
"""Largest index of the directions that a box is tried along."""


def asked_orientation(prompt: str) -> dict[str, Json]:
    """`direction` and `plane` of the words, Miller indices; only what is said."""
    found: dict[str, Json] = {}
    for name, pattern in (("direction", _DIRECTION), ("plane", _PLANE)):
        one = pattern.search(prompt)
        if one is not None:
            indices = [int(group.replace(" ", "")) for group in one.groups() if group is not None]
            if any(indices):
                found[name] = tuple(indices)
    return found


def told(indices: Miller, plane: bool = False) -> str:
    """As people write it: [11-2], (111)."""
    text = "".join(str(one) for one in indices)
    return f"({text})" if plane else f"[{text}]"


def box_along(cell: Atoms, x: Miller, y: Miller | None = None) -> Atoms:
    """A rectangular periodic box of a cubic crystal with `x` along its first edge, and `y` along its second.

    Where `y` is None, the shortest direction at right angles. Raises BadInput where the two are not at right angles,
    and for [000].
    """
    if not any(x) or (y is not None and not any(y)):
        raise BadInput("[000] is no direction; name one like [110].")
    first = _reduced(x)
    second = _reduced(y) if y is not None else across(first)
    if int(np.dot(first, second)):
        raise BadInput(f"{told(x)} and {told(y or second)} are not at right angles; name two directions that are.")
    h, k, l = (int(one) for one in np.cross(first, second))  # noqa: E741 - the names that all use
    third = _reduced((h, k, l))
    rows = np.array([first, second, third])
    made: Atoms = make_supercell(cell, rows)
    made.set_cell(np.diag(made.cell.lengths()), scale_atoms=True)
    for axis, row in enumerate(rows):
        if _repeats(cell, row / 2):
            made = _half(made, axis)
    return made


def turned_to(box: Atoms, axis: int) -> Atoms:
    """The same rectangular box with its first edge along another axis, by exchange in a circle."""
    order = np.roll(np.arange(3), axis)
    return Atoms(box.numbers, box.positions[:, order], cell=np.diag(box.cell.lengths()[order]), pbc=True)


def across(indices: Miller) -> Miller:
    """The shortest direction at right angles to another."""
    numbers = range(_SMALL, -_SMALL - 1, -1)
    tried: list[Miller] = [(h, k, l) for h, k, l in product(numbers, repeat=3) if h or k or l]  # noqa: E741
    return min((one for one in tried if not int(np.dot(one, indices))), key=lambda one: (np.dot(one, one), -one[0]))


def shear_axes(direction: Miller | None, plane: Miller | None) -> tuple[Miller, Miller]:
    """(the direction in which a crystal is sheared, the plane), the one that was not said at right angles to the other.

    A plane of a cubic crystal has the indices of the direction across it. Raises BadInput where the two do not fit.
    """
    if direction is not None and plane is not None and int(np.dot(direction, plane)):
        other = told(across(plane))
        raise BadInput(f"{told(direction)} does not lie in the plane {told(plane, plane=True)}; {other} does.")
    if plane is None:
        along = direction or (1, 0, 0)
        return along, across(along)
    return direction or across(plane), plane


def _reduced(indices: Miller) -> Miller:
    common = gcd(*indices)
    return (indices[0] // common, indices[1] // common, indices[2] // common)


def _half(atoms: Atoms, axis: int) -> Atoms:
    """The half of a box along one edge whose other half is the same."""
    places = (atoms.get_scaled_positions(wrap=True)[:, axis] + _EDGE) % 1.0
    half: Atoms = atoms[places < 0.5]
    vectors = half.cell.array.copy()
    vectors[axis] /= 2
    half.set_cell(vectors)
    half.wrap()
    return half


def _repeats(cell: Atoms, shift: NDArray[np.float64]) -> bool:
    """Whether the crystal is the same when it is moved by so many lattice vectors."""
    places = cell.get_scaled_positions()
    moved = (places[:, None] + shift - places[None]) % 1.0
    near = (np.minimum(moved, 1.0 - moved) < 1e-3).all(axis=2)
    return bool((near & (cell.numbers[:, None] == cell.numbers[None])).any(axis=1).all())
