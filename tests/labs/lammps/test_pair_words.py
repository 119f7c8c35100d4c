"""Lennard-Jones parameters that a person gives are used, wholly or not at all."""

import numpy as np
import pytest

from lang2mlip.errors import BadInput
from lang2mlip.labs.lammps import Settings, simulate
from lang2mlip.labs.lammps.pair_words import pair_words
from lang2mlip.labs.lammps.potential import chosen, named
from lang2mlip.labs.lammps.words import described, understood
from lang2mlip.units import BOLTZMANN_EV_PER_K

KELVIN = 221 * BOLTZMANN_EV_PER_K


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("LJ with eps/kB = 221 K and sigma = 4.10 A", (KELVIN, 4.1, None)),
        ("Lennard-Jones, ε = 221 K, σ = 0.41 nm", (KELVIN, 4.1, None)),
        ("epsilon/k_B of 221 K, sigma 410 pm, cutoff (4 sigma or so)", (KELVIN, 4.1, 16.4)),
        ("LJ (221 K, 4.10 A), cut-off radius of 1.2 nm", (KELVIN, 4.1, 12.0)),
        ("well depth 19.0443 meV and σ: 4.1 Å", (0.0190443, 4.1, None)),
        ("epsilon = 1.8375 kJ/mol, sigma = 4.1 angstrom", (0.0190443, 4.1, None)),
        ("epsilon = 0.43917 kcal/mol, sigma = 4.1 angstrom", (0.0190443, 4.1, None)),
    ],
)
def test_depth_width_and_cut_are_read_with_their_units(words, expected):
    said = pair_words(f"density of solid xenon at 80 K, {words}")
    numbers = [float(one) for one in said.potential.split()[1:]]
    assert numbers == pytest.approx([one for one in expected if one is not None], rel=1e-4)
    assert "80 K" in said.rest and "221" not in said.rest and "4.1" not in said.rest


def test_they_are_no_temperature_and_reach_the_potential_of_the_run():
    wish = understood("Solid xenon at 80 K, LJ with eps/kB = 221 K and sigma = 4.10 A. Mean density?", {})
    assert wish.recipe.temperature_K == 80.0
    own, cited = named(wish.potential, ["Xe"]), chosen(["Xe"], ["crystal"])
    assert own.lines[-1] != cited.lines[-1] and "0.0190443 4.1" in own.lines[-1]
    assert "given" in own.reason and "lj/cut 14.35" in own.lines[0]
    assert described("xenon, eps/kB = 221 K, sigma = 4.10 A", {}).potential == wish.potential


def test_words_without_parameters_keep_the_cited_ones():
    assert pair_words("tensile strength of copper, sigma 3 GPa") == (None, "tensile strength of copper, sigma 3 GPa")
    assert understood("density of argon at 60 K with Lennard-Jones", {}).potential is None


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("density of argon at 60 K, epsilon 10 meV", "σ was not given"),
        ("density of argon at 60 K, sigma 3.4 A", "ε was not given"),
        ("argon at 60 K, ε = 10 meV, ε = 12 meV, σ = 3.4 Å", "once each"),
    ],
)
def test_half_a_pair_or_two_are_asked_about(words, hint):
    with pytest.raises(BadInput, match=hint):
        understood(words, {})


@pytest.mark.parametrize(
    ("text", "hint"),
    [("lj 0.01 40", "σ = 40"), ("lj 20 3.4", "ε = 20"), ("lj 0.01 3.4 100", "cut-off of 100"), ("lj 0.01", "EPSILON"),
     ("lj 1e 3", "no number")],
)  # fmt: skip
def test_parameters_of_no_atom_are_refused_in_a_sentence(text, hint):
    with pytest.raises(BadInput, match=hint):
        named(text, ["Ar"])
    with pytest.raises(BadInput, match="several"):
        named("lj 0.01 3.4", ["Ar", "Kr"])


def test_the_crystal_has_the_size_of_the_parameters_that_were_given(tmp_path):
    """Neighbours are (2 A12/A6)^(1/6) σ apart, A12 = 12.13188 and A6 = 14.45392 (Ashcroft and Mermin, eq. 20.8)."""
    words = "lattice parameter of xenon with Lennard-Jones, ε/kB = 221 K, σ = 4.10 Å, cutoff 5 sigma"
    made = simulate(words, Settings("lj", tmp_path, rounds=1))
    found = {one.name: one.value for one in made.numbers}
    assert found["lattice_parameter"] == pytest.approx(4.10 * 2**0.5 * (2 * 12.13188 / 14.45392) ** (1 / 6), rel=1e-3)
    assert np.isclose(found["energy"], -8.61 * KELVIN, rtol=5e-3)


def test_parameters_beside_another_potential_are_a_contradiction(tmp_path):
    with pytest.raises(BadInput, match="leave one of them out"):
        simulate("lattice parameter of argon, ε/kB = 120 K, σ = 3.4 Å", Settings("Cu_u3.eam", tmp_path))
