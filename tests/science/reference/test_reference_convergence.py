"""How fine is fine enough: the coarsest value from which on everything that a potential learns from stays put."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import bulk, molecule

from lang2mlip.contracts import ReferenceSpec
from lang2mlip.errors import BadInput, PartFailed
from lang2mlip.science.reference.convergence import Enough, converge, ladders, probes
from lang2mlip.science.reference.spec import parse

COPPER = bulk("Cu", cubic=True)
LADDER = (100, 200, 300, 400, 500, 600, 700)


@pytest.fixture(autouse=True)
def _here(monkeypatch, request):
    monkeypatch.syspath_prepend(str(request.path.parent))


def spec(**arguments):
    return ReferenceSpec(name="ase", settings={"path": "laws.Fine", "arguments": arguments})


def measured(enough=None, values=LADDER, **arguments):
    return converge(spec(**arguments), COPPER, {"arguments.fineness": values}, enough or Enough())


def test_the_coarsest_value_whose_forces_are_near_enough_is_chosen() -> None:
    made, (found,) = measured()
    errors = [1e3 * abs(np.exp(-value / 100) - np.exp(-7)) for value in LADDER]
    assert [point.force_meV_A for point in found.points] == pytest.approx(errors, abs=1e-6)
    assert found.chosen == 500  # exp(−5) − exp(−7) = 5.8 meV/Å, and 17.4 meV/Å at 400
    assert made.settings["arguments"]["fineness"] == 500
    assert found.calls == 14


def test_an_energy_that_is_off_by_the_same_in_every_cell_does_not_count() -> None:
    (found,) = measured()[1]
    assert found.points[0].total_meV_atom > 1000
    assert max(point.energy_meV_atom for point in found.points) < 1e-6


def test_an_energy_difference_that_is_off_does() -> None:
    (found,) = measured(unequal=0.3)[1]
    cells = probes(COPPER)
    volumes = [cell.get_volume() / len(cell) for cell in cells]
    off = 0.3e3 * (volumes[0] - volumes[1]) * (np.exp(-5) - np.exp(-7))
    assert found.points[4].energy_meV_atom == pytest.approx(off, rel=1e-6)
    assert found.chosen == 600


def test_a_ladder_that_ends_too_soon_says_that_nothing_is_proven() -> None:
    made, (found,) = measured(values=(100, 200, 300))
    assert found.chosen is None
    assert made.settings["arguments"]["fineness"] == 300


def test_a_value_that_fails_is_told_and_never_chosen() -> None:
    (found,) = measured(Enough(force_meV_A=1e4), breaks=250)[1]
    assert found.chosen == 300
    assert [bool(point.fault) for point in found.points[:3]] == [True, True, False]
    with pytest.raises(PartFailed, match="700, the finest"):
        measured(breaks=800)


def test_settings_that_are_not_there_and_ladders_too_short_are_refused() -> None:
    with pytest.raises(BadInput, match="Did you mean 'arguments'"):
        ladders(spec(), {"argument.fineness": (1, 2, 3)})
    with pytest.raises(BadInput, match="at least three"):
        ladders(spec(), {"arguments.fineness": (1, 2)})
    with pytest.raises(BadInput, match="names no setting to converge"):
        ladders(spec())


def test_molecules_converge_in_their_grid() -> None:
    pytest.importorskip("pyscf")
    named = parse("pyscf:lda/sto-3g")
    assert set(ladders(named)) == {"grid_level", "basis"}
    _, (found,) = converge(named, molecule("H2"), {"grid_level": (0, 1, 2, 3)}, Enough())
    assert found.points[0].force_meV_A > found.points[2].force_meV_A
    assert all(point.stress_GPa is None for point in found.points)
