"""The search: propose, screen, replicate, keep or revert, write down; then ablate, and score on what nobody saw."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field

from lang2mlip.compute.pool import Pool
from lang2mlip.contracts import Noun
from lang2mlip.errors import BadInput, RunFault
from lang2mlip.labs.research.arena import Arena
from lang2mlip.labs.research.card import read
from lang2mlip.labs.research.keeping import Verdict, compared, needed, no_worse, promising, typical
from lang2mlip.labs.research.kit import scorer
from lang2mlip.labs.research.nostart import same_fault
from lang2mlip.labs.research.proposal import Proposal, Proposer, flat, merged
from lang2mlip.labs.research.story import Attempt, Story, story_of
from lang2mlip.labs.research.trial import Asked

__all__ = ["Budget", "Search"]


_REFERENCE = re.compile(
    r"science\.reference|ase\.calculators\.(?!singlepoint)\w+|\b(pyscf|tblite|gpaw)\b|[\"\']reference[\"\']"
)


class Budget(Noun):
    """What a search may spend in all; a resumed one goes on counting."""

    runs: int = Field(default=40, ge=1, description="runs of a strategy, replicates included")
    seconds: float = Field(default=7200.0, gt=0, description="seconds of runs")
    tokens: int = Field(default=1_000_000, ge=0, description="tokens of a language model")
    attempts: int = Field(default=20, ge=0, description="attempts")

    def spent(self, story: Story) -> str | None:
        """Which limit is reached, in words."""
        reached = {
            f"{self.runs} runs": len(story.runs) >= self.runs,
            f"{self.seconds:g} seconds": story.seconds >= self.seconds,
            f"{self.tokens} tokens": bool(self.tokens) and story.tokens >= self.tokens,
            f"{self.attempts} attempts": len(story.attempts) >= self.attempts and story.pending is None,
        }
        return next((words for words, over in reached.items() if over), None)


def _quiet(line: str) -> None:
    pass


@dataclass
class Search:
    """One search in one arena. All it knows is in the journal, so it can be stopped anywhere and gone on with."""

    arena: Arena
    proposer: Proposer
    pool: Pool
    budget: Budget = field(default_factory=Budget)
    say: Callable[[str], None] = _quiet

    @property
    def story(self) -> Story:
        """Where it stands."""
        return story_of(self.arena.journal)

    def go(self) -> Story:
        """Search until the budget is spent or the proposer has no idea left; then ablate and score on the final set."""
        same = self.arena.journal.entries[0].get("scorer") == scorer()
        facts = {"budget": self.budget.model_dump(), "same_scorer": same}
        self.arena.journal.append("begun", proposer=self.proposer.name, **facts)
        if not same:
            self.say("The scorer is another than when this arena was made: old and new scores do not quite compare.")
        self._runs(self.story.baseline, [0])
        why = self.budget.spent(self.story)
        while why is None:
            if not self.step():
                why = "the proposer has no idea left"
            why = why or self.budget.spent(self.story)
        self._finish_pending()
        self.ablate()
        self._final()
        self.arena.journal.append("ended", why=why)
        return self.story

    def step(self) -> bool:
        """One attempt, or what is left of one; False when there is no idea left."""
        self._inspect()
        story = self.story
        if story.pending is None:
            proposal = self.proposer.propose(self.arena, story)
            if proposal is None:
                return False
            if not self._begin(proposal, len(story.attempts) + 1):
                return True
        self._finish_pending()
        return True

    def _begin(self, proposal: Proposal, number: int) -> bool:
        """Commit the change under a tag; False where it does not apply, which is a verdict, too."""
        control = self.story.control
        fault = self._change(proposal, control)
        history = self.arena.history
        commit = history.commit(f"attempt {number}: {proposal.hypothesis}") if fault is None else control
        history.tag(f"attempt-{number:04d}", commit)
        diff = history.diff(control, commit)
        self.arena.journal.append(
            "proposal", number=number, commit=commit, parent=control, diff=diff, **proposal.model_dump()
        )
        self.say(f"{number}. {proposal.hypothesis}")
        if fault is None and diff:
            return True
        self._close(Verdict(keep=False, why=fault or "it changes nothing"), commit)
        return False

    def _change(self, proposal: Proposal, control: str) -> str | None:
        history = self.arena.history
        history.back_to(control)
        if proposal.refused:
            return proposal.refused
        try:
            if proposal.change:
                self.arena.write_config(merged(self.arena.config(control), proposal.change))
        except (BadInput, AttributeError, TypeError) as error:
            return f"the settings cannot be changed so: {error}"
        fault = history.apply(proposal.patch) if proposal.patch else None
        fault = f"the patch does not apply: {fault}" if fault else self._forbidden()
        if fault:
            history.back_to(control)
        return fault

    def _forbidden(self) -> str | None:
        """Why the files as they are now may not run, or None. A hint for the honest: the sandbox is the barrier."""
        outside = [path for path in self.arena.history.touched() if not path.startswith("strategy/")]
        if outside:
            return f"the patch changes {outside[0]}, not the strategy"
        text = "\n".join(file.read_text(encoding="utf-8") for file in self.arena.place.glob("game/strategy/*.py"))
        found = _REFERENCE.search(text)
        return f"the strategy calls a reference ({found[0]}), but the training frames are frozen" if found else None

    def _finish_pending(self) -> None:
        """Screen, replicate what is promising, judge, keep or revert."""
        attempt = self.story.pending
        if attempt is not None:
            self._close(self._judged(attempt), attempt.proposal["commit"])

    def _judged(self, attempt: Attempt) -> Verdict:
        arena, rules = self.arena, self.arena.rules
        commit, control = attempt.proposal["commit"], self.story.control
        self._runs(control, [0])
        old = typical(arena.card, self.story.of(control))
        error = old.get("metrics", {}).get("force_rmse_meV_A")
        new = self._runs(commit, [0], None if error is None else rules.hopeless * error)
        lines = self._lines(commit) - self._lines(control)
        first = promising(arena.card, new[0], old, rules, lines)
        if not first.keep:
            return first
        ours, theirs = needed(arena.card, new[0], old, rules.replicates)
        known = max(theirs, len(self.story.of(control)))
        both = self._runs(commit, list(range(ours))), self._runs(control, list(range(known)))
        return compared(arena.card, *both, rules, lines)

    def _lines(self, commit: str) -> int:
        text = self.arena.history.text(commit, "strategy/train.py")
        return sum(bool(line.strip()) for line in text.splitlines())

    def _close(self, verdict: Verdict, commit: str) -> None:
        """Write the verdict down, and leave the files of the control of now."""
        control = commit if verdict.keep else self.story.control
        attempt = self.story.attempts[-1]
        self.arena.history.back_to(control)
        lesson = _lesson(attempt, verdict, self.story)
        self.arena.journal.append(
            "verdict", number=attempt.number, control=control, lesson=lesson, **verdict.model_dump()
        )
        self.say(f"   {'kept' if verdict.keep else 'reverted'}: {verdict.why}")

    def _runs(
        self, commit: str, seeds: Sequence[int], hopeless: float | None = None, role: str = "screen"
    ) -> list[Any]:
        """Results of a commit for those seeds; what is not in the journal yet is run, side by side."""
        missing = [seed for seed in seeds if (commit, seed, role) not in self.story.runs]
        folders = [self._order(commit, seed, hopeless, role) for seed in missing]
        for seed, outcome in zip(missing, self.pool.run(folders, work="training") if folders else (), strict=True):
            file = outcome.folder / "result.json"
            if outcome.fault == "stopped":
                raise KeyboardInterrupt
            result = {"status": "failed", "words": outcome.fault, "seed": seed, "role": role}
            if outcome.fault is None:
                result = json.loads(file.read_text(encoding="utf-8"))
            self.arena.journal.append("run", commit=commit, seed=seed, role=role, result=result)
        self._halt_where_nothing_starts()
        return [self.story.runs[(commit, seed, role)] for seed in seeds]

    def _halt_where_nothing_starts(self) -> None:
        """Raises RunFault where every run failed in the same words; said again, the search makes these runs anew."""
        runs, name = self.story.runs, self.arena.place.name
        words = same_fault(runs)
        if words is None:
            return
        folders = [self._folder(*key) for key in runs]
        for folder in folders:
            (folder / "result.json").unlink(missing_ok=True)
        self.arena.journal.append("halted", words=words)
        raise RunFault(
            f"Nothing runs in the arena {name}: the baseline and every attempt so far ({len(runs)} runs) ended alike: "
            f"{words} Read {folders[-1] / 'run' / 'log'}, mend that, and go on with: lang2mlip research run {name}"
        )

    def _folder(self, commit: str, seed: int, role: str) -> Path:
        return self.arena.place / "attempts" / f"{commit[:10]}-{role}-{seed}"

    def _order(self, commit: str, seed: int, hopeless: float | None, role: str) -> Path:
        folder = self._folder(commit, seed, role)
        folder.mkdir(parents=True, exist_ok=True)
        place = str(self.arena.place)
        asked = Asked(place=place, commit=commit, seed=seed, role=role, hopeless_above_meV_A=hopeless)
        (folder / "spec.json").write_text(asked.model_dump_json(), encoding="utf-8")
        return folder

    def _inspect(self) -> None:
        """What a person or an accident changed between two runs is written down; only program.md is theirs."""
        found = self.arena.tampered()
        if found:
            self.arena.journal.append("tampered", found=found)
            self.say(f"frozen files were changed ({found[0]}); they are restored")
            self.arena.mend()
        history, touched = self.arena.history, self.arena.history.touched()
        if touched:
            self.arena.journal.append("edited", paths=touched, diff=history.diff("HEAD"))
            self.say(f"edited by hand and taken back: {', '.join(touched)}; program.md is the file for that")
            history.back_to(self.story.control)
        told = self.arena.journal.of("program")
        if not told or told[-1]["text"] != self.arena.program:
            self.arena.journal.append("program", text=self.arena.program)

    def ablate(self) -> None:
        """Take each kept setting back on its own; what is no worse without it is left out."""
        for path in self._kept_settings():
            if self.budget.spent(self.story) not in (None, f"{self.budget.attempts} attempts"):
                return
            self._ablate(path)

    def _kept_settings(self) -> list[str]:
        story, done = self.story, {one["path"] for one in self.story.ablations}
        first, now = flat(self.arena.config(story.baseline)), flat(self.arena.config(story.control))
        return [path for path in now if now[path] != first.get(path) and path in first and path not in done]

    def _ablate(self, path: str) -> None:
        arena, control = self.arena, self.story.control
        first = flat(arena.config(self.story.baseline))[path]
        arena.history.back_to(control)
        arena.write_config(merged(arena.config(control), {path: first}))
        commit = arena.history.commit(f"ablation: {path} as at the start")
        arena.history.tag(f"ablation-{path}", commit)
        seeds = list(range(arena.rules.replicates))
        old, new = self._runs(control, [0]), self._runs(commit, [0])
        verdict = no_worse(arena.card, new, old, arena.rules)
        if verdict.keep:
            both = self._runs(commit, seeds), self._runs(control, seeds)
            verdict = no_worse(arena.card, *both, arena.rules)
        kept = commit if verdict.keep else control
        arena.history.back_to(kept)
        arena.journal.append("ablation", path=path, commit=commit, control=kept, **verdict.model_dump())
        self.say(f"without {path}: {'no worse, left out' if verdict.keep else 'worse: ' + verdict.why}")

    def _final(self) -> None:
        """The winner and the baseline on frames that no decision saw."""
        story = self.story
        for name, commit in (("winner", story.control), ("baseline", story.baseline)):
            found = self._runs(commit, [0], role="final")[0]
            reading = read(self.arena.card, found["metrics"]).model_dump() if found["status"] == "scored" else None
            self.arena.journal.append("final", of=name, commit=commit, status=found["status"], reading=reading)


def _lesson(attempt: Attempt, verdict: Verdict, story: Story) -> str:
    """Prediction against outcome in a sentence."""
    return f"Expected: {attempt.proposal['expected']}. Found: {verdict.why}."
