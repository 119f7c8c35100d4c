"""A rare element that is badly described is no converged group, however good the error over all atoms is."""

import numpy as np
import pytest
from ase import Atoms

import tiny
from lang2mlip.act.gates import error_gates
from lang2mlip.contracts import Goals, GroupState, State, StructureRecord, StructureRequest
from lang2mlip.decide.curriculum import good, outlook, stuck
from lang2mlip.decide.prospects import prospect
from lang2mlip.science.atoms.frames import labelled
from lang2mlip.science.atoms.integrators import Forces
from lang2mlip.science.evaluation.errors import frame_errors

GOALS = Goals()


def errors(of_neon=0.5, n_argon=60):
    """Sixty argon atoms with forces of about 1 eV/Å and one neon atom with a tenth; neon is off by this share."""
    rng = np.random.default_rng(0)
    true = np.vstack([rng.normal(0, 1.0, (n_argon, 3)), rng.normal(0, 0.1, (1, 3))])
    atoms = Atoms(f"Ar{n_argon}Ne", positions=rng.uniform(0, 30, (n_argon + 1, 3)), cell=[30] * 3, pbc=True)
    guess = true * 1.01
    guess[-1] = true[-1] * (1 + of_neon)
    return frame_errors([labelled(atoms, energy=0.0, forces=true)], [Forces(0.0, guess, None)])


def state(*fresh):
    request = StructureRequest(name="mix-1", builder="bulk", group="mix", role="train")
    record = StructureRecord(id="1", request=request, formula="Ar60Ne", n_atoms=61, periodic=True, file="m", line="")
    group = GroupState(group="mix", structures=1, labels=40, fresh=fresh, held_K=99.0)
    return State(task=tiny.task(elements=["Ar", "Ne"], goals={"force_relative": 0.06}), structures=(record,),
                 groups={"mix": group})  # fmt: skip


def test_the_error_of_an_element_is_told_against_its_own_forces():
    found = errors()
    assert found.force_relative < 0.015
    assert found.element_relative == pytest.approx({"Ar": 0.01, "Ne": 0.5})
    assert errors(n_argon=0).element_relative == {}  # with one element it is the error over all


def test_an_element_that_is_far_off_misses_a_gate_that_the_others_hold():
    gates = {gate.name: gate for gate in error_gates({"all": errors()}, GOALS)}
    assert not gates["force error of Ne against its rms force"].passed
    assert gates["force error of Ar against its rms force"].passed and gates["force error"].passed
    assert all(gate.passed for gate in error_gates({"all": errors(of_neon=0.2)}, GOALS))
    assert GOALS.element_limit == pytest.approx(0.3) and Goals(force_relative_element=0.1).element_limit == 0.1


def test_a_group_is_converged_on_fresh_labels_when_each_of_its_elements_is():
    assert good(state(*5 * [errors(of_neon=0.2)]), "mix")
    assert not good(state(*5 * [errors(of_neon=0.5)]), "mix")


def test_a_group_stands_only_by_five_labels_within_its_target_one_round_after_the_other():
    small, large = errors(of_neon=0.2), errors(of_neon=0.5)
    for fresh, wanted in (([small] * 4, 1), ([*[small] * 4, large, small], 4), ([large, *[small] * 5], 0)):
        assert good(state(*fresh), "mix") == (wanted == 0)
        assert outlook(state(*fresh), "mix").labels == wanted


def test_held_out_frames_are_evidence_beside_a_label_but_not_without_one():
    small, large = errors(of_neon=0.2), errors(of_neon=0.5)
    seen = small.model_copy(update={"n_frames": 6})
    for fresh, held_out, stands in ((small, seen, True), (large, seen, False), (small, small, False)):
        now = state(fresh)
        group = now.groups["mix"].model_copy(update={"held_out": held_out})
        assert good(now.model_copy(update={"groups": {"mix": group}}), "mix") == stands


def test_further_labels_are_predicted_from_the_element_that_is_furthest_from_its_limit():
    wanted = prospect(state(errors(of_neon=0.6)).groups["mix"], 0.06, GOALS.element_limit)
    assert wanted.labels == pytest.approx(120, abs=1)  # twice the limit: four times the labels, by the usual power
    assert prospect(state(errors(of_neon=0.6)).groups["mix"], 0.06).labels == 0


def test_an_element_that_labels_do_not_help_is_not_worked_on_for_ever():
    flat = state(*[errors(of_neon=0.6).model_copy(update={"n_frames": 8})] * 4)
    assert not outlook(flat, "mix").pays and stuck(flat, "mix") and not good(flat, "mix")
