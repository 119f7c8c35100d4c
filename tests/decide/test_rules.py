"""The built-in expert reads the state: what is wanting comes first, and nothing is called a success unproven."""

from __future__ import annotations

from typing import Any

from decide_states import decided, errors, explored, records, sampled, task, trained

from lang2mlip.contracts import (
    Cost,
    DataSet,
    Evaluate,
    Evaluation,
    Explore,
    Gate,
    GroupState,
    Model,
    PoolSet,
    Prune,
    Pruning,
    ReferenceRun,
    Result,
    Sample,
    Select,
    StabilityRun,
    State,
    Train,
)
from lang2mlip.decide.gather_data import _walk_steps
from lang2mlip.decide.prove import MOST_TRIES
from lang2mlip.decide.rules import Rules
from lang2mlip.record.events import Created, Event, Finished, Prepared
from lang2mlip.record.ledger import STATICS
from lang2mlip.record.state import fold
from lang2mlip.record.view import Step, View

GROUPS = ("crystal", "melt")


def state_after(*done: tuple[Any, Result], **budget: Any) -> State:
    """The state of a prepared run in which these actions were done."""
    events: list[Event] = [Created(task=task(**budget)), Prepared(structures=records())]
    for step, (parameters, result) in enumerate(done, start=1):
        events += [decided(step, parameters), Finished(step=step, result=result)]
    return fold(events)


def advice(*done: tuple[Any, Result], **budget: Any) -> Any:
    decision = Rules().decide(state_after(*done, **budget), None)
    assert decision.reason and decision.expectation and decision.seen
    return decision.parameters


def failed(parameters: Any, why: str = "it broke") -> tuple[Any, Result]:
    return parameters, Result(action=parameters.action, status="failed", summary=why, cost=Cost(calls=1))


def model(name: str, effort: str = "quick", worst: float = 60.0) -> Result:
    per_group = {group: errors(12.0).model_copy(update={"force_max_error_meV_A": worst}) for group in GROUPS}
    made = Model(id=name, family="mtp", folder=name, n_frames=9, datasets=(), train_errors=per_group, effort=effort)
    return Result(action="train", status="done", summary="fitted", model=made)


def walked(*broken: str) -> Result:
    runs = tuple(
        StabilityRun(
            group=g, structure=g, temperature_K=120, steps=300, done=60 if g in broken else 300, healthy=g not in broken
        )
        for g in GROUPS
    )
    pool = PoolSet(id=f"pool-{len(broken)}", file="p", model="m1", groups=dict.fromkeys(GROUPS, 30))
    return Result(action="sample", status="done", summary="walked", stability=runs, pool=(pool,))


def selected(force: float, count: int = 20) -> Result:
    data = DataSet(id=f"s{force}", file="d", source="select", groups=dict.fromkeys(GROUPS, count // 2),
                   fresh_errors={group: errors(force) for group in GROUPS})  # fmt: skip
    cost = Cost(calls=count, labels=count)
    return Result(
        action="select", status="done", summary="labelled", data=(data,), cost=cost, drawn=("pool-0", "pool-1")
    )


def judged(name: str, passed: bool) -> Result:
    gate = Gate(name="force", value=9.0, limit=30.0 if passed else 5.0, unit="meV/Å", passed=passed, group="melt")
    one = Evaluation(model=name, depth="full", on="validation", errors={"all": errors(9.0)}, gates=(gate,))
    return Result(action="evaluate", status="done", summary="judged", evaluation=one)


def looked(name: str, force: float = 9.0) -> tuple[Any, Result]:
    """A quick look at the held-out frames."""
    found = {group: errors(force) for group in (*GROUPS, "all")}
    one = Evaluation(model=name, depth="errors", on="validation", errors=found)
    return Evaluate(), Result(action="evaluate", status="done", summary="looked", evaluation=one)


def referenced() -> Result:
    ranges: dict[str, dict[str, tuple[float, float]]] = {group: {"distance Ar-Ar": (3.1, 9.0)} for group in GROUPS}
    return Result(action="reference", status="done", summary="walked", ranges=ranges, cost=Cost(calls=900))


BEGUN = (ReferenceRun(), referenced()), (Explore(), explored())
FITTED = (*BEGUN, (Train(), trained()))
GOOD = (*FITTED, (Sample(), walked()), (Select(), selected(9.0)), (Train(), model("m2")), looked("m2"))
POLISHED = (*GOOD, (Train(effort="accurate"), model("m3", "accurate")))


def test_the_reference_runs_first_because_everything_is_compared_with_it():
    assert advice() == ReferenceRun(steps=450, keep_every=5, longest=3.0)


def test_a_small_budget_shortens_the_reference_runs():
    wanted = advice(max_calls=600)
    assert wanted.action == "reference" and wanted.steps * len(GROUPS) <= 0.3 * 600


CHEAP = (Explore(), explored().model_copy(update={"cost": Cost(calls=40, labels=40)}))


def test_where_the_reference_md_is_dear_labels_come_first_and_it_comes_when_there_are_no_more():
    assert advice(max_calls=400).action == "reference"
    assert advice(max_calls=300).action == "explore"
    fitted = (CHEAP, (Train(), trained()))
    assert advice(*fitted, max_calls=300, max_labels=60).action == "sample"
    late = Rules().decide(state_after(*fitted, max_calls=300, max_labels=40), None)
    assert late.parameters.action == "reference" and "dear" in late.reason
    assert 30 * len(GROUPS) <= late.parameters.steps * len(GROUPS) <= 0.5 * 260


def test_calls_for_the_reference_md_that_waits_are_kept():
    sampling, statics = (CHEAP, (Train(), trained()), (Sample(), walked("melt"))), 40
    wanted = advice(*sampling, max_calls=200)
    assert wanted.action == "select" and wanted.count <= 200 - 40 - statics - 30 * len(GROUPS)
    assert advice(*sampling, max_calls=40 + 60 + 25).action == "reference"


def test_nothing_is_kept_for_reference_md_that_failed_twice():
    sampling = (CHEAP, (Train(), trained()), (Sample(), walked("melt")))
    vain = (failed(ReferenceRun()), (Sample(), walked("melt")), failed(ReferenceRun()), (Sample(), walked("melt")))
    assert advice(*sampling, max_calls=125).action == "reference"
    assert advice(*sampling, *vain, max_calls=125).action == "select"


def test_where_held_out_frames_came_late_every_model_since_the_best_is_taken_back():
    first = (CHEAP, (Train(), trained()), (Select(), selected(9.0)), (Train(), model("m2")))
    more = ((Select(), selected(8.0)), (Train(), model("m3")), (Select(), selected(7.0)), (Train(), model("m4")))
    looking, seen = looked("m4", 400.0)
    earlier = tuple(looked(name, force)[1].evaluation for name, force in (("m2", 150.0), ("m3", 390.0)))
    done = (*first, *more, (ReferenceRun(), referenced()), (looking, seen.model_copy(update={"earlier": earlier})))
    wanted = advice(*done)
    assert wanted.action == "prune" and wanted.models == ("m3", "m4")
    assert state_after(*done).evaluation.model == "m4"


def test_groups_without_labels_are_explored():
    wanted = advice(*BEGUN[:1])
    assert wanted.action == "explore" and set(wanted.groups) == set(GROUPS)


def test_molecules_are_rattled_as_often_as_cells_are_rattled_and_strained():
    cells, state = advice(*BEGUN[:1]), state_after(*BEGUN[:1])
    alone = tuple(one.model_copy(update={"periodic": False}) for one in state.structures)
    wanted = Rules().decide(state.model_copy(update={"structures": alone}), None).parameters
    assert cells.strained > 0 and wanted.strained == 0 and wanted.rattled == cells.strained + cells.rattled


def test_an_error_over_all_groups_that_is_too_large_is_mended_in_the_worst_of_them():
    gate = Gate(name="force error", value=9.0, limit=5.0, unit="meV/Å", passed=False)
    found = {"crystal": errors(5.0), "melt": errors(11.0), "all": errors(9.0)}
    one = Evaluation(model="m3", depth="full", on="validation", errors=found, gates=(gate,))
    missed = (*POLISHED, (Evaluate(depth="full"), Result(action="evaluate", status="done", summary="", evaluation=one)))
    wanted = advice(*missed)
    assert wanted.action == "sample" and wanted.groups == ("melt",)
    again = (*missed, (wanted, walked()))
    assert advice(*again).action == "select" and "melt" in advice(*again).groups


def test_walks_that_leave_nothing_to_label_are_not_repeated_without_end():
    gate = Gate(name="force error", value=9.0, limit=5.0, unit="meV/Å", passed=False)
    one = Evaluation(model="m3", depth="full", on="validation", errors={"all": errors(9.0)}, gates=(gate,))
    missed = (*POLISHED, (Evaluate(depth="full"), Result(action="evaluate", status="done", summary="", evaluation=one)))
    empty = Result(action="sample", status="done", summary="nothing was kept")
    assert advice(*missed, (advice(*missed), empty)).action == "end"


def test_a_rule_that_would_do_the_same_a_third_time_gives_way_to_the_next(tmp_path):
    state = state_after(*FITTED)
    wanted = Rules().decide(state, None).parameters
    steps = [Step(number, decided(number, wanted).decision, walked()) for number in (4, 5)]

    class Log(View):
        def steps(self):
            return tuple(steps)

    other = Rules().decide(state, Log(tmp_path, state, ())).parameters
    assert wanted.action == "sample" and other != wanted


def test_first_data_leave_room_in_a_small_label_budget():
    wanted = advice(*BEGUN[:1], max_labels=24)
    per_structure = wanted.strained + wanted.rattled + 2 * (1 + wanted.steps // wanted.keep_every)
    assert 2 * per_structure <= 0.8 * 24


def test_data_without_a_model_call_for_a_fit_and_a_fresh_model_for_sampling():
    assert advice(*BEGUN) == Train()
    assert advice(*FITTED).action == "sample"


def test_frames_in_the_pool_are_labelled_before_anything_else():
    assert advice(*FITTED, (Sample(), sampled())).action == "select"


def test_labels_go_first_where_md_broke():
    assert advice(*FITTED, (Sample(), walked("melt"))).groups == ("melt",)
    assert advice(*FITTED, (Sample(), walked())).groups == ()


def test_new_labels_are_learnt_and_then_the_new_model_is_walked_where_the_old_one_broke():
    broke = (*FITTED, (Sample(), walked("melt")), (Select(), selected(80.0)))
    assert advice(*broke) == Train()
    again = advice(*broke, (Train(), model("m2")), looked("m2", 60.0))
    assert again.action == "sample" and (again.steps, again.steps_of) == (600, {"melt": 120})


def test_walks_grow_with_the_rounds_but_are_no_longer_than_twice_what_they_lasted_where_they_broke():
    group = GroupState(group="melt")
    told = [(0, 0.0), (300, 300.0), (1200, 1150.0), (1200, 200.0), (300, 12.0)]
    steps = [
        _walk_steps(group.model_copy(update={"walked": walked, "lasted": lasted}), 1200) for walked, lasted in told
    ]
    assert steps == [1200, 1200, 1200, 400, 100]


def test_small_errors_on_fresh_labels_end_the_sampling_and_call_for_full_effort():
    assert advice(*GOOD) == Train(effort="accurate", start="current")


def test_an_outlier_is_pruned_once_for_a_batch_and_no_more():
    spoiled = (*BEGUN, (Train(), model("m1", worst=9000.0)))
    assert advice(*spoiled).action == "prune"
    nothing = Result(action="prune", status="done", summary="0 dropped", pruning=Pruning(id="p"))
    assert advice(*spoiled, (Prune(), nothing)).action != "prune"


def test_success_is_said_only_after_an_evaluation_in_which_every_gate_holds():
    assert advice(*POLISHED) == Evaluate(depth="full", relabel=30)
    end = advice(*POLISHED, (Evaluate(), judged("m3", True)))
    assert end.action == "end" and end.outcome == "success"
    assert advice(*POLISHED, (Evaluate(), judged("m3", False))).action == "sample"


def test_a_missed_goal_is_worked_on_where_it_was_missed_and_only_so_often():
    missed = (*POLISHED, (Evaluate(), judged("m3", False)))
    assert advice(*missed).groups == ("melt",)
    rounds = [
        one
        for name in (f"a{n}" for n in range(MOST_TRIES))
        for one in ((Train(), model(name, "accurate")), (Evaluate(), judged(name, False)))
    ]
    end = advice(*GOOD, *rounds)
    assert end.action == "end" and end.outcome == "failure" and "labels" in end.advice


def test_spent_labels_lead_to_the_best_fit_an_evaluation_and_an_honest_end():
    tight = {"max_labels": 60}
    full = (*FITTED, (Sample(), walked("melt")), (Select(), selected(80.0)), (Train(), model("m2")), looked("m2", 70.0))
    assert advice(*full, **tight) == Train(effort="accurate", start="current")
    polished = (*full, (Train(effort="accurate"), model("m3", "accurate")))
    assert advice(*polished, **tight).action == "evaluate"
    end = advice(*polished, (Evaluate(), judged("m3", False)), **tight)
    assert end.action == "end" and end.outcome == "budget"


def test_spent_calls_still_allow_what_costs_none():
    spent = {"max_calls": 1380}
    assert advice(*BEGUN, **spent) == Train()
    assert advice(*FITTED, **spent) == Train(effort="accurate", start="current")


def test_calls_are_kept_for_the_statics_of_the_next_evaluation():
    sampling = (*FITTED, (Sample(), walked("melt")))
    kept = 2 * (STATICS["lattice"] + STATICS["elastic"])
    wanted = advice(*sampling, max_calls=1380 + kept + 9)
    assert wanted.action == "select" and wanted.count <= 9
    assert advice(*sampling, max_calls=1380 + kept).action == "train"


def test_spent_time_ends_the_run_at_once():
    slow = (ReferenceRun(), referenced().model_copy(update={"cost": Cost(calls=10, wall_s=70.0)}))
    end = advice(slow, max_time_s=60.0)
    assert end.action == "end" and end.outcome == "budget"


def test_three_failures_in_a_row_end_the_run_and_say_what_to_mend():
    broken = [failed(Explore(), "No licence for the reference program.")] * 3
    end = advice(*BEGUN[:1], *broken)
    assert end.action == "end" and end.outcome == "failure"
    assert "No licence" in end.advice


def test_a_reference_that_gives_nothing_never_makes_the_rules_go_in_circles():
    done: list[tuple[Any, Result]] = []
    for _ in range(20):
        wanted = advice(*done)
        if wanted.action == "end":
            break
        done.append(failed(wanted))
    assert wanted.action == "end" and len(done) <= 3
