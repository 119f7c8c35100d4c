"""The moment basis is the published one."""

import numpy as np
import pytest

from lang2mlip.errors import BadInput
from lang2mlip.science.trainers.mtp.basis import moment_basis

# Scalars, basic moments and radial functions of the templates that MLIP-2 and MLIP-3 publish, by level.
PUBLISHED = {
    2: (1, 1, 1), 4: (2, 1, 1), 6: (5, 5, 2), 8: (9, 11, 2), 10: (16, 25, 3), 12: (29, 46, 3), 14: (52, 81, 4),
    16: (92, 130, 4), 18: (163, 201, 5), 20: (288, 295, 5),
}  # fmt: skip


@pytest.mark.parametrize("level", PUBLISHED)
def test_a_level_has_as_many_functions_as_the_published_template(level: int) -> None:
    basis = moment_basis(level)
    assert (len(basis.mapping), len(basis.basic), basis.n_radial) == PUBLISHED[level]


def test_level_8_is_the_published_table_up_to_numbering() -> None:
    basis = moment_basis(8)
    assert basis.n_moments == 18
    assert sorted(basis.times[:, 2].tolist()) == sorted([1] * 11 + [2] * 3)


def test_products_use_only_moments_that_are_known_before() -> None:
    times = moment_basis(16).times
    assert (times[:, :2].max(axis=1) < times[:, 3]).all()
    assert (np.diff(times[:, 3]) >= 0).all()


@pytest.mark.parametrize("level", [0, 7, 30])
def test_a_level_that_does_not_exist_is_refused_with_advice(level: int) -> None:
    with pytest.raises(BadInput, match="even number"):
        moment_basis(level)
