"""An arena in which nothing starts, and a training that meets its limit in a program of its own."""

from types import SimpleNamespace

import pytest
from arenas import tiny

from lang2mlip.compute.pool import Outcome
from lang2mlip.compute.sandbox import Confined
from lang2mlip.errors import RunFault
from lang2mlip.labs.research import trial
from lang2mlip.labs.research.__main__ import work
from lang2mlip.labs.research.builtin import BuiltIn
from lang2mlip.labs.research.kit import INSIDE
from lang2mlip.labs.research.nostart import same_fault
from lang2mlip.labs.research.search import Budget, Search
from lang2mlip.labs.research.story import story_of


class Here:
    """A pool without processes of its own."""

    def run(self, folders, **_):
        told = [(folder, *work(folder)) for folder in folders]
        return [Outcome(folder, None if word == "done" else what) for folder, word, what in told]


def test_a_search_in_which_nothing_starts_stops_after_three_runs_and_goes_on_when_that_is_mended(tmp_path, monkeypatch):
    arena = tiny(tmp_path / "tiny", replicates=1)
    with monkeypatch.context() as blind:
        blind.setattr(trial, "for_strategy", lambda: [INSIDE])
        with pytest.raises(RunFault, match=r"Nothing runs in the arena tiny: .*No module named.*research run tiny"):
            Search(arena, BuiltIn(), Here()).go()
    assert len(arena.journal.of("run")) == 3 and arena.journal.of("halted")
    story = story_of(arena.journal)
    assert not story.runs and story.pending is not None
    assert BuiltIn().propose(arena, story).source == arena.spec["recipes"][0]["source"]
    story = Search(arena, BuiltIn(), Here(), Budget(runs=2, attempts=2)).go()
    assert all(run["status"] in ("scored", "hopeless") for run in story.runs.values())
    assert [one.void for one in story.attempts] == [True, False] and story.ended


def test_faults_that_differ_that_are_few_or_that_a_strategy_can_mend_stop_nothing():
    def runs(*words):
        return {(f"c{number}", 0, "screen"): {"status": "failed", "words": one} for number, one in enumerate(words)}

    assert same_fault(runs("no module", "no module", "no module")) == "no module"
    assert same_fault(runs("no module", "no module")) is None and same_fault({}) is None
    assert same_fault(runs("no module", "no module", "singular")) is None
    assert same_fault(runs(*["the training was ended: more than 90 s of CPU time, or memory"] * 4)) is None
    assert same_fault(runs("a", "a", "a") | {("d", 0, "screen"): {"status": "scored", "words": ""}}) is None


def test_a_training_process_that_met_the_limit_on_its_own_is_told_as_that():
    arena, ended = SimpleNamespace(rules=SimpleNamespace(train_s=90)), Confined(1, "stopped with code -24", False)
    assert "more than 90 s of CPU time" in trial._trouble(ended, arena, 90.8)
    assert "code -24" in trial._trouble(ended, arena, 3.0)
