"""What further labels are worth: the honest learning curve of a group, carried on.

The error of a model on labels that it did not know falls with the number of labels roughly as a power (Hestness et
al., arXiv:1712.00409). The power is fitted to models of several rounds on the same labels, each batch of labels with a
scale of its own (fixed effects: Wooldridge, Econometric Analysis of Cross Section and Panel Data, ch. 10), as batches
get wilder while sampling gets hotter. Where no labels were met by two models it is fitted to each round's own error,
from three rounds on; before that it is taken as one half.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lang2mlip.contracts import Errors, GroupState

__all__ = ["USUAL_POWER", "Prospect", "curve", "error_of", "prospect"]

USUAL_POWER = 0.5
"""Error ~ labels^-power where too little was seen to know."""

LEAST_POWER = 0.1
"""A curve flatter than this is not worth walking on: tenfold data would not mend a fifth of the error."""

SCATTER = 0.1
"""Errors of fits to nearly the same labels differ by a tenth: docs/benchmark-of-deciding.md."""

RECENT, COMPARED = 4, 8
"""Points of the curve that are looked at: earlier ones are of other conditions. Comparisons on the same labels stand
longer, as what a batch has brought does not depend on them."""


@dataclass(frozen=True)
class Prospect:
    """What to expect of more labels in one group."""

    power: float
    labels: int | None
    """Further labels to the target; None: no number of them is predicted to reach it."""

    @property
    def pays(self) -> bool:
        """Whether more of the same is predicted to help."""
        return self.labels is not None


def curve(group: GroupState, element_weight: float = 0.0) -> list[tuple[int, float]]:
    """(labels known, force error on fresh ones over the rms force) of each round, oldest first; see `error_of`."""
    known, points = group.labels, []
    for errors in reversed(group.fresh):
        known -= errors.n_frames
        if known > 0 and errors.force_relative > 0:
            points.append((known, error_of(errors, element_weight)))
    return points[::-1]


def error_of(errors: Errors, element_weight: float = 0.0) -> float:
    """The relative force error, or that of the worst element times its weight where this is larger."""
    return max(errors.force_relative, element_weight * max(errors.element_relative.values(), default=0.0))


def prospect(group: GroupState, target: float, of_elements: float = math.inf) -> Prospect | None:
    """What it takes to bring the relative force error to `target`, and that of each element to `of_elements`.

    None where nothing was measured yet.
    """
    if not group.fresh:
        return None
    weight = target / of_elements
    error = error_of(group.fresh[-1], weight)
    if error <= target:
        return Prospect(USUAL_POWER, 0)
    power, doubt = _shared_power(group, weight) or (_power(curve(group, weight)[-RECENT:]), 0.0)
    if power + doubt < LEAST_POWER:
        return Prospect(power, None)
    factor = (error / target) ** (1.0 / max(power, LEAST_POWER)) - 1.0
    return Prospect(power, max(1, int(np.ceil(max(1, group.labels) * min(factor, 1e6)))))


def _shared_power(group: GroupState, element_weight: float) -> tuple[float, float] | None:
    """The power from models side by side on the same labels, and its standard error.

    None with fewer than two comparisons of unlike models. Few labels more say little: the error is that of a slope.
    """
    across, along, left, pairs = 0.0, 0.0, 0.0, 0
    for models in group.learnt[-COMPARED:]:
        told = [(one.labels, error_of(one.errors, element_weight)) for one in models]
        told = [(labels, error) for labels, error in told if error > 0]
        if len({labels for labels, _ in told}) < 2:
            continue
        labels, errors = np.log(np.array(told)).T
        spread, errors = labels - labels.mean(), errors - errors.mean()
        across, along, left = across + spread @ errors, along + spread @ spread, left + errors @ errors
        pairs += len(told) - 1
    if pairs < 2:
        return None
    scatter = max(SCATTER, float(np.sqrt(max(0.0, left - across**2 / along) / (pairs - 1))))
    return float(np.clip(-across / along, 0.0, 1.0)), scatter / float(np.sqrt(along))


def _power(points: list[tuple[int, float]]) -> float:
    """Minus the slope of the log-log line, at most one; the usual one with fewer than three points."""
    if len(points) < 3:
        return USUAL_POWER
    labels, errors = np.log([n for n, _ in points]), np.log([e for _, e in points])
    spread = labels - labels.mean()
    if not (spread @ spread):
        return 0.0
    return float(np.clip(-(spread @ errors) / (spread @ spread), 0.0, 1.0))
