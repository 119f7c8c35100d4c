"""Whole searches through the real sandbox and judge, in this process; ideas come from a list or a scripted model."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from arenas import tiny
from ase.calculators.emt import EMT

import tiny as job
from lang2mlip.compute.pool import Outcome
from lang2mlip.contracts import PotentialSpec, check
from lang2mlip.errors import BadInput
from lang2mlip.labs.research.__main__ import work
from lang2mlip.labs.research.arena import Arena
from lang2mlip.labs.research.builtin import BuiltIn
from lang2mlip.labs.research.looks import Looks
from lang2mlip.labs.research.measure import Trials, hot_walks, quiet_walk, unstable_share
from lang2mlip.labs.research.page import write_page
from lang2mlip.labs.research.proposal import Proposal
from lang2mlip.labs.research.researcher import Researcher
from lang2mlip.labs.research.search import Budget, Search
from lang2mlip.labs.research.story import Attempt, story_of
from lang2mlip.labs.research.tell import difference, explained, told
from lang2mlip.labs.research.winner import proven, strategy_of
from lang2mlip.language.scripted import Call, Fault
from lang2mlip.language.speaker import Speaker
from lang2mlip.record.run import Run
from lang2mlip.science.atoms.frames import read_frames

BETTER = {"settings.max_iterations": 6}
OUTSIDE = """--- /dev/null
+++ b/notes.md
@@ -0,0 +1 @@
+Anything goes.
"""
WRONG = """--- a/strategy/train.py
+++ b/strategy/train.py
@@ -1,2 +1,2 @@
-a line that is not there
+another
"""
RELABEL = """--- a/strategy/train.py
+++ b/strategy/train.py
@@ -1,1 +1,2 @@
+from ase.calculators.emt import EMT
 \"\"\"The strategy: from labelled frames to a potential in `model/`. This file and config.yaml are what may be changed.
"""


class Here:
    """A pool without processes of its own; it can be told to stop before its n-th piece."""

    cores = 1

    def __init__(self, stop_at=None):
        self.stop_at, self.done = stop_at, 0

    def run(self, folders, report=None, work_="training", **_):
        outcomes = []
        for folder in folders:
            if self.stop_at is not None and self.done >= self.stop_at:
                raise KeyboardInterrupt
            word, what = work(folder)
            self.done += 1
            outcomes.append(Outcome(Path(folder), None if word == "done" else what))
        return outcomes

    def close(self):
        pass


class Listed:
    """Ideas from a list, by the number of attempts so far."""

    name = "listed"

    def __init__(self, *ideas):
        self.ideas = ideas

    def propose(self, arena, story):
        return self.ideas[len(story.attempts)] if len(story.attempts) < len(self.ideas) else None


def idea(words, **more):
    return Proposal(hypothesis=words, expected="better", origin="test", **more)


IDEAS = [
    idea("outside", patch=OUTSIDE),
    idea("does not apply", patch=WRONG),
    idea("relabels", patch=RELABEL),
    idea("nothing", change={"settings.level": 4}),
    idea("no such setting", change={"settings.levle": 6}),
    idea("radial functions are fitted", change=BETTER),
]


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A search that is stopped twice, finds an arena edited by hand and one with a changed test set, and ends."""
    arena = tiny(tmp_path_factory.mktemp("arenas") / "tiny", replicates=1)
    with pytest.raises(KeyboardInterrupt):
        Search(arena, Listed(*IDEAS), Here(stop_at=0)).go()
    with pytest.raises(KeyboardInterrupt):
        Search(arena, Listed(*IDEAS), Here(stop_at=2)).go()
    arena = Arena.open(arena.place)
    (arena.place / "program.md").write_text("# Mine\n")
    (arena.place / "game" / "strategy" / "config.yaml").write_text("family: nothing\n")
    (arena.place / "judge" / "screen.extxyz").write_text("")
    Search(arena, Listed(*IDEAS), Here()).go()
    return Arena.open(arena.place)


def test_every_bad_idea_is_recorded_as_what_it_is_and_the_search_goes_on(searched):
    whys = [attempt.verdict["why"] for attempt in story_of(searched.journal).attempts]
    for why, words in zip(whys, ["notes.md", "does not apply", "calls a reference", "changes nothing"], strict=False):
        assert words in why
    assert "levle" in whys[4] and "level" in whys[4]


def test_what_is_better_is_kept_and_is_what_the_game_holds(searched):
    story = story_of(searched.journal)
    assert story.attempts[-1].kept and story.control != story.baseline
    assert searched.config(story.control)["settings"]["max_iterations"] == 6
    assert not searched.history.touched()
    assert story.misses == 0 and story.ended == "the proposer has no idea left"


def test_a_stopped_search_goes_on_and_pays_for_nothing_twice(searched):
    runs = [(one["commit"], one["seed"], one["role"]) for one in searched.journal.of("run")]
    assert len(runs) == len(set(runs))
    assert len(searched.journal.of("begun")) == 3 and len(searched.journal.of("ended")) == 1


def test_edits_by_hand_are_written_down_and_only_the_program_is_kept(searched):
    edited = searched.journal.of("edited")
    assert edited[0]["paths"] == ["strategy/config.yaml"] and "family: nothing" in edited[0]["diff"]
    assert searched.program == searched.journal.of("program")[-1]["text"] == "# Mine\n"
    assert searched.journal.of("tampered")[0]["found"] == ["judge/screen.extxyz was changed"]
    assert not searched.tampered()


def test_winner_and_baseline_are_scored_on_frames_that_no_decision_saw(searched):
    finals = {one["of"]: one["reading"] for one in searched.journal.of("final")}
    energies = {name: one["metrics"]["energy_rmse_meV_atom"] for name, one in finals.items()}
    assert energies["winner"] < 0.5 * energies["baseline"]


def test_what_was_kept_is_ablated(searched):
    assert [one["path"] for one in searched.journal.of("ablation")] == ["settings.max_iterations"]
    assert not searched.journal.of("ablation")[0]["keep"]


def test_the_search_is_told_in_words_diffs_and_a_page(searched):
    lines = list(told(searched))
    assert any("kept" in line and "radial functions are fitted" in line for line in lines)
    assert "+  max_iterations: 6" in difference(searched, 0) and "levle" in difference(searched, 5)
    assert any(line.startswith("Lesson: Expected: better. Found:") for line in explained(searched, 6))
    page = write_page(searched).read_text()
    assert (
        page.count("<circle") >= 2 and "radial functions are fitted" in page and "http" not in page.split("<style>")[0]
    )
    with pytest.raises(BadInput, match="no attempt 9"):
        difference(searched, 9)


def test_what_won_is_a_strategy_with_its_proof(searched):
    found = strategy_of(searched)
    assert found.family == "mtp" and found.settings["max_iterations"] == 6 and "time_limit_s" not in found.settings
    assert proven(searched) and found.evidence.startswith("on frames that no decision saw: score ")


def test_a_run_takes_over_what_won_at_a_word_and_a_task_file_can_hold_it(searched, tmp_path):
    prepare, won = ("prepare", job.WORDS, "--yes", "--name"), ("--strategy", str(searched.place))
    (taken, said), (other, why), (_, printed) = job.batch(
        tmp_path,
        [(*prepare, "a", *won), (*prepare, "b", "--potential", "snap", *won), ("research", "winner", won[1])],
    )
    assert taken == 0, said
    state = Run(tmp_path / "runs" / "a").state
    assert state.strategy == state.task.potential.strategy == strategy_of(searched)
    assert "max_iterations: 6" in (tmp_path / "runs" / "a" / "task.yaml").read_text()
    assert other == 2 and "is for mtp, and the potential is snap" in why and not (tmp_path / "runs" / "b").exists()
    assert check(PotentialSpec, {"family": "mtp", **yaml.safe_load(printed)}, "-").strategy == state.strategy


def test_an_arena_in_which_nothing_was_kept_has_no_winner(tmp_path):
    arena = tiny(tmp_path / "new")
    assert not proven(arena)
    with pytest.raises(BadInput, match="Nothing was kept in the arena new yet"):
        strategy_of(arena)


def test_recipes_come_first_then_single_steps_then_the_estimator_and_then_another_structure(searched, tmp_path):
    story = story_of(searched.journal)
    first = BuiltIn().propose(searched, story)
    assert first.origin == "recipe" and "Novikov" in first.source
    step = BuiltIn(recipes=False).propose(searched, story)
    assert step.origin == "step" and len(step.change) == 1
    estimated = BuiltIn(recipes=False, steps=False).propose(searched, story)
    assert estimated == BuiltIn(recipes=False, steps=False).propose(searched, story) and estimated.origin == "tpe"
    story.misses = 9
    demanded = BuiltIn(recipes=False).propose(searched, story)
    other = BuiltIn(recipes=False, steps=False).propose(searched, story)
    structural = {path for path, axis in searched.spec["space"].items() if axis.get("structural")}
    assert demanded.origin == other.origin == "structural"
    assert set(demanded.change) <= structural and structural & set(other.change)


def test_a_recipe_that_was_reverted_gets_one_more_try_once_something_else_was_kept(searched):
    story = story_of(searched.journal)
    story.attempts = [
        Attempt(number, {"source": recipe["source"], "commit": story.baseline}, {"keep": False})
        for number, recipe in enumerate(searched.spec["recipes"], 1)
    ]
    assert BuiltIn(steps=False).propose(searched, story).origin != "recipe"
    last = len(story.attempts) + 1
    story.attempts.append(Attempt(last, {"source": "", "commit": story.baseline}, {"keep": True}))
    again = BuiltIn(steps=False).propose(searched, story)
    assert again.origin == "recipe" and again.source == searched.spec["recipes"][0]["source"]
    assert "now that the rest is another" in again.hypothesis
    for number, recipe in enumerate(searched.spec["recipes"], last + 1):
        tried = {"source": recipe["source"], "commit": story.baseline}
        story.attempts.append(Attempt(number, tried, {"keep": number == last + 1}))
    assert BuiltIn(steps=False).propose(searched, story).origin != "recipe"


def test_a_budget_is_kept(searched):
    story = story_of(searched.journal)
    assert Budget(runs=1).spent(story) == "1 runs" and Budget(seconds=0.1).spent(story) == "0.1 seconds"
    assert Budget(attempts=6).spent(story) == "6 attempts" and Budget().spent(story) is None


EDIT = Call(
    "propose_edit", {"hypothesis": "energies count too little", "expected": "energies fall", "change": {"soften": 1.0}}
)
OBJECT, APPROVE = Call("object", {"why": "say which frames"}), Call("approve", {"why": "worth a run"})


def researcher(tmp_path):
    return Researcher(Speaker.live("openai:scripted", tmp_path), Listed(idea("fallback", change=BETTER)), 10_000)


def test_a_model_looks_proposes_is_reviewed_and_answers_the_objection(serve, searched, tmp_path):
    story = story_of(searched.journal)
    script = [Call("read_file", {"path": "strategy/config.yaml"}), Call("attempt", {"number": 6}),
              Call("log", {"number": 0}), Call("worst_frames", {"number": 0}), Call("curves", {"number": 6}),
              Call("walks", {"number": 6}), Call("walk", {"number": 6, "name": "nve of seed 0"}),
              EDIT, OBJECT, EDIT, APPROVE]  # fmt: skip
    with serve(script) as model:
        found = researcher(tmp_path).propose(searched, story)
    assert found.change == {"soften": 1.0} and found.origin == "llm:openai:scripted" and not found.refused
    assert found.tokens == 11 * 120 and "worth a run" in found.remark
    told_model = "".join(request.text for request in model.requests)
    for words in (
        "max_iterations: 6",
        "radial functions are fitted",
        "residual",
        "frame ",
        "say which frames",
        "# Mine",
        "volume_A3_atom reference_meV_atom model_meV_atom",
        "hot-0-0 of seed 0: nvt 300 K, 8 atoms, 20 of 20 steps",
        "time_ps temperature_K potential_meV_atom conserved_meV_atom",
    ):
        assert words in told_model
    assert "judge/" not in json.dumps([request.body for request in model.requests]).replace("judge/ ", "")


def test_curves_and_walks_are_those_that_were_scored(searched):
    story = story_of(searched.journal)
    for run in story.of(story.control):
        curve, walks = run["seen"]["curve"], run["seen"]["walks"]
        misses = np.subtract(curve["model_meV_atom"], curve["reference_meV_atom"])
        assert np.std(misses) == pytest.approx(run["metrics"]["curve_meV_atom"]) and len(misses) == 4
        assert [walk["whole"] for walk in walks] == [True, True] and run["metrics"]["unstable_share"] == 0
        still = walks[-1]
        assert still["ensemble"] == "nve" and still["series"]["conserved_meV_atom"][0] == 0.0
        assert still["series"]["time_ps"][-1] == pytest.approx(40 * still["timestep_fs"] / 1000)
    looks = Looks(searched, story)
    assert "There is no MD run 'x'; there are: hot-0-0 of seed 0" in looks.walk(0, "x")
    assert "There are no curves" in looks.curves(1) and "There are no MD runs" in looks.walks(99)


def test_a_broken_walk_says_where_and_why(searched):
    start = read_frames(searched.place / "judge" / "starts.extxyz")
    trials = Trials(temperature_K=30_000.0, steps=200, seeds=1, drift_temperature_K=30_000.0, drift_steps=200)
    walks = hot_walks(start, EMT(), trials)
    assert unstable_share(walks) == 1.0 and walks[0].done < 200 and walks[0].trip
    quiet, drift = quiet_walk(start[0], EMT(), trials)
    assert not quiet.whole and np.isnan(drift)


def test_an_idea_that_the_reviewer_refuses_twice_is_written_down_and_not_run(serve, searched, tmp_path):
    with serve([EDIT, OBJECT, EDIT, OBJECT]):
        found = researcher(tmp_path).propose(searched, story_of(searched.journal))
    assert "objected 2 times: say which frames" in found.refused


def test_a_patch_outside_of_the_strategy_goes_back_to_the_model(serve, searched, tmp_path):
    bad = Call("propose_edit", {"hypothesis": "h", "expected": "e", "patch": OUTSIDE})
    with serve([bad, EDIT, APPROVE]) as model:
        found = researcher(tmp_path).propose(searched, story_of(searched.journal))
    assert found.change == {"soften": 1.0} and "not below strategy/" in model.requests[1].text


def test_where_the_model_fails_the_built_in_search_goes_on_and_says_so(serve, searched, tmp_path):
    story = story_of(searched.journal)
    story.attempts = []
    with serve([Fault(400)]):
        found = researcher(tmp_path).propose(searched, story)
    assert found.hypothesis == "fallback" and "proposed, not llm:openai:scripted" in found.remark
