"""The stand-in: forces are slopes, charges cancel, ions keep their shape, runs repeat by seed, solids are held."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import fcc111

from lang2mlip.data import table
from lang2mlip.errors import BadInput
from lang2mlip.science.structures.assembly import Assembly, Species, joined
from lang2mlip.science.structures.bulk import Bulk, BulkParameters
from lang2mlip.science.structures.conformer import conformer
from lang2mlip.science.structures.gate import density_g_cm3, fragments
from lang2mlip.science.structures.liquid import assembled, molecular, sparse
from lang2mlip.science.structures.placing import Room, place
from lang2mlip.science.structures.standin import Schedule, Stage, equilibrate, field, network, scored, settle
from lang2mlip.science.structures.standin.engine import simulate

MIXED = [("O=C1OCCO1", 4), ("CO", 4), ("[Li+]", 2), ("F[P-](F)(F)(F)(F)F", 2)]


def liquid(species, density=1.1, seed=3):
    rng = np.random.default_rng(seed)
    start = sparse(molecular(species, rng), density, rng)
    together = Stage(kind="capped", ps=0.6, squeeze=0.65, temperature_K=(400, 400))
    return equilibrate(start, Schedule(stages=(Stage(kind="minimise"), together)), seed)


@pytest.fixture(scope="module")
def mixed():
    return liquid(MIXED)


def slope(assembly, own, atom, axis, step=1e-3):
    energies = []
    for sign in (1, -1):
        moved = Atoms(assembly.atoms)
        moved.positions[atom, axis] += sign * step
        energies.append(scored(assembly.with_atoms(moved), own).energy_eV)
    return (energies[1] - energies[0]) / (2 * step)


def test_forces_are_minus_the_slope_of_the_energy(mixed):
    own = field(mixed)
    forces = scored(mixed, own).forces_eV_A
    # PPPM to 1e-3 of the force between two unit charges 1 Å apart, 14 eV/Å.
    for atom, axis in ((0, 0), (17, 1), (43, 2), (64, 0), (68, 2)):
        assert forces[atom, axis] == pytest.approx(slope(mixed, own, atom, axis), abs=0.03)


def test_forces_of_an_ionic_network_are_minus_the_slope_of_its_energy():
    crystal = Bulk(BulkParameters(crystal="SiO2-quartz", atoms=36, rattle_A=0.15)).build(1)
    solid, own = Assembly.solid(crystal), network(crystal, crystal)
    forces = scored(solid, own).forces_eV_A
    assert forces[5, 1] == pytest.approx(slope(solid, own, 5, 1), abs=0.03)
    assert np.abs(forces.sum(axis=0)).max() < 0.05


def test_charges_cancel_and_ions_carry_three_quarters(mixed):
    own = field(mixed)
    assert own.charges_e.sum() == pytest.approx(0, abs=1e-9)
    lithium = mixed.atoms.symbols == "Li"
    assert own.charges_e[lithium] == pytest.approx(0.75, abs=1e-3)
    one_anion = mixed.body == mixed.body[mixed.atoms.symbols == "P"][0]
    assert own.charges_e[one_anion].sum() == pytest.approx(-0.75, abs=1e-3)
    assert not own.held.any()


@pytest.mark.parametrize(
    ("smiles", "symbol", "low", "high"),
    [("O", "O", -0.95, -0.75), ("COC(=O)OC", "C", 0.1, 1.1), ("CC#N", "N", -0.65, -0.4), ("CCO", "O", -0.75, -0.6)],
)
def test_neutral_molecules_have_sane_charges(smiles, symbol, low, high):
    one = conformer(smiles, 0)
    own = field(Assembly.of_bodies(one, [(Species(smiles), len(one))]))
    assert own.charges_e.sum() == pytest.approx(0, abs=1e-9)
    mine = own.charges_e[one.symbols == symbol]
    assert low <= mine.min() <= mine.max() <= high or (symbol == "C" and low <= mine.max() <= high)


def test_atoms_that_resonance_makes_alike_have_the_same_charge():
    one = conformer("[O-]C(=O)[O-]", 0)
    own = field(Assembly.of_bodies(one, [(Species("[O-]C(=O)[O-]", -2), 4)]))
    assert np.ptp(own.charges_e[one.symbols == "O"]) < 1e-9
    assert own.charges_e.sum() == pytest.approx(-1.5, abs=1e-6)


def test_hot_ions_keep_their_shape():
    hot = liquid([("[Li+]", 10), ("[O-]C(=O)[O-]", 3), ("F[P-](F)(F)(F)(F)F", 4)], density=1.9)
    melted = equilibrate(hot, Schedule(stages=(Stage(kind="nvt", ps=1, temperature_K=(1200, 1200)),)), 1)
    cold = equilibrate(melted, Schedule(stages=(Stage(kind="minimise"),)), 1)
    assert fragments(cold.atoms) == fragments(hot.atoms)
    for body in np.unique(cold.body):
        atoms = cold.atoms[cold.body == body]
        if "C" in atoms.symbols:
            flat = atoms.positions - atoms.positions.mean(axis=0)
            assert np.linalg.svd(flat)[1][2] < 0.2
        if "P" in atoms.symbols:
            arms = atoms.positions[atoms.symbols == "F"] - atoms.positions[atoms.symbols == "P"]
            cosines = (arms @ arms.T) / np.outer(*(np.linalg.norm(arms, axis=1),) * 2)
            assert sorted(cosines[np.triu_indices(6, 1)].round(1)) == pytest.approx([-1.0] * 3 + [0.0] * 12, abs=0.25)


def test_the_same_seed_gives_the_same_atoms_and_another_does_not(mixed):
    short = Schedule(stages=(Stage(kind="npt", ps=0.2),))
    one, again, other = (equilibrate(mixed, short, seed).atoms.positions for seed in (1, 1, 2))
    assert (one == again).all()
    assert not np.allclose(one, other)


def test_the_thermostat_holds_the_temperature_and_nothing_flies(mixed):
    outcome = simulate(mixed, field(mixed), Schedule(stages=(Stage(kind="nvt", ps=3),)), 5)
    late = [one.temperature_K for one in outcome.track[8:]]
    # 90 atoms: one standard deviation is 26 K, of the mean of a dozen 8 K.
    assert np.mean(late) == pytest.approx(300, abs=40)
    assert outcome.speed > 0
    assert "stand-in" in outcome.atoms.info["how"]


def test_molecules_come_back_whole_and_inside(mixed):
    moved = equilibrate(mixed, Schedule(stages=(Stage(kind="nvt", ps=0.5, temperature_K=(600, 600)),)), 1)
    for body in np.unique(moved.body):
        atoms = moved.atoms[moved.body == body]
        assert np.ptp(atoms.positions, axis=0).max() < 6.0
        middle = np.linalg.solve(moved.atoms.cell.array.T, atoms.positions.mean(axis=0))
        assert (middle > -1e-9).all() and (middle < 1 + 1e-9).all()


def on_a_wall(tilted):
    """A molecular film on a slab, periodic in three directions."""
    slab = fcc111("Cu", (5, 4, 3), a=3.61, vacuum=0, orthogonal=not tilted)
    cell, rng = np.array(slab.cell.array), np.random.default_rng(0)
    cell[2] = [0, 0, 10.0]
    film = assembled(place(molecular([("CO", 12)], rng).bodies, Room(cell, tall=False), rng), [("CO", 12)])
    film.atoms.positions[:, 2] += slab.positions[:, 2].max() + 2.5
    both = Atoms(slab + film.atoms)
    cell[2, 2] = film.atoms.positions[:, 2].max() + 2.5
    both.set_cell(cell)
    both.pbc = True
    return joined([Assembly.solid(slab), film], both)


@pytest.mark.parametrize("tilted", [False, True])
def test_a_solid_is_held_while_the_height_follows_the_liquid(tilted):
    start = on_a_wall(tilted)
    done = equilibrate(start, Schedule(stages=(Stage(kind="npt", ps=1.5, axes="z", pressure_GPa=0.3),)), 4)
    assert (done.atoms.positions[done.held] == start.atoms.positions[start.held]).all()
    assert done.atoms.cell.array[:2] == pytest.approx(start.atoms.cell.array[:2], abs=1e-9)
    assert done.atoms.cell[2, 2] < start.atoms.cell[2, 2]
    assert fragments(done.atoms[~done.held]) == fragments(start.atoms[~start.held])


def test_a_slab_with_vacuum_keeps_its_cell():
    start = on_a_wall(False)
    start.atoms.pbc = (True, True, False)
    done = equilibrate(start, settle(0.5, axes="none"), 4)
    assert (done.atoms.cell.array == start.atoms.cell.array).all()
    with pytest.raises(BadInput, match="periodic in three directions"):
        equilibrate(start, settle(0.5), 4)


def test_a_single_molecule_in_vacuum_relaxes():
    one = conformer("COC(=O)OC", 3)
    one.rattle(0.1, seed=1)
    rough = assembled(one, [("COC(=O)OC", 1)])
    smooth = equilibrate(rough, Schedule(stages=(Stage(kind="minimise"),)), 1)
    assert scored(smooth).energy_eV < scored(rough).energy_eV - 0.5
    assert scored(smooth).max_force_eV_A < 0.1


def test_an_ionic_crystal_without_tabulated_terms_rests_at_its_own_size():
    for key in ("NaCl", "Li2S"):
        crystal = Bulk(BulkParameters(crystal=key, atoms=64)).build(0)
        score = scored(Assembly.solid(crystal), network(crystal, crystal))
        assert score.max_force_eV_A < 0.1 and abs(score.pressure_GPa) < 1
        assert score.charge_e == pytest.approx(0, abs=1e-9)


def test_what_cannot_be_done_is_said():
    metal = Assembly.solid(Bulk(BulkParameters(crystal="Cu", atoms=32)).build(0))
    with pytest.raises(BadInput, match="nothing to move"):
        equilibrate(metal, settle(1), 0)
    with pytest.raises(ValueError, match="less than or equal to 3"):
        Schedule(stages=(Stage(kind="minimise"),), step_fs=20)


def test_every_table_of_the_stand_in_names_its_source():
    for name, entry in table("standin").items():
        assert entry["source"], name
    assert all(rule["source"] for rule in table("standin")["patterns"]["rules"])


def test_pressure_squeezes_a_liquid(mixed):
    pressed = Schedule(stages=(Stage(kind="npt", ps=2, pressure_GPa=3.0),))
    assert density_g_cm3(equilibrate(mixed, pressed, 1).atoms) > 1.05 * density_g_cm3(mixed.atoms)
