"""fresh: models on labels that none of them knew. The newest gives the honest error, those before it the slope.

New labels are of ever wilder frames as sampling gets hotter, so the error of one round is not to be compared with that
of the round before. What a batch of labels has brought is told by older and newer models on the same frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ase import Atoms

from lang2mlip.act.base import Desk
from lang2mlip.act.score import score_frames
from lang2mlip.contracts import Cost, Errors, Learnt, Model, State
from lang2mlip.errors import PartFailed

__all__ = ["Fresh", "fresh"]


@dataclass(frozen=True)
class Fresh:
    """Models on labels that they do not know."""

    errors: dict[str, Errors] = field(default_factory=dict)
    """Of the current model, per group and over `all`."""
    learnt: dict[str, tuple[Learnt, ...]] = field(default_factory=dict)
    """Of that model and those before it on the same frames, per group, oldest first."""
    cost: Cost = Cost()
    remarks: tuple[str, ...] = ()


def fresh(desk: Desk, frames: Sequence[Atoms]) -> Fresh:
    """The current model on new labels, and those before it; nothing where there is none, a remark where one fails."""
    found, model = Fresh(), desk.state.model
    for one in [] if model is None else [*_before(desk.state, model), model]:
        name = "fresh" if one is model else f"fresh-{one.id}"
        try:
            scores = score_frames(desk, one, frames, name)
        except PartFailed as error:
            found = replace(found, remarks=(*found.remarks, str(error)))
            continue
        learnt = _added(found.learnt, desk.state, one, scores.errors)
        own = scores.errors if one is model else {}
        found = replace(found, errors=own, learnt=learnt, cost=found.cost + scores.cost)
    return found


def _before(state: State, model: Model) -> list[Model]:
    """Of the family's models that knew less: the last, and the last that knew no more than half. Oldest first.

    Of several with the same data it is the last; where none knew so little, the one before the last stands for it. Half
    of the labels tell the slope, the last batch what came of it.
    """
    known = set(model.datasets)
    usable = [one for one in state.models if one.id not in state.set_aside and one.family == model.family]
    less = {one.datasets: one for one in usable if set(one.datasets) < known}
    before = sorted(less.values(), key=lambda one: one.n_frames)
    half = [one for one in before[:-1] if one.n_frames <= model.n_frames / 2]
    return [*(half[-1:] or before[-2:-1]), *before[-1:]]


def _added(
    learnt: dict[str, tuple[Learnt, ...]], state: State, model: Model, errors: dict[str, Errors]
) -> dict[str, tuple[Learnt, ...]]:
    """With one model more; it has a place in no group of which it knew nothing."""
    own, found = [data for data in state.data if data.id in model.datasets], dict(learnt)
    for name, one in errors.items():
        labels = sum(data.groups.get(name, 0) for data in own)
        if labels:
            found[name] = (*found.get(name, ()), Learnt(labels=labels, errors=one))
    return found
