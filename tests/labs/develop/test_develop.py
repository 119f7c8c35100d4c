"""The benchmark of deciding: its data are sound, its arithmetic is right, and one piece goes through end to end."""

import json
from pathlib import Path
from types import SimpleNamespace

import ase.build
import pytest
import yaml
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator

import tiny
from lang2mlip.contracts import ACTIONS, Budget, DataSet, GroupState, LogEntry, Model, State, StructureRecord, check
from lang2mlip.contracts.parts import FitRequest
from lang2mlip.decide.schedule import Schedule
from lang2mlip.errors import BadInput, UnknownName
from lang2mlip.labs.develop.arms import Piece, _schedule, _within_opening, arm, arms
from lang2mlip.labs.develop.bench import Results, Wish, pieces
from lang2mlip.labs.develop.curve import Point, area, first_within
from lang2mlip.labs.develop.fits import Error, own_fit, standard_fit
from lang2mlip.labs.develop.show import draw, ratios, summary
from lang2mlip.labs.develop.systems import plan_of, system, systems, task_of
from lang2mlip.science.trainers.mtp.trainer import MTPTrainer

ROOT = Path(__file__).parents[3]
FLOOR = {"force_meV_A": 10.0, "worst_relative": 0.05, "energy_meV_atom": 1.0}


@pytest.mark.parametrize("name", systems())
def test_every_system_is_a_sound_task_with_a_plan_whose_seeds_move_its_structures(name):
    one = system(name)
    task = task_of(one, 1, FLOOR)
    assert task.goals.force_rmse_meV_A == 10.0 and task.potential.settings["level"] == one.fit["level"]
    first, second = plan_of(one, 1), plan_of(one, 2)
    assert [r.name for r in first.requests] == [r.name for r in second.requests]
    assert all(a.seed != b.seed for a, b in zip(first.requests, second.requests, strict=True))
    assert {r.group for r in first.requests} == set(one.groups)
    assert "doi:" in one.source


def test_three_systems_are_for_tuning_and_three_are_held_out():
    halves = [one.half for one in systems().values()]
    assert sorted(halves) == ["held_out"] * 3 + ["tuning"] * 3


@pytest.mark.parametrize("name", arms())
def test_every_step_of_every_arm_is_a_sound_action_on_every_system(name):
    for one in systems().values():
        piece = Piece(one, arm(name), 1)
        if piece.arm.decider is None:
            told = _schedule(piece)
            for step in [*told["first"], *told.get("repeat", [])]:
                assert check(ACTIONS[step["action"]], step, name).action == step["action"]


def test_the_one_shot_arms_ask_for_the_calls_of_the_budget():
    for one in systems().values():
        for name in ("one-shot", "hand-made"):
            step = _schedule(Piece(one, arm(name), 1))["first"][0]
            counts = [1 if name == "hand-made" else len(group.train) for group in one.groups.values()]
            asked = sum(counts) * (2 * step["steps"] + step["strained"] + step["rattled"])
            budget = one.task["budget"]["max_calls"]
            assert 0.9 * budget <= asked <= budget


def test_a_piece_that_was_stopped_within_its_opening_begins_anew_and_a_later_one_goes_on(tmp_path):
    folder = tiny.new_run(tmp_path).folder
    assert _within_opening(Piece(system("copper-emt"), arm("fixed"), 1), folder)
    assert not _within_opening(Piece(system("copper-emt"), arm("one-shot"), 1), folder)
    assert not _within_opening(Piece(system("copper-emt"), arm("fixed"), 1), tmp_path / "not begun")


def test_a_bare_arm_leaves_the_reference_out_of_its_opening_and_changes_no_key_of_another():
    whole, bare = (Piece(system("copper-emt"), arm(name), 1) for name in ("fixed", "fixed-bare"))
    assert [step["action"] for step in whole.opening()] == ["reference", "explore", "train"]
    assert [step["action"] for step in bare.opening()] == ["explore", "train"]
    assert _schedule(bare)["first"] == list(bare.opening())
    rows = json.loads((ROOT / "benchmarks" / "develop.json").read_text())["rows"]
    assert whole.key() in {row["key"] for row in rows if row["arm"] == "fixed"}


def _error(force):
    return Error(force, force / 1000, "bulk", 1.0, 1000.0, 1.0)


def _points(*marks):
    return [Point(i, calls, 1.0 * calls, calls, _error(force)) for i, (calls, force) in enumerate(marks)]


def test_the_target_is_reached_at_the_first_model_within_it():
    points = _points((100, 50.0), (150, 12.0), (200, 14.0))
    assert first_within(points, 13.0).calls == 150
    assert first_within(points, 5.0) is None


def test_the_area_is_zero_for_a_potential_at_the_floor_from_the_start_and_grows_with_delay():
    known = SimpleNamespace(floor=FLOOR, facts={"rms_force_meV_A": 1000.0})
    assert area(_points((0, 10.0)), known, 100) == pytest.approx(0.0)
    early, late = area(_points((10, 10.0)), known, 100), area(_points((60, 10.0)), known, 100)
    assert early == pytest.approx(0.1 * 4.60517, rel=1e-4)
    assert late == pytest.approx(6 * early)


def test_a_schedule_that_repeats_does_so_until_the_labels_are_spent(tmp_path):
    structures = tuple(
        StructureRecord(id=r.name, request=r, formula="X", n_atoms=1, periodic=True, file="", line="")
        for r in plan_of(next(iter(systems().values())), 1).requests
    )
    task = task_of(next(iter(systems().values())), 1, FLOOR)
    task = task.model_copy(update={"budget": Budget(max_calls=None, max_labels=10)})
    state = State(
        task=task,
        structures=structures,
        groups={r.request.group: GroupState(group=r.request.group) for r in structures},
    )
    file = tmp_path / "rounds.yaml"
    file.write_text(yaml.safe_dump({"first": [{"action": "explore"}], "repeat": [{"action": "explore", "steps": 0}]}))
    decider, done = Schedule(str(file)), 0
    for _ in range(10):
        decision = decider.decide(state, None)
        if decision.action == "end":
            break
        done += 1
        entry = LogEntry(step=done, action="explore", reason="", status="done", summary="")
        data = DataSet(id=str(done), file="x", source="explore", groups={"bulk": 4})
        cost = state.cost.model_copy(update={"labels": 4 * done})
        state = state.model_copy(update={"log": (*state.log, entry), "data": (*state.data, data), "cost": cost})
    assert done == 3
    assert decision.parameters.outcome == "budget"


def test_a_schedule_with_an_unknown_part_is_refused(tmp_path):
    file = tmp_path / "wrong.yaml"
    file.write_text("again: [{action: train}]\n")
    with pytest.raises(BadInput, match="repeat"):
        Schedule(str(file))


def test_the_quick_tier_keeps_to_the_tuning_systems_and_unknown_names_are_named():
    assert {piece.system.half for piece in pieces(Wish())} == {"tuning"}
    with pytest.raises(UnknownName, match="rules"):
        pieces(Wish(arms=("rulez",)))
    with pytest.raises(BadInput, match="standard"):
        pieces(Wish(tier="quik"))


def _labelled(count):
    frames = []
    for seed in range(count):
        atoms = ase.build.bulk("Cu", cubic=True)
        atoms.rattle(0.1, seed=seed)
        atoms.calc = EMT()
        atoms.get_forces()
        frozen = SinglePointCalculator(atoms, **atoms.calc.results)
        atoms.calc = frozen
        atoms.info |= {"group": "bulk"}
        frames.append(atoms)
    return frames


def test_a_model_that_a_run_fitted_the_standard_way_has_the_error_of_the_standard_fit_and_no_other_counts(tmp_path):
    settings = {"level": 6, "cutoff_A": 4.0, "radial_size": 4, "max_iterations": 2}
    one = system("copper-emt").model_copy(update={"fit": settings})
    frames, test = _labelled(6), _labelled(9)[6:]
    told = {**MTPTrainer().suggest(("Cu",), 6, "quick"), **settings}
    request = FitRequest(elements=("Cu",), effort="quick", seed=123, settings=told)
    MTPTrainer().fit(frames, request, tmp_path / "m1", lambda share, words: None)
    model = Model(id="m1", family="mtp", folder="m1", settings=told, n_frames=6, datasets=(), n_parameters=1,
                  train_errors={}, effort="quick")  # fmt: skip
    own, standard = own_fit(one, model, tmp_path / "m1", 1.5, test), standard_fit(one, frames, test, tmp_path)
    assert own.fit_core_s == 1.5
    assert own.force_meV_A == pytest.approx(standard.force_meV_A, rel=1e-4)
    assert own.energy_meV_atom == pytest.approx(standard.energy_meV_atom, rel=1e-3, abs=1e-4)
    for change in ({"effort": "accurate"}, {"parent": "m0"}, {"settings": {**told, "max_iterations": 3}}):
        assert own_fit(one, model.model_copy(update=change), tmp_path / "m1", 1.5, test) is None
    assert own_fit(one, model, tmp_path / "pruned", 1.5, test) is None


def _row(arm_name, seed, calls, budget=400):
    curve = [{"calls": c, "force_meV_A": f, "worst_relative": f / 1000} for c, f in ((100, 40.0), (calls or 300, 12.0))]
    return {
        "system": "toy", "arm": arm_name, "seed": seed, "key": "k", "opening_calls": 100,
        "calls_to_target": calls, "area": 1.0 * seed,
        "core_s_to_target": calls, "core_s": 500.0, "survival": 0.9, "budget": {"max_calls": budget}, "curve": curve,
    }  # fmt: skip


def test_rows_are_kept_once_each_and_a_run_that_never_got_there_counts_as_its_budget(tmp_path):
    facts = {"system": "toy", "half": "tuning", "floor": FLOOR, "target_force_meV_A": 13.0}
    results = Results(tmp_path / "develop.json")
    for row in (_row("rules", 1, 150), _row("fixed", 1, 300), _row("fixed", 1, None), _row("random", 1, 380)):
        results.add(SimpleNamespace(facts=facts), row)
    told = json.loads((tmp_path / "develop.json").read_text())
    assert [row["arm"] for row in told["rows"]] == ["fixed", "random", "rules"]
    assert ratios(told)["toy"] == pytest.approx(150 / 380, abs=1e-3)
    (table,) = summary(told)
    cells = {str(column.header): list(column.cells) for column in table.columns}
    assert cells["arm"] == ["fixed", "random", "rules"]
    assert cells["calls to target"] == [">400", "380", "150"]
    assert cells["after opening"] == [">300", "280", "50"]
    assert cells["MD"] == ["90%"] * 3
    picture = draw(told, tmp_path / "curves.svg").read_text()
    assert picture.count("<svg") == 1 and "toy" in picture


def test_a_row_counts_as_done_only_while_all_that_is_fixed_beforehand_is_the_same(tmp_path):
    facts = {"system": "copper-emt", "half": "tuning", "floor": FLOOR, "target_force_meV_A": 13.0}
    piece = pieces(Wish(systems=("copper-emt",), arms=("rules",)))[0]
    results = Results(tmp_path / "develop.json")
    results.add(SimpleNamespace(facts=facts), {**_row("rules", 1, 150), "system": "copper-emt", "key": piece.key()})
    assert results.has(piece)
    other = piece.system.model_copy(update={"round": {"steps": 1, "labels": 1}})
    assert not results.has(Piece(other, piece.arm, 1))
    assert not results.has(Piece(piece.system, piece.arm, 2))
    results.drop(piece)
    assert not results.has(piece)
