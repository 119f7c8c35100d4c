"""What won in an arena, as the strategy that trainings of a run use."""

from __future__ import annotations

from typing import Any

from lang2mlip.contracts import Strategy, check
from lang2mlip.errors import BadInput
from lang2mlip.labs.research.arena import Arena
from lang2mlip.labs.research.story import story_of

__all__ = ["proven", "strategy_of"]

RUN_AS = ("threads", "device", "time_limit_s", "save_s", "start_file")
"""Settings of where and how long a training runs, which belong to the arena's own runs."""


def strategy_of(arena: Arena) -> Strategy:
    """The control of now. Raises BadInput where nothing was kept, or where what was kept is more than settings."""
    story, name = story_of(arena.journal), arena.place.name
    changed = arena.tampered()
    if changed:
        raise BadInput(f"{changed[0]} in the arena {name}, so its scores prove nothing; make a new one.")
    if story.control == story.baseline:
        raise BadInput(f"Nothing was kept in the arena {name} yet; search with: lang2mlip research run {name}")
    texts = {arena.history.text(commit, "strategy/train.py") for commit in (story.control, story.baseline)}
    if len(texts) > 1:
        raise BadInput(f"What won in {name} has a train.py of its own, and a run takes over settings only; see: "
                       f"lang2mlip research diff {name}")  # fmt: skip
    config: dict[str, Any] = {"soften": 0.0, "max_force_eV_A": None, **arena.config(story.control)}
    config["settings"] = _taken_over(arena, config["settings"])
    told = {"arena": str(arena.place), "commit": story.control, "evidence": _evidence(arena)}
    return check(Strategy, config | told, f"The winner of the arena {name}")


def _taken_over(arena: Arena, settings: dict[str, Any]) -> dict[str, Any]:
    """The settings but for the arena's own, and for those that the family suggests for a quick fit anyway."""
    suggested = arena.spec.get("suggested", {})
    same = {key for key, value in settings.items() if key in suggested and suggested[key] == value}
    return {key: value for key, value in settings.items() if key not in RUN_AS and key not in same}


def proven(arena: Arena) -> bool:
    """Something was kept, and on frames that no decision saw it violates no gate more and has the better score."""
    finals = {one["of"]: one["reading"] for one in _finals(arena)}
    story = story_of(arena.journal)
    winner, baseline = finals.get("winner"), finals.get("baseline")
    if story.control == story.baseline or winner is None:
        return False
    if baseline is None:
        return not winner["violated"]
    gates = len(winner["violated"]), len(baseline["violated"])
    return gates[0] < gates[1] or (gates[0] == gates[1] and winner["score"] < baseline["score"])


def _finals(arena: Arena) -> list[dict[str, Any]]:
    """The final scores of the control of now and of the baseline; older winners' do not count."""
    story = story_of(arena.journal)
    return [one for one in arena.journal.of("final") if one["commit"] in (story.control, story.baseline)]


def _evidence(arena: Arena) -> str:
    """Score and errors of both on frames that no decision saw, in words."""
    found = {one["of"]: one["reading"] for one in _finals(arena)}
    winner, baseline = found.get("winner"), found.get("baseline")
    if not winner or not baseline:
        return "not yet scored on frames that no decision saw"
    words = [f"score {winner['score']:.3g} instead of {baseline['score']:.3g}"]
    for metric, unit in (("force_rmse_meV_A", "meV/Å"), ("energy_rmse_meV_atom", "meV/atom")):
        now, before = winner["metrics"][metric], baseline["metrics"][metric]
        words.append(f"{metric.split('_')[0]} {now:.3g} instead of {before:.3g} {unit}")
    return f"on frames that no decision saw: {', '.join(words)}"
