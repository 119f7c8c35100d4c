"""MD that is taken up in another process goes on as if the first had never ended: to the last bit."""

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.lj import LennardJones

from lang2mlip.science.atoms.drive import Counted
from lang2mlip.science.atoms.halfway import load_halfway, save_halfway
from lang2mlip.science.atoms.health import Health
from lang2mlip.science.atoms.md import Hooks, MDPlan, run

EVERY = 40


def start():
    return bulk("Ar", cubic=True, a=5.3) * (2, 1, 1)


def calculator():
    return Counted(LennardJones(sigma=3.4, epsilon=0.0104, rc=5.2, smooth=True))


def plan(**more):
    return MDPlan(temperature_K=60, steps=200, keep_every=7, check_every=5, checkpoint_every=EVERY, seed=3, **more)


def taken_up(made, step, folder, health):
    """The same run, in new objects, from what was saved at `step`; and how often its calculator was asked."""
    points = {}

    def keep(halfway):
        save_halfway(folder / f"{halfway.point.step}.npz", halfway, "this walk", 1.5)
        points[halfway.point.step] = halfway

    whole = run(start(), calculator(), made, health, Hooks(on_halfway=keep))
    found = load_halfway(folder / f"{step}.npz", "this walk", start())
    assert found is not None and found[1] == 1.5
    asked = calculator()
    return whole, run(start(), asked, made, health, Hooks(go_on_from=found[0])), asked.calls


def assert_the_same(one, other):
    assert (one.ended, one.trip, one.done, one.calls, one.seen) == (
        other.ended,
        other.trip,
        other.done,
        other.calls,
        other.seen,
    )
    assert [frame.info for frame in one.frames] == [frame.info for frame in other.frames]
    for mine, theirs in zip(one.frames, other.frames, strict=True):
        assert (mine.positions == theirs.positions).all() and (mine.cell == theirs.cell).all()
        assert mine.get_potential_energy() == theirs.get_potential_energy()
        assert (mine.get_forces() == theirs.get_forces()).all()
    for key, column in one.thermo.items():
        assert np.array_equal(column, other.thermo[key], equal_nan=True)
    assert (one.final.get_momenta() == other.final.get_momenta()).all()


@pytest.mark.parametrize("more", [{}, {"ensemble": "npt"}, {"ensemble": "nve"}, {"end_temperature_K": 20.0}], ids=str)
def test_a_walk_that_is_taken_up_is_the_same_to_the_last_bit_and_does_not_start_over(tmp_path, more):
    whole, again, calls = taken_up(plan(**more), 160, tmp_path, Health())
    assert whole.ended == "done"
    assert_the_same(whole, again)
    assert calls == 200 - 160 + 1


def test_a_trip_soon_after_keeps_the_frames_from_before_that_led_to_it(tmp_path):
    free = run(start(), calculator(), plan(), Health(energy_change_eV_atom=None))
    energies = free.thermo["potential_eV"]
    steps = free.thermo["step"]
    limit = float(np.ptp(energies[steps <= 85])) / len(start()) * 0.999
    whole, again, _ = taken_up(plan(), EVERY, tmp_path, Health(energy_change_eV_atom=limit))
    assert whole.ended == "tripped" and {"pre-failure", "bad-tail"} <= {f.info["phase_of_run"] for f in whole.frames}
    assert_the_same(whole, again)


def test_what_is_damaged_or_of_another_walk_is_not_taken_up(tmp_path):
    taken_up(plan(), 80, tmp_path, Health())
    file = tmp_path / "80.npz"
    assert load_halfway(file, "another walk", start()) is None
    assert load_halfway(tmp_path / "missing.npz", "this walk", start()) is None
    file.write_bytes(file.read_bytes()[:-200])
    assert load_halfway(file, "this walk", start()) is None
