"""The universal repulsion: against published numbers, and without a kink where it ends."""

import numpy as np
import pytest

from lang2mlip.science.atoms.zbl import zbl, zbl_reach


def test_deep_inside_it_is_the_screened_coulomb_energy() -> None:
    distance, z1, z2 = 0.1, 14, 6
    length = 0.88534 * 0.529177 / (z1**0.23 + z2**0.23)
    x = distance / length
    screening = (
        0.18175 * np.exp(-3.1998 * x)
        + 0.50986 * np.exp(-0.94229 * x)
        + 0.28022 * np.exp(-0.4029 * x)
        + 0.02817 * np.exp(-0.20162 * x)
    )
    bare = 14.399645 * z1 * z2 / distance
    assert zbl(np.array([distance]), z1, z2)[0] == pytest.approx(bare * screening, rel=1e-3)


@pytest.mark.parametrize(("z1", "z2"), [(1, 1), (3, 8), (29, 79)])
def test_it_falls_to_zero_without_a_kink(z1: int, z2: int) -> None:
    reach = zbl_reach(z1, z2)
    r = np.linspace(0.2 * reach, 1.2 * reach, 400)
    energy = zbl(r, z1, z2)
    assert (np.diff(energy[r < reach]) < 0).all()
    assert (energy[r >= reach] == 0).all()
    far, half = zbl(reach * np.array([0.98, 0.99]), z1, z2)
    assert far / half == pytest.approx(8, rel=0.05), "it should end as the third power of what is left"


def test_it_does_not_mind_the_order() -> None:
    assert zbl(np.array([0.7]), 3, 8)[0] == zbl(np.array([0.7]), 8, 3)[0]
