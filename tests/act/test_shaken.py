"""A reference that fails at once on the very start of its MD is asked again from a start that is a little shaken."""

import numpy as np
from ase.build import bulk
from ase.calculators.calculator import CalculationFailed
from ase.calculators.emt import EMT

from lang2mlip.act.shaken import SHAKE_A, SHAKES, begun_again
from lang2mlip.science.atoms.health import Health
from lang2mlip.science.atoms.md import MDPlan, run


class Choosy(EMT):
    """Does not converge while its first atom lies on its site, or never."""

    def __init__(self, always=False):
        super().__init__()
        self.always, self.asked = always, 0

    def calculate(self, atoms=None, *rest, **named):
        self.asked += 1
        if self.always or np.abs(atoms.positions[0]).max() < 1e-9:
            raise CalculationFailed("the self-consistency did not converge")
        super().calculate(atoms, *rest, **named)


PLAN = MDPlan(temperature_K=300, timestep_fs=2, steps=10, keep_every=2, seed=1)


def walked(calculator, seed=1):
    start = bulk("Cu", cubic=True)
    starts = []

    def walk(atoms):
        starts.append(atoms.positions.copy())
        return run(atoms, calculator, PLAN, Health())

    return begun_again(start, seed, walk, lambda one: one.ended == "failed" and not one.stable_frames), starts


def test_a_start_that_does_not_converge_is_shaken_a_little_and_the_walk_is_done():
    outcome, starts = walked(Choosy())
    assert outcome.healthy and outcome.done == 10 and len(starts) == 2
    assert 0 < np.abs(starts[1] - starts[0]).max() < 5 * SHAKE_A


def test_the_same_seed_shakes_in_the_same_way():
    assert np.array_equal(walked(Choosy())[1][1], walked(Choosy())[1][1])


def test_a_reference_that_never_converges_is_asked_a_few_times_and_no_more():
    outcome, starts = walked(never := Choosy(always=True))
    assert outcome.ended == "failed" and len(starts) == never.asked == SHAKES + 1


def test_a_walk_that_got_somewhere_is_not_begun_again():
    assert len(walked(EMT())[1]) == 1
