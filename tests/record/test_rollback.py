"""A model that made things worse is set aside, and the one before it is current again."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "decide"))

from decide_states import errors, task

from lang2mlip.contracts import (
    DataSet,
    Decision,
    Model,
    Prune,
    Pruning,
    Result,
    StabilityRun,
    StructureRecord,
    StructureRequest,
    Train,
)
from lang2mlip.decide.guards import refuse
from lang2mlip.record.events import Created, Decided, Finished, Prepared
from lang2mlip.record.state import fold


def model(name, datasets):
    return Model(id=name, family="mtp", folder=f"models/{name}", n_frames=9, datasets=datasets,
                 train_errors={"crystal": errors(9.0)})  # fmt: skip


def record():
    request = StructureRequest(name="crystal-1", builder="bulk", group="crystal", role="train")
    return StructureRecord(id="a", request=request, formula="Ar32", n_atoms=32, periodic=True, file="s", line="")


def events(*results):
    yield Created(task=task())
    yield Prepared(structures=(record(),))
    for number, result in enumerate(results, start=1):
        decision = Decision(parameters=Train(), reason="", expectation="", decider="test")
        yield Decided(step=number, decision=decision)
        yield Finished(step=number, result=result)


def trained(name, datasets):
    return Result(action="train", status="done", summary="", model=model(name, datasets))


def labelled(name, frames):
    return Result(action="explore", status="done", summary="",
                  data=(DataSet(id=name, file=name, source="explore", groups={"crystal": frames}),))  # fmt: skip


def walked(kelvin):
    run = StabilityRun(group="crystal", structure="crystal-1", temperature_K=kelvin, steps=9, done=9, healthy=True)
    return Result(action="sample", status="done", summary="", stability=(run,))


def pruned(**what):
    return Result(action="prune", status="done", summary="", pruning=Pruning(id="9", **what))


HISTORY = (labelled("d1", 20), trained("m1", ("d1",)), labelled("d2", 5), trained("m2", ("d1", "d2")), walked(90.0))


def test_the_model_before_is_current_again_and_knows_only_its_own_data():
    state = fold(events(*HISTORY, pruned(models=("m2",))))
    assert state.model.id == "m1" and state.set_aside == ("m2",)
    assert state.labels_since_training == 5
    assert state.groups["crystal"].walkers == 0 and state.groups["crystal"].stable_K is None
    assert [one.id for one in state.models] == ["m1", "m2"]


def test_setting_aside_can_be_undone():
    state = fold(events(*HISTORY, pruned(models=("m2",)), pruned(restored=("m2",))))
    assert state.model.id == "m2" and state.set_aside == () and state.labels_since_training == 0


def test_without_any_model_left_there_is_none():
    state = fold(events(*HISTORY, pruned(models=("m1", "m2"))))
    assert state.model is None and state.labels_since_training == 25


def test_only_models_that_there_are_can_be_set_aside_or_put_back():
    state = fold(events(*HISTORY, pruned(models=("m2",))))
    assert "no model called 'm2'" in refuse(state, Prune(models=("m2",)))
    assert refuse(state, Prune(models=("m1",))) is None
    assert refuse(state, Prune(restore=("m2",))) is None
    assert "no data set, pruning or model" in refuse(state, Prune(restore=("m7",)))


def test_calls_and_settling_of_the_reference_are_kept_per_group():
    result = Result(action="reference", status="done", summary="", ranges={"crystal": {"temperature": (1.0, 2.0)}},
                    settled={"crystal": False}, calls_by_group={"crystal": 40})  # fmt: skip
    group = fold(events(result, result)).groups["crystal"]
    assert group.calls == 80 and group.reference_settled is False and group.reference_done
