"""Which model is handed over."""

from lang2mlip.act.end import best_model
from lang2mlip.contracts import Errors, Evaluation, Gate, Model, State, Task
from tiny import TASK

FRAMES = {"n_frames": 5, "n_atoms": 50, "energy_rmse_meV_atom": 1.0, "energy_mae_meV_atom": 1.0,
          "force_mae_meV_A": 1.0, "force_rms_meV_A": 500.0}  # fmt: skip


def judged(model, force, held):
    gates = tuple(Gate(name=name, value=1.0, limit=1.0, unit="%", passed=passed) for name, passed in held.items())
    errors = {"all": Errors(**FRAMES, force_rmse_meV_A=force)}
    return Evaluation(model=model, depth="full", on="validation", errors=errors, gates=gates)


def state(*evaluations):
    models = [Model(id=one.model, family="mtp", folder=one.model, n_frames=5, datasets=(), train_errors={})
              for one in evaluations]  # fmt: skip
    return State(task=Task(**TASK), models=tuple(models), evaluations=evaluations)


def test_a_model_that_was_asked_more_does_not_look_worse_for_it():
    asked_less = judged("m1", 36.5, {"force": True, "density": False})
    asked_more = judged("m2", 32.8, {"force": True, "density": False, "bonds": False, "diffusion": False})
    assert best_model(state(asked_less, asked_more)).id == "m2"


def test_of_gates_that_both_were_asked_the_more_held_decides_before_the_error():
    exact = judged("m1", 10.0, {"force": True, "stable": False})
    stable = judged("m2", 20.0, {"force": True, "stable": True})
    assert best_model(state(exact, stable)).id == "m2"
