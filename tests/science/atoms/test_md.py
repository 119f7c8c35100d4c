"""The MD driver: what it conserves, what it samples, when it stops, and that it can be cut anywhere."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from ase.constraints import FixAtoms
from toys import Breaks, IdealGas, Springs

from lang2mlip.errors import BadInput, BudgetSpent
from lang2mlip.science.atoms.health import Health
from lang2mlip.science.atoms.md import Checkpoint, Hooks, MDPlan, run
from lang2mlip.science.atoms.statistics import block_mean
from lang2mlip.units import BOLTZMANN_EV_PER_K, gpa

LOOSE = Health(pair_factor=0, max_force_eV_A=None, temperature_factor=None, energy_change_eV_atom=None)


def copper(n=2):
    return bulk("Cu", cubic=True) * (n, n, n)


def cloud(n=64, spacing=3.0):
    """Atoms on a grid, each far from the next."""
    side = round(n ** (1 / 3))
    grid = np.array(np.meshgrid(*[range(side)] * 3)).reshape(3, -1).T * spacing
    return Atoms(f"Ar{len(grid)}", positions=grid, cell=[side * spacing] * 3, pbc=True)


def energy_spread(timestep_fs):
    plan = MDPlan(
        ensemble="nve", temperature_K=600, timestep_fs=timestep_fs, steps=round(200 / timestep_fs), check_every=1
    )
    return np.std(run(copper(), EMT(), plan).thermo["conserved_eV"]) / 32


def test_nve_conserves_energy_and_its_error_falls_with_the_square_of_the_step():
    coarse, fine = energy_spread(4.0), energy_spread(2.0)
    assert fine < 2e-4
    assert 3.0 < coarse / fine < 5.5


def test_nve_conserves_momentum():
    outcome = run(copper(), EMT(), MDPlan(ensemble="nve", temperature_K=600, steps=20))
    assert np.abs(outcome.final.get_momenta().sum(axis=0)).max() < 1e-10


def test_langevin_gives_an_oscillator_the_right_kinetic_and_potential_energy_even_with_a_coarse_step():
    atoms = cloud()
    plan = MDPlan(temperature_K=300, timestep_fs=20, steps=4000, friction_per_ps=5, check_every=5, fix_centre=False)
    outcome = run(atoms, Springs(atoms.positions), plan, LOOSE)
    kinetic = block_mean(outcome.thermo["temperature_K"][40:])
    potential = block_mean(outcome.thermo["potential_eV"][40:] / (1.5 * 64 * BOLTZMANN_EV_PER_K))
    assert outcome.healthy
    assert abs(potential.value - 300) < 4 * potential.error
    assert abs(kinetic.value - 300) < 4 * kinetic.error + 5
    assert potential.error < 5


def test_the_thermostat_leaves_the_centre_of_mass_at_rest_and_the_temperature_right():
    atoms = cloud(27)
    plan = MDPlan(temperature_K=500, timestep_fs=5, steps=2000, friction_per_ps=20, check_every=5)
    outcome = run(atoms, IdealGas(), plan, LOOSE)
    mean = block_mean(outcome.thermo["temperature_K"])
    assert abs(mean.value - 500) < 4 * mean.error
    moved = outcome.final.get_center_of_mass() - atoms.get_center_of_mass()
    assert np.abs(moved).max() < 1e-9


def test_constant_pressure_gives_an_ideal_gas_its_volume_and_its_fluctuation():
    atoms = cloud(27)
    kt = BOLTZMANN_EV_PER_K * 300
    pressure = 27 * kt / atoms.cell.volume
    plan = MDPlan(
        ensemble="npt", temperature_K=300, pressure_GPa=gpa(pressure), timestep_fs=10, steps=5000,
        friction_per_ps=5, barostat_ps=0.5, bulk_modulus_GPa=gpa(pressure), check_every=10, keep_every=5000,
    )  # fmt: skip
    volume = run(atoms, IdealGas(), plan, LOOSE.model_copy(update={"volume_ratio": None})).thermo["volume_A3"][50:]
    mean = block_mean(volume)
    assert abs(mean.value - 27 * kt / pressure) < 4 * mean.error
    assert np.std(volume) == pytest.approx(np.sqrt(27) * kt / pressure, rel=0.2)


@pytest.mark.parametrize("per_axis", [False, True])
def test_a_cold_crystal_under_pressure_takes_the_volume_of_its_equation_of_state(per_axis):
    strain = 0.98
    squeezed = copper(1)
    squeezed.set_cell(squeezed.cell * strain, scale_atoms=True)
    squeezed.calc = EMT()
    pressure = -gpa(squeezed.get_stress()[:3].mean())
    plan = MDPlan(
        ensemble="npt", temperature_K=20, pressure_GPa=pressure, steps=400, timestep_fs=3, barostat_ps=0.05,
        friction_per_ps=20, per_axis=per_axis,
    )  # fmt: skip
    volume = run(copper(1), EMT(), plan).thermo["volume_A3"][15:].mean()
    assert volume == pytest.approx(squeezed.cell.volume, rel=5e-3)


@pytest.mark.parametrize("ensemble", ["nve", "nvt", "npt"])
def test_a_run_cut_at_a_checkpoint_and_resumed_is_bitwise_the_run_that_was_not(ensemble):
    plan = MDPlan(
        ensemble=ensemble, temperature_K=900, end_temperature_K=600, steps=40, checkpoint_every=20, keep_every=10
    )
    points = []
    whole = run(copper(), EMT(), plan, None, Hooks(on_checkpoint=points.append))
    middle = Checkpoint.from_json(points[1].to_json())
    rest = run(copper(), EMT(), plan, None, Hooks(resume_from=middle))
    assert middle.step == 20 and rest.calls == 21 and rest.done == whole.done == 40
    assert np.array_equal(whole.final.positions, rest.final.positions)
    assert np.array_equal(whole.final.get_momenta(), rest.final.get_momenta())
    assert np.array_equal(whole.final.cell, rest.final.cell)
    assert whole.thermo["conserved_eV"][-1] == rest.thermo["conserved_eV"][-1] or ensemble == "npt"


def test_ctrl_c_leaves_a_checkpoint_to_go_on_from():
    atoms, points = cloud(8), []
    plan = MDPlan(steps=30, timestep_fs=5)
    with pytest.raises(KeyboardInterrupt):
        run(atoms, Breaks(atoms.positions, 12, KeyboardInterrupt()), plan, None, Hooks(on_checkpoint=points.append))
    assert points[-1].step == 10
    rest = run(atoms, Springs(atoms.positions), plan, None, Hooks(resume_from=points[-1]))
    whole = run(atoms, Springs(atoms.positions), plan)
    assert np.array_equal(whole.final.positions, rest.final.positions)


def test_a_text_that_is_no_checkpoint_is_refused():
    with pytest.raises(BadInput, match="not an MD checkpoint"):
        Checkpoint.from_json('{"step": 3}')


def test_seeds_make_runs_and_repeat_them():
    ends = [run(copper(1), EMT(), MDPlan(steps=10, seed=seed)).final.positions for seed in (1, 1, 2)]
    assert np.array_equal(ends[0], ends[1])
    assert not np.allclose(ends[0], ends[2])


def test_a_crushed_start_trips_before_the_calculator_is_asked():
    atoms = copper()
    atoms.positions[1] = atoms.positions[0] + [0.6, 0, 0]
    outcome = run(atoms, EMT(), MDPlan(steps=10))
    assert (outcome.ended, outcome.calls, outcome.done) == ("tripped", 0, 0)
    assert "Cu-Cu" in outcome.trip and "0.600" in outcome.trip


def test_a_run_that_flies_apart_stops_early_and_names_its_frames_by_phase():
    atoms = cloud()
    plan = MDPlan(temperature_K=300, timestep_fs=5, steps=5000, keep_every=10, check_every=5, friction_per_ps=1)
    outcome = run(atoms, Springs(atoms.positions, stiffness=-0.05), plan, Health(energy_change_eV_atom=0.5))
    phases = [frame.info["phase_of_run"] for frame in outcome.frames]
    assert outcome.ended == "tripped" and not outcome.healthy and outcome.done < 5000
    assert phases[-3:] == ["pre-failure", "pre-failure", "bad-tail"]
    assert set(phases[:-3]) == {"stable"} and len(phases) > 5
    steps = [frame.info["step"] for frame in outcome.frames]
    assert steps == sorted(steps) and len(set(steps)) == len(steps)
    assert steps[-1] - steps[-2] <= 5 and steps[-1] > outcome.done == steps[-1] - 1


def test_two_atoms_that_fall_into_each_other_are_stopped_at_the_limit_not_at_zero():
    pair = Atoms("Cu2", positions=[[0, 0, 0], [2.6, 0, 0]])
    pull = Springs(np.array([[1.3, 0, 0], [1.3, 0, 0]]), stiffness=5.0)
    plan = MDPlan(ensemble="nve", temperature_K=0, steps=1000, timestep_fs=1, check_every=1)
    outcome = run(pair, pull, plan, Health(pair_minimum_A={"Cu-Cu": 2.2}, energy_change_eV_atom=None))
    assert outcome.ended == "tripped" and "nearer than 2.200" in outcome.trip
    assert outcome.frames[-2].get_distance(0, 1) >= 2.2
    assert outcome.final.get_distance(0, 1) >= 2.2


def test_a_calculator_that_fails_ends_the_run_with_the_frames_so_far():
    atoms = cloud(8)
    outcome = run(atoms, Breaks(atoms.positions, 25, RuntimeError("no convergence")), MDPlan(steps=50, keep_every=10))
    assert outcome.ended == "failed" and "step 24" in outcome.trip and "no convergence" in outcome.trip
    assert [frame.info["step"] for frame in outcome.frames] == [0, 10, 20]


def test_a_spent_budget_ends_the_run_without_blaming_it():
    atoms = cloud(8)
    outcome = run(atoms, Breaks(atoms.positions, 15, BudgetSpent("no calls left")), MDPlan(steps=50, keep_every=10))
    assert (outcome.ended, outcome.trip) == ("budget", "no calls left")
    assert {frame.info["phase_of_run"] for frame in outcome.frames} == {"stable"}


def test_frozen_atoms_stay_and_frames_carry_their_true_forces():
    atoms = copper(1) * (2, 1, 1)
    atoms.rattle(0.1, seed=1)
    atoms.set_constraint(FixAtoms([0, 1]))
    outcome = run(atoms, EMT(), MDPlan(steps=20, keep_every=10))
    assert np.array_equal(outcome.final.positions[:2], atoms.positions[:2])
    assert not outcome.frames[-1].constraints
    assert np.abs(outcome.frames[-1].get_forces()[:2]).min() > 0


def test_a_molecule_without_a_cell_runs_and_its_broken_bond_is_seen():
    water = molecule("H2O")
    calm = run(water, Springs(water.positions), MDPlan(steps=20, timestep_fs=0.25, temperature_K=100))
    assert calm.healthy and "stress" not in calm.frames[0].calc.results
    bonded = Health(bonds=((0, 1), (0, 2)), temperature_factor=None)
    torn = run(water, Springs(water.positions * 3), MDPlan(steps=500, timestep_fs=0.5), bonded)
    assert torn.ended == "tripped" and "bond O0-H" in torn.trip


def test_the_sink_gets_every_frame_in_order_and_the_given_atoms_are_left_alone():
    atoms, seen = copper(1), []
    before = atoms.copy()
    atoms.info["group"] = "bulk"
    outcome = run(atoms, EMT(), MDPlan(steps=40, keep_every=10), None, Hooks(sink=seen.append))
    assert [frame.info["step"] for frame in seen] == [0, 10, 20, 30, 40]
    assert seen == outcome.frames and seen[0].info["group"] == "bulk"
    assert np.array_equal(atoms.positions, before.positions) and not atoms.has("momenta")


def test_a_single_atom_and_an_empty_cell_are_met_with_sense():
    lone = run(Atoms("Ar"), IdealGas(), MDPlan(steps=5))
    assert lone.healthy and np.isfinite(lone.final.positions).all()
    with pytest.raises(BadInput, match="no atoms"):
        run(Atoms(), IdealGas(), MDPlan(steps=5))
    with pytest.raises(BadInput, match="periodic"):
        run(Atoms("Ar2", positions=[[0, 0, 0], [4, 0, 0]]), IdealGas(), MDPlan(ensemble="npt"))
