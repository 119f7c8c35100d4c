"""A look at held-out frames that came late meets the models before the current one, too, each once."""

from types import SimpleNamespace

from decide_states import errors

from lang2mlip.act import evaluate
from lang2mlip.act.score import Scores
from lang2mlip.contracts import Cost, Evaluation, Model


def test_models_that_no_held_out_frame_has_met_are_scored_but_the_first_fit_and_those_set_aside(monkeypatch, tmp_path):
    def scored(desk, model, files, name):
        return Scores({"all": errors(float(model.id[1:]))}, {}, Cost(md_s=1.0))

    monkeypatch.setattr(evaluate, "score_files", scored)
    one = Model(id="m1", family="mtp", folder="", n_frames=9, datasets=(), train_errors={})
    models = tuple(one.model_copy(update={"id": f"m{number}"}) for number in range(1, 7))
    known = Evaluation(model="m3", depth="errors", on="validation", errors={"all": errors(9.0)})
    state = SimpleNamespace(models=models, evaluations=(known,), set_aside=("m4",))
    found = evaluate._earlier(SimpleNamespace(state=state), [tmp_path / "bulk.extxyz"])
    assert {name: one.errors["all"].force_rmse_meV_A for name, one in found.items()} == {"m2": 2.0, "m5": 5.0}
