"""g(r), density, diffusion and drift, on trajectories whose truth is known."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT

from lang2mlip.errors import BadInput, PartFailed
from lang2mlip.science.atoms.health import Health
from lang2mlip.science.atoms.md import MDPlan
from lang2mlip.science.evaluation import density, drift, msd
from lang2mlip.science.evaluation.rdf import RadialDistribution, rdf


def gas(rng, n=200, length=12.0, symbols=None):
    return Atoms(symbols or f"Ar{n}", positions=rng.uniform(0, length, (n, 3)), cell=[length] * 3, pbc=True)


def test_an_ideal_gas_has_no_structure_and_a_mixture_neither():
    rng = np.random.default_rng(0)
    frames = [gas(rng, symbols="Ar50Ne150") for _ in range(40)]
    curves = {curve["pair"]: np.array(curve["g"]) for curve in rdf(frames, 6.0, 12)}
    assert set(curves) == {"Ar-Ar", "Ar-Ne", "Ne-Ne"}
    for g in curves.values():
        assert np.allclose(g[4:], 1.0, atol=0.05)


def test_g_of_a_crystal_counts_its_neighbours():
    crystal = bulk("NaCl", "rocksalt", a=5.6, cubic=True)
    curves = {curve["pair"]: curve for curve in rdf([crystal], 5.0, 100)}
    for pair, expected in (("Cl-Na", 6), ("Na-Na", 12)):
        r, g = np.array(curves[pair]["r_A"]), np.array(curves[pair]["g"])
        shells = 4 / 3 * np.pi * ((r + 0.025) ** 3 - (r - 0.025) ** 3)
        near = r < 4.2
        assert (g * shells)[near].sum() * 4 / crystal.cell.volume == pytest.approx(expected)


def test_two_samples_of_one_liquid_differ_by_their_noise_and_other_liquids_by_more():
    rng = np.random.default_rng(1)
    first, second = ([gas(rng) for _ in range(20)] for _ in range(2))
    same = RadialDistribution(limit=0.1).compare("gas", first, second).properties[0]
    assert same.name == "rdf_Ar-Ar" and same.deviation < 3 * same.error_bar
    crystal = bulk("Ar", "fcc", a=5.26, cubic=True) * (2, 2, 2)
    other = RadialDistribution(limit=0.1).compare("gas", [crystal] * 4, first)
    assert not other.properties[0].passed and set(other.curves["rdf"]["potential"][0]) == {"pair", "r_A", "g"}


def test_g_of_a_molecule_is_refused():
    with pytest.raises(BadInput, match="periodic"):
        rdf([molecule("H2O")])


def test_the_density_of_a_crystal_is_that_of_the_handbook():
    crystal = bulk("Cu", cubic=True)
    found = density.density([crystal] * 3)
    assert found.value == pytest.approx(8.97, abs=0.01) and found.error == 0
    wider = crystal.copy()
    wider.set_cell(crystal.cell * 1.01, scale_atoms=True)
    compared = density.compare("bulk", [wider] * 3, [crystal] * 3, limit_percent=2)
    assert compared.deviation == pytest.approx(100 * (1 - 1.01**-3)) and not compared.passed
    with pytest.raises(BadInput):
        density.density([molecule("H2O")])


def walk(rng, d_cm2_s, steps=400, interval_ps=0.1, symbols="Li30"):
    """Brownian atoms: every step has variance 2 D t along each axis."""
    atoms = Atoms(symbols, positions=np.zeros((len(Atoms(symbols)), 3)), cell=[50] * 3, pbc=True)
    sigma = np.sqrt(2 * d_cm2_s * 1e4 * interval_ps)  # 1 cm²/s is 1e4 Å²/ps
    frames = []
    for _ in range(steps):
        frames.append(atoms.copy())
        atoms.positions += rng.normal(0, sigma, atoms.positions.shape)
    return msd.Trajectory(frames, interval_ps)


def test_diffusion_of_a_brownian_walk_is_found_within_its_error_bar():
    rng = np.random.default_rng(4)
    found = [msd.msd(walk(rng, 2e-5))[0] for _ in range(12)]
    # 30 atoms share one centre of mass, which is taken out: their D is 29/30 of the walk's
    values = np.array([one.D_cm2_s for one in found]) * 30 / 29
    assert values.mean() == pytest.approx(2e-5, rel=0.06)
    assert 0.5 < np.mean([one.error_cm2_s for one in found]) / values.std(ddof=1) < 2
    assert found[0].as_json()["t_ps"][1] == pytest.approx(0.1) and found[0].msd_A2[0] == 0


def test_a_drifting_box_does_not_look_like_diffusion():
    rng = np.random.default_rng(5)
    still = walk(rng, 1e-9, steps=100)
    for k, frame in enumerate(still.frames):
        frame.positions += [0.5 * k, 0, 0]
    assert msd.msd(still)[0].D_cm2_s < 1e-8


def test_elements_are_kept_apart_and_compared():
    rng = np.random.default_rng(6)
    mine, known = (walk(rng, 2e-5, 60, symbols="Li10F10") for _ in range(2))
    properties, curves = msd.compare("melt", mine, known)
    assert [one.name for one in properties] == ["diffusion_F", "diffusion_Li"] and properties[0].error_bar > 0
    assert set(curves["msd"]["reference"]["Li"]) == {"t_ps", "msd_A2"}
    with pytest.raises(BadInput, match="24"):
        msd.msd(walk(rng, 1e-5, 10))


def test_the_finite_size_correction_is_that_of_water():
    """SPC/E water, 512 molecules at 298 K in 24.8 Å, 0.73 mPa s: about 0.34e-5 cm²/s (Yeh & Hummer 2004, table 1)."""
    assert msd.yeh_hummer(298, 0.73, 24.8) == pytest.approx(0.34e-5, rel=0.1)


def test_diffusion_and_viscosity_of_water_and_of_a_lennard_jones_liquid_go_together():
    assert msd.liquid_viscosity(2.3e-5, 298, 29.9) == pytest.approx(0.89, rel=msd.UNSURE)  # measured, 25 °C
    kelvin, diameter = 119.8 * 0.728, 3.405  # argon at the triple point: D* = 0.033, η* = 3.2 to 3.4
    second = 2.156e-12
    speed, pressed = 0.033 * (diameter * 1e-8) ** 2 / second, 3.3 * 41.9e6 * second * 1e3
    assert msd.liquid_viscosity(speed, kelvin, diameter**3 / 0.8442) == pytest.approx(pressed, rel=msd.UNSURE)


def test_an_infinite_cell_adds_what_yeh_and_hummer_add_with_the_viscosity_that_goes_with_it():
    whole = msd.in_an_infinite_cell(3e-5, 64)
    edge, viscosity = (64 * 25.0) ** (1 / 3), msd.liquid_viscosity(whole, 900.0, 25.0)
    assert whole - 3e-5 == pytest.approx(msd.yeh_hummer(900.0, viscosity, edge), rel=1e-3)
    assert msd.in_an_infinite_cell(3e-5, 10**9) == pytest.approx(3e-5, rel=2e-3)
    assert msd.in_an_infinite_cell(3e-5, 8) is None  # more than half of it would be missing


def test_a_known_drift_is_found_and_emt_has_almost_none():
    rng, time = np.random.default_rng(7), np.linspace(0, 10, 500)
    found = drift.drift(time, 0.032 * time + rng.normal(0, 0.01, 500), 32)
    assert found.meV_atom_ps == pytest.approx(1.0, abs=4 * found.error_meV_atom_ps)
    assert found.fluctuation_meV_atom == pytest.approx(0.01 / 32 * 1000, rel=0.2)
    plan = MDPlan(temperature_K=300, timestep_fs=2, steps=150, check_every=5)
    real = drift.measure(bulk("Cu", cubic=True) * (2, 1, 1), EMT(), plan)
    assert abs(real.meV_atom_ps) < 1.0
    with pytest.raises(PartFailed, match="ended early"):
        drift.measure(bulk("Cu", cubic=True), EMT(), plan, Health(max_force_eV_A=1e-6))
