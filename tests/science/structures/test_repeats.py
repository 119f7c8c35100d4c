"""How many copies of a cell make the roundest box of about so many atoms."""

from itertools import product

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from lang2mlip.science.structures.supercell import heights, repeats_near

SKEW = np.random.default_rng(3).normal(0, 3, (3, 3)) + 6 * np.eye(3)
CELLS = [bulk("Cu", cubic=True), bulk("Cu"), bulk("Mg"), Atoms("H", cell=[2.5, 11.0, 4.1]), Atoms("H5", cell=SKEW)]


def all_tried(atoms: Atoms, target: int) -> tuple[int, ...]:
    """The definition, by trying every triple."""
    most, face = max(1, int(1.25 * target / len(atoms))), heights(atoms.cell.array)
    return min(
        (n for n in product(range(1, most + 1), repeat=3) if n[0] * n[1] * n[2] <= most),
        key=lambda n: (-round(float(min(face * n)), 3), abs(len(atoms) * n[0] * n[1] * n[2] - target)),
    )


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: str(cell.symbols))
def test_few_triples_are_tried_and_none_that_is_left_out_is_better(cell):
    for target in (1, 2, 3, 7, 16, 32, 50, 77):
        assert repeats_near(cell, target) == all_tried(cell, target)


def test_a_large_box_is_found_at_once():
    assert repeats_near(bulk("W", cubic=True), 20_000) == (23, 23, 23)
