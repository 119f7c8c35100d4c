"""The built-in researcher: published recipes, then a step at a time, then what a Parzen-tree estimator asks for.

It needs no language model, goes through the same arena as one, and is the baseline that one has to beat.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lang2mlip.errors import NotInstalled
from lang2mlip.labs.research.arena import Arena
from lang2mlip.labs.research.card import read
from lang2mlip.labs.research.pattern import Step, next_step
from lang2mlip.labs.research.proposal import Proposal, flat, merged
from lang2mlip.labs.research.story import Story

__all__ = ["BuiltIn", "objective", "study_of"]

STARTUP = 4
FAILED = 60.0
"""Objective of a run without a score."""


class BuiltIn:
    """Recipes, then single steps, then the estimator; a structural change when too many in a row were no better."""

    name = "built-in"

    def __init__(self, recipes: bool = True, steps: bool = True) -> None:
        self.recipes, self.steps = recipes, steps

    def propose(self, arena: Arena, story: Story) -> Proposal | None:
        """The next recipe that was not tried, a single step, or what the estimator asks for."""
        control = arena.config(story.control)
        for again in (False, True) if self.recipes else ():
            for recipe in arena.spec["recipes"]:
                if _due(recipe, story, again) and merged(control, recipe["change"]) != control:
                    name = recipe["name"] + (", now that the rest is another" if again else "")
                    return Proposal(hypothesis=name, expected=recipe["expected"], change=recipe["change"],
                                    origin="recipe", source=recipe["source"])  # fmt: skip
        demanded = story.misses >= arena.rules.misses
        step = next_step(arena, story, demanded) if self.steps else None
        if step is not None:
            return _stepped(step, story, demanded)
        return self._estimated(arena, story, control)

    def _estimated(self, arena: Arena, story: Story, control: dict[str, Any]) -> Proposal:
        demanded = story.misses >= arena.rules.misses
        study, space = study_of(arena, story), distributions(arena.spec["space"])
        structural = [path for path, axis in arena.spec["space"].items() if axis.get("structural")]
        now = flat(control)
        for _ in range(50):
            asked = {path: _short(value) for path, value in study.ask(space).params.items()}
            if not demanded or any(asked[path] != now.get(path) for path in structural):
                break
        far = {path: value for path, value in asked.items() if value != now.get(path)}
        change = far if demanded else _near(far, story)
        why = (
            _demand(story)
            if demanded
            else "the estimator's choice"
            if change == far
            else "a step from what is kept towards the estimator's choice"
        )
        words = ", ".join(f"{path.rpartition('.')[2]} {value}" for path, value in change.items())
        return Proposal(hypothesis=f"{why}: {words}", expected="a lower score than the control's", change=change,
                        origin="structural" if demanded else "tpe")  # fmt: skip


def _due(recipe: dict[str, Any], story: Story, again: bool) -> bool:
    """Whether a recipe was not tried; `again`: or only once, before something else was kept that may make it work."""
    tried = [one for one in story.attempts if not one.void and one.proposal.get("source") == recipe["source"]]
    if not again or len(tried) != 1:
        return not tried
    later = any(one.kept for one in story.attempts if one.number > tried[0].number)
    return later and not tried[0].kept


def _stepped(step: Step, story: Story, demanded: bool) -> Proposal:
    path, value = step
    words = f"{path.rpartition('.')[2]} {value}"
    why = _demand(story) if demanded else "a step"
    return Proposal(hypothesis=f"{why}: {words}", expected="a lower score than the control's", change={path: value},
                    origin="structural" if demanded else "step")  # fmt: skip


def _demand(story: Story) -> str:
    return f"{story.misses} attempts in a row were no better: another structure"


def _near(far: dict[str, Any], story: Story) -> dict[str, Any]:
    """One to three of the changes, in three attempts of four; all of them in the fourth.

    With a budget of some tens of runs an estimator in ten dimensions cannot learn which settings matter. A step from
    what is kept changes few of them, and so tells more, and is more often better.
    """
    number = len(story.attempts)
    if number % 4 == 3 or len(far) < 2:
        return far
    rng = np.random.default_rng([story.seed, number])
    taken = rng.permutation(sorted(far))[: int(rng.integers(1, 4))]
    return {path: far[path] for path in far if path in taken}


def _short(value: Any) -> Any:
    """Four digits: a configuration that a person can read."""
    return float(f"{value:.4g}") if isinstance(value, float) else value


def objective(arena: Arena, result: dict[str, Any]) -> float:
    """One number for a run: gates far above score, so that none can be bought."""
    if result["status"] != "scored":
        return FAILED
    found = read(arena.card, result["metrics"])
    return min(FAILED, 10.0 * (len(found.violated) > 0) + 2.0 * found.excess + math.log(found.score))


def distributions(space: dict[str, Any]) -> dict[str, Any]:
    """The typed space in Optuna's words. Raises NotInstalled."""
    optuna = _optuna()
    made: dict[str, Any] = {}
    for path, axis in space.items():
        if "choices" in axis:
            made[path] = optuna.distributions.CategoricalDistribution(axis["choices"])
        else:
            kind = optuna.distributions.FloatDistribution
            made[path] = kind(float(axis["low"]), float(axis["high"]), log=axis.get("log", False))
    return made


def study_of(arena: Arena, story: Story) -> Any:
    """A study with every attempt told: the same journal and seed give the same next question."""
    optuna = _optuna()
    sampler = optuna.samplers.TPESampler(
        seed=(story.seed * 1009 + len(story.attempts)) % 2**32, n_startup_trials=STARTUP, multivariate=True
    )
    study, space = optuna.create_study(sampler=sampler), distributions(arena.spec["space"])
    commits = [story.baseline, *(attempt.proposal["commit"] for attempt in story.attempts)]
    for commit in dict.fromkeys(commits):
        result = story.runs.get((commit, 0, "screen"))
        params = {path: value for path, value in flat(arena.config(commit)).items() if path in space}
        if result is not None and _inside(params, arena.spec["space"]):
            own = {path: space[path] for path in params}
            trial = optuna.trial.create_trial(params=params, distributions=own, value=objective(arena, result))
            study.add_trial(trial)
    return study


def _inside(params: dict[str, Any], space: dict[str, Any]) -> bool:
    for path, value in params.items():
        axis = space[path]
        if "choices" in axis and value not in axis["choices"]:
            return False
        if "low" in axis and not (isinstance(value, int | float) and axis["low"] <= value <= axis["high"]):
            return False
    return True


def _optuna() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise NotInstalled("The built-in search needs Optuna: pip install 'lang2mlip[research]'") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
