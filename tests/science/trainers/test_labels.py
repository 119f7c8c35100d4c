"""Labels are checked once, and the energy of free atoms is found for every family alike."""

import numpy as np
import pytest
from ase import Atoms
from conformance import labelled, tiny

from lang2mlip.errors import PartFailed
from lang2mlip.science.trainers.labels import base_energies, checked


def test_isolated_atoms_give_the_base_energy_where_they_are() -> None:
    free = [labelled(Atoms(element, cell=[15, 15, 15])) for element in ("Cu", "Au")]
    base = base_energies(checked([*tiny(4), *free]), ["Cu", "Au"])
    assert base == {"Cu": free[0].get_potential_energy(), "Au": free[1].get_potential_energy()}


def test_else_the_best_fit_leaves_little_of_the_energy() -> None:
    labels = checked(tiny(8))
    base = base_energies(labels, ["Cu", "Au"])
    left = [x.energy - sum(base[s] for s in x.atoms.symbols) for x in labels]
    assert abs(np.mean(left)) < 0.05
    assert np.std(left) < 0.5


def test_one_composition_alone_splits_evenly() -> None:
    frames = tiny(8)[1::2]
    base = base_energies(checked(frames), ["Cu", "Au"])
    total = 3 * base["Cu"] + base["Au"]
    assert total == pytest.approx(np.mean([f.get_potential_energy() for f in frames]))


def test_demanded_isolated_atoms_that_are_missing_are_named() -> None:
    with pytest.raises(PartFailed, match="isolated atom of Au"):
        free = labelled(Atoms("Cu", cell=[15, 15, 15]))
        base_energies(checked([*tiny(2), free]), ["Cu", "Au"], "isolated")


@pytest.mark.parametrize("name", ["energy", "forces", "stress"])
def test_a_label_that_is_not_finite_is_named_with_its_frame(name: str) -> None:
    frames = tiny(3)
    frames[1].calc.results[name] = np.nan * np.asarray(frames[1].calc.results[name])
    with pytest.raises(PartFailed, match=f"frame 2 of 3 .* has {name} that is not finite"):
        checked(frames)


def test_no_frames_and_no_label_are_said() -> None:
    with pytest.raises(PartFailed, match="no frames"):
        checked([])
    with pytest.raises(PartFailed, match="no energy"):
        checked([Atoms("Cu")])


def test_the_virial_is_minus_stress_times_volume() -> None:
    (label,) = checked(tiny(1))
    frame = label.atoms
    assert label.virial == pytest.approx(-frame.get_stress(voigt=False) * frame.get_volume())
