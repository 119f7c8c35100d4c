"""A run folder remembers everything and nothing else does."""

import sqlite3

import numpy as np
import pytest

from lang2mlip.contracts import (
    Component,
    Cost,
    DataSet,
    Decision,
    Explore,
    Model,
    PotentialSpec,
    Pruning,
    ReferenceSpec,
    Result,
    StabilityRun,
    StructureRecord,
    StructureRequest,
    Task,
    Train,
)
from lang2mlip.errors import BadInput, RunFault
from lang2mlip.record.events import Created, Prepared
from lang2mlip.record.labels import Label, LabelCache
from lang2mlip.record.ledger import calls_left, calls_to_spend, reserve, spent
from lang2mlip.record.run import Run, slug


def a_task(**changes):
    values = {
        "prompt": "argon", "goal": "argon", "elements": ("Ar",), "temperature_K": (20, 80), "properties": ("density",),
        "components": (Component(name="argon", formula="Ar", phases=("crystal",)),),
        "reference": ReferenceSpec(name="lj"), "potential": PotentialSpec(family="mtp"),
    }  # fmt: skip
    return Task(**{**values, **changes})


def a_record(group="bulk", role="train"):
    request = StructureRequest(name=f"{group}-{role}", builder="bulk", group=group, role=role)
    return StructureRecord(
        id="0", request=request, formula="Ar4", n_atoms=4, periodic=True, file="structures/a.extxyz", line=""
    )


@pytest.fixture
def run(tmp_path):
    run = Run.create(tmp_path / "argon", Created(task=a_task()))
    run.record(Prepared(structures=(a_record(), a_record(role="validation"), a_record("melt")), cost=Cost(calls=3)))
    return run


def decide(parameters):
    return Decision(parameters=parameters, reason="because", expectation="good", decider="test")


def do(run, parameters, **result):
    run.decided(decide(parameters))
    run.finished(Result(action=parameters.action, status="done", summary="did it", **result))


def labels(name, **groups):
    return DataSet(id=name, file=f"data/{name}.extxyz", source="explore", groups=groups)


def a_model(name):
    return Model(id=name, family="mtp", folder=f"models/{name}", n_frames=9, datasets=(), train_errors={})


def test_a_reopened_run_has_the_same_state(run):
    do(run, Explore(), data=(labels("d1", bulk=5, melt=4),), cost=Cost(calls=100, labels=9))
    do(run, Train(), model=a_model("m1"))
    assert Run(run.folder).state == run.state
    assert run.state.groups["bulk"].labels == 5
    assert run.state.cost.calls == 103


def test_a_decision_without_a_result_is_what_a_resumed_run_takes_up(run):
    decision = run.decided(decide(Explore(steps=30)))
    assert Run(run.folder).unfinished() == decision
    run.finished(Result(action="explore", status="done", summary=""))
    assert Run(run.folder).unfinished() is None


def test_new_labels_count_until_a_training_has_seen_them(run):
    do(run, Explore(), data=(labels("d1", bulk=5),))
    assert run.state.labels_since_training == 5
    do(run, Train(), model=a_model("m1"))
    assert run.state.labels_since_training == 0


def test_a_pruned_data_set_leaves_the_count_and_can_come_back(run):
    do(run, Explore(), data=(labels("d1", bulk=5), labels("d2", bulk=2)))
    do(run, Explore(), pruning=Pruning(id="p1", datasets=("d1",)))
    assert run.state.groups["bulk"].labels == 2
    do(run, Explore(), pruning=Pruning(id="p2", restored=("p1",)))
    assert run.state.groups["bulk"].labels == 7


def test_the_stable_temperature_is_below_the_lowest_that_broke(run):
    walks = [(300, True), (600, True), (900, False), (1200, True)]
    runs = tuple(
        StabilityRun(group="bulk", structure="s", temperature_K=kelvin, steps=9, done=9, healthy=healthy)
        for kelvin, healthy in walks
    )
    do(run, Explore(), stability=runs)
    assert run.state.groups["bulk"].stable_K == 600
    assert run.state.groups["bulk"].failures == 1


def test_a_changed_event_is_found(run):
    run._log.close()
    with sqlite3.connect(run.folder / "run.db") as db:
        db.execute("UPDATE events SET body = replace(body, 'argon', 'xenon') WHERE seq = 1")
    with pytest.raises(RunFault, match="event 1 was changed"):
        Run(run.folder)


def test_two_processes_cannot_drive_one_run(run):
    with run.driving(), pytest.raises(RunFault, match="Another process"), Run(run.folder).driving():
        pass


def test_a_folder_that_holds_a_run_is_never_written_over(run):
    with pytest.raises(BadInput, match="already holds a run"):
        Run.create(run.folder, Created(task=a_task()))


def test_the_budget_counts_calls(run):
    assert reserve(run.state) == 0  # nothing to evaluate yet
    do(run, Train(), model=a_model("m1"))
    assert calls_left(run.state) == 10_000 - 3
    assert calls_to_spend(run.state) == 10_000 - 3 - reserve(run.state)
    do(run, Explore(), cost=Cost(calls=9_997 - 120))
    assert "reference calls" in spent(run.state) and calls_left(run.state) == reserve(run.state)


@pytest.mark.parametrize(
    ("budget", "wanted", "kept"),
    [({}, (), 120), ({}, ("vacancy", "geometry"), 270), ({"max_calls": 100}, (), 20), ({"max_calls": None}, (), 0)],
)
def test_calls_are_kept_for_the_statics_that_the_task_wants(run, budget, wanted, kept):
    do(run, Train(), model=a_model("m1"))
    task = run.state.task
    changed = {"budget": task.budget.model_copy(update=budget), "properties": wanted}
    assert reserve(run.state.model_copy(update={"task": task.model_copy(update=changed)})) == kept


def test_a_view_cannot_leave_the_run_folder(run):
    with pytest.raises(RunFault, match="leads out"):
        run.view().path("../../etc/passwd")


def test_a_slug_is_made_of_the_words():
    assert slug("Copper: bulk, surfaces & the melt, 300 to 1500 K") == "copper-bulk-surfaces-the-melt-300-to"


def test_a_label_comes_back_as_it_was_and_an_older_one_stays(tmp_path):
    cache = LabelCache(tmp_path)
    label = Label(-1.25, np.array([[0.1, 0.2, 0.3]]), np.arange(6.0), 0.5)
    cache.put("emt", "abc", label)
    cache.put("emt", "abc", Label(9.0, np.zeros((1, 3)), None, 0.1))
    found = LabelCache(tmp_path).get("emt", "abc")
    assert found.energy_eV == -1.25
    assert (found.forces == label.forces).all() and (found.stress == label.stress).all()
    assert cache.get("lj", "abc") is None
