"""Two liquids: each at its own density away from the interfaces, in its own half, every molecule whole."""

import numpy as np
import pytest
from ase import Atoms

from lang2mlip.science.structures.intact import examine
from lang2mlip.science.structures.liquid_liquid import LiquidLiquid, LiquidLiquidParameters, slab_density_g_cm3


def test_the_density_of_a_slab_is_that_of_its_middle_wherever_the_cell_begins():
    rng = np.random.default_rng(0)
    places = rng.random((4000, 3)) * [20, 20, 40]
    light = (places[:, 2] > 20).astype(int)
    symbols = np.where(light, "H", "C")
    atoms = Atoms(symbols.tolist(), places, cell=[20, 20, 40], pbc=True)
    atoms.set_array("layer", light)
    carbon, hydrogen = (0.25 * mass * 1.66054 for mass in (12.011, 1.008))
    for shift in (0.0, 13.0, 31.0):
        atoms.positions = places + [0, 0, shift]
        atoms.wrap()
        assert slab_density_g_cm3(atoms, 0) == pytest.approx(carbon, rel=0.06)
        assert slab_density_g_cm3(atoms, 1) == pytest.approx(hydrogen, rel=0.06)
    assert np.isnan(slab_density_g_cm3(atoms, 0, margin_A=15.0))


@pytest.fixture(scope="module")
def pair():
    builder = LiquidLiquid(
        LiquidLiquidParameters(
            lower=[{"name": "water"}], upper=[{"name": "hexane"}], lateral_A=13.0, thickness_A=13.0, equilibrate_ps=2.0
        )
    )
    return builder, builder.assemble(1)


def test_the_two_liquids_pass_the_gate_in_one_periodic_cell(pair):
    builder, assembly = pair
    assert assembly.atoms.pbc.all()
    assert examine(assembly, builder.expectations()).passed
    assert np.linalg.norm(assembly.atoms.cell[:2], axis=1) == pytest.approx([13.0, 13.0])


def test_each_half_keeps_its_own_density(pair):
    _, assembly = pair
    below, above = (slab_density_g_cm3(assembly.atoms, layer, margin_A=2.0) for layer in (0, 1))
    assert below == pytest.approx(0.997, rel=0.2)
    assert above == pytest.approx(0.6606, rel=0.25)
    assert "g/cm³ away from the interfaces" in assembly.atoms.info["how"]


def test_the_liquids_have_not_mixed(pair):
    _, assembly = pair
    atoms, height = assembly.atoms, assembly.atoms.cell[2, 2]
    oil = atoms.positions[assembly.layer == 1, 2]
    centre = np.angle(np.exp(2j * np.pi * oil / height).mean()) * height / (2 * np.pi)
    oxygen = atoms.positions[atoms.symbols == "O", 2]
    away = abs((oxygen - centre + height / 2) % height - height / 2)
    assert (away < 0.2 * height).mean() < 0.1
