"""Rules that make the model: fit, take back what made it worse, clean the data, enlarge it, polish it."""

from __future__ import annotations

from typing import Any

from lang2mlip.contracts import Errors, Model, Prune, State, Train
from lang2mlip.data import table
from lang2mlip.decide.choice import Choice
from lang2mlip.decide.curriculum import in_play, stuck, target
from lang2mlip.decide.needs import converged, listed, pruned_already
from lang2mlip.record.ledger import calls_to_spend, labels_left

__all__ = ["LENGTHS", "enlarge", "finish_training", "larger_to_try", "prune_outliers", "take_back", "train_on_new"]

BROKEN = 100
"""A force error this many times the rmse of its group is no hard configuration but a broken label."""

WORSE = 1.5
"""A model whose held-out error is this many times that of the one before is taken back."""

LENGTHS = {"max_iterations", "epochs"}
"""Settings that say how long is optimised, in which a thorough fit may differ from the strategy that it follows."""

CAREFUL = 4.0
"""Robust standard deviations beyond which frames are dropped when a model was taken back."""


def train_on_new(state: State) -> Choice | None:
    """Data that the model does not know, and no model at all, call for a fit."""
    if state.labels_since_training == 0 or not state.data:
        return None
    if state.model is None:
        return Choice(Train(), "There are data and no model yet.", "A first potential that can run MD.")
    pruned = state.log[-1].action == "prune"
    if _trained_otherwise(state, state.model):
        return Choice(Train(), f"There is a better way to train than that of {state.model.id}.", "Lower errors.")
    return Choice(
        Train(),
        f"Data were taken out since {state.model.id}."
        if pruned
        else f"{state.labels_since_training} labels are new since {state.model.id}.",
        "Lower errors where the new labels lie.",
    )


def _trained_otherwise(state: State, model: Model) -> bool:
    """The strategy in use is newer than the model; that a thorough fit optimises longer is no difference."""
    told = state.strategy.settings if state.strategy else {}
    own = state.task.potential.settings
    differ = {name for name, value in told.items() if name not in own and model.settings.get(name) != value}
    return bool(differ - LENGTHS if model.effort == "accurate" else differ)


def take_back(state: State) -> Choice | None:
    """A model that is worse on the held-out frames than the one before it, once for every batch of data.

    Where these frames came late, all models since the best one go: nobody could have said that they were worse.
    """
    models = [model for model in state.models if model.id not in state.set_aside]
    if state.model is None or len(models) < 2 or _again(state, state.model):
        return None
    late = [entry.action for entry in state.log[-2:]] == ["reference", "evaluate"]
    older = [model for model in (models[:-1] if late else models[-2:-1]) if _held_out(state, model)]
    now, best = _held_out(state, models[-1]), min(older, key=lambda one: _force(_held_out(state, one)), default=None)
    if not now or best is None or not _misses(state, now):
        return None
    before = _force(_held_out(state, best))
    if _force(now) <= WORSE * before:
        return None
    return Choice(
        Prune(models=tuple(one.id for one in models[models.index(best) + 1 :]), outliers=True, sigma=CAREFUL),
        f"{models[-1].id} has {_force(now):.1f} meV/Å on the held-out frames where {best.id} had {before:.1f}.",
        f"{best.id} is current again, and a fit without the outliers does better.",
    )


def _again(state: State, model: Model) -> bool:
    """A model of the same data was taken back before: then it is the data's own doing."""
    return any(one.datasets == model.datasets for one in state.models if one.id in state.set_aside)


def _held_out(state: State, model: Model) -> dict[str, Errors]:
    """Its last errors on the held-out frames, by group; empty where it was not measured."""
    found = [one for one in state.evaluations if one.model == model.id and one.on == "validation"]
    return found[-1].errors if found and "all" in found[-1].errors else {}


def _force(errors: dict[str, Errors]) -> float:
    return errors["all"].force_rmse_meV_A


def _misses(state: State, errors: dict[str, Errors]) -> bool:
    """An error within the goals is no harm, however much smaller it was: held-out frames may be tame ones."""
    goals = state.task.goals
    return _force(errors) > goals.force_rmse_meV_A or any(
        one.force_relative > goals.force_relative for name, one in errors.items() if name in state.groups
    )


def prune_outliers(state: State) -> Choice | None:
    """A residual far outside its group spoils the fit; asked once for every batch of new data."""
    if state.model is None or state.model.effort == "accurate" or pruned_already(state):
        return None
    bad = [
        name
        for name, errors in state.model.train_errors.items()
        if name != "all" and errors.force_rmse_meV_A and errors.force_max_error_meV_A > BROKEN * errors.force_rmse_meV_A
    ]
    if not bad:
        return None
    return Choice(Prune(), f"Single frames of {listed(bad)} lie far outside the rest.", "Lower errors without them.")


def enlarge(state: State) -> Choice | None:
    """More data do not help, and the error on data that it knows is as large: the model is too small."""
    larger = larger_to_try(state)
    if state.model is None or not larger:
        return None
    small = [name for name in state.groups if stuck(state, name) and _bottleneck(state, name)]
    if not small or in_play(state):
        return None
    return Choice(
        Train(effort="accurate", settings=larger),
        f"More labels do not help in {listed(small)}, and the error on known ones is as large: the model is too small.",
        f"A larger model ({', '.join(f'{key} {value}' for key, value in larger.items())}) has lower errors there.",
    )


def _bottleneck(state: State, name: str) -> bool:
    error = state.groups[name].train_error
    return error is not None and error.force_relative > target(state, name)


def larger_to_try(state: State) -> dict[str, Any]:
    """Settings of a larger model that none had so far; empty: there are none."""
    larger = _larger(state)
    return {} if any(_has(model, larger) for model in state.models) else larger


def _larger(state: State) -> dict[str, Any]:
    """What data/sizes gives the family, but for what the person has set."""
    spec = state.task.potential
    sizes = table("sizes").get(spec.family, {})
    many = len(state.task.elements) > sizes.get("most_elements", len(state.task.elements))
    fixed = set(sizes.get("fixed_by", ())) & set(spec.settings)
    larger = {} if many or fixed else sizes.get("larger", {})
    return {key: value for key, value in larger.items() if key not in spec.settings}


def _has(model: Model, settings: dict[str, Any]) -> bool:
    return all(model.settings.get(key) == value for key, value in settings.items())


def finish_training(state: State) -> Choice | None:
    """Nothing more to learn cheaply: fit with full effort."""
    if state.model is None or state.model.effort == "accurate":
        return None
    if converged(state):
        why = "The error on fresh labels is within the goals"
    elif labels_left(state) == 0 or calls_to_spend(state) == 0:
        why = "The label budget is used" if labels_left(state) == 0 else "The reference calls are used"
    elif in_play(state):
        why = "What can be sampled now has been"
    else:
        why = "More labels of the kinds that can be had are not predicted to pay"
    return Choice(
        Train(effort="accurate", start="current"),
        f"{why}; now the full optimisation.",
        "Errors well below those of the quick fit.",
    )
